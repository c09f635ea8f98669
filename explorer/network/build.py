"""From layers as data to torch modules, and what torch says of each: shape, parameters,
mult-adds.
"""

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
import torchinfo
from torch import nn

from explorer.network.layers import LAYERS, find_mismatch, torch_name
from explorer.network.spec import Architecture, ArchitectureError, Layer, Shape, arguments

# torch says once a process that such a convolution copies its input to pad it. That is about speed
# alone, and whoever runs the server can do nothing about the layers that visitors choose.
warnings.filterwarnings("ignore", "Using padding='same' with even kernel lengths", UserWarning)


def build_layer(layer: Layer, shape: Shape) -> nn.Module:
    """The torch module of one layer for an input of `shape` (without the batch), on the current
    default device.
    """
    module: nn.Module = getattr(nn, torch_name(layer, shape))(
        **LAYERS[layer.kind].inferred(shape), **arguments(layer)
    )
    return module


@dataclass(frozen=True)
class Measure:
    """What torch says of one layer, for one image in evaluation mode."""

    output_shape: Shape
    params: int
    trainable_params: int
    torchinfo_mult_adds: int  # ours follow from the shapes: MULT_ADDS_RULE in mult_adds.py


@lru_cache(maxsize=8192)
def measure(layer: Layer, shape: Shape) -> Measure:
    """Run one layer on torch's meta device, where nothing is allocated or computed, and read off
    torchinfo.

    Raises ArchitectureError where torch cannot run it.
    """
    try:
        with torch.device("meta"):
            module, image = build_layer(layer, shape), torch.empty(1, *shape)
        found = torchinfo.summary(module, input_data=image, device="meta", mode="eval", verbose=0)
    except (RuntimeError, ValueError, TypeError, IndexError, OverflowError) as error:
        reason = error.__cause__ or error  # torchinfo wraps what torch raised
        raise ArchitectureError(
            f"torch cannot run {layer.kind} on an input of {shape}: {reason}"
        ) from None
    output_shape = tuple(found.summary_list[0].output_size[1:])
    return Measure(output_shape, found.total_params, found.trainable_params, found.total_mult_adds)


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
    return _assemble(architecture, lambda layer, shape: _with_memory(_on_meta(layer, shape)))


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


def _assemble(
    architecture: Architecture, make: Callable[[Layer, Shape], nn.Module]
) -> nn.Sequential:
    shape: Shape = architecture.input_shape
    modules = []
    for index, layer in enumerate(architecture.layers):
        if misfit := find_mismatch(layer, shape):
            raise ArchitectureError(f"layer {index} ({layer.kind}): {misfit.message}", index)
        modules.append(make(layer, shape))
        shape = measure(layer, shape).output_shape
    return nn.Sequential(*modules)
