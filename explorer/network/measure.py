"""From one layer as data to a torch module, and what torch says of it: shape, parameters,
mult-adds.
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache

import torch
import torchinfo
from torch import nn

from explorer.network.layers import LAYERS, torch_name
from explorer.network.spec import ArchitectureError, Layer, Shape, arguments

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
