"""What the browser draws from, as JSON.

Maps of numbers travel as base64 of little-endian float32.
"""

import base64
import hashlib
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explorer.insight.class_scores import KEEP_CLASSES
from explorer.network.analysis import Analysis, Row, rows_leading_to
from explorer.network.axes import Axis, Border, Window
from explorer.network.effective_field import EffectiveField
from explorer.network.layers import kind_of
from explorer.network.receptive_field import AxisField, ReceptiveField
from explorer.network.spec import Architecture, Conv2d, Path
from explorer.network.tree import IMAGE, input_of
from explorer.network.unit_facts import (
    Runs,
    axis_facts,
    first_spreading_row,
    pixels_of,
    seen_runs,
    unseen,
)
from explorer.network.window_arithmetic import WindowArithmetic, window_arithmetic
from explorer.runs.images_access import unseen_text
from explorer.text import size_text
from explorer.training.dataset_lookup import find_dataset
from explorer.ui.components.field_view.forward import ForwardPass
from explorer.ui.components.field_view.samples import Samples

ROOM, CELL, GAP = 114, 17, 6  # pixels: for the arithmetic's patches, for a row of one, between two


# --- the exact field ------------------------------------------------------------------------------


def field_data(field: ReceptiveField, analysis: Analysis, index: int) -> dict[str, Any]:
    """Every unit's answer, so that pointing at one is instant."""
    row = analysis.rows[index]
    rows, columns = axis_data(field.rows), axis_data(field.columns)
    return {
        "kind": row.kind,
        "title": row.title,
        "place": row.place,
        "takesImage": input_of(row.path) == IMAGE,
        "isMap": len(row.output_shape) == 3,
        "channels": row.output_shape[0],
        "channelsIn": row.input_shape[0],
        "theoretical": list(field.theoretical),
        "jump": [_number(each) for each in field.jump] if field.jump else None,
        "rows": rows,
        "columns": None if columns == rows else columns,
        "products": None if len(field.products) == 1 else _products(field),
        "note": notes(analysis, field, index),
        "apart": _is_apart(analysis, index),
    }


def _products(field: ReceptiveField) -> list[dict[str, Any]]:
    """For each unit its rows, and for each its columns: what it sees is all of these together."""
    return [
        {"rows": seen_runs(rows), "columns": seen_runs(columns)} for rows, columns in field.products
    ]


def _number(value: Fraction) -> int | str:
    """A whole number, or a fraction as it is shown."""
    return value.numerator if value.denominator == 1 else str(value)


def axis_data(axis: AxisField) -> dict[str, Any]:
    """Units along one axis: the pixels that each sees as [first, how many], its window, how much of
    that is image. It travels with every edit: what can be told of all units at once is.
    """
    facts = axis_facts(axis)
    pixels = axis.touched.shape[1]
    # A window far outside the image is drawn no further than one image away.
    first = [max(-pixels, min(2 * pixels, fact.first)) for fact in facts]
    window = [fact.window for fact in facts]
    whole = [_in_image(*each, pixels) for each in zip(first, window, strict=True)]
    seen = [fact.seen for fact in facts]
    inside = [fact.inside for fact in facts]
    return {
        "pixels": pixels,
        "units": len(facts),
        "first": _evenly(first),
        "window": _once(window),
        # None where it is all of each window that lies on the image.
        "seen": None if seen == whole else seen,
        "inside": None if inside == [pixels_of(runs) for runs in whole] else _once(inside),
        "unseen": unseen(axis),
    }


def _in_image(first: int, window: int, pixels: int) -> Runs:
    """All pixels of a window that lie on the image."""
    start, end = max(0, first), min(pixels, first + window)
    return ((start, end - start),) if start < end else ()


def _once(values: list[int]) -> int | list[int]:
    """One number where all are the same."""
    return values[0] if len(set(values)) == 1 else values


def _evenly(values: list[int]) -> dict[str, int] | list[int]:
    """The first number and the step to the next, where all steps are the same."""
    step = values[1] - values[0] if len(values) > 1 else 0
    even = bool(values) and all(
        value == values[0] + step * index for index, value in enumerate(values)
    )
    return {"from": values[0], "by": step} if even else values


def notes(analysis: Analysis, field: ReceptiveField, index: int) -> str:
    """Where a unit depends on pixels that its window does not hold, and why."""
    if _is_apart(analysis, index):
        paths = {row.path: row.receptive_field for row in analysis.rows} | {IMAGE: (1, 1)}
        before = paths[input_of(analysis.rows[index].path)]
        return (
            "Each value keeps the receptive field of the unit it came from "
            f"({size_text(before)} in theory)."
        )
    beyond = any(
        fact.pixels > fact.inside
        for axis in (field.rows, field.columns)
        for fact in axis_facts(axis)
    )
    if not beyond:
        return ""
    window, row = size_text(field.theoretical), analysis.rows[index]
    rows = rows_leading_to(analysis, row.path)
    spreading = first_spreading_row(rows)
    if spreading is not None:
        which = "This layer" if spreading == row else f"Layer {spreading.place} ({spreading.kind})"
        return (
            f"{which} normalises over the map, so a unit depends on more than its window of "
            f"{window}."
        )
    # Nothing else makes a unit see what its window does not hold.
    filling, mode = next((each, mode) for each in rows if (mode := _border_mode(each)) != "zeros")
    which = "This layer" if filling == row else f"Layer {filling.place}"
    return (
        f"{which} pads with values of the map ({mode}), so a unit near the border sees more than "
        f"its window of {window}."
    )


def _border_mode(row: Row) -> str:
    """What a layer fills its border with: "zeros", also where it has none."""
    axes = row.about.axes(row.layer)
    return next((axis.fill for axis in axes if isinstance(axis, Window | Border)), "zeros")


def _is_apart(analysis: Analysis, index: int) -> bool:
    """Its values have no place any more, but each has looked at its own unit's pixels only: a map
    that was flattened.
    """
    row = analysis.rows[index]
    return row.kind == "Flatten" and row.input_shape[1:] not in ((), (1, 1))


def image_data(samples: Samples, index: int, chosen: str, held: str = "") -> dict[str, Any]:
    """One image.

    Where those of the data set that was `chosen` are not here, with a sentence that says so.

    Its pixels are left out where it is the one that the browser holds already, which is told by the
    image's key.
    """
    # Of a large image as it lies in the data set, to be stretched where it is drawn.
    small = samples.images[index]
    pixels = (
        small
        if small.shape[0] * small.shape[1] < samples.height * samples.width
        else samples.picture(index)
    )
    title = find_dataset(samples.dataset).title
    why = f"These are {title.lower()}: {_why_not(chosen)}."
    key = f"{samples.dataset} {index} {samples.height}x{samples.width}"
    if own := samples.own:
        title, key = own.title, f"{hashlib.sha256(own.pixels).hexdigest()[:20]} {key}"
    return {
        "key": key,
        "count": len(samples.images),
        "dataset": title,
        "instead": "" if samples.dataset == chosen else why,
        "rows": pixels.shape[0],
        "columns": pixels.shape[1],
        "colours": pixels.shape[2],
        "pixels": None if key == held else base64.b64encode(pixels.tobytes()).decode("ascii"),
    }


def _why_not(dataset: str) -> str:
    """Why the images of this data set are not shown."""
    kind = find_dataset(dataset)
    if kind.absent:
        return kind.absent
    if kind.owner:
        return unseen_text(dataset)
    return (
        f"the images of {kind.title} are not on this server yet. "
        f"The first training on {kind.title} downloads them"
    )


def value_names(architecture: Architecture, row: Row, dataset: str) -> list[str] | None:
    """The classes, where the layer gives one value for each."""
    classes, (place, *inside) = find_dataset(dataset).classes, row.path
    ends = all(layer.kind in KEEP_CLASSES for layer in architecture.layers[place + 1 :])
    gives_scores = ends and not inside and row.output_shape[0] == len(classes)
    return list(classes) if gives_scores else None


# --- the answers ----------------------------------------------------------------------------------


def values_data(found: ForwardPass, path: Path, channel: int | None) -> dict[str, Any]:
    """The layer's output for the image: of one channel, or of all of them added up."""
    output = found.values[path]
    if output.dim() == 1:
        return {"channel": channel, "map": _floats(output.numpy()), "shape": [1, len(output)]}
    chosen = output.sum(0) if channel is None else output[channel]
    return {"channel": channel, "map": _floats(chosen.numpy()), "shape": list(chosen.shape)}


def effective_data(
    field: EffectiveField, unit: tuple[int, int], channel: int | None
) -> dict[str, Any]:
    strongest = field.influence.max()
    finite = bool(np.isfinite(field.influence).all())
    relative = (
        field.influence / strongest if finite and strongest > 0 else np.zeros_like(field.influence)
    )
    return {
        "unit": list(unit),
        "channel": channel,
        "finite": finite,
        "map": _floats(relative),
        "half": field.pixels_holding(0.5) if finite else 0,
        "strongest": field.strongest if finite else None,
        "images": field.images,
    }


def arithmetic_data(
    layer: Conv2d, found: ForwardPass, path: Path, channel: int, first: int, normalised: str
) -> dict[str, Any]:
    """`normalised` says how the image's pixels became the numbers that the network gets."""
    module, before = found.modules[path], input_of(path)
    assert isinstance(module, nn.Conv2d)
    count = max(1, ROOM // (module.kernel_size[0] * CELL + GAP))
    arithmetic = window_arithmetic(layer, module, found.values[before], channel, first, count)
    sides, axes = found.values[before].shape[1:], kind_of(layer).axes(layer)
    return {
        **_arithmetic(arithmetic),
        "normalised": normalised if before == IMAGE else "",
        "shape": list(arithmetic.value.shape),
        "input": list(sides),
        "window": [_taps(axis) for axis in axes],
        "border": [
            _border(axis, *sizes)
            for axis, *sizes in zip(axes, arithmetic.value.shape, sides, strict=True)
        ],
    }


def _taps(axis: Axis) -> list[tuple[int, int]]:
    """Where each tap of unit i lies: at the first number plus i times the second; outside the map
    it is in the border.
    """
    assert isinstance(axis, Window)
    return [(tap * axis.dilation - axis.before, axis.stride) for tap in range(axis.kernel)]


def _border(axis: Axis, outputs: int, inputs: int) -> int:
    """How far the windows reach past the map, on the side where they reach further."""
    taps = _taps(axis)
    return max(0, -taps[0][0], taps[-1][0] + (outputs - 1) * taps[-1][1] - (inputs - 1))


def _arithmetic(found: WindowArithmetic) -> dict[str, Any]:
    return {
        "rows": found.rows.tolist(),
        "columns": found.columns.tolist(),
        "channels": [found.channels.start, len(found.channels)],
        "shown": [
            {
                "channel": terms.channel,
                "values": _floats(terms.values),
                "kernel": _floats(terms.kernel),
                "sums": _floats(terms.sums),
            }
            for terms in found.shown
        ],
        "others": found.others,
        "rest": _floats(found.rest),
        "bias": None if found.bias is None else _floats(np.array([found.bias])),
        "value": _floats(found.value),
    }


def _floats(values: NDArray[np.float64] | torch.Tensor) -> str:
    with np.errstate(over="ignore"):  # what is too large for float32 is shown as infinite
        return base64.b64encode(np.asarray(values).astype("<f4").tobytes()).decode("ascii")
