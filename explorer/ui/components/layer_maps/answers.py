"""What the browser asks about a layer of a trained network, and the answer: for one image after one
epoch its maps, its filters, and what speaks for a class.
"""

import base64
from collections.abc import Mapping, Sequence
from math import prod
from typing import Annotated, Any

import torch
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError
from torch import Tensor, nn

from explorer.insight.activations import Quantised, as_maps, quantise, shrunk
from explorer.insight.attribution import enlarged, grad_cam, occlusion, patch_places
from explorer.insight.filters import filters
from explorer.insight.limits import too_large
from explorer.insight.trained import Trained
from explorer.network.analysis import Row, analyze
from explorer.network.build import build_layer_unset
from explorer.network.evaluation import modules_in, outputs_beyond
from explorer.network.spec import Path, Softmax
from explorer.network.tree import IMAGE
from explorer.refusal import Refusal
from explorer.training.dataset_files import load_present_dataset
from explorer.training.images import normalise
from explorer.ui import process
from explorer.ui.image_permits import LENGTH, check_permit

# Of an answer, so that all epochs together come to a few megabytes.
MOST_VALUES = 60_000  # of all maps of one epoch: 76 maps of 28×28
MOST_PICTURES = 512
MOST_SIDE = 96  # rows or columns of a map; larger ones are shrunk
GREY = 0.5  # of an occluding patch, from black to white
PATCH = 5  # an image's side is so many patches


class Question(BaseModel):
    """Of which layer, image and epoch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: Annotated[str, Field(max_length=100)]
    epoch: Annotated[StrictInt, Field(ge=1, le=10**6)]
    row: Annotated[StrictInt, Field(ge=0, le=10**4)]  # of the analysis
    image: Annotated[StrictInt, Field(ge=0, le=10**7)]  # its place among the test images
    occlusion: StrictBool = False  # in place of all else
    permit: Annotated[str, Field(max_length=LENGTH)] = ""  # see ui/image_permits.py


def answer_question(asked: object) -> dict[str, Any]:
    """The answer as JSON. Raises Refusal where the question makes no sense, no answer can be had
    any more, or the image is one that whoever asks may not see.
    """
    try:
        question = Question.model_validate(asked)
    except ValidationError:
        raise Refusal("a question names a run, an epoch, a row and an image") from None
    trained = process.trained(question.run, question.epoch)
    if trained.epoch != question.epoch:
        raise Refusal(f"the weights after epoch {question.epoch} are no longer kept")
    rows = analyze(trained.architecture).rows
    if question.row >= len(rows):
        raise Refusal(f"the network has {len(rows)} rows, from 0; there is no row {question.row}")
    if problem := too_large(analyze(trained.architecture)):
        raise Refusal(problem)
    check_permit(trained.dataset, question.permit)
    test = load_present_dataset(trained.dataset).test
    if question.image >= len(test.images):
        raise Refusal(
            f"there are {len(test.images):,} test images, from 0; none is {question.image:,}"
        )
    pixels, label = test.images[question.image][None], int(test.labels[question.image])
    if question.occlusion:
        return _occlusion(trained, rows, pixels, label)
    return _layer(trained, rows, rows[question.row], pixels, label)


def _layer(
    trained: Trained, rows: Sequence[Row], row: Row, pixels: Tensor, label: int
) -> dict[str, Any]:
    modules, image = modules_in(trained.network, rows), _as_input(trained, pixels)
    with torch.inference_mode():
        stated = _with_softmax(rows, modules)
        output = outputs_beyond(rows[: row.index + 1], stated, {IMAGE: image})[row.path][0]
    maps = shrunk(as_maps(output), MOST_SIDE)
    shown = min(MOST_PICTURES, max(1, MOST_VALUES // prod(maps.shape[1:])))
    weights = filters(rows, row, modules[row.path]) if row.path in modules else None
    probabilities = trained.probabilities(pixels)[0]
    predicted = int(probabilities.argmax())
    cam_row = map_row(rows, row)
    return {
        "predicted": predicted,
        "probabilities": [float(each) for each in probabilities[[label, predicted]]],
        "maps": {"of": len(maps), **_pictures(quantise(maps[:shown]))},
        "filters": None if weights is None else _filters(weights),
        "cams": cam_row
        and [
            _pictures(quantise(enlarged(each[None], *pixels.shape[2:])))
            for each in grad_cam(rows, modules, image, cam_row.path, [label, predicted])
        ],
    }


def _with_softmax(rows: Sequence[Row], modules: Mapping[Path, nn.Module]) -> dict[Path, nn.Module]:
    """The modules with each Softmax as the network states it: the last is trained as LogSoftmax."""
    stated = {
        row.path: build_layer_unset(row.layer, row.input_shape)
        for row in rows
        if isinstance(row.layer, Softmax)
    }
    return {**modules, **stated}


def map_row(rows: Sequence[Row], row: Row) -> Row | None:
    """The row whose maps Grad-CAM looks at: this one, or the last before it that has a map."""
    return next(
        (
            each
            for each in reversed(rows[: row.index + 1])
            if len(each.output_shape) == 3 and prod(each.output_shape[1:]) > 1
        ),
        None,
    )


def _filters(weights: Tensor) -> dict[str, Any]:
    """Filters (units, channels, rows, columns) as pictures: of each unit as many as there is room
    for.
    """
    units = min(len(weights), MOST_PICTURES)
    small = shrunk(weights[:units].flatten(0, 1), MOST_SIDE)
    small = small.reshape(units, -1, *small.shape[1:])
    room = min(MOST_PICTURES, MOST_VALUES // prod(small.shape[2:]))
    units = min(units, max(1, room))
    channels = min(small.shape[1], max(1, room // units))
    kept = small[:units, :channels].flatten(0, 1)
    return {
        "of": [*weights.shape[:2]],
        "units": units,
        "channels": channels,
        **_pictures(quantise(kept)),
    }


def _occlusion(trained: Trained, rows: Sequence[Row], pixels: Tensor, label: int) -> dict[str, Any]:
    height, width = pixels.shape[2:]
    work = sum(row.mult_adds for row in rows)
    patches = patch_places(height, width, -(-min(height, width) // PATCH), work)
    grey = _as_input(trained, torch.full((1, pixels.shape[1], 1, 1), round(GREY * 255)))
    predicted = int(trained.probabilities(pixels)[0].argmax())
    drops = occlusion(
        rows,
        modules_in(trained.network, rows),
        _as_input(trained, pixels),
        grey.flatten(),
        patches,
        [label, predicted],
    )
    return {
        "size": patches.size,
        "places": len(patches.top) * len(patches.left),
        "drops": [_pictures(quantise(each[None])) for each in drops],
    }


def _as_input(trained: Trained, pixels: Tensor) -> Tensor:
    """Images as a data set holds them, uint8 (B, C, H, W), as the network gets them."""
    return normalise(pixels.float() / 255, trained.kind)


def _pictures(found: Quantised) -> dict[str, Any]:
    return {
        "shape": [*found.values.shape],
        "scale": found.scale,
        "finite": found.finite,
        "values": base64.b64encode(found.values.tobytes()).decode("ascii"),
    }
