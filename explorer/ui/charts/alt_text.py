"""Charts in words: what each line or point shows, in its numbers, for a screen reader."""

from collections.abc import Callable

import pandas as pd

Format = Callable[[float], str]

NOTHING = "Nothing to show yet."
MOST = 24  # lines or points that are told one by one


def lines_in_words(data: pd.DataFrame, place: str, series: str, value: str, unit: Format) -> str:
    """Where each line starts and ends, and between what it lies.

    `place` names the column along the axis, which is also what it is called.
    """
    drawn = data.dropna(subset=[value])
    if drawn.empty:
        return NOTHING
    told = [
        _line(str(name), part, place, value, unit)
        for name, part in drawn.groupby(series, sort=False)
    ]
    return _joined(told, "line")


def _line(name: str, part: pd.DataFrame, place: str, value: str, unit: Format) -> str:
    part = part.sort_values(place)
    first, last = part.iloc[0], part.iloc[-1]
    if len(part) == 1:
        return f"{name}: {unit(last[value])} at {place} {last[place]:g}"
    low, high = part[value].min(), part[value].max()
    return (
        f"{name}: from {unit(first[value])} at {place} {first[place]:g} "
        f"to {unit(last[value])} at {place} {last[place]:g}, "
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
