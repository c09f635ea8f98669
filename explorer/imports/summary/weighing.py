"""The cost of each row's options in the whole network: the plainest network is the cheapest.

What holds the rows together is judgement: networks mostly have a bias everywhere or nowhere, pad
everywhere or nowhere, pool in forward() everywhere or nowhere, and use one pooling window
throughout.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, product

from explorer.imports.summary.options import Option
from explorer.imports.summary.table_reading import ReadRow
from explorer.network import spec
from explorer.network.layers import LAYERS

# Costs beside the candidates' own; see candidates.py for their scale.
UNLIKE_THE_REST = 1.2  # a bias where the rest have none, or none where they have
PADDED_UNLIKE_THE_REST = 0.3
# A bias throughout, though batch normalisation, which takes it away again, follows a convolution.
BIASED_BEFORE_NORM = 0.6
EACH_POOLING = 0.3  # in forward(), and more for the first of a network:
FIRST_POOLING = 1.9
FIRST_POOLING_BESIDE_ROWS = 3.4  # where other poolings have rows
# Where neither poolings nor activations have rows, so that much is done in functions.
FIRST_POOLING_IN_FUNCTIONS = 0.1
ANOTHER_WINDOW = 0.5  # one more kind of pooling window in the network
LEFT_OUT = 0.25  # pooling that leaves the last rows or columns of a map out: seldom of every map

# An answer is a guess where the next one costs no more than this above it.
UNSURE = 0.6
UNSURE_IMAGE = 1.0  # on the first row


@dataclass(frozen=True)
class Habits:
    """What a network does throughout."""

    bias: bool
    padded: bool
    pools: bool
    first_pooling: float  # the cost of pooling in forward() at all

    def cost(self, option: Option) -> float:
        """An option's cost in a network of these habits."""
        cost = option.cost
        cost += UNLIKE_THE_REST * (option.bias not in (None, self.bias))
        cost += PADDED_UNLIKE_THE_REST * (option.padded not in (None, self.padded))
        return cost + option.pools * (EACH_POOLING + (0 if self.pools else self.first_pooling))


def weigh_options(read: list[ReadRow]) -> list[list[tuple[float, Option]]]:
    """Each row's options with their costs in the whole network, the plainest first."""
    first_pooling = _first_pooling(read)
    biased = BIASED_BEFORE_NORM * any(
        a.kind == "Conv2d" and b.kind == "BatchNorm2d" for a, b in pairwise(read)
    )
    habits = min(
        (
            Habits(*each, first_pooling)
            for each in product((True, False), (False, True), (False, True))
        ),
        key=lambda habits: (
            habits.first_pooling * habits.pools
            + biased * habits.bias
            + sum(min(map(habits.cost, row.options)) for row in read)
        ),
    )
    costs = [{option: habits.cost(option) for option in row.options} for row in read]
    _prefer_one_window(
        [cost for row, cost in zip(read, costs, strict=True) if _is_pooled(row, cost)]
    )
    return [
        sorted(((cost, option) for option, cost in each.items()), key=lambda weighed: weighed[0])
        for each in costs
    ]


def is_guess(ranked: list[tuple[float, Option]]) -> bool:
    """Whether the answer taken should be called a guess: the next that computes something else is
    about as plain.
    """
    cost, taken = ranked[0]
    if taken.input_shape and any(isinstance(layer, spec.Upsample) for layer in taken.layers):
        return True  # by how much it scales is never in a table
    ahead = next(
        (other - cost for other, option in ranked[1:] if _does(option) != _does(taken)),
        UNSURE_IMAGE,
    )
    return ahead < (UNSURE_IMAGE if taken.input_shape else UNSURE)


def _does(option: Option) -> tuple[object, ...]:
    """What an option computes: the mean over the whole map is one thing, however it is written."""
    to_one = spec.AdaptiveAvgPool2d(output_size=1)
    if not {type(layer) for layer in option.layers} & {spec.AdaptiveAvgPool2d, spec.AvgPool2d}:
        return option.layers, option.input_shape
    return tuple(
        to_one if isinstance(layer, spec.AvgPool2d) else layer for layer in option.layers
    ), option.input_shape


def _first_pooling(read: list[ReadRow]) -> float:
    """What it costs to assume pooling that has no row, by what else has rows in the table."""
    if any(
        row.kind in ("MaxPool2d", "AvgPool2d") and (row.row.output_shape or ())[1:] != (1, 1)
        for row in read
    ):
        return FIRST_POOLING_BESIDE_ROWS
    has_activations = any(row.kind and LAYERS[row.kind].group == "Activation" for row in read)
    return FIRST_POOLING if has_activations else FIRST_POOLING_IN_FUNCTIONS


def _is_pooled(row: ReadRow, costs: dict[Option, float]) -> bool:
    """Pooling, with a row or without.

    A mean over the whole map ends a network; it says nothing of the windows before it.
    """
    if row.kind in ("MaxPool2d", "AvgPool2d"):
        return not (row.kind == "AvgPool2d" and (row.row.output_shape or ())[1:] == (1, 1))
    return min(costs, key=lambda option: costs[option]).pools


_Window = tuple[object, ...]


def _window(option: Option) -> _Window | None:
    for layer in option.layers:
        if isinstance(layer, spec.MaxPool2d | spec.AvgPool2d):
            return layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode
    return None


def _prefer_one_window(pooling: list[dict[Option, float]]) -> None:
    """Make the window cheapest that serves most of a network's poolings at the least cost, each
    window paid for once.
    """
    served = [
        {_window(option): cost for option, cost in sorted(costs.items(), key=lambda item: -item[1])}
        for costs in pooling
    ]
    windows = {window: cost for costs in served for window, cost in costs.items() if window}
    losses = Counter(
        window
        for costs in pooling
        for window in {_window(option) for option in costs if option.loses}
    )

    def total(window: _Window) -> float:
        others = sum(
            ANOTHER_WINDOW + min(costs.values()) for costs in served if window not in costs
        )
        return windows[window] + LEFT_OUT * losses[window] + others

    if len(pooling) > 1 and windows:
        best = min(windows, key=total)
        for costs in pooling:
            for option in costs:
                if _window(option) == best:
                    costs[option] -= windows[best] + ANOTHER_WINDOW
