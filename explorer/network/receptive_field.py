"""Exactly which input pixels a unit sees, and the theoretical size of the course tables.

In a sequential stack the pixels that a unit sees are some rows times some columns, so each axis is
followed on its own. `touched` is the exact answer, holes, clipping and padding included. `first`
and `last` are the theoretical window: what the unit would see if the image went on for ever, which
is what the formula r += dilation·(kernel − 1)·jump adds up; it may be larger than the image.

Normalising over an image (GroupNorm, LayerNorm) or along a dimension (Softmax) makes each value
depend on all the values it is normalised with, so from there on a unit sees them all, though its
window stays what it was.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from explorer.network.axes import (
    AdaptiveWindows,
    AllInputs,
    Axis,
    Border,
    Elementwise,
    Interpolated,
    SharedStatistics,
    Window,
    adaptive_windows,
)
from explorer.network.build import measure
from explorer.network.layers import LAYERS
from explorer.network.spec import Architecture, Shape

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
OUTSIDE = -1
FAR = np.iinfo(np.int64).max // 4


@dataclass(frozen=True, eq=False)
class AxisField:
    """One axis of a map of n units, over an image of `pixels` along that axis."""

    touched: Mask  # (n, pixels): unit i depends on pixel j
    # (n,): first pixel of each unit's theoretical window; negative where it begins in the padding.
    first: Ints
    last: Ints  # (n,): its last pixel; less than first where the unit sees nothing
    jump: int | None  # pixels between neighbouring units, None where it varies

    @cached_property
    def size(self) -> int:
        """The theoretical window of the unit that has the largest, in pixels."""
        return max(0, int((self.last - self.first).max()) + 1)

    @cached_property
    def seen(self) -> int:
        """How many pixels the unit sees that sees the most."""
        return int(np.count_nonzero(self.touched, axis=1).max())

    @cached_property
    def unseen(self) -> Ints:
        """The pixels that no unit sees."""
        return np.flatnonzero(~self.touched.any(axis=0))


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """What the units of one layer's output see of the image."""

    rows: AxisField
    columns: AxisField

    @property
    def theoretical(self) -> tuple[int, int]:
        return self.rows.size, self.columns.size

    @property
    def jump(self) -> tuple[int, int] | None:
        if self.rows.jump is None or self.columns.jump is None:
            return None
        return self.rows.jump, self.columns.jump

    @property
    def seen(self) -> tuple[int, int]:
        """Rows and columns of pixels that the unit sees that sees the most."""
        return self.rows.seen, self.columns.seen

    @property
    def units(self) -> tuple[int, int]:
        """Rows and columns of units; a vector counts as one unit."""
        return len(self.rows.first), len(self.columns.first)

    def mask(self, row: int, column: int) -> Mask:
        """(H, W): the pixels that the unit at (row, column) sees.

        Raises IndexError where there is no such unit.
        """
        height, width = self.units
        if not (0 <= row < height and 0 <= column < width):
            raise IndexError(
                f"no unit {row},{column}: this layer has {height}×{width} units, counted from 0,0"
            )
        return np.outer(self.rows.touched[row], self.columns.touched[column])


def image_field(shape: Shape) -> ReceptiveField:
    """The image itself, shape (C, H, W): each pixel sees itself."""
    return ReceptiveField(_pixels(shape[1]), _pixels(shape[2]))


@lru_cache(maxsize=8)
def _pixels(count: int) -> AxisField:
    return AxisField(np.eye(count, dtype=bool), np.arange(count), np.arange(count), jump=1)


def after_layer(
    field: ReceptiveField, axes: tuple[Axis, Axis], output_shape: Shape
) -> ReceptiveField:
    """What the units after a layer see, given what those before it see and what each output touches
    along an axis.
    """
    rows, columns = output_shape[1:] if len(output_shape) == 3 else (1, 1)
    return ReceptiveField(
        _after(field.rows, axes[0], rows), _after(field.columns, axes[1], columns)
    )


def receptive_fields(architecture: Architecture) -> tuple[ReceptiveField, ...]:
    """One ReceptiveField a layer.

    Every layer must fit (see analysis.analyze for stacks where one does not).
    """
    shape, field, fields = architecture.input_shape, image_field(architecture.input_shape), []
    for layer in architecture.layers:
        shape = measure(layer, shape).output_shape  # type: ignore[assignment]
        field = after_layer(field, LAYERS[layer.kind].axes(layer), shape)
        fields.append(field)
    return tuple(fields)


def estimated_cost(field: ReceptiveField, axes: tuple[Axis, Axis], output_shape: Shape) -> int:
    """About how many numbers `after_layer` handles for this layer, and so what it costs."""
    sides = output_shape[1:] if len(output_shape) == 3 else (1, 1)
    return sum(
        side * (before.touched.shape[1] + (axis.kernel if isinstance(axis, Window) else 1))
        for before, axis, side in zip((field.rows, field.columns), axes, sides, strict=True)
        if not isinstance(axis, Elementwise)
    )


def inputs_read(window: Window, outputs: int, inputs: int) -> Ints:
    """(outputs, taps): which of a map's inputs each tap of each output reads, OUTSIDE where it
    reads a zero of the border.
    """
    return _filled(_positions(window, outputs), inputs, window.fill)


# --- one axis -------------------------------------------------------------------------------------


ROOM = 60_000_000  # bytes of fields that are kept, so that an edit follows only what comes after it
_Step = tuple[AxisField, Axis, int]  # what was seen before, and the arguments of `_followed`
_known: LRUCache[_Step, AxisField] = LRUCache(
    ROOM, getsizeof=lambda axis: 1000 + axis.touched.nbytes + axis.first.nbytes + axis.last.nbytes
)
_lock = Lock()


def _after(before: AxisField, axis: Axis, outputs: int) -> AxisField:
    """Like `_followed`, but remembers its answers.

    An AxisField is told from others by its identity.
    """
    if isinstance(axis, Elementwise):
        return before
    step = before, axis, outputs
    with _lock:
        known = _known.get(step)
    if known is None:
        known = _followed(*step)
        with _lock:
            _known[step] = known
    return known


def _followed(before: AxisField, axis: Axis, outputs: int) -> AxisField:
    match axis:
        case Elementwise():
            return before
        case SharedStatistics():
            units, _ = before.touched.shape
            return AxisField(
                _any_unit(before.touched).repeat(units, axis=0),
                before.first,
                before.last,
                before.jump,
            )
        case AllInputs():
            return AxisField(
                _any_unit(before.touched),
                before.first.min(keepdims=True),
                before.last.max(keepdims=True),
                before.jump,
            )
        case AdaptiveWindows():
            return _after_adaptive(before, outputs)
        case Interpolated():
            return _after_interpolated(before, axis)
        case Border():
            return _after_window(before, axis.as_window, outputs)
        case Window():
            return _after_window(before, axis, outputs)


def _after_window(before: AxisField, window: Window, outputs: int) -> AxisField:
    touched = _touched(before.touched, window, outputs)
    if before.jump is None:
        inputs = _filled(_positions(window, outputs), len(before.first), window.fill)
        first, last = _hull(before, inputs)
        return AxisField(touched, first, last, _spacing(first, last))
    # Evenly spaced units go on evenly into the padding, so the window there is known without any
    # unit.
    starts = np.arange(outputs) * window.stride - window.before
    ends = starts + window.reach - 1
    first, last = before.first[0] + starts * before.jump, before.last[0] + ends * before.jump
    return AxisField(touched, first, last, before.jump * window.stride)


def _touched(touched: Mask, window: Window, outputs: int) -> Mask:
    """(outputs, pixels): the pixels touched by any unit in each output's window.

    The pixels that two neighbouring windows of one size touch are those of a window of twice the
    size, so a window of k units takes about log2(k) steps.
    """
    dilation, taps = window.dilation, window.kernel
    # Units that any window reaches, those in the border too: index OUTSIDE is the last row, which
    # sees nothing.
    length = (outputs - 1) * window.stride + window.reach
    units = _filled(np.arange(length) - window.before, len(touched), window.fill)
    seen = np.vstack([touched, np.zeros_like(touched[:1])])[units]
    size = 1  # units in the window that begins at each row of `seen`
    while size < taps:
        more = min(size, taps - size)
        seen = seen[: -dilation * more] | seen[dilation * more :]
        size += more
    return seen[np.arange(outputs) * window.stride]


def _after_adaptive(before: AxisField, outputs: int) -> AxisField:
    touched = adaptive_windows(len(before.first), outputs)
    starts, ends = (
        np.array([each.start for each in touched]),
        np.array([each.stop for each in touched]),
    )
    strides, sizes = set(np.diff(starts).tolist()), set((ends - starts).tolist())
    if len(strides) <= 1 and len(sizes) == 1:
        size = sizes.pop()
        return _after_window(before, Window(size, strides.pop() if strides else size), outputs)
    taps = starts[:, None] + np.arange(max(sizes))
    inputs = np.where(taps < ends[:, None], taps, OUTSIDE)
    sums = np.vstack([np.zeros_like(before.touched[:1]), before.touched]).cumsum(
        axis=0, dtype=np.int16
    )
    return AxisField(sums[ends] > sums[starts], *_hull(before, inputs), None)


def _after_interpolated(before: AxisField, axis: Interpolated) -> AxisField:
    if axis.scale == 1:
        return before
    inputs = _interpolated_inputs(axis, len(before.first))
    # The appended row is index OUTSIDE, which sees nothing.
    seen = np.vstack([before.touched, np.zeros_like(before.touched[:1])])
    touched = seen[inputs[:, 0]] | seen[inputs[:, 1]]
    first, last = _hull(before, inputs)
    return AxisField(touched, first, last, _spacing(first, last))


def _interpolated_inputs(axis: Interpolated, n: int) -> Ints:
    """(n · scale, 2): the inputs that have a share in each output, OUTSIDE where it is one alone.

    In whole numbers: the place of output i among the inputs is `above` / `below`.
    """
    i = np.arange(n * axis.scale)
    if axis.placing == "nearest":
        above, below = i // axis.scale, 1
    elif axis.placing == "corners":
        above, below = i * (n - 1), n * axis.scale - 1
    else:
        above, below = (2 * i + 1 - axis.scale).clip(min=0), 2 * axis.scale
    before, rest = np.divmod(above, below)
    after = np.where((rest > 0) & (before + 1 < n), before + 1, OUTSIDE)
    return np.stack([before, after], axis=1)


def _spacing(first: Ints, last: Ints) -> int | None:
    """Pixels between neighbouring windows where all are alike, else None."""
    steps = set(np.diff(first).tolist()) | set(np.diff(last).tolist())
    return steps.pop() if len(steps) == 1 else None


def _positions(window: Window, outputs: int) -> Ints:
    starts = np.arange(outputs) * window.stride - window.before
    return np.asarray(starts[:, None] + np.arange(window.kernel) * window.dilation)


def _filled(positions: Ints, n: int, fill: str) -> Ints:
    """Which unit of a map of n each position reads, OUTSIDE where it reads a zero of the border."""
    if fill == "replicate":
        return positions.clip(0, n - 1)
    if fill == "circular":
        return positions % n
    if fill == "reflect":
        return np.asarray(n - 1 - np.abs(n - 1 - np.abs(positions)))
    return np.where((positions >= 0) & (positions < n), positions, OUTSIDE)


def _any_unit(touched: Mask) -> Mask:
    """(1, pixels): the pixels that any unit sees."""
    return touched.any(axis=0).reshape(1, -1)


def _hull(before: AxisField, inputs: Ints) -> tuple[Ints, Ints]:
    """First and last pixel of the windows of each output's inputs (outputs, taps), padding left
    out.
    """
    # The appended entry is index OUTSIDE: an empty window, which takes no part in any later minimum
    # or maximum.
    first = np.append(before.first, FAR)[inputs].min(axis=1)
    last = np.append(before.last, -FAR)[inputs].max(axis=1)
    return first, last
