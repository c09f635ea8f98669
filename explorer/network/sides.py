"""How many rows or columns a map has after a layer, by torch's rules, without running it.

The analysis asks torch itself, see measure.py. This is for questions about many sizes at once, or
about a map of which only one side is known; a test holds it to torch.
"""

from typing import Any

from explorer.network.axes import (
    AdaptiveWindows,
    Axis,
    Border,
    Interpolated,
    Transposed,
    Window,
)
from explorer.network.layers import LAYERS
from explorer.network.spec import Layer, pair


def sides_after(layer: Layer, sides: tuple[int | None, int | None]) -> tuple[int | None, ...]:
    """Rows and columns after a layer, None where they are not known or where it does not fit."""
    axes = LAYERS[layer.kind].axes(layer)
    return tuple(
        _side_after(layer, place, axis, side)
        for place, (axis, side) in enumerate(zip(axes, sides, strict=True))
    )


def windows_in(side: int, window: Window, ceil_mode: bool = False) -> int:
    """How many windows lie on a side; 0 where not even one does.

    With ceil_mode a last one may hang over, unless it would begin outside of the map and what is
    added before it.
    """
    spare = side + window.before + window.after - window.reach
    if spare < 0 and not (ceil_mode and spare > -window.stride):
        return 0
    count = (-(-spare // window.stride) if ceil_mode else spare // window.stride) + 1
    begins_outside = (count - 1) * window.stride >= side + window.before
    return count - 1 if ceil_mode and begins_outside else count


def _side_after(layer: Any, place: int, axis: Axis, side: int | None) -> int | None:
    if isinstance(axis, AdaptiveWindows):
        return pair(layer.output_size)[place]
    if side is None:
        is_whole = isinstance(axis, Window) and axis == Window(1, fill=axis.fill)
        changes = isinstance(axis, Window | Transposed | Border | Interpolated) and not is_whole
        return None if changes else side
    match axis:
        case Window():
            return windows_in(side, axis, getattr(layer, "ceil_mode", False)) or None
        case Transposed():
            reach = axis.dilation * (axis.kernel - 1) + 1
            added = pair(layer.output_padding)[place]
            found = (side - 1) * axis.stride - 2 * axis.before + reach + added
            return found if found > 0 else None
        case Border():
            return side + axis.before + axis.after
        case Interpolated():
            return side * axis.scale
    return side
