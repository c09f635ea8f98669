"""Exactly which input pixels a unit sees, and the theoretical size of the course tables.

In a sequential stack the pixels that a unit sees are some rows times some columns, so each axis is
followed on its own. `touched` is the exact answer, holes, clipping and padding included. `first`
and `last` are the theoretical window: what the unit would see if the image went on for ever, which
is what the formula r += dilation·(kernel − 1)·jump adds up; it may be larger than the image.

After branches that were merged a unit sees what it sees through any of them. Of a window of 1×7
and one of 7×1 that is a cross, which is no product of rows and columns: so a field is a list of
such products, without those that lie inside another. The theoretical window is then the smallest
that holds those of all branches.

Normalising over an image (GroupNorm, LayerNorm) or along a dimension (Softmax) makes each value
depend on all the values it is normalised with, so from there on a unit sees them all, though its
window stays what it was.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
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
    Transposed,
    Window,
    adaptive_windows,
)
from explorer.network.spec import Shape

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
OUTSIDE = -1
FAR = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class Grid:
    """Windows that lie evenly: that of unit i begins at pixel first + i · jump and ends at
    last + i · jump, and so it goes on into the padding.
    """

    first: int
    last: int
    jump: int


@dataclass(frozen=True, eq=False)
class AxisField:
    """One axis of a map of n units, over an image of `pixels` along that axis."""

    touched: Mask  # (n, pixels): unit i depends on pixel j
    # (n,): first pixel of each unit's theoretical window; negative where it begins in the padding.
    first: Ints
    last: Ints  # (n,): its last pixel; less than first where the unit sees nothing
    # Pixels from one unit to the next; a fraction on a map that was enlarged, None where it varies.
    jump: Fraction | None
    # Of merged branches whose windows lie evenly, but not all alike: each kind of them. A gate that
    # looks at the whole map has a window that stays, beside those that move on from unit to unit.
    merged: tuple[Grid, ...] = ()

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

    @cached_property
    def grids(self) -> tuple[Grid, ...]:
        """Evenly lying windows that together are the theoretical window of each unit, and so tell
        it in the padding too; none where the units lie unevenly.
        """
        if self.merged:
            return self.merged
        if self.jump is None or self.jump.denominator != 1:
            return ()
        step = int(self.jump)
        if any((np.diff(ends) != step).any() for ends in (self.first, self.last)):
            return ()
        return (Grid(int(self.first[0]), int(self.last[0]), step),)


Product = tuple[AxisField, AxisField]  # rows × columns


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """What the units of one layer's output see of the image.

    `rows` and `columns` are the theoretical window, and all rows and columns that a unit sees
    something of. The pixels themselves are those of the `products` together; where there is but one
    they are simply `rows` × `columns`.
    """

    rows: AxisField
    columns: AxisField
    products: tuple[Product, ...]

    @property
    def theoretical(self) -> tuple[int, int]:
        return self.rows.size, self.columns.size

    @property
    def jump(self) -> tuple[Fraction, Fraction] | None:
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
        masks = [np.outer(rows.touched[row], cols.touched[column]) for rows, cols in self.products]
        return np.asarray(np.logical_or.reduce(masks))


def _field(rows: AxisField, columns: AxisField) -> ReceptiveField:
    return ReceptiveField(rows, columns, ((rows, columns),))


def image_field(shape: Shape) -> ReceptiveField:
    """The image itself, shape (C, H, W): each pixel sees itself."""
    return _field(_pixels(shape[1]), _pixels(shape[2]))


@lru_cache(maxsize=8)
def _pixels(count: int) -> AxisField:
    return AxisField(
        np.eye(count, dtype=bool), np.arange(count), np.arange(count), jump=Fraction(1)
    )


def after_layer(
    field: ReceptiveField, axes: tuple[Axis, Axis], output_shape: Shape
) -> ReceptiveField:
    """What the units after a layer see, given what those before it see and what each output touches
    along an axis.
    """
    sides = _sides(output_shape)

    def advanced(rows: AxisField, columns: AxisField) -> Product:
        return _after(rows, axes[0], sides[0]), _after(columns, axes[1], sides[1])

    # The whole is followed as a product would be: what any of several products reaches along an
    # axis is reached by all of them together.
    rows, columns = advanced(field.rows, field.columns)
    if field.products == ((field.rows, field.columns),):
        return _field(rows, columns)
    return ReceptiveField(rows, columns, _plainest([advanced(*each) for each in field.products]))


def after_merge(fields: Sequence[ReceptiveField], output_shape: Shape) -> ReceptiveField:
    """What the units of merged branches see, given what those of each branch see.

    A branch that gives one row or column where others give more is repeated along that axis, as
    multiplying does.
    """
    rows, columns = _sides(output_shape)
    whole = (
        _united(tuple(field.rows for field in fields), rows),
        _united(tuple(field.columns for field in fields), columns),
    )
    products = _plainest(
        [
            (_united((each_rows,), rows), _united((each_columns,), columns))
            for field in fields
            for each_rows, each_columns in field.products
        ]
    )
    if len(products) == 1 and _is_inside(whole, products[0]):
        return _field(*whole)
    return ReceptiveField(*whole, products)


def estimated_cost(field: ReceptiveField, axes: tuple[Axis, Axis], output_shape: Shape) -> int:
    """About how many numbers `after_layer` handles for this layer, and so what it costs."""
    products = {(field.rows, field.columns), *field.products}
    return sum(
        side * _cost_per_unit(axis, before.touched.shape[1])
        for product in products
        for before, axis, side in zip(product, axes, _sides(output_shape), strict=True)
        if not isinstance(axis, Elementwise)
    )


def estimated_merge_cost(fields: Sequence[ReceptiveField], output_shape: Shape) -> int:
    """Like `estimated_cost`, for `after_merge`, which compares products two by two.

    This bounds how many products a field is made of.
    """
    count = sum(len(field.products) for field in fields)
    pixels = (fields[0].rows.touched.shape[1], fields[0].columns.touched.shape[1])
    size = sum(side * of for side, of in zip(_sides(output_shape), pixels, strict=True))
    return int(size * count**2)


def _cost_per_unit(axis: Axis, pixels: int) -> int:
    if isinstance(axis, Window):
        return pixels + axis.kernel
    if isinstance(axis, Transposed):
        return pixels * -(-axis.kernel // axis.stride) + axis.kernel
    return pixels + 1


def _sides(shape: Shape) -> tuple[int, int]:
    return (shape[1], shape[2]) if len(shape) == 3 else (1, 1)


def inputs_read(window: Window, outputs: int, inputs: int) -> Ints:
    """(outputs, taps): which of a map's inputs each tap of each output reads, OUTSIDE where it
    reads a zero of the border.
    """
    return _filled(_positions(window, outputs), inputs, window.fill)


# --- one axis -------------------------------------------------------------------------------------


ROOM = 60_000_000  # bytes of fields that are kept, so that an edit follows only what comes after it
_known: LRUCache[Hashable, AxisField] = LRUCache(
    ROOM, getsizeof=lambda axis: 1000 + axis.touched.nbytes + axis.first.nbytes + axis.last.nbytes
)
_lock = Lock()


def _remembered(made: Callable[..., AxisField], *of: Hashable) -> AxisField:
    """Calls `made` with these, or gives what it gave last time.

    An AxisField is told from others by its identity.
    """
    step = made, *of
    with _lock:
        known = _known.get(step)
    if known is None:
        known = made(*of)
        with _lock:
            _known[step] = known
    return known


def _after(before: AxisField, axis: Axis, outputs: int) -> AxisField:
    """What is seen along an axis after a layer; `before` itself where nothing changes."""
    if isinstance(axis, Elementwise) or axis == Window(1):
        return before
    return _remembered(_followed, before, axis, outputs)


def _united(axes: tuple[AxisField, ...], units: int) -> AxisField:
    """What is seen along an axis through any of several branches, each repeated where it has a
    single unit and the others have more.
    """
    repeated = dict.fromkeys(
        axis if len(axis.first) == units else _remembered(_repeat, axis, units) for axis in axes
    )
    if len(repeated) == 1:
        return next(iter(repeated))
    return _remembered(_unite, *repeated)


def _repeat(axis: AxisField, units: int) -> AxisField:
    return AxisField(
        axis.touched.repeat(units, axis=0),
        axis.first.repeat(units),
        axis.last.repeat(units),
        jump=Fraction(0),
    )


def _unite(*axes: AxisField) -> AxisField:
    # What was repeated has no step of its own.
    jumps = {axis.jump for axis in axes if axis.jump != 0} or {Fraction(0)}
    jump = jumps.pop() if len(jumps) == 1 else None
    touched = np.logical_or.reduce([axis.touched for axis in axes])
    if all(axis.grids for axis in axes):
        return _of_grids(touched, [grid for axis in axes for grid in axis.grids], jump)
    return AxisField(
        touched,
        np.minimum.reduce([axis.first for axis in axes]),
        np.maximum.reduce([axis.last for axis in axes]),
        jump,
    )


def _is_inside(one: Product, other: Product) -> bool:
    """Whether every unit sees nothing through `one` that it does not see through `other`."""
    return all(
        a is b or not (a.touched & ~b.touched).any() for a, b in zip(one, other, strict=True)
    )


def _plainest(products: Sequence[Product]) -> tuple[Product, ...]:
    """As few products as hold the same pixels: without those inside another, and those with the
    same rows or columns as one.
    """
    found: list[Product] = []
    waiting = list(dict.fromkeys(products))
    while waiting:
        new = waiting.pop(0)
        if any(_is_inside(new, each) for each in found):
            continue
        found = [each for each in found if not _is_inside(each, new)]
        for each in found:
            if joined := _joined(each, new):
                found.remove(each)
                waiting.append(joined)
                break
        else:
            found.append(new)
    return tuple(found)


def _joined(one: Product, other: Product) -> Product | None:
    """Both products as one, where their rows or their columns are the same."""
    (rows, columns), (other_rows, other_columns) = one, other
    if _is_same(rows, other_rows):
        return rows, _united((columns, other_columns), len(columns.first))
    if _is_same(columns, other_columns):
        return _united((rows, other_rows), len(rows.first)), columns
    return None


def _is_same(one: AxisField, other: AxisField) -> bool:
    return one is other or bool(np.array_equal(one.touched, other.touched))


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
                before.merged,
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
        case Transposed():
            return _after_transposed(before, axis, outputs)


def _after_window(before: AxisField, window: Window, outputs: int) -> AxisField:
    touched = _touched(before.touched, window, outputs)
    if not before.grids:
        inputs = _filled(_positions(window, outputs), len(before.first), window.fill)
        first, last = _hull(before, inputs)
        jump = _spacing(first, last) if before.jump is None else before.jump * window.stride
        return AxisField(touched, first, last, jump)
    # Evenly spaced units go on evenly into the padding, so the window there is known without any
    # unit.
    start, end = -window.before, window.reach - 1 - window.before
    grids = [
        Grid(grid.first + start * grid.jump, grid.last + end * grid.jump, grid.jump * window.stride)
        for grid in before.grids
    ]
    if before.jump is not None:
        return _of_grids(touched, grids, before.jump * window.stride)
    field = _of_grids(touched, grids, None)
    return replace(field, jump=_spacing(field.first, field.last))


def _of_grids(touched: Mask, grids: Sequence[Grid], jump: Fraction | None) -> AxisField:
    """The field of units whose theoretical windows are those of the grids together."""
    ends: dict[int, tuple[int, int]] = {}
    for grid in grids:  # those with the same jump are together one of that jump
        first, last = ends.get(grid.jump, (grid.first, grid.last))
        ends[grid.jump] = min(first, grid.first), max(last, grid.last)
    units = np.arange(len(touched))[:, None]
    jumps = np.array(list(ends))
    firsts, lasts = np.array(list(ends.values())).T
    return AxisField(
        touched,
        (firsts + units * jumps).min(axis=1),
        (lasts + units * jumps).max(axis=1),
        jump,
        tuple(Grid(*both, jump) for jump, both in ends.items()) if len(ends) > 1 else (),
    )


def _after_transposed(before: AxisField, axis: Transposed, outputs: int) -> AxisField:
    if axis.stride == 1:
        return _after_window(before, axis.as_window, outputs)
    # (outputs, taps): the input that each tap brings to each output, if the map went on for ever.
    above = np.arange(outputs)[:, None] + axis.before - axis.dilation * np.arange(axis.kernel)[None]
    places, rest = np.divmod(above, axis.stride)
    meets = rest == 0
    inside = meets & (places >= 0) & (places < len(before.first))
    inputs = _packed(np.where(inside, places, OUTSIDE))
    seen = np.vstack([before.touched, np.zeros_like(before.touched[:1])])
    touched = np.zeros((outputs, before.touched.shape[1]), dtype=bool)
    for tap in range(inputs.shape[1]):
        touched |= seen[inputs[:, tap]]
    jump = None if before.jump is None else before.jump / axis.stride
    if not before.grids:
        return AxisField(touched, *_hull(before, inputs), jump)
    ends = [
        (
            np.where(meets, grid.first + places * grid.jump, FAR).min(axis=1),
            np.where(meets, grid.last + places * grid.jump, -FAR).max(axis=1),
        )
        for grid in before.grids
    ]
    first = np.minimum.reduce([firsts for firsts, _ in ends])
    last = np.maximum.reduce([lasts for _, lasts in ends])
    return AxisField(touched, first, last, jump)


def _packed(inputs: Ints) -> Ints:
    """Each output's inputs without gaps between them, as few columns as the one with the most
    needs, at least one.
    """
    taken = inputs != OUTSIDE
    width = max(1, int(taken.sum(axis=1).max()))
    order = np.argsort(~taken, axis=1, kind="stable")[:, :width]
    return np.take_along_axis(inputs, order, axis=1)


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
    units = len(before.first)
    inputs = _interpolated_inputs(axis, units)
    # The appended row is index OUTSIDE, which sees nothing.
    seen = np.vstack([before.touched, np.zeros_like(before.touched[:1])])
    touched = seen[inputs[:, 0]] | seen[inputs[:, 1]]
    closer = Fraction(1, axis.scale)
    if axis.placing == "corners":
        closer = Fraction(units - 1, units * axis.scale - 1)
    jump = None if before.jump is None else before.jump * closer
    return AxisField(touched, *_hull(before, inputs), jump)


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


def _spacing(first: Ints, last: Ints) -> Fraction | None:
    """Pixels between neighbouring windows where all are alike, else None."""
    steps = set(np.diff(first).tolist()) | set(np.diff(last).tolist())
    return Fraction(steps.pop()) if len(steps) == 1 else None


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
