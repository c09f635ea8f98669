"""The arithmetic behind a row's numbers, as a teacher writes it on the board: the expression, then
its value.
"""

from fractions import Fraction

from explorer.network.analysis import Analysis, Row
from explorer.network.axes import (
    AdaptiveWindows,
    AllInputs,
    Axis,
    Interpolated,
    Transposed,
    Window,
    adaptive_windows,
)
from explorer.network.spec import Branches, ConvTranspose2d, pair
from explorer.network.tree import IMAGE, inputs_of
from explorer.text import size_text


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


def field_arithmetic(analysis: Analysis, row: Row) -> str:
    """How the theoretical receptive field follows from that of what comes in: "5 + (3 − 1) × 2 = 9
    on each axis".

    The new field is the old one and a jump, the distance of two neighbours that come in, for each
    further one that the window reaches.
    """
    paths = inputs_of(row.path, row.layer)
    by_path = {each.path: each for each in analysis.rows}
    before = [None if path == IMAGE else by_path[path] for path in paths]
    if isinstance(row.layer, Branches):
        return _largest_field(row, before)
    field = before[0].receptive_field if before[0] else (1, 1)
    if field == row.receptive_field:
        return f"stays {size_text(field)}"
    jump = before[0].jump if before[0] else (Fraction(1), Fraction(1))
    axes = row.about.axes(row.layer)
    rows, columns = (
        _field_on_axis(row, axis, place, field[place], jump[place] if jump else None)
        for place, axis in enumerate(axes)
    )
    return f"{rows} on each axis" if rows == columns else f"{rows} rows; {columns} columns"


def _largest_field(row: Row, before: list[Row | None]) -> str:
    fields = [each.receptive_field if each else (1, 1) for each in before]
    largest = max(rows for rows, _ in fields), max(columns for _, columns in fields)
    listed = ", ".join(map(size_text, fields))
    if largest == row.receptive_field:
        return f"the largest of its branches, {listed}: {size_text(largest)}"
    # Windows of branches that pad unevenly lie beside each other.
    return f"what holds those of its branches, {listed}: {size_text(row.receptive_field)}"


def _field_on_axis(row: Row, axis: Axis, place: int, before: int, jump: Fraction | None) -> str:
    after = row.receptive_field[place]
    if after == before:
        return f"{after}"
    reached, spread = _reached(row, axis, place)
    if jump is None or before + spread * (reached - 1) * jump != after:
        return f"{after}, as what comes in lies unevenly"
    dilation = f"{spread} × " if spread != 1 else ""
    return f"{before} + {dilation}({reached} − 1) × {jump} = {after}"


def _reached(row: Row, axis: Axis, place: int) -> tuple[int, int]:
    """How many of the values that come in a window reaches along an axis, and how far they are
    apart in the map.
    """
    inputs = row.input_shape[place + 1] if len(row.input_shape) == 3 else 1
    match axis:
        case Window():
            return axis.kernel, axis.dilation
        case Transposed() if axis.stride == 1:
            return axis.kernel, axis.dilation
        case Transposed():
            return -(-axis.kernel // axis.stride), 1
        case Interpolated():
            return 2, 1
        case AllInputs():
            return inputs, 1
        case AdaptiveWindows():
            windows = adaptive_windows(inputs, row.output_shape[place + 1])
            return max(map(len, windows)), 1
        case _:
            return 1, 1


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
