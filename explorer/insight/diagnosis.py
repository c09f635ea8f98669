"""What is wrong with the layers of a network that learns, in words. One function a rule; RULES
lists them.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from explorer.network.analysis import Analysis, Row
from explorer.network.tree import input_of
from explorer.text import percent, short_count
from explorer.training.health import Health, LayerHealth

MANY_SILENT = 0.25  # share of a layer's units
# Of the length of a layer's weight. A thousandth up to a few hundredths is usual.
LARGE_UPDATE = 0.2
VANISHING = 1000  # times that the gradient shrinks on its way back
CONSTANT = 1e-6  # variance of a channel; BatchNorm itself adds 1e-5 before it divides
_COMPUTES = ("Conv2d", "ConvTranspose2d", "Linear")


class Fared(NamedTuple):
    """A layer of a network, and how it fared."""

    row: Row
    health: LayerHealth

    @property
    def named(self) -> str:
        return f"layer {self.row.place} ({self.row.title})"


def layers_of(analysis: Analysis, health: Health) -> list[Fared]:
    """The layers in the order in which they run, without the merges of blocks.

    Raises ValueError where the figures are not of as many.
    """
    rows = [row for row in analysis.rows if row.kind != "Branches"]
    return [Fared(*each) for each in zip(rows, health, strict=True)]


def diagnose(analysis: Analysis, health: Health) -> list[str]:
    """What is wrong, and what helps, worst first; empty where nothing is.

    Raises ValueError where the figures are not of this network.
    """
    layers = layers_of(analysis, health)
    return [found for rule in RULES for found in rule(layers)]


# --- the rules ------------------------------------------------------------------------------------


def _silent(layers: list[Fared]) -> Iterator[str]:
    """ReLUs with many units that never fire."""
    kinds = {each.row.path: each.row.kind for each in layers}
    found = [each for each in layers if each.health.silent >= MANY_SILENT]
    for each in sorted(found, key=lambda each: -each.health.silent):
        share = each.health.silent
        told = (
            f"none of the units of {each.named} ever fires"
            if share == 1
            else f"{percent(share, 0)} of the units of {each.named} never fire"
        )
        has_norm = kinds.get(input_of(each.row.path), "").startswith("BatchNorm")
        norm = "" if has_norm else f", or put BatchNorm before the {each.row.kind}"
        yield f"{told}: lower the learning rate{norm}"


def _too_large_a_step(layers: list[Fared]) -> Iterator[str]:
    """The layer that the last step changed most."""
    steps = [(_share_changed(each.health), each) for each in layers if each.row.kind in _COMPUTES]
    known = [step for step in steps if math.isfinite(step[0])]
    share, worst = max(known, key=lambda step: step[0], default=(0.0, None))
    if worst and share > LARGE_UPDATE:
        yield (
            f"one step changed the weights of {worst.named} by {percent(share, 0)} of their "
            "length, where a few percent are much: lower the learning rate"
        )


def _vanishing_gradient(layers: list[Fared]) -> Iterator[str]:
    """A gradient that all but vanishes on its way back to the first layer."""
    known = [each for each in layers if each.row.kind in _COMPUTES]
    if len(known) < 2:
        return
    first, last = known[0], known[-1]
    if first.health.gradient * VANISHING < last.health.gradient:
        how = (
            f"{short_count(round(last.health.gradient / first.health.gradient))} times smaller than"
            if first.health.gradient > 0
            else "nothing beside"
        )
        yield (
            f"the gradient that reaches {first.named} is {how} that of {last.named}: ReLU in place "
            "of Sigmoid or Tanh, BatchNorm, or a skip brings more of it back"
        )


def _constant_channel(layers: list[Fared]) -> Iterator[str]:
    """BatchNorms that get a channel which is the same for every image."""
    for each in layers:
        if each.health.least_variance < CONSTANT:
            yield (
                f"what comes into {each.named} has a channel that hardly varies (variance "
                f"{each.health.least_variance:.0e}), so it tells nothing of an image: the layer "
                "before it needs fewer channels, or a lower learning rate"
            )


def _share_changed(health: LayerHealth) -> float:
    """Of the length of its weight; infinite where that is zero."""
    if health.weight == 0:
        return math.inf if health.update > 0 else 0.0
    return health.update / health.weight


RULES: tuple[Callable[[list[Fared]], Iterator[str]], ...] = (
    _vanishing_gradient,
    _silent,
    _too_large_a_step,
    _constant_channel,
)
