"""From an architecture to a torch network."""

import copy
import operator
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, reduce

import torch
from torch import Tensor, nn

from explorer.network.fitting import ShapeMismatch
from explorer.network.layers import find_mismatch
from explorer.network.measure import build_layer, measure
from explorer.network.merging import find_merge_mismatch, merged_shape
from explorer.network.spec import (
    Architecture,
    ArchitectureError,
    Branches,
    Layer,
    Merge,
    Node,
    Nodes,
    Path,
    Shape,
    path_text,
)


class Merging(nn.ModuleList):
    """A block of branches as a module: each branch a Sequential under its number, so that a tensor
    is named by its layer's path, "5.1.0.weight".
    """

    def __init__(self, branches: Iterable[nn.Sequential], merge: Merge):
        super().__init__(branches)
        self.merge = merge

    def sequences(self) -> list[nn.Sequential]:
        """The branches, in their order."""
        return [branch for branch in self if isinstance(branch, nn.Sequential)]

    def forward(self, x: Tensor) -> Tensor:  # (N, C, H, W) or (N, F)
        return merged(self.merge, [branch(x) for branch in self])

    # A ModuleList prints itself without what follows, which is the merge.
    __repr__ = nn.Module.__repr__

    def extra_repr(self) -> str:
        return self.merge


def merged(merge: Merge, outputs: Sequence[Tensor]) -> Tensor:
    """What the branches' outputs come to."""
    if merge == "concat":
        return torch.cat([*outputs], dim=1)
    return reduce(operator.add if merge == "add" else operator.mul, outputs)


def build(architecture: Architecture) -> nn.Sequential:
    """The whole network, with torch's own initialisation, for inputs of (N, C, H, W).

    Raises ArchitectureError, which names the layer that does not fit.
    """
    return _assemble(architecture, build_layer)


def build_unset(architecture: Architecture) -> nn.Sequential:
    """The same network on the CPU, whose tensors still have to be set: they hold whatever their
    memory held.

    Nothing is drawn from torch's global generator. It takes one call of torch for each tensor: each
    call lets other threads take the interpreter's lock, and waits to have it back.
    """
    return _assemble(architecture, build_layer_unset)


def build_layer_unset(layer: Layer, shape: Shape) -> nn.Module:
    """Like `build_unset`, of one layer for an input of `shape`."""
    return _with_memory(_on_meta(layer, shape))


@lru_cache(maxsize=1024)
def _on_meta(layer: Layer, shape: Shape) -> nn.Module:
    """One layer where nothing is allocated. Only to be copied, as others get the same."""
    with torch.device("meta"):
        return build_layer(layer, shape)


def _with_memory(layer: nn.Module) -> nn.Module:
    """A copy of a layer on the meta device that has memory on the CPU."""
    tensors: dict[int, torch.Tensor] = {
        id(each): nn.Parameter(torch.empty(each.shape, dtype=each.dtype))
        for each in layer.parameters()
    }
    tensors |= {id(each): torch.empty(each.shape, dtype=each.dtype) for each in layer.buffers()}
    return copy.deepcopy(layer, tensors)


_Make = Callable[[Layer, Shape], nn.Module]


def _assemble(architecture: Architecture, make: _Make) -> nn.Sequential:
    return _sequential(architecture.layers, (), architecture.input_shape, make)[0]


def _sequential(
    nodes: Nodes, inside: Path, shape: Shape, make: _Make
) -> tuple[nn.Sequential, Shape]:
    """A stack or a branch for an input of `shape`, and the shape of what it gives."""
    modules: list[nn.Module] = []
    for place, node in enumerate(nodes):
        path = (*inside, place)
        if isinstance(node, Branches):
            found = [
                _sequential(branch, (*path, number), shape, make)
                for number, branch in enumerate(node.branches)
            ]
            outputs = [output for _, output in found]
            after = merged_shape(node.merge, outputs)
            if after is None:
                raise _does_not_fit(path, node, find_merge_mismatch(node, shape, outputs))
            modules.append(Merging((branch for branch, _ in found), node.merge))
            shape = after
        else:
            if mismatch := find_mismatch(node, shape):
                raise _does_not_fit(path, node, mismatch)
            modules.append(make(node, shape))
            shape = measure(node, shape).output_shape
    return nn.Sequential(*modules), shape


def _does_not_fit(path: Path, node: Node, mismatch: ShapeMismatch) -> ArchitectureError:
    return ArchitectureError(f"layer {path_text(path)} ({node.kind}): {mismatch.message}", path)
