"""What a trained network answers to one image, and what each of its layers makes of it."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.insight.trained import Trained
from explorer.network.analysis import Analysis, Row
from explorer.network.evaluation import modules_in, outputs_beyond
from explorer.network.tree import IMAGE
from explorer.training.images import normalise

# What is looked into while somebody draws: about a tenth of a second's work.
MAX_VALUES, MAX_MULT_ADDS = 2_000_000, 250_000_000
MOST_MAPS = 16  # of a layer
MOST_PIXELS = 60_000  # of the maps of all layers together


class ShownMaps(NamedTuple):
    """Which of the maps of a layer or merge are shown: the first so many, of this size.

    A vector is one map, of one row.
    """

    row: Row
    maps: int
    rows: int
    columns: int


def recognise(trained: Trained, image: NDArray[np.uint8]) -> list[float]:
    """The probability of each class for an image (C, H, W) as the data set holds them."""
    found: list[float] = trained.probabilities(torch.from_numpy(image)[None])[0].tolist()
    return found


def shown_maps(analysis: Analysis) -> tuple[ShownMaps, ...]:
    """Of each layer and merge, in the order in which they run, up to where the network becomes too
    large to be looked into while somebody draws.
    """
    rows = _rows_that_run(analysis.rows)
    shapes = [_as_maps(row.output_shape) for row in rows]
    count = next(
        (
            count
            for count in range(MOST_MAPS, 1, -1)
            if sum(min(count, maps) * high * wide for maps, high, wide in shapes) <= MOST_PIXELS
        ),
        1,
    )
    return tuple(
        ShownMaps(row, min(count, maps), high, wide)
        for row, (maps, high, wide) in zip(rows, shapes, strict=True)
    )


def map_greys(
    trained: Trained, shown: tuple[ShownMaps, ...], image: NDArray[np.uint8]
) -> list[NDArray[np.uint8]]:
    """The values of these maps for an image (C, H, W) as greys: of each layer uint8 (maps, rows,
    columns), 0 for the smallest value in them and 255 for the largest.
    """
    rows = [each.row for each in shown]
    x = normalise(torch.from_numpy(image)[None].float() / 255, trained.kind)
    with torch.inference_mode():
        found = outputs_beyond(rows, modules_in(trained.network, rows), {IMAGE: x})
    return [
        _greys(found[each.row.path][0].reshape(_as_maps(each.row.output_shape))[: each.maps])
        for each in shown
    ]


def _rows_that_run(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    values, mult_adds = 0, 0
    for row in rows:
        values, mult_adds = values + prod(row.output_shape), mult_adds + row.mult_adds
        if values > MAX_VALUES or mult_adds > MAX_MULT_ADDS:
            return rows[: row.index]
    return rows


def _as_maps(shape: Sequence[int]) -> tuple[int, int, int]:
    """Maps, rows and columns of a layer's output of this shape."""
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    return 1, 1, prod(shape)


def _greys(maps: Tensor) -> NDArray[np.uint8]:
    values = np.nan_to_num(maps.double().numpy(), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = values.min(), values.max()
    if high <= low:
        return np.full(values.shape, 128 if high else 0, np.uint8)
    return np.asarray(np.rint((values - low) / (high - low) * 255), np.uint8)
