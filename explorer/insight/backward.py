"""Both passes for one image, in numbers: how a unit comes to its value, and what it makes of the
gradient that comes back to it.

The chain rule at one unit: the gradient of the loss with respect to its value (upstream), times the
derivative of its value by each of its inputs (local), is what it passes on to that input. A weight
gets the upstream gradient times what it weighs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.insight.class_scores import scores_path
from explorer.network.analysis import Row
from explorer.network.axes import AdaptiveWindows, Elementwise, Window, adaptive_windows
from explorer.network.evaluation import layer_modules, modules_in, outputs_beyond
from explorer.network.receptive_field import OUTSIDE, inputs_read
from explorer.network.spec import Path
from explorer.network.tree import IMAGE, input_of

Place = tuple[int, ...]  # of a value: (channel, row, column) of maps, (index,) of a vector

WEIGHTED_SUMS = ("Conv2d", "Linear")
POOLS = ("MaxPool2d", "AvgPool2d", "AdaptiveMaxPool2d", "AdaptiveAvgPool2d")
ACTIVATIONS = (
    "ReLU",
    "LeakyReLU",
    "ReLU6",
    "ELU",
    "GELU",
    "SiLU",
    "Hardswish",
    "Mish",
    "Tanh",
    "Sigmoid",
    "Hardsigmoid",
)
SPELT_OUT = (*WEIGHTED_SUMS, *POOLS, *ACTIVATIONS)


@dataclass(frozen=True, eq=False)
class LossArithmetic:
    """Softmax and cross-entropy of one image: the loss is −log of the label's probability."""

    scores: Tensor  # (classes,)
    probabilities: Tensor  # (classes,): each e^score, divided by the sum of all
    label: int
    loss: float
    gradient: Tensor  # (classes,) of the loss with respect to each score: probability − target


@dataclass(frozen=True, eq=False)
class BothPasses:
    """What one image makes of a network, and what its loss makes of it on the way back."""

    outputs: Mapping[Path, Tensor]  # (1, …) of each row, and under IMAGE the image
    gradients: Mapping[Path, Tensor]  # of the loss with respect to each of these outputs
    loss: LossArithmetic


class Term(NamedTuple):
    """One input of a unit."""

    place: Place | None  # None for a zero of the border
    value: float
    local: float  # the derivative of the unit's value by it; of a weighted sum its weight
    weight_gradient: float | None  # of the loss with respect to that weight, over all units


@dataclass(frozen=True)
class UnitArithmetic:
    """Of one unit. Of a weighted sum the values times the local derivatives, and the bias, add up
    to its value.
    """

    value: float
    upstream: float
    terms: tuple[Term, ...]
    bias: float | None  # None where it has none


def spelt_out_rows(rows: Sequence[Row]) -> list[Row]:
    """The layers whose units can be spelt out, up to the scores of the classes."""
    last = next(row.index for row in rows if row.path == scores_path(rows))
    return [row for row in rows[: last + 1] if row.kind in SPELT_OUT]


def run_both_ways(rows: Sequence[Row], network: nn.Module, image: Tensor, label: int) -> BothPasses:
    """
    Args:
        rows: of the whole network.
        network: it, in evaluation mode. Nothing of it changes, so several threads may use it.
        image: (1, C, H, W), as the network gets it.
    """
    modules, to_scores = modules_in(network, rows), scores_path(rows)
    with torch.enable_grad():
        found = outputs_beyond(rows, modules, {IMAGE: image.clone().requires_grad_()})
        target = torch.tensor([label])
        scores, outputs = (found[path].flatten(1) for path in (to_scores, rows[-1].path))
        loss = F.cross_entropy(outputs, target)
        # A Softmax before the end is part of what is trained: its outputs are the scores then.
        if not torch.allclose(F.cross_entropy(scores, target), loss):
            scores = outputs
        paths = [path for path, output in found.items() if output.requires_grad]
        gradients = torch.autograd.grad(loss, [found[path] for path in paths], allow_unused=True)
    known = dict(zip(paths, gradients, strict=True))
    probabilities = scores.detach()[0].softmax(0)
    return BothPasses(
        outputs={path: output.detach() for path, output in found.items()},
        # What does not lead to the loss has no part in it.
        gradients={
            path: torch.zeros_like(output) if (gradient := known.get(path)) is None else gradient
            for path, output in found.items()
        },
        loss=LossArithmetic(
            scores=scores.detach()[0],
            probabilities=probabilities,
            label=label,
            loss=float(loss.detach()),
            gradient=probabilities - F.one_hot(torch.tensor(label), len(probabilities)),
        ),
    )


def strongest_unit(passes: BothPasses, row: Row) -> Place:
    """The unit of a layer that the loss pulls at most; the first of equals."""
    gradient = passes.gradients[row.path][0]
    place = int(gradient.abs().argmax())
    return tuple(int(each) for each in torch.unravel_index(torch.tensor(place), gradient.shape))


def unit_arithmetic(
    row: Row, network: nn.Module, passes: BothPasses, place: Place
) -> UnitArithmetic:
    """Of the unit at this place of a layer's output, in float64.

    Raises ValueError for a kind that is not SPELT_OUT, and IndexError where there is no such unit.
    """
    if row.kind not in SPELT_OUT:
        raise ValueError(f"a unit of {row.kind} is not spelt out")
    if not all(0 <= at < size for at, size in zip(place, row.output_shape, strict=True)):
        raise IndexError(f"layer {row.place} ({row.kind}) has no unit at {place}")
    module = layer_modules([row], network.state_dict())[row.path]
    x = passes.outputs[input_of(row.path)].double().requires_grad_()
    weight = module.get_parameter("weight") if row.kind in WEIGHTED_SUMS else None
    if weight is not None:
        weight.requires_grad_()
    with torch.enable_grad():
        output = module(x)
        value = output[0][place]
        (local,) = torch.autograd.grad(value, x, retain_graph=True)
        whole = passes.gradients[row.path].double()
        to_weight = (
            None if weight is None else torch.autograd.grad(output, weight, grad_outputs=whole)[0]
        )
    given = x.detach()[0].numpy()
    if weight is None or to_weight is None:
        locals_ = local[0].numpy()
        terms = [Term(at, float(given[at]), float(locals_[at]), None) for at in _read(row, place)]
    else:
        weights, of_weights = weight.detach().numpy(), to_weight.numpy()
        terms = [
            Term(
                at,
                0.0 if at is None else float(given[at]),
                float(weights[tap]),
                float(of_weights[tap]),
            )
            for at, tap in _weighed(row, module, place)
        ]
    bias = getattr(module, "bias", None)
    return UnitArithmetic(
        value=float(value.detach()),
        upstream=float(whole[0][place]),
        terms=tuple(terms),
        bias=float(bias[place[0]]) if isinstance(bias, Tensor) else None,
    )


def _weighed(row: Row, module: nn.Module, place: Place) -> list[tuple[Place | None, Place]]:
    """The inputs of a weighted sum, None for a zero of the border, and which weight weighs each."""
    if row.kind == "Linear":
        return [((index,), (place[0], index)) for index in range(row.input_shape[0])]
    assert isinstance(module, nn.Conv2d)
    rows, columns = (_along(row, axis, place) for axis in (0, 1))
    of_group = module.in_channels // module.groups
    begin = place[0] // (module.out_channels // module.groups) * of_group
    return [
        (
            None if OUTSIDE in (at_row, at_column) else (begin + channel, at_row, at_column),
            (place[0], channel, i, j),
        )
        for channel, (i, at_row), (j, at_column) in product(
            range(of_group), enumerate(rows), enumerate(columns)
        )
    ]


def _read(row: Row, place: Place) -> list[Place]:
    """The inputs of a unit that weighs none of them: those of its window, or the one at its own
    place.
    """
    if row.kind in ACTIVATIONS:
        return [place]
    rows, columns = (_along(row, axis, place) for axis in (0, 1))
    return [(place[0], *at) for at in product(rows, columns) if OUTSIDE not in at]


def _along(row: Row, axis: int, place: Place) -> list[int]:
    """The inputs along rows (0) or columns (1) that a unit reads, OUTSIDE for those of a border."""
    outputs, inputs = row.output_shape[1 + axis], row.input_shape[1 + axis]
    match row.about.axes(row.layer)[axis]:
        case Window() as window:
            read: list[int] = inputs_read(window, outputs, inputs)[place[1 + axis]].tolist()
            return read
        case AdaptiveWindows():
            return [*adaptive_windows(inputs, outputs)[place[1 + axis]]]
        case Elementwise():
            return [place[1 + axis]]
        case other:
            raise ValueError(f"a unit that reads {other} is not spelt out")
