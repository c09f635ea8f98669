"""Which points are worth a look when both cost and accuracy count."""

import math
from collections.abc import Sequence


def front(points: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """The places of the points, each (cost, accuracy), that no other beats: by rising cost, equal
    ones in their order.

    A point beats another that is no cheaper and no better than it, and not equal to it; so equal
    points are kept together. Raises ValueError where a number is none (NaN).
    """
    if any(math.isnan(value) for point in points for value in point):
        raise ValueError("a cost or an accuracy is not a number")
    kept: list[int] = []
    for place in sorted(
        range(len(points)), key=lambda place: (points[place][0], -points[place][1])
    ):
        # What comes before is no dearer: the best of it is the last kept, and only an equal point
        # or a better one joins.
        if not kept or points[place][1] > points[kept[-1]][1] or points[place] == points[kept[-1]]:
            kept.append(place)
    return tuple(kept)
