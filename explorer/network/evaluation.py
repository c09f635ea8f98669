"""A network with given weights, run on the side: what each layer makes of an image.

In evaluation mode, in float64, with a copy of the weights, and without a draw from any random
generator, so that looking at a network changes neither it nor a training that goes on beside.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from explorer.network.build import build_unset
from explorer.network.spec import Architecture

Weights = Mapping[str, Tensor]  # a state_dict, by the names that build() gives


def network_with(architecture: Architecture, weights: Weights) -> nn.Sequential:
    """`architecture` with `weights`, which may be those of a longer network that begins with the
    same layers.
    """
    network = build_unset(architecture).double()
    length = len(architecture.layers)
    network.load_state_dict(
        {name: tensor for name, tensor in weights.items() if int(name.split(".")[0]) < length}
    )
    return network.eval().requires_grad_(False)


def outputs(network: nn.Sequential, images: Tensor) -> tuple[Tensor, ...]:
    """The images (N, C, H, W) themselves, then what each layer makes of what came before."""
    found = [images.double()]
    with torch.inference_mode():
        for module in network:
            found.append(module(found[-1]))
    return tuple(found)


def mixes_images(network: nn.Sequential) -> bool:
    """It normalises by the statistics of the batch, so that an image's values depend on what else
    is in its batch.
    """
    return any(
        isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d) and not m.track_running_stats
        for m in network
    )
