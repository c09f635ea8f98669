"""What a network may have to be trained here, on a server that a class shares.

Looking at a network costs next to nothing whatever its size, see network/analysis.py; training
allocates its weights, its optimiser's state and every layer's output, and takes time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from explorer.network.analysis import Analysis, Row

MAX_PARAMS = 50_000_000
# Values that one image leaves in all layers together: 64 MB in float32.
MAX_ACTIVATIONS = 16_000_000
MAX_MULT_ADDS = 20_000_000_000  # for one image


@dataclass(frozen=True)
class Limit:
    """A quantity that adds up over the layers, and its limit."""

    most: int
    noun: str
    of: Callable[[Row], int]


LIMITS = (
    Limit(MAX_PARAMS, "parameters", lambda row: row.params),
    Limit(
        MAX_ACTIVATIONS,
        "values in its layers' outputs for each image",
        lambda row: prod(row.output_shape),
    ),
    Limit(MAX_MULT_ADDS, "mult-adds for each image", lambda row: row.mult_adds),
)


def find_excess(analysis: Analysis) -> str | None:
    """Why a network is too large to be trained here, and what to make smaller; None if it is
    not.
    """
    for limit in LIMITS:
        total = sum(limit.of(row) for row in analysis.rows)
        if total > limit.most:
            largest = max(analysis.rows, key=limit.of)
            return (
                f"the network is too large to be trained here: it has {total:,} {limit.noun}, "
                f"and the limit is {limit.most:,}; layer {largest.place} ({largest.title}) alone "
                f"has {limit.of(largest):,}: {_smaller(largest)}"
            )
    return None


def _smaller(row: Row) -> str:
    """What makes a layer of this kind smaller."""
    if row.kind == "Linear":
        return "give it fewer out_features, or pool the map further before it is flattened"
    if row.kind in ("Conv2d", "ConvTranspose2d"):
        return "give it fewer out_channels, or a smaller map by a stride or pooling before it"
    return (
        "reduce the map before it by a stride or pooling, or give the convolution before it "
        "fewer channels"
    )
