"""Charts in words: what each line or point shows, in its numbers, for a screen reader."""

import math
from collections.abc import Callable

import pandas as pd

Format = Callable[[float], str]
Point = tuple[float, float]  # its place along the axis, and its value

NOTHING = "Nothing to show yet."
MOST = 24  # lines or points that are told one by one


def lines_in_words(data: pd.DataFrame, place: str, series: str, value: str, unit: Format) -> str:
    """Where each line starts and ends, and between what it lies.

    `place` names the column along the axis, which is also what it is called.
    """
    # With every look at a run: lists, as pandas takes 5 ms to find these few numbers.
    columns = (data[series].tolist(), data[place].tolist(), data[value].astype(float).tolist())
    lines: dict[str, list[Point]] = {}
    for name, at, measured in zip(*columns, strict=True):
        if not math.isnan(measured):
            lines.setdefault(str(name), []).append((at, measured))
    told = [_line(name, sorted(points), place, unit) for name, points in lines.items()]
    return _joined(told, "line") if told else NOTHING


def _line(name: str, points: list[Point], place: str, unit: Format) -> str:
    (start, first), (end, last) = points[0], points[-1]
    if len(points) == 1:
        return f"{name}: {unit(last)} at {place} {end:g}"
    low, high = (find(value for _, value in points) for find in (min, max))
    return (
        f"{name}: from {unit(first)} at {place} {start:g} to {unit(last)} at {place} {end:g}, "
        f"lowest {unit(low)}, highest {unit(high)}"
    )


def points_in_words(
    data: pd.DataFrame, series: str, x: str, x_unit: Format, y: str, y_unit: Format
) -> str:
    """Where each point lies, with its kind."""
    if data.empty:
        return NOTHING
    told = [
        f"{row[series]}, {row['kind']}: {y_unit(row[y])} at {x_unit(row[x])}"
        for row in data.to_dict("records")
    ]
    return _joined(told, "point")


def _joined(told: list[str], what: str) -> str:
    more = f" And {len(told) - MOST} more." if len(told) > MOST else ""
    plural = "" if len(told) == 1 else "s"
    return f"{len(told)} {what}{plural}. {'; '.join(told[:MOST])}.{more}"
