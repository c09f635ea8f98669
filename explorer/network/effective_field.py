"""The effective receptive field: how strongly each pixel that a unit sees moves its value, on real
images.

The mean absolute gradient of one unit's value by the pixels of the image, over some images. After
Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional
Neural Networks", NIPS 2016, who found it to be much smaller than the theoretical one, falling off
towards its border, and growing while a network learns. They sent gradients through random inputs;
here they are taken on images of the data set.

The gradient is zero wherever the exact mask of receptive_field.py is, not only almost: nothing is
masked here.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.network.evaluation import mixes_images

# Of a channel's gradient: what is left where channels cancel each other out, as after a softmax.
CONSTANT = 1e-9


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """How much each pixel moves one unit.

    All zeros where no pixel moves it on any of these images.
    """

    # (H, W): mean absolute gradient, summed over the colours of a pixel.
    influence: NDArray[np.float64]
    images: int  # that it is the mean of

    def pixels_holding(self, share: float) -> int:
        """The fewest pixels that together have this share of all influence.

        0 where there is none.
        """
        strongest = np.sort(self.influence, axis=None)[::-1]
        total = strongest.sum()
        if total == 0:
            return 0
        # Rounding may leave the sum of all a hair below the whole.
        return int(np.searchsorted(strongest.cumsum(), share * total * (1 - 1e-12))) + 1

    @property
    def strongest(self) -> tuple[int, int] | None:
        """Row and column of the pixel with the most influence."""
        if not self.influence.any():
            return None
        row, column = np.unravel_index(self.influence.argmax(), self.influence.shape)
        return int(row), int(column)


def effective_field(
    network: nn.Sequential,
    unit: tuple[int, int],
    channel: int | None,
    images: Tensor,
    at_once: int = 32,
) -> EffectiveField:
    """Measure how much each pixel influences the unit at `unit` (row, column) of the output: in one
    channel, or in the sum of all channels (None).

    `network` as network_with makes it; of a vector, unit (0, 0) is the only one and its values are
    the channels. `images` (N, C, H, W) go through it `at_once` at a time, which bounds the memory.
    """
    batch = 1 if mixes_images(network) else at_once
    height, width = images.shape[2:]
    total = torch.zeros(height, width, dtype=torch.float64)
    for first in range(0, len(images), batch):
        x = images[first : first + batch].double().requires_grad_()  # (B, C, H, W)
        y = network(x)
        values = y[:, :, *unit] if y.dim() == 4 else y  # (B, channels)
        (gradient,) = torch.autograd.grad(
            values.sum() if channel is None else values[:, channel].sum(), x, retain_graph=True
        )
        if channel is None and _cancels(values, gradient, x):
            gradient = torch.zeros_like(x)
        total += gradient.abs().sum(dim=(0, 1))
    return EffectiveField((total / len(images)).numpy(), len(images))


def _cancels(values: Tensor, gradient: Tensor, x: Tensor) -> bool:
    """The channels' sum is a constant, as after a softmax over them: its gradient is nothing but
    rounding.
    """
    if values.shape[1] == 1:
        return False
    signs = torch.ones(values.shape[1], dtype=values.dtype)
    # The channels' sum with every other one negated: no common norm makes that a constant too.
    signs[1::2] = -1
    (other,) = torch.autograd.grad((values * signs).sum(), x)
    return bool(gradient.abs().max() <= CONSTANT * other.abs().max())
