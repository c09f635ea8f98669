"""What a benchmark ran on, and how its figures are said."""

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version

from explorer.training.devices import available_devices


def describe(*packages: str) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    devices = "; ".join(f"{name}: {text}" for name, text in available_devices().items())
    return (
        f"{devices}; {os.cpu_count()} cores in all; Python {platform.python_version()}, {versions}"
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return next(value for place, value in enumerate(ordered, 1) if place >= share * len(ordered))


def spread(times: Sequence[float]) -> str:
    """Median, 95th percentile and largest of some milliseconds, in words; "none" of none."""
    if not times:
        return "none"
    return (
        f"median {statistics.median(times):.0f} ms, 95th percentile {percentile(times, 0.95):.0f} "
        f"ms, largest {max(times):.0f} ms, of {len(times)}"
    )
