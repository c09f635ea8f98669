"""What the browser gets of a layer, held against a plain computation."""

import base64
import json
from math import prod

import numpy as np
import pytest
import torch
from torch import nn

from explorer.insight.attribution import enlarged, grad_cam
from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.build import build
from explorer.network.evaluation import modules_in
from explorer.people.permissions import NotAllowed
from explorer.refusal import Refusal
from explorer.training.dataset_files import load_present_dataset
from explorer.training.datasets import DATASETS
from explorer.training.images import normalise
from explorer.training.own_images.making import Options, make_own_images
from explorer.ui import process
from explorer.ui.components.layer_maps import answers
from explorer.ui.components.layer_maps.answers import answer_question, map_row
from explorer.ui.components.layer_maps.component import ShownLayer, shown_data
from explorer.ui.image_permits import permit_for
from explorer.ui.server.layer_maps_route import answer_to
from tests.exports.report.conftest import BLOCKS, RECIPE, SMALL
from tests.people.shared import ANN, BEN, SOMEBODY
from tests.runs.shared import wait
from tests.training.own_images.zips import good_zip


def asked(run: str, **fields) -> dict:
    return {"run": run, "epoch": 2, "row": 0, "image": 5} | fields


def values(pictures: dict) -> np.ndarray:
    """The values again, and the step by which they may be off."""
    levels = np.frombuffer(base64.b64decode(pictures["values"]), np.int8)
    return levels.reshape(pictures["shape"]) * (pictures["scale"] / 127)


def assert_are(pictures: dict, expected: torch.Tensor) -> None:
    step = pictures["scale"] / 127
    assert pictures["finite"]
    np.testing.assert_allclose(values(pictures), expected.numpy(), atol=0.51 * step + 1e-5)
    assert pictures["scale"] == pytest.approx(float(expected.abs().max()), rel=1e-4, abs=1e-6)


def plain(run: str, epoch: int) -> nn.Sequential:
    """The run's network, made without what is tested."""
    network = build(SMALL)
    network.load_state_dict(process.jobs().weights(run, epoch).weights)
    return network.eval()


def image(index: int) -> tuple[torch.Tensor, int]:
    test = load_present_dataset("digits").test
    x = normalise(test.images[index][None].float() / 255, DATASETS["digits"])
    return x, int(test.labels[index])


@pytest.mark.parametrize("epoch", [1, 2])
def test_maps_filters_and_grad_cam_are_those_of_the_epoch(small_run, epoch):
    network, (x, label) = plain(small_run, epoch), image(5)
    with torch.no_grad():
        maps = network[0](x)[0]
        chances = network(x)[0]  # it ends in a Softmax
    answer = answer_question(asked(small_run, epoch=epoch))
    assert_are(answer["maps"], maps)
    assert answer["maps"]["of"] == 4
    assert_are(answer["filters"], network[0].weight.detach()[:, 0])
    assert (answer["filters"]["of"], answer["filters"]["units"]) == ([4, 1], 4)
    predicted = int(chances.argmax())
    assert answer["predicted"] == predicted
    assert answer["probabilities"] == pytest.approx(
        [float(chances[label]), float(chances[predicted])], rel=1e-4
    )
    rows = analyze(SMALL).rows
    cams = grad_cam(rows, modules_in(network, rows), x, (0,), [label, predicted])
    for pictures, cam in zip(answer["cams"], enlarged(cams, 28, 28), strict=True):
        assert_are(pictures, cam[None])


def test_of_a_vector_each_value_is_a_picture_and_the_last_map_speaks_for_the_class(small_run):
    answer = answer_question(asked(small_run, row=4))
    assert answer["maps"]["shape"] == [10, 1, 1]
    # The filters of a Linear layer after Flatten are as large as the maps.
    assert answer["filters"]["of"] == [10, 4]
    assert answer["filters"]["shape"][1:] == [8, 8]
    before = answer_question(asked(small_run, row=2))  # the BatchNorm's maps, flattened after it
    assert answer["cams"] == before["cams"]
    assert before["filters"] is None
    assert map_row(analyze(SMALL).rows, analyze(SMALL).rows[4]).path == (2,)


def test_a_last_softmax_is_shown_as_it_is_stated(small_run):
    """It is trained as LogSoftmax."""
    with torch.no_grad():
        chances = plain(small_run, 2)(image(5)[0])[0]
    answer = answer_question(asked(small_run, row=5))
    assert_are(answer["maps"], chances.reshape(-1, 1, 1))


def test_occlusion_is_answered_on_request_alone(small_run):
    answer = answer_question(asked(small_run, occlusion=True))
    assert answer.keys() == {"size", "places", "drops"}
    assert [each["shape"] for each in answer["drops"]] == [[1, 28, 28]] * 2
    assert answer["size"] == 6
    assert all(each["scale"] <= 1 for each in answer["drops"])


def test_every_row_of_a_network_with_blocks_is_answered(runs_of_its_own):
    run = process.jobs().submit(BLOCKS, RECIPE.model_copy(update={"epochs": 1}), SOMEBODY)
    wait(process.jobs(), run)
    for row in analyze(BLOCKS).rows:
        answer = answer_question(asked(run, epoch=1, row=row.index))
        assert answer["maps"]["of"] == row.output_shape[0]
        assert (answer["filters"] is not None) >= (row.kind == "Conv2d")
        assert answer["cams"] is not None


def test_what_cannot_be_answered_is_refused_in_a_sentence(small_run):
    for wrong, words in (
        ({"epoch": 3}, "after epoch 3 are no longer kept"),
        ({"row": 6}, "there is no row 6"),
        ({"image": 360}, "none is 360"),
        ({"run": "nosuchrun"}, "nosuchrun"),
    ):
        with pytest.raises(Refusal, match=words):
            answer_question(asked(small_run) | wrong)


def test_own_images_are_asked_about_with_a_permit_for_them_alone(own_run):
    dataset = process.jobs().snapshot(own_run, 0).run.recipe.dataset
    asked_of = asked(own_run, image=0)
    permit = permit_for(ANN, dataset)
    assert answer_question(asked_of | {"permit": permit})["maps"]["of"] == 4
    occluded = answer_question(asked_of | {"permit": permit, "occlusion": True})
    assert [each["shape"] for each in occluded["drops"]] == [[1, 8, 8]] * 2
    others = process.own_images().add(
        make_own_images(good_zip(4), Options((3, 8, 8))), "Others", BEN
    )
    for wrong in ("", permit[:-1], permit.upper(), "é" * 64, permit_for(BEN, others.name)):
        for occlusion in (False, True):
            with pytest.raises(NotAllowed, match="by their owner and by teachers alone"):
                answer_question(asked_of | {"permit": wrong, "occlusion": occlusion})


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": 0},
        {"epoch": True},
        {"row": -1},
        {"run": "x" * 101},
        {"occlusion": 1},
        {"permit": "x" * 65},
        {"permit": None},
        {"more": 1},
    ],
)
def test_what_does_not_name_all_is_refused(wrong):
    with pytest.raises(Refusal, match="names a run, an epoch, a row and an image"):
        answer_to(json.dumps(asked("any") | wrong).encode())


@pytest.mark.parametrize("question", [b"", b"null", b"[]", b"{", b"[" * 900, b" " * 1001])
def test_what_is_no_question_is_refused(question):
    with pytest.raises(Refusal):
        answer_to(question)


def test_without_its_images_nothing_is_answered(runs_of_its_own, small_run, monkeypatch):
    row = DATASETS["mnist"]
    monkeypatch.setattr(answers, "load_present_dataset", lambda name: load_present_dataset("mnist"))
    assert not row.is_here()
    with pytest.raises(Refusal, match="MNIST"):
        answer_question(asked(small_run))


def test_too_large_a_network_is_refused(small_run, monkeypatch):
    monkeypatch.setattr("explorer.insight.limits.MAX_MULT_ADDS", 10)
    with pytest.raises(Refusal, match="too large to be looked into here"):
        answer_question(asked(small_run))


@pytest.mark.parametrize(
    ("layer", "shown", "channels"),
    [
        ({"kind": "Conv2d", "out_channels": 600, "kernel_size": 3}, 512, 1),
        ({"kind": "Conv2d", "out_channels": 300, "kernel_size": 3}, 300, 1),
        ({"kind": "Conv2d", "out_channels": 20, "kernel_size": 3}, 20, 25),
        ({"kind": "Conv2d", "out_channels": 2, "kernel_size": 1}, 2, 40),
    ],
)
def test_an_answer_is_bounded_whatever_the_layer(layer, shown, channels):
    shape = [40, 120, 200]
    architecture = parse_architecture({"name": "t", "input_shape": shape, "layers": [layer]})
    weights = answers._filters(build(architecture)[0].weight)
    assert (weights["units"], weights["channels"]) == (shown, channels)
    assert weights["shape"][0] == shown * channels <= answers.MOST_PICTURES
    assert prod(weights["shape"]) <= answers.MOST_VALUES


def test_what_comes_with_each_look_is_small(small_run):
    rows = analyze(SMALL).rows
    shown = ShownLayer(
        run=small_run,
        epochs=process.jobs().kept_epochs(small_run),
        row=rows[0],
        cam_row=rows[0],
        image=5,
        permit="",
        pixels=np.zeros((28, 28, 1), np.uint8),
        label=3,
        classes=DATASETS["digits"].classes,
    )
    data = shown_data(shown)
    assert data["epochs"] == [1, 2]
    assert data["layer"] == "0 Conv2d"
    assert data["cam"] == {"layer": "0 Conv2d", "size": "8×8"}
    assert len(json.dumps(data)) < 2_000
