"""The arithmetic behind a row's numbers, as a teacher writes it on the board: the expression, then its value."""

from collections.abc import Callable
from typing import Any

from explorer.network.analysis import Row
from explorer.network.layers import LAYERS, Window
from explorer.network.spec import Conv2d, Linear, Upsample, pair

_BORDERS = ("ZeroPad2d", "ReflectionPad2d")


def size_arithmetic(row: Row) -> str | None:
    """How the rows of the output follow from those of the input, for layers with windows: "⌊(28 − 3) ÷ 1⌋ + 1 = 26"."""
    if len(row.output_shape) != 3:
        return None
    if isinstance(row.layer, Upsample):
        return _multiplied(row, pair(row.layer.scale_factor))
    axes = LAYERS[row.kind].axes(row.layer)
    if not all(isinstance(axis, Window) for axis in axes) or row.kind in _BORDERS:
        return None
    return _size(row, axes[0], 1) + ("" if _same_on_both_axes(row, axes) else " rows; " + _size(row, axes[1], 2) + " columns")


def parameter_arithmetic(row: Row) -> str | None:
    """How the number of parameters comes about: "16 × (8 × 3 × 3) + 16 = 1,168". None where the layer learns nothing."""
    if not row.params:
        return None
    return f"{_PARAMETERS.get(row.kind, _scale_and_shift)(row)} = {row.params:,}"


def _same_on_both_axes(row: Row, axes: tuple[Any, Any]) -> bool:
    return axes[0] == axes[1] and row.input_shape[1] == row.input_shape[2]


def _multiplied(row: Row, factors: tuple[int, int]) -> str:
    sides = zip(row.input_shape[1:], factors, row.output_shape[1:], strict=True)
    rows, columns = (f"{before} × {factor} = {after}" for before, factor, after in sides)
    return rows if rows == columns else f"{rows} rows; {columns} columns"


def _size(row: Row, window: Any, axis: int) -> str:
    before, after = row.input_shape[axis], row.output_shape[axis]
    reach = window.dilation * (window.kernel - 1) + 1
    # "same" pads one side by one more than the other where the kernel is even; the total is what counts.
    total = reach - 1 if getattr(row.layer, "padding", 0) == "same" else 2 * window.padding
    padded = f"{before} + {total}" if total else f"{before}"
    spread = f"{reach}" if window.dilation == 1 else f"({window.dilation} × ({window.kernel} − 1) + 1)"
    rounded = "⌈{}⌉" if getattr(row.layer, "ceil_mode", False) else "⌊{}⌋"
    steps = f"({padded} − {spread}) ÷ {window.stride}"
    count = rounded.format(steps) + " + 1"
    whole = _rounded(before + total - reach, window.stride, getattr(row.layer, "ceil_mode", False)) + 1
    # With ceil_mode a window that would begin in the border below the map is left out.
    return f"{count} = {after}" if whole == after else f"{count} = {whole}, less one that would begin past the map: {after}"


def _rounded(n: int, stride: int, up: bool) -> int:
    return -(-n // stride) if up else n // stride


def _convolution(row: Row) -> str:
    layer: Conv2d = row.layer  # type: ignore[assignment]
    rows, columns = pair(layer.kernel_size)
    channels = row.input_shape[0] // layer.groups
    note = f" ({row.input_shape[0]} ÷ {layer.groups} groups)" if layer.groups > 1 else ""
    return f"{layer.out_channels} × ({channels}{note} × {rows} × {columns})" + (f" + {layer.out_channels}" if layer.bias else "")


def _linear(row: Row) -> str:
    layer: Linear = row.layer  # type: ignore[assignment]
    return f"{layer.out_features} × {row.input_shape[0]:,}" + (f" + {layer.out_features}" if layer.bias else "")


def _scale_and_shift(row: Row) -> str:
    """Normalisation: a scale and, with bias, a shift for each channel (each value in LayerNorm)."""
    shift = getattr(row.layer, "bias", True)
    each = row.params // (2 if shift else 1)
    return f"{each:,} scales" + (f" + {each:,} shifts" if shift else "")


_PARAMETERS: dict[str, Callable[[Row], str]] = {"Conv2d": _convolution, "Linear": _linear}
