"""The arithmetic behind a row's numbers, as a teacher writes it on the board: the expression, then
its value.
"""

from explorer.network.analysis import Row
from explorer.network.axes import Axis, Interpolated, Transposed, Window
from explorer.network.spec import ConvTranspose2d, pair


def size_arithmetic(row: Row) -> str | None:
    """How the rows and columns of the output follow from those of the input: "⌊(28 − 3) ÷ 1⌋ + 1 =
    26".

    None for layers that keep the size or lose it, and for padding layers, which only add.
    """
    if len(row.output_shape) != 3:
        return None
    axes = row.about.axes(row.layer)
    rows, columns = (_one_axis(row, axis, place) for place, axis in enumerate(axes, 1))
    if rows is None or columns is None:
        return None
    return rows if rows == columns else f"{rows} rows; {columns} columns"


def parameter_arithmetic(row: Row) -> str | None:
    """How the number of parameters comes about: "16 × (8 × 3 × 3) + 16 = 1,168".

    None where the layer learns nothing.
    """
    expression = row.about.parameter_text
    if not row.params or expression is None:
        return None
    return f"{expression(row.layer, row.input_shape, row.params)} = {row.params:,}"


def _one_axis(row: Row, axis: Axis, place: int) -> str | None:
    before, after = row.input_shape[place], row.output_shape[place]
    if isinstance(axis, Interpolated):
        return f"{before} × {axis.scale} = {after}"
    if isinstance(axis, Transposed) and isinstance(row.layer, ConvTranspose2d):
        return _spread(axis, before, after, pair(row.layer.output_padding)[place - 1])
    if isinstance(axis, Window):
        return _window_count(axis, before, after, getattr(row.layer, "ceil_mode", False))
    return None


def _spread(axis: Transposed, before: int, after: int, added: int) -> str:
    """ "(14 − 1) × 2 + 3 − 2 + 1 = 28": of a transposed convolution."""
    reach = f"{axis.kernel}"
    if axis.dilation != 1:
        reach = f"{axis.dilation} × ({axis.kernel} − 1) + 1"
    cut = f" − {2 * axis.before}" if axis.before else ""
    end = f" + {added}" if added else ""
    return f"({before} − 1) × {axis.stride} + {reach}{cut}{end} = {after}"


def _window_count(window: Window, before: int, after: int, rounds_up: bool) -> str:
    total = window.before + window.after
    padded = f"{before} + {total}" if total else f"{before}"
    reach = f"{window.reach}"
    if window.dilation != 1:
        reach = f"({window.dilation} × ({window.kernel} − 1) + 1)"
    steps = f"({padded} − {reach}) ÷ {window.stride}"
    count = f"⌈{steps}⌉ + 1" if rounds_up else f"⌊{steps}⌋ + 1"
    spare = before + total - window.reach
    whole = (-(-spare // window.stride) if rounds_up else spare // window.stride) + 1
    if whole == after:
        return f"{count} = {after}"
    # With ceil_mode a window that would begin in the border below the map is left out.
    return f"{count} = {whole}, less one that would begin past the map: {after}"
