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
_SATURATING = {"Sigmoid", "Tanh", "Hardsigmoid"}


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

LOWER = "lower the learning rate or the weight decay"


def _no_gradient(layers: list[Fared]) -> Iterator[str]:
    """A network that learns nothing any more."""
    known = [each for each in layers if each.row.kind in _COMPUTES]
    if known and not any(each.health.gradient > 0 for each in known):
        yield (
            "no layer gets a gradient any more: the network is quite sure of each of its answers, "
            "or its units are all silent"
        )


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
        has_norm = "Norm" in kinds.get(input_of(each.row.path), "")
        norm = "" if has_norm else f", or put BatchNorm before the {each.row.kind}"
        yield f"{told}: {LOWER}{norm}"


def _too_large_a_step(layers: list[Fared]) -> Iterator[str]:
    """The layer that the last step changed most."""
    steps = [(_share_changed(each.health), each) for each in layers if each.row.kind in _COMPUTES]
    known = [step for step in steps if math.isfinite(step[0])]
    share, worst = max(known, key=lambda step: step[0], default=(0.0, None))
    if worst and share > LARGE_UPDATE:
        yield (
            f"one step changed the weights of {worst.named} by {percent(share, 0)} of their "
            f"length, where up to a few percent is usual: {LOWER}"
        )


def _vanishing_gradient(layers: list[Fared]) -> Iterator[str]:
    """A gradient that all but vanishes on its way back to the first layer; not where units that are
    all silent, which are told of, keep it back.
    """
    known = [each for each in layers if each.row.kind in _COMPUTES]
    if len(known) < 2 or any(each.health.silent == 1 for each in layers):
        return
    first, last = known[0], known[-1]
    if not math.isfinite(last.health.gradient):
        return
    if first.health.gradient * VANISHING < last.health.gradient:
        how = (
            f"{short_count(round(last.health.gradient / first.health.gradient))} times smaller than"
            if first.health.gradient > 0
            else "nothing beside"
        )
        kinds = {each.row.kind for each in layers}
        helps = [
            *(["ReLU in place of Sigmoid or Tanh"] if kinds & _SATURATING else []),
            *([] if any("Norm" in kind for kind in kinds) else ["BatchNorm"]),
            "a skip",
        ]
        helping = " or ".join(filter(None, [", ".join(helps[:-1]), helps[-1]]))
        yield (
            f"the gradient that reaches {first.named} is {how} that of {last.named}: {helping} "
            "brings more of it back"
        )


def _constant_channel(layers: list[Fared]) -> Iterator[str]:
    """BatchNorms that get a channel which is the same for every image, from a layer that has
    weights: the border of images themselves is the same in all of them.
    """
    kinds = {each.row.path: each.row.kind for each in layers}
    for each in layers:
        is_made = kinds.get(input_of(each.row.path)) in _COMPUTES
        if is_made and each.health.least_variance < CONSTANT:
            yield (
                f"a channel that comes into {each.named} is the same for every image, so it tells "
                f"nothing of any: give the layer before it fewer channels, or {LOWER}"
            )


def _share_changed(health: LayerHealth) -> float:
    """Of the length of its weight; infinite where that is zero."""
    if health.weight == 0:
        return math.inf if health.update > 0 else 0.0
    return health.update / health.weight


RULES: tuple[Callable[[list[Fared]], Iterator[str]], ...] = (
    _no_gradient,
    _silent,
    _vanishing_gradient,
    _too_large_a_step,
    _constant_channel,
)
