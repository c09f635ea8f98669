"""What a network may have to be looked into while somebody waits."""

from math import prod

from explorer.network.analysis import Analysis
from explorer.text import short_count

MAX_MULT_ADDS = 1_000_000_000  # for one image: some tenths of a second
MAX_VALUES = 8_000_000  # of one image and of what it leaves in all layers: 32 MB


def too_large(analysis: Analysis) -> str:
    """Why a network is too large to be looked into, as a sentence; "" where it is not."""
    values = prod(analysis.architecture.input_shape) + sum(
        prod(row.output_shape) for row in analysis.rows
    )
    found = (
        (analysis.total_mult_adds, MAX_MULT_ADDS, "multiply-adds for one image"),
        (values, MAX_VALUES, "values in all layers together"),
    )
    for count, most, what in found:
        if count > most:
            return (
                f"this network is too large to be looked into here: it has {short_count(count)} "
                f"{what}, and up to {short_count(most)} are computed while you wait"
            )
    return ""
