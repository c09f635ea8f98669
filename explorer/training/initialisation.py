"""A network ready to be trained, whose every random number comes from generators of its run's own.

torch's global generator is shared by every thread of the process: a page that draws one number
while a run goes on would change that run's dropout, and the same seed would no longer give the same
numbers.
"""

import math
from typing import NamedTuple, Self

import torch
from torch import Generator, Tensor, nn

from explorer.network.build import Merging, build_unset
from explorer.network.layers import FirstWeights, kind_of
from explorer.network.spec import Architecture, Branches, Flatten, LogSoftmax, Nodes, Softmax
from explorer.network.spec import arguments as layer_arguments


class RandomStreams(NamedTuple):
    """The run's own generators, one for each purpose, so that none changes the others' numbers.

    First weights and order are drawn on the CPU, so that they are the same on every device.
    """

    weights: Generator
    order: Generator
    augmentation: Generator
    dropout: Generator

    @classmethod
    def of(cls, seed: int, device: torch.device) -> Self:
        return cls(
            weights=torch.Generator().manual_seed(seed),
            # Seeds of recipes end below a million.
            order=torch.Generator().manual_seed(1_000_000 + seed),
            augmentation=torch.Generator(device).manual_seed(2_000_000 + seed),
            dropout=torch.Generator(device).manual_seed(3_000_000 + seed),
        )


def new_network(
    architecture: Architecture, weights: Generator, dropout: Generator
) -> nn.Sequential:
    """The network as it is trained, on the CPU, drawing from these generators alone.

    Its weights are those that torch gives after torch.manual_seed with the seed of `weights`.
    Raises ArchitectureError where a layer does not fit.
    """
    trained = trainable(architecture)
    network = build_unset(trained)
    _prepare(network, trained.layers, weights, dropout)
    return network


def _prepare(sequence: nn.Sequential, nodes: Nodes, weights: Generator, dropout: Generator) -> None:
    """Make the modules of a stack or a branch ready, in the order in which they run."""
    for place, node in enumerate(nodes):
        module, kind = sequence[place], kind_of(node)
        if isinstance(node, Branches):
            assert isinstance(module, Merging)
            for branch, inside in zip(module.sequences(), node.branches, strict=True):
                _prepare(branch, inside, weights, dropout)
            continue
        if kind.is_dropout and isinstance(module, nn.Dropout | nn.Dropout2d):
            sequence[place] = _OwnDropout(module.p, isinstance(module, nn.Dropout2d), dropout)
        # A ReLU that may write over what it gets takes one pass over memory less. The first of a
        # branch may not, as the other branches get the same.
        elif isinstance(module, nn.ReLU) and place and not kind_of(nodes[place - 1]).keeps_output:
            module.inplace = True
        draw_first_weights(module, kind.first_weights, weights)


# The tensors of normalisation, by the value that they begin with.
_FIRST_VALUES = {
    "weight": 1,
    "running_var": 1,
    "bias": 0,
    "running_mean": 0,
    "num_batches_tracked": 0,
}


def draw_first_weights(module: nn.Module, rule: FirstWeights, generator: Generator) -> None:
    """Set all tensors of one layer, whose memory may hold anything so far.

    The values are torch's defaults. Torch itself would draw them from its global generator, so its
    own reset is never called: a kind whose row names no rule that covers it is an error.

    Raises:
        ValueError: the rule does not say how one of the layer's tensors begins.
    """
    tensors = module.state_dict()
    covered = {
        FirstWeights.NONE: set(),
        FirstWeights.KAIMING_UNIFORM: {"weight", "bias"},
        FirstWeights.ONES_AND_ZEROS: set(_FIRST_VALUES),
        FirstWeights.INIT: {"weight"},
    }
    if missing := set(tensors) - covered[rule]:
        names = ", ".join(sorted(missing))
        raise ValueError(
            f"{type(module).__name__}: {rule.name} does not say how its {names} begins"
        )
    if rule is FirstWeights.ONES_AND_ZEROS:
        for name, tensor in tensors.items():
            tensor.fill_(_FIRST_VALUES[name])
    elif rule is FirstWeights.INIT:
        tensors["weight"].fill_(float(module.init))  # type: ignore[arg-type]
    elif rule is FirstWeights.KAIMING_UNIFORM:
        nn.init.kaiming_uniform_(tensors["weight"], a=math.sqrt(5), generator=generator)
        if "bias" in tensors:
            bound = 1 / math.sqrt(tensors["weight"][0].numel())
            nn.init.uniform_(tensors["bias"], -bound, bound, generator=generator)


class _OwnDropout(nn.Module):
    """nn.Dropout or nn.Dropout2d with a generator of its own."""

    def __init__(self, p: float, whole_maps: bool, generator: Generator):
        super().__init__()
        self.p, self.whole_maps, self.generator = p, whole_maps, generator

    def forward(self, x: Tensor) -> Tensor:  # (B, C, H, W) or (B, F)
        if not self.training or self.p == 0:
            return x
        if self.p == 1:
            return x * 0
        shaped = x[..., :1, :1] if self.whole_maps else x  # (B, C, 1, 1), or as x
        return x * _keep(shaped, self.p, self.generator).div_(1 - self.p)


def _keep(like: Tensor, p: float, generator: Generator) -> Tensor:
    """Ones, and with probability p zeros, in the shape, layout and type of `like`."""
    if like.device.type != "cpu":
        return torch.empty_like(like).bernoulli_(1 - p, generator=generator)
    # Half the time of bernoulli_: each 64 bits that are drawn decide for four values, which p is
    # rounded to 1/65,536 for.
    keep = torch.empty_like(like)
    drawn = torch.empty(-(-like.numel() // 4), dtype=torch.int64).random_(
        -(2**63), None, generator=generator
    )
    kept = drawn.view(torch.int16)[: like.numel()] >= min(round(p * 65_536), 65_535) - 32_768
    return keep.copy_(kept.as_strided(keep.shape, keep.stride()))


def trainable(architecture: Architecture) -> Architecture:
    """A last Softmax as LogSoftmax: the same predictions, and what the loss needs (it takes the
    logarithm's softmax, which leaves log-probabilities as they are; of probabilities it would make
    something too flat to learn from).
    """
    index = _last_softmax(architecture)
    if index is None:
        return architecture
    layers = architecture.layers
    instead = LogSoftmax(**layer_arguments(layers[index]))
    return architecture.model_copy(
        update={"layers": (*layers[:index], instead, *layers[index + 1 :])}
    )


def _last_softmax(architecture: Architecture) -> int | None:
    """The place of a Softmax that nothing but Flatten follows."""
    for index in reversed(range(len(architecture.layers))):
        if isinstance(architecture.layers[index], Softmax):
            return index
        if not isinstance(architecture.layers[index], Flatten):
            break
    return None


def notes(architecture: Architecture) -> str:
    if _last_softmax(architecture) is None:
        return ""
    return (
        "the last Softmax is trained as LogSoftmax, which the loss needs; "
        "the predictions are the same"
    )
