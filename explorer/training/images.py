"""Prepare batches of images for the network: augment them at random, then normalise them; all on
the device.

A part of the augmentation that is off draws no random numbers, so that the others draw what they
draw without it.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from explorer.training.datasets import DatasetKind
from explorer.training.recipe import Recipe

# The fields of a recipe that change training images.
AUGMENTATION = (
    "rotation",
    "shift",
    "scale",
    "flip",
    "crop_padding",
    "cutout",
    "brightness",
    "contrast",
    "saturation",
    "mixup",
)


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


def is_augmented(recipe: Recipe) -> bool:
    """Whether the recipe changes the training images at random."""
    return any(getattr(recipe, part) for part in AUGMENTATION)


def augment(images: Tensor, recipe: Recipe, kind: DatasetKind, generator: Generator) -> Tensor:
    """The images of 0..1, (B, C, H, W), each changed at random as the recipe says; but for mixup,
    which changes the labels too.
    """
    images = move(images, recipe.rotation, recipe.shift, recipe.scale, generator)
    images = flip(images, recipe.flip, generator)
    images = random_crop(images, recipe.crop_padding, generator)
    images = jitter_colours(
        images, recipe.brightness, recipe.contrast, recipe.saturation, generator
    )
    return cut_out(images, recipe.cutout, _by_channel(kind.mean, images.device), generator)


def _draws(images: Tensor, generator: Generator) -> Tensor:
    """A number from 0 to 1 for each image, (B, 1, 1, 1)."""
    return torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device)


# --- places ---------------------------------------------------------------------------------------


def move(
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


def flip(images: Tensor, probability: float, generator: Generator) -> Tensor:
    """Mirror each image left to right with this probability."""
    if probability == 0:
        return images
    return torch.where(_draws(images, generator) < probability, images.flip(3), images)


def random_crop(images: Tensor, padding: int, generator: Generator) -> Tensor:
    """Pad each image with 0, black, on every side, and cut its old size out at a random place."""
    if padding == 0:
        return images
    count, channels, height, width = images.shape
    device = images.device
    # (2, B): the first row and the first column.
    first = torch.randint(0, 2 * padding + 1, (2, count), generator=generator, device=device)
    rows = first[0, :, None] + torch.arange(height, device=device)  # (B, H)
    columns = first[1, :, None] + torch.arange(width, device=device)  # (B, W)
    padded = F.pad(images, (padding, padding, padding, padding))
    strips = padded.gather(
        2, rows[:, None, :, None].expand(-1, channels, -1, width + 2 * padding)
    )  # (B, C, H, W + 2·padding)
    return strips.gather(3, columns[:, None, None, :].expand(-1, channels, height, -1))


def cut_out(images: Tensor, side: int, fill: Tensor, generator: Generator) -> Tensor:
    """Fill a square of `side` pixels in each image with `fill`, (1, C, 1, 1).

    Its centre is any pixel of the image, and what sticks out of the image is lost, as in
    https://arxiv.org/abs/1708.04552.
    """
    if side == 0:
        return images
    count, _, height, width = images.shape
    device = images.device
    erased = torch.ones((), dtype=torch.bool, device=device)
    for axis, length in ((2, height), (3, width)):
        centre = torch.randint(0, length, (count, 1, 1, 1), generator=generator, device=device)
        shape = [1, 1, 1, 1]
        shape[axis] = length
        places = torch.arange(length, device=device).view(shape) - (centre - side // 2)
        erased = erased & (places >= 0) & (places < side)  # (B, 1, H, W) in the end
    return torch.where(erased, fill, images)


# --- colours --------------------------------------------------------------------------------------

GREY = (0.2989, 0.587, 0.114)  # what red, green and blue weigh in it, as in torchvision


def jitter_colours(
    images: Tensor, brightness: float, contrast: float, saturation: float, generator: Generator
) -> Tensor:
    """Change brightness, then contrast, then saturation of each image by random factors from
    1 - strength to 1 + strength, as torchvision's ColorJitter does in a random order.

    Images of one channel have no saturation, and nothing is drawn for it.
    """
    if brightness:
        images = _blend(torch.zeros_like(images), images, brightness, generator)
    if contrast:
        mean = _to_grey(images).mean((1, 2, 3), keepdim=True)  # (B, 1, 1, 1)
        images = _blend(mean, images, contrast, generator)
    if saturation and images.shape[1] == len(GREY):
        images = _blend(_to_grey(images), images, saturation, generator)
    return images


def _blend(start: Tensor, images: Tensor, strength: float, generator: Generator) -> Tensor:
    """Go from `start` towards each image, by a factor of about 1, where 1 is the image itself."""
    factors = 1 + strength * (2 * _draws(images, generator) - 1)
    return (start + factors * (images - start)).clamp(0, 1)


def _to_grey(images: Tensor) -> Tensor:
    """(B, 1, H, W)."""
    if images.shape[1] != len(GREY):
        return images
    return GREY[0] * images[:, :1] + GREY[1] * images[:, 1:2] + GREY[2] * images[:, 2:]


# --- mixup ----------------------------------------------------------------------------------------


class Mixed(NamedTuple):
    """A batch of images in which each is blended with another."""

    images: Tensor  # (B, C, H, W)
    others: Tensor  # (B,): the labels of the images that were blended in
    share: Tensor  # (): of each image itself; the others have the rest


def mix_up(images: Tensor, labels: Tensor, alpha: float, generator: Generator) -> Mixed:
    """Blend each image of a batch with the one before it, which is any: batches are in random
    order. The share is one for the batch, https://arxiv.org/abs/1710.09412.
    """
    share = draw_share(alpha, generator, images.device)
    return Mixed(torch.lerp(images.roll(1, 0), images, share), labels.roll(1, 0), share)


def draw_share(alpha: float, generator: Generator, device: torch.device) -> Tensor:
    """A number, (), from Beta(alpha, alpha).

    torch's own draws from no generator of ours. This one is exact: of Beta(alpha + 1, alpha + 1)
    as in Ulrich (1984), which cos and roots give at once, and from there by Stuart's theorem, which
    makes Gamma(alpha) of Gamma(alpha + 1).
    """
    first, turn, *two = (1 - torch.rand(4, generator=generator, device=device)).unbind()  # 0 < each
    radius = (1 - first ** (2 / (2 * alpha + 1))).sqrt()
    above = (1 + radius * torch.cos(2 * math.pi * turn)) / 2  # of Beta(alpha + 1, alpha + 1)
    odds = above.log() - (1 - above).log() + (two[0].log() - two[1].log()) / alpha
    return odds.sigmoid()
