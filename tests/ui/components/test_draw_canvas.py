"""The canvas's Python half: what it is told of a drawing, and what is made of what it says."""

import base64
import json

import numpy as np
import pytest

from explorer.insight.drawing import MAX_POINTS, Drawing, prepare_drawing
from explorer.insight.trained import CPU, Trained, with_weights
from explorer.network.analysis import analyze
from explorer.refusal import Refusal
from explorer.runs.manager import JobManager, UnknownRun
from explorer.training.datasets import DATASETS
from explorer.training.engine import Numerics
from explorer.training.initialisation import RandomStreams, new_network
from explorer.ui import process
from explorer.ui.components.draw_canvas.answers import answer, answer_question, layers_data
from explorer.ui.components.draw_canvas.component import NOTHING, parse_drawing
from explorer.ui.components.field_view import FieldViewContext, OwnImage
from explorer.ui.components.field_view.component import view_data
from explorer.ui.components.field_view.request import FieldViewRequest
from explorer.ui.server.drawing_route import MAX_BYTES, answer_to
from tests.tiny import linear, network

NETWORK = network(
    {"kind": "Conv2d", "out_channels": 3, "kernel_size": 5, "stride": 2},
    "ReLU",
    "Flatten",
    linear(10),
    shape=(1, 28, 28),
)
STROKES = [[280, 220, 700, 200, 450, 850]]
ASKED = {"run": "abc", "drawing": {"pen": 80, "strokes": STROKES}}


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Trained:
    """What any run has learnt: nothing yet."""
    streams = RandomStreams.of(1, CPU)
    weights = new_network(NETWORK, streams.weights, streams.dropout).state_dict()
    numerics = Numerics.of("fp32", CPU)
    made = with_weights(NETWORK, weights, numerics, CPU)
    found = Trained("abc", 4, NETWORK, "digits", made, numerics, "")
    monkeypatch.setattr(process, "trained", lambda run: found)
    return found


def pixels(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8)


def test_a_drawing_is_answered_with_what_the_network_sees_says_and_computes(trained):
    found = json.loads(answer_to(json.dumps(ASKED).encode()))
    drawing = Drawing.model_validate(ASKED["drawing"])
    prepared = prepare_drawing(drawing, "digits", DATASETS["digits"])
    assert found["epoch"] == 4
    assert np.array_equal(pixels(found["image"]["pixels"]), prepared.image.ravel())
    assert (found["image"]["rows"], found["image"]["columns"]) == (28, 28)
    assert found["words"] == " ".join(prepared.steps)
    assert sum(found["chances"]) == pytest.approx(1, abs=1e-3)
    layers = layers_data(NETWORK)
    assert [each["title"] for each in layers] == ["0 Conv2d", "1 ReLU", "2 Flatten", "3 Linear"]
    assert [len(pixels(each)) for each in found["maps"]] == [
        each["count"] * each["rows"] * each["columns"] for each in layers
    ]


def test_an_empty_canvas_is_answered_with_nothing(trained):
    found = answer_question({"run": "abc", "drawing": {"pen": 80, "strokes": []}})
    assert found == {"epoch": 4, "image": None, "words": "", "chances": [], "maps": []}


def test_probabilities_that_are_no_numbers_are_null(trained):
    for weights in trained.network.parameters():
        weights.fill_(float("nan"))
    found = answer(trained, prepare_drawing(Drawing(**ASKED["drawing"]), "digits", trained.kind))
    assert found["chances"] == [None] * 10
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        {},
        {"run": "abc"},
        {"run": 3, "drawing": ASKED["drawing"]},
        {"run": "a" * 41, "drawing": ASKED["drawing"]},
        {"run": "abc", "drawing": {"pen": 80, "strokes": [[1]]}},
        {"run": "abc", "drawing": {"pen": 80, "strokes": [[0, 0] * (MAX_POINTS + 1)]}},
        {**ASKED, "more": 1},
    ],
)
def test_what_is_no_question_is_refused_in_a_sentence(trained, asked):
    with pytest.raises(Refusal) as refused:
        answer_question(asked)
    assert 5 < len(str(refused.value)) < 200


def test_an_unknown_run_is_refused(monkeypatch):
    with JobManager() as jobs:
        monkeypatch.setattr(process, "jobs", lambda: jobs)
        with pytest.raises(UnknownRun):
            answer_question(ASKED)


def test_the_largest_drawing_fits_into_a_question():
    """As the browser writes it, with the widest numbers."""
    question = {"run": "a" * 40, "drawing": {"pen": 100, "strokes": [[1000, 1000] * MAX_POINTS]}}
    assert Drawing.model_validate(question["drawing"])
    assert len(json.dumps(question, separators=(",", ":"))) <= MAX_BYTES


def test_what_the_canvas_says_of_the_drawing_is_checked():
    assert parse_drawing(ASKED["drawing"]) == Drawing(pen=80, strokes=(tuple(STROKES[0]),))
    assert parse_drawing(NOTHING.model_dump()) == NOTHING
    for sent in (None, "x", {"pen": 80}, {"pen": 80, "strokes": [[0, 2000]]}):
        assert parse_drawing(sent) is None


# --- the units on the drawing -----------------------------------------------------------------------


def own_image(value: int) -> OwnImage:
    image = np.full((28, 28, 1), value, np.uint8)
    image[10:14] = 200
    return OwnImage("Your drawing", (28, 28, 1), image.tobytes())


def test_a_layer_is_looked_at_on_the_drawing():
    analysis = analyze(NETWORK)
    with JobManager() as jobs:

        def view(own: OwnImage | None, **asked):
            context = FieldViewContext("digits", 7, None, "ann", own=own)
            of = view_data(analysis, 0, context, FieldViewRequest(), jobs)["of"]
            return view_data(analysis, 0, context, FieldViewRequest(of=of, **asked), jobs)

        first, second, sample = view(own_image(0)), view(own_image(9)), view(None)
        assert (first["image"]["dataset"], first["image"]["count"]) == ("Your drawing", 1)
        assert np.array_equal(
            pixels(first["image"]["pixels"]), np.frombuffer(own_image(0).pixels, np.uint8)
        )
        values = [each["answer"]["values"]["map"] for each in (first, second, sample)]
        assert len(set(values)) == 3
        # The same panel, which need not wait; but other pictures.
        assert first["of"] == second["of"] == sample["of"]
        assert len({each["image"]["key"] for each in (first, second, sample)}) == 3
        # Whichever sample was looked at before.
        assert view(own_image(0), image=5)["answer"]["values"]["map"] == values[0]
        effective = view(own_image(0), mode="effective", image=5)["answer"]["effective"]
        assert effective["images"] == 1
        arithmetic = view(own_image(0), mode="arithmetic")["answer"]["arithmetic"]
        assert arithmetic["normalised"].startswith("normalised pixels")
