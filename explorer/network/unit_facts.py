"""What is said of a unit in words: per axis, so that rows and columns put together describe any
unit of the map.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.network.analysis import Row
from explorer.network.axes import SharedStatistics
from explorer.network.receptive_field import AxisField, Mask

Runs = tuple[tuple[int, int], ...]  # (first, how many) of each row of pixels without a gap


@dataclass(frozen=True)
class AxisFacts:
    """What one unit sees along one axis."""

    seen: Runs  # the pixels that it really sees
    first: int  # of its theoretical window, which may begin in the padding
    window: int  # pixels of that window; 0 where it sees nothing, not even padding
    inside: int  # pixels of that window that lie on the image

    @property
    def pixels(self) -> int:
        """How many it really sees."""
        return pixels_of(self.seen)


def pixels_of(runs: Runs) -> int:
    """How many pixels the runs hold together."""
    return sum(count for _, count in runs)


def axis_facts(axis: AxisField) -> tuple[AxisFacts, ...]:
    """One for each unit along the axis."""
    last_pixel = axis.touched.shape[1] - 1
    facts = []
    units = zip(_runs(axis.touched), axis.first.tolist(), axis.last.tolist(), strict=True)
    for seen, first, last in units:
        window = max(0, last - first + 1)
        inside = max(0, min(last, last_pixel) - max(first, 0) + 1)
        facts.append(AxisFacts(seen, first if window else 0, window, inside if window else 0))
    return tuple(facts)


def seen_runs(axis: AxisField) -> tuple[Runs, ...]:
    """For each unit along the axis the pixels that it sees."""
    return _runs(axis.touched)


def unseen(axis: AxisField) -> Runs:
    """The pixels along the axis that no unit of the layer sees."""
    pixels = np.arange(axis.touched.shape[1])
    return _runs(np.isin(pixels, axis.unseen)[np.newaxis])[0]


def first_spreading_row(rows: Sequence[Row]) -> Row | None:
    """The first layer that normalises over the image, by which a unit depends on more than its
    window.
    """
    for row in rows:
        if any(isinstance(axis, SharedStatistics) for axis in row.about.axes(row.layer)):
            return row
    return None


def _runs(touched: Mask) -> tuple[Runs, ...]:
    """Where each row of (n, pixels) is true, as runs of neighbouring pixels."""
    edges = np.diff(np.pad(touched.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    unit, pixel = edges.nonzero()  # row by row, and in each row a begin, an end, a begin, …
    runs = list(zip(pixel[::2].tolist(), (pixel[1::2] - pixel[::2]).tolist(), strict=True))
    ends = np.searchsorted(unit[::2], np.arange(len(touched)), side="right").tolist()
    return tuple(tuple(runs[begin:end]) for begin, end in zip([0, *ends], ends, strict=False))
