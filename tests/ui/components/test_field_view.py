"""The panel's Python half: what the browser is told, and what is made of what it asks.

The rest is in tests/browser.
"""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.network.analysis import analyze, receptive_fields
from explorer.network.architecture_json import parse_architecture
from explorer.network.build import build
from explorer.network.spec import Architecture, Conv2d
from explorer.network.unit_facts import axis_facts, unseen
from explorer.runs.manager import JobManager
from explorer.training.datasets import DATASETS
from explorer.training.images import normalise
from explorer.training.initialisation import RandomStreams, new_network
from explorer.training.recipe import parse_recipe
from explorer.ui.components.field_view import FieldViewContext, OwnImage, forward
from explorer.ui.components.field_view.component import CONSTANTS, FOLDER, view_data
from explorer.ui.components.field_view.data import field_data
from explorer.ui.components.field_view.request import FieldViewRequest, parse_request, unit_at
from explorer.ui.components.field_view.samples import IMAGES, samples
from explorer.ui.components.field_view.weights import (
    Trained,
    Untrained,
    find_trained,
    first_weights,
)
from tests.network.stacks import architectures
from tests.people.shared import TEACHER, student
from tests.runs.shared import wait
from tests.ui.javascript import evaluate

CONTEXT = FieldViewContext("digits", 7, None, "ann")


def stack(*layers, shape=(1, 28, 28)) -> Architecture:
    data = [{"kind": layer} if isinstance(layer, str) else layer for layer in layers]
    return parse_architecture({"name": "tested", "input_shape": list(shape), "layers": data})


def conv(out=4, kernel=3, **fields):
    return {"kind": "Conv2d", "out_channels": out, "kernel_size": kernel, **fields}


HEAD = ("Flatten", {"kind": "Linear", "out_features": 10}, "Softmax")
SMALL = stack(conv(), "ReLU", conv(6, 5, stride=2, padding=1, bias=False), *HEAD)


@pytest.fixture(autouse=True)
def _only_built_in_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path))


@pytest.fixture
def manager():
    with JobManager() as made:
        yield made


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def asked(
    architecture: Architecture,
    index: int,
    jobs: JobManager,
    context: FieldViewContext = CONTEXT,
    **choice,
):
    """What the browser gets when it asks about the layer that it was told of."""
    analysis = analyze(architecture)
    of = view_data(analysis, index, context, FieldViewRequest(), jobs)["of"]
    found = view_data(analysis, index, context, FieldViewRequest(of=of, **choice), jobs)
    assert json.loads(json.dumps(found, allow_nan=False))["ask"] == json.loads(
        FieldViewRequest(of=of, **choice).model_dump_json()
    )
    assert found["answer"]["to"] == of
    return found


def expected_values(
    architecture: Architecture, index: int, image: int = 0, seed: int = 7
) -> torch.Tensor:
    """The layer's output as torch computes it in a training that has not begun."""
    chance = RandomStreams.of(seed, torch.device("cpu"))
    network = new_network(architecture, chance.weights, chance.dropout).double().eval()
    pixels = (
        torch.from_numpy(samples("digits", 28, 28).picture(image)).permute(2, 0, 1)[None].double()
        / 255
    )
    with torch.inference_mode():
        return network[: index + 1](normalise(pixels, DATASETS["digits"]))[0]


# --- what is told at once -------------------------------------------------------------------------


def test_every_units_field_is_told_without_the_network_being_run(manager, monkeypatch):
    monkeypatch.setattr(forward, "layer_modules", None)  # whoever calls them fails
    monkeypatch.setattr(forward, "network_leading_to", None)
    found = view_data(analyze(SMALL), 2, CONTEXT, FieldViewRequest(), manager)
    field = receptive_fields(analyze(SMALL))[2]
    assert found["answer"] is None
    assert (found["theoretical"], found["jump"]) == ([7, 7], [2, 2])
    for told, axis in (
        (found["rows"], field.rows),
        (found["columns"] or found["rows"], field.columns),
    ):
        assert told["pixels"] == 28
        assert (told["units"], told["window"]) == (12, 7)
        assert told["first"] == {"from": -1, "by": 2} == {"from": axis.first[0], "by": 2}
        # Padding of 1 before the second convolution is one pixel of the image.
        assert (told["seen"], told["inside"]) == (None, None)


AXES = {
    "no padding": SMALL.layers[:1],
    "padding and a stride": SMALL.layers[:3],
    "holes between the taps": stack(conv(2, 3, dilation=3, padding=3)).layers,
    "windows far outside the image": stack(conv(2, 3, padding=60, dilation=30)).layers,
    "rows unlike columns": stack(conv(2, [3, 5], padding=[0, 2])).layers,
    "windows of several sizes": stack(
        {"kind": "AdaptiveAvgPool2d", "output_size": 9}, conv(2, 3, padding=1)
    ).layers,
    "units that see nothing": stack(
        {"kind": "ConvTranspose2d", "out_channels": 2, "kernel_size": 1, "stride": 2}
    ).layers,
    "pixels beyond the window": stack(
        conv(), {"kind": "GroupNorm", "num_groups": 2}, conv()
    ).layers,
    "padding from the other side": stack(conv(2, 5, padding=2, padding_mode="circular")).layers,
    "one unit": stack(conv(), *HEAD).layers,
    "steps that are not even": stack({"kind": "AdaptiveMaxPool2d", "output_size": 5}).layers,
}


@pytest.mark.parametrize("layers", AXES.values(), ids=AXES)
def test_the_browser_makes_of_what_is_sent_in_short_what_each_unit_sees(layers):
    analysis = analyze(SMALL.model_copy(update={"layers": tuple(layers)}))
    index = len(analysis.rows) - 1
    field = receptive_fields(analysis)[index]
    told = field_data(field, analysis, index)
    axes = (field.rows, field.columns)
    sent = [told["rows"], told["columns"] or told["rows"]]
    made = evaluate(FOLDER, CONSTANTS, f"{json.dumps(sent)}.map(wholeAxis)")
    for whole, axis in zip(made, axes, strict=True):
        facts = axis_facts(axis)
        assert whole["seen"] == [[list(run) for run in fact.seen] for fact in facts]
        assert whole["window"] == [fact.window for fact in facts]
        assert whole["inside"] == [fact.inside for fact in facts]
        assert whole["first"] == [min(56, max(-28, fact.first)) for fact in facts]
        assert whole["unseen"] == [list(run) for run in unseen(axis)]


def test_columns_are_told_where_they_are_not_as_the_rows(manager):
    def axes(kernel: tuple[int, int]):
        found = view_data(
            analyze(Architecture(layers=(Conv2d(out_channels=1, kernel_size=kernel),))),
            0,
            CONTEXT,
            FieldViewRequest(),
            manager,
        )
        return found["rows"], found["columns"]

    assert axes((3, 3))[1] is None
    rows, columns = axes((3, 5))
    assert (rows["units"], columns["units"]) == (26, 24)


def test_a_picture_is_sent_to_a_panel_that_does_not_hold_it(manager):
    def image(**choice):
        request = FieldViewRequest(**choice)
        return view_data(analyze(SMALL), 0, CONTEXT, request, manager)["image"]

    first = image()
    assert first["pixels"]
    assert image(holds=first["key"]) == first | {"pixels": None}
    assert image(holds=first["key"], image=1)["pixels"] not in (None, first["pixels"])


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    architecture=architectures(),
    mode=st.sampled_from(["exact", "effective", "arithmetic"]),
    data=st.data(),
)
def test_any_layer_of_any_stack_has_an_answer_in_json(architecture, mode, data, manager):
    analysis = analyze(architecture)
    if not analysis.rows:
        return
    index = data.draw(st.integers(0, len(analysis.rows) - 1))
    choice = {
        "at": (data.draw(st.floats(0, 0.99)), 0.3),
        "channel": data.draw(st.integers(0, 9)),
        "image": 3,
    }
    answer = asked(architecture, index, manager, mode=mode, **choice)["answer"]
    rows, columns = analysis.rows[index].output_shape[1:] or (
        1,
        analysis.rows[index].output_shape[0],
    )
    assert len(floats(answer["values"]["map"])) == rows * columns
    if mode == "effective":
        assert (
            len(floats(answer["effective"]["map"]))
            == architecture.input_shape[1] * architecture.input_shape[2]
        )


def test_a_note_where_a_unit_depends_on_more_than_its_window(manager):
    norm = {"kind": "GroupNorm", "num_groups": 2}

    def note(architecture, index):
        return view_data(analyze(architecture), index, CONTEXT, FieldViewRequest(), manager)["note"]

    architecture = stack(conv(), norm, "ReLU")
    assert note(architecture, 0) == ""
    assert (
        note(architecture, 1)
        == "This layer normalises over the map, so a unit depends on more than its window of 3×3."
    )
    assert note(architecture, 2).startswith("Layer 1 (GroupNorm) normalises over the map")
    assert note(stack(conv(padding=1, padding_mode="circular")), 0).startswith(
        "This layer pads with values of the map (circular)"
    )
    assert note(stack({"kind": "ReflectionPad2d", "padding": 2}, conv()), 1).startswith(
        "Layer 0 pads with values of the map (reflect)"
    )
    # What is mirrored lies in the window.
    assert note(stack(conv(padding=1, padding_mode="reflect")), 0) == ""
    assert note(stack(conv(), "BatchNorm2d"), 1) == ""


def test_the_values_of_a_last_layer_are_named_after_the_classes(manager):
    context = FieldViewContext("fashion-mnist", 0, None, "")

    def names(index):
        return view_data(analyze(SMALL), index, context, FieldViewRequest(), manager)["names"]

    assert names(4) == names(5) == list(DATASETS["fashion-mnist"].classes)
    assert names(3) is None


def test_own_images_are_shown_to_who_may_see_them(manager, anns_images):
    analysis = analyze(stack(conv(), "Flatten", shape=(3, 8, 8)))

    def image(sees: bool, own: OwnImage | None = None):
        context = FieldViewContext(anns_images, 0, None, "", sees, own)
        return view_data(analysis, 0, context, FieldViewRequest(), manager)["image"]

    seen, unseen = image(True), image(False)
    assert (seen["dataset"], seen["instead"], seen["colours"]) == ("Colours", "", 3)
    assert (unseen["dataset"], unseen["colours"]) == ("Digits", 1)
    assert unseen["instead"] == (
        "These are digits: the images of Colours are seen by their owner and by teachers alone."
    )
    drawing = OwnImage("Your drawing", (8, 8, 3), bytes(192))
    assert (image(False, drawing)["dataset"], image(False, drawing)["instead"]) == (
        "Your drawing",
        "",
    )


# --- what is told when asked ----------------------------------------------------------------------


@pytest.mark.parametrize("index", range(len(SMALL.layers) - 1))
@pytest.mark.parametrize("image", [0, 5])
def test_the_values_are_those_of_a_training_that_has_not_begun(manager, index, image):
    output = expected_values(SMALL, index, image).numpy()
    values = asked(SMALL, index, manager, channel=2, image=image)["answer"]["values"]
    np.testing.assert_allclose(
        floats(values["map"]),
        (output[2] if output.ndim == 3 else output).ravel(),
        rtol=1e-5,
        atol=1e-7,
    )
    assert values["shape"] == (list(output.shape[1:]) if output.ndim == 3 else [1, *output.shape])


def test_a_last_softmax_shows_probabilities_though_it_is_trained_as_logarithms(manager):
    values = floats(asked(SMALL, 5, manager)["answer"]["values"]["map"])
    assert values.sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("index", [0, 2])
def test_the_arithmetic_adds_up_to_torchs_value(manager, index):
    found = asked(SMALL, index, manager, mode="arithmetic", channel=3)["answer"]["arithmetic"]
    expected = expected_values(SMALL, index)[3].numpy()
    total = floats(found["rest"]) + sum(floats(shown["sums"]) for shown in found["shown"])
    total = total + (floats(found["bias"]) if found["bias"] else 0)
    np.testing.assert_allclose(floats(found["value"]), expected.ravel(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(total, expected.ravel(), rtol=1e-5, atol=1e-6)
    before = expected_values(SMALL, index - 1)[0].numpy() if index else None
    # What the browser makes of a patch: the cells that rows and columns name.
    if before is not None:
        values, kernel = (
            floats(found["shown"][0]["values"]).reshape(found["input"]),
            floats(found["shown"][0]["kernel"]),
        )
        np.testing.assert_allclose(values, before, rtol=1e-5, atol=1e-6)
        rows, columns = found["rows"][1], found["columns"][2]
        patch = [[values[r, c] if r >= 0 and c >= 0 else 0 for c in columns] for r in rows]
        unit = 1 * found["shape"][1] + 2
        assert (np.ravel(patch) * kernel).sum() == pytest.approx(
            floats(found["shown"][0]["sums"])[unit], rel=1e-4, abs=1e-6
        )


def test_where_the_taps_lie(manager):
    architecture = stack(conv(1, 3, stride=2, padding=2, dilation=2))
    found = asked(architecture, 0, manager, mode="arithmetic")["answer"]["arithmetic"]
    assert found["window"] == [[(-2, 2), (0, 2), (2, 2)]] * 2
    assert found["border"] == [2, 2]
    assert found["normalised"] == "normalised pixels: (x − 0.3121) ÷ 0.3562, x from 0 to 1"
    assert asked(SMALL, 2, manager, mode="arithmetic")["answer"]["arithmetic"]["border"] == [1, 1]


def test_the_effective_field_stays_in_the_exact_one(manager):
    found = asked(SMALL, 2, manager, mode="effective", at=(0.0, 0.5))["answer"]["effective"]
    influence = floats(found["map"]).reshape(28, 28)
    mask = receptive_fields(analyze(SMALL))[2].mask(0, 6)
    assert (found["unit"], found["channel"], found["images"]) == ([0, 6], None, 32)
    assert not influence[~mask].any()
    assert influence.max() == 1
    assert tuple(found["strongest"]) == np.unravel_index(influence.argmax(), influence.shape)
    assert 0 < found["half"] < mask.sum()
    assert (
        asked(SMALL, 2, manager, mode="effective", together=False, channel=2)["answer"][
            "effective"
        ]["channel"]
        == 2
    )
    assert (
        asked(SMALL, 4, manager, mode="effective", channel=2)["answer"]["effective"]["channel"] == 2
    )


def test_weights_that_give_no_numbers_are_said(manager, monkeypatch):
    broken = {
        name: tensor * torch.nan
        for name, tensor in first_weights(SMALL, len(SMALL.layers), 7).items()
    }
    monkeypatch.setattr(forward, "weights_of", lambda *_: broken)
    forward.unit_influence.cache_clear()
    forward.run_forward.cache_clear()
    found = asked(SMALL, 2, manager, mode="effective")["answer"]["effective"]
    assert (found["finite"], found["strongest"], found["half"]) == (False, None, 0)
    forward.unit_influence.cache_clear()
    forward.run_forward.cache_clear()


def test_an_edit_waits_for_nothing_but_another_layer_is_answered_at_once(manager):
    edited = stack(conv(5), "ReLU")
    of = view_data(analyze(SMALL), 0, CONTEXT, FieldViewRequest(), manager)["of"]
    look_at = lambda architecture, index, context=CONTEXT, **choice: view_data(  # noqa: E731
        analyze(architecture), index, context, FieldViewRequest(of=of, **choice), manager
    )["answer"]
    assert look_at(edited, 0) is None
    assert look_at(SMALL, 0, FieldViewContext("mnist", 7, None, "ann")) is None
    assert look_at(SMALL, 1) is not None
    assert look_at(SMALL, 1, mode="effective") is None


def test_a_network_that_is_too_large_is_not_run(manager):
    large = stack(conv(2000, 5), conv(1), shape=(3, 64, 64))
    assert forward.layers_that_run(analyze(large)) == 0
    assert asked(large, 1, manager)["answer"]["tooLarge"] is True
    head = stack(conv(), "Flatten", {"kind": "Linear", "out_features": 3000})
    assert forward.layers_that_run(analyze(head)) == 2
    assert "values" in asked(head, 0, manager)["answer"]
    assert asked(head, 2, manager)["answer"]["tooLarge"] is True
    assert [forward.images_for(cost, 784) for cost in (0, 1_000_000, 100_000_000, 10**12)] == [
        32,
        32,
        10,
        4,
    ]
    assert [forward.images_for(0, values) for values in (250_000, 1_000_000, 2_000_000)] == [
        32,
        8,
        4,
    ]
    assert forward.layers_that_run(analyze(stack("ReLU", shape=(1, 1200, 800)))) == 1
    # No picture so large is looked at.
    assert forward.layers_that_run(analyze(stack("ReLU", shape=(1, 1200, 900)))) == 0
    assert forward.layers_that_run(analyze(stack("ReLU", shape=(3, 1200, 800)))) == 0


def test_a_flattened_map_is_told_of_as_a_whole_and_its_values_apart():
    analysis = analyze(stack(conv(), "Flatten", {"kind": "Linear", "out_features": 10}))
    flat, linear = (
        field_data(receptive_fields(analysis)[index], analysis, index) for index in (1, 2)
    )
    assert flat["apart"]
    assert (
        flat["note"]
        == "Each value keeps the receptive field of the unit it came from (3×3 in theory)."
    )
    assert not linear["apart"]
    assert linear["note"] == ""
    pooled = analyze(stack(conv(), {"kind": "AdaptiveAvgPool2d", "output_size": 1}, "Flatten"))
    assert not field_data(receptive_fields(pooled)[2], pooled, 2)["apart"]


def test_a_stack_that_does_not_fit_shows_the_layers_that_do(manager):
    broken = stack(conv(), conv(2, 3), {"kind": "Linear", "out_features": 3})
    assert analyze(broken).problem is not None
    np.testing.assert_allclose(
        floats(asked(broken, 1, manager, channel=1)["answer"]["values"]["map"]),
        expected_values(stack(conv(), conv(2, 3)), 1)[1].numpy().ravel(),
        rtol=1e-5,
        atol=1e-6,
    )


def test_no_random_number_is_drawn(manager):
    state = torch.random.get_rng_state()
    for mode in ("exact", "effective", "arithmetic"):
        asked(SMALL, 2, manager, context=FieldViewContext("digits", 99, None, ""), mode=mode)
    assert torch.equal(torch.random.get_rng_state(), state)


# --- what a run has learned -----------------------------------------------------------------------


def finished(manager: JobManager, architecture: Architecture, owner: str, epochs: int = 1) -> str:
    run_id = manager.submit(
        architecture,
        parse_recipe({"dataset": "digits", "epochs": epochs, "device": "cpu"}),
        student(owner),
    )
    assert wait(manager, run_id).status == "finished"
    return run_id


def test_a_run_of_exactly_this_network_shows_what_it_has_learned(manager):
    small = stack(conv(2, 5, stride=4), *HEAD)
    renamed = small.model_copy(update={"name": "another name"})
    assert find_trained(manager, small, None, "ann") is None
    assert asked(small, 0, manager)["answer"]["weights"] == {
        "untrained": "random (seed 7)",
        "trained": None,
        "used": "untrained",
    }
    theirs, first, ours = (finished(manager, renamed, owner) for owner in ("bob", "ann", "ann"))
    assert find_trained(manager, small, None, "ann").run == ours
    assert find_trained(manager, small, first, "ann").run == first
    assert find_trained(manager, small, theirs, "cleo").run == theirs
    assert find_trained(manager, small, None, "cleo") is None
    assert find_trained(manager, stack(conv(3, 5, stride=4), *HEAD), None, "ann") is None

    accuracy = manager.snapshot(ours).epochs[-1].metrics["test_accuracy"]
    answer = asked(small, 0, manager)["answer"]
    percent = f"{100 * accuracy:.2f} %"
    assert answer["weights"]["trained"] == f"trained: 1 epoch, {percent} test accuracy"
    assert answer["weights"]["used"] == "trained"
    network = build(small).double().eval()
    network.load_state_dict(manager.weights(ours).weights)
    x = samples("digits", 28, 28).as_input(0, 1, 1)
    expected = network[0](x)[0, 0].detach().numpy().ravel()
    np.testing.assert_allclose(floats(answer["values"]["map"]), expected, rtol=1e-5, atol=1e-6)

    untrained = asked(small, 0, manager, trained=False)["answer"]
    assert untrained["weights"]["used"] == "untrained"
    assert not np.allclose(floats(untrained["values"]["map"]), expected)
    elsewhere = asked(small, 0, manager, context=FieldViewContext("mnist", 7, None, "ann"))[
        "answer"
    ]["weights"]["trained"]
    assert elsewhere.startswith("trained on Digits: 1 epoch, ")


def test_weights_forgotten_in_between_are_replaced_by_the_first(manager, monkeypatch):
    small = stack(conv(2, 5, stride=4), *HEAD)
    run = finished(manager, small, "ann")
    monkeypatch.setattr(
        "explorer.ui.components.field_view.component.find_trained",
        lambda *_: Trained(run, 99, "digits", 0.5),
    )  # an epoch that nobody looked at yet
    manager.delete(run, TEACHER)
    answer = asked(small, 0, manager)["answer"]
    assert (answer["weights"]["used"], answer["weights"]["trained"]) == ("untrained", None)


def test_first_weights_are_the_same_whatever_follows():
    whole, start = first_weights(SMALL, len(SMALL.layers), 3), first_weights(SMALL, 3, 3)
    assert start
    assert all(torch.equal(whole[name], tensor) for name, tensor in start.items())
    assert Untrained(3) != Untrained(4)


# --- what the browser asks ------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
)
FIELDS = {
    "of": "x:1",
    "mode": "exact",
    "at": [0.5, 0.5],
    "channel": 0,
    "together": None,
    "image": 0,
    "trained": True,
    "first": 0,
}


@settings(max_examples=500)
@given(anything | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, anything)))
def test_whatever_is_sent_is_read_or_refused(sent):
    request = parse_request(sent)
    assert request is None or (0 <= request.at[0] < 1 and 0 <= request.image < IMAGES)


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": [1, 0]},
        {"at": [0.5]},
        {"image": IMAGES},
        {"mode": "x"},
        {"channel": -1},
        {"of": "x" * 101},
    ],
)
def test_nonsense_is_refused(wrong):
    assert parse_request(FIELDS) == FieldViewRequest(of="x:1")
    assert parse_request({**FIELDS, **wrong}) is None


def test_the_unit_pointed_at():
    assert unit_at(FieldViewRequest(), 26, 26) == (13, 13)
    assert unit_at(FieldViewRequest(at=(0.999, 0)), 3, 7) == (2, 0)


# --- the images -----------------------------------------------------------------------------------


def test_images_for_networks_of_other_sizes_and_colours():
    digits = samples("cifar10", 14, 56)  # whose files are not here
    assert digits.dataset == "digits"
    assert digits.picture(3).shape == (14, 56, 1)
    x = digits.as_input(2, 4, 3)
    assert x.shape == (4, 3, 14, 56)
    assert torch.equal(x[:, 0], x[:, 2])
    plain = samples("digits", 28, 28)
    pixels = torch.from_numpy(plain.images).permute(0, 3, 1, 2)
    torch.testing.assert_close(
        plain.as_input(0, 32, 1), normalise(pixels.double() / 255, DATASETS["digits"])
    )
    assert plain.as_input(0, 1, 1, trained_on="mnist").min() == pytest.approx(
        -0.1307 / 0.3081, abs=1e-6
    )
    assert plain.as_input(0, 1, 1, trained_on="cifar10").min() == pytest.approx(
        -0.3121 / 0.3562, abs=1e-6
    )
    assert samples("cifar10", 32, 32).normalisation_text("cifar10") == plain.normalisation_text()


def test_a_large_image_travels_as_small_as_it_lies_in_the_data_set(manager):
    large = stack("ReLU", shape=(1, 1200, 800))
    image = view_data(analyze(large), 0, CONTEXT, FieldViewRequest(), manager)["image"]
    assert (image["rows"], image["columns"]) == (28, 28)
    assert len(image["pixels"]) < 2000
