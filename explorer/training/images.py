"""Prepare batches of images for the network: rotate, shift and scale them at random, then
normalise them; all on the device.
"""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from explorer.training.datasets import DatasetKind


def normalise(images: Tensor, kind: DatasetKind) -> Tensor:
    """Images of 0..1, (B, C, H, W), to about mean 0 and standard deviation 1 in each channel."""
    return (images - _by_channel(kind.mean, images.device)) / _by_channel(kind.std, images.device)


# Kept, as a step that is being recorded must not copy anything to the device. Own images make many
# values and shapes; so many are kept that none goes while a recorded step still uses it.
@lru_cache(maxsize=1024)
def _by_channel(values: tuple[float, ...], device: torch.device) -> Tensor:
    return torch.tensor(values, device=device).view(1, -1, 1, 1)


@lru_cache(maxsize=128)
def _centres(height: int, width: int, device: torch.device) -> Tensor:
    """(3, H·W): x and y of each pixel's centre, from −1 to 1 across the image, and 1."""
    x = (2 * torch.arange(width, device=device) + 1) / width - 1
    y = (2 * torch.arange(height, device=device) + 1) / height - 1
    return torch.stack(
        (x.repeat(height), y.repeat_interleave(width), torch.ones(height * width, device=device))
    )


def augment(
    images: Tensor, rotation: float, shift: float, scale: float, generator: Generator
) -> Tensor:
    """Rotate each image of (B, C, H, W) by up to `rotation` degrees, scale it by up to 1 ± `scale`,
    and shift it by up to `shift` pixels, at random.
    """
    if rotation == shift == scale == 0:
        return images
    # (4, B), -1..1.
    draws = torch.rand(4, len(images), generator=generator, device=images.device) * 2 - 1
    return affine_transform(
        images, draws[0] * rotation, draws[1] * shift, draws[2] * shift, (1 + scale) ** draws[3]
    )


def affine_transform(
    images: Tensor, degrees: Tensor, right: Tensor, down: Tensor, times: Tensor
) -> Tensor:
    """Rotate each image of (B, C, H, W) anticlockwise about its centre, scale it, then shift it.

    Each argument is (B,).

    Values are interpolated between pixels; what comes in from outside is 0, black.
    """
    height, width = images.shape[2:]
    sine, cosine = (
        torch.sin(torch.deg2rad(degrees)) / times,
        torch.cos(torch.deg2rad(degrees)) / times,
    )
    # for each pixel that goes out, the place that it is taken from, in pixels from the centre:
    #   x' = (cos·(x - right) - sin·(y - down)) / times
    #   y' = (sin·(x - right) + cos·(y - down)) / times
    # both in units of half the width and half the height
    to_x = (cosine, -sine * height / width, 2 / width * (sine * down - cosine * right))
    to_y = (sine * width / height, cosine, -2 / height * (sine * right + cosine * down))
    places = torch.stack((torch.stack(to_x, 1), torch.stack(to_y, 1)), 1)  # (B, 2, 3)
    # As F.affine_grid does it, which builds the pixels' centres anew each time: two thirds of all
    # that is done here.
    centres = _centres(height, width, images.device)  # (3, H·W)
    # (B, H, W, 2).
    grid = (places.view(-1, 3) @ centres).view(-1, 2, height, width).permute(0, 2, 3, 1)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
