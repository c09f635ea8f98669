"""Which part of an image speaks for a class: Grad-CAM, and occlusion.

Grad-CAM after Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
Gradient-based Localization", ICCV 2017 (arXiv 1610.02391): the maps of a layer, each weighed by the
mean gradient of the class's score over the map, added up, and of that what is above zero. The score
is the one before a softmax (class_scores.py).

Occlusion after Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014
(arXiv 1311.2901): a grey patch is moved over the image, and at each place it is noted by how much
the class's probability falls.

Neither changes the network, draws a random number or leaves a gradient behind, so several threads
may ask about the same one.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.insight.class_scores import scores_path
from explorer.insight.limits import MAX_VALUES
from explorer.network.analysis import Row
from explorer.network.evaluation import mixes_images, outputs_beyond
from explorer.network.spec import Path
from explorer.network.tree import IMAGE

AT_ONCE = 32  # images with a patch that go through the network together
# Multiply-adds of one occlusion: about a second on one core. Of a larger network the patch is moved
# in larger steps.
WORK = 4_000_000_000
MOST_PLACES = 400


def grad_cam(
    rows: Sequence[Row],
    modules: Mapping[Path, nn.Module],
    image: Tensor,
    path: Path,
    classes: Sequence[int],
) -> Tensor:
    """How much each place of the map at `path` speaks for each class: (classes, H, W) of that map,
    nothing below zero.

    Args:
        rows: of the whole network.
        modules: its layers in evaluation mode, in the precision of the image.
        image: (1, C, H, W), as the network gets it.
        path: of a layer or merge whose output is maps, or IMAGE.

    Raises ValueError where the output at `path` is no map.
    """
    with torch.no_grad():
        known = outputs_beyond(_up_to(rows, path), modules, {IMAGE: image})
    maps = known[path].detach().requires_grad_()  # (1, C, h, w)
    if maps.dim() != 4:
        raise ValueError("Grad-CAM needs a layer whose output is maps")
    # What the map leads to is computed again, with gradients; what runs beside it stays as it is.
    with torch.enable_grad():
        found = outputs_beyond(rows, modules, {**known, path: maps})
        scores = found[scores_path(rows)].flatten(1)  # (1, classes)
        gradients = [_gradient(scores[0, label], maps) for label in classes]
    # (classes, C, 1, 1): the weight of each map.
    weights = torch.cat(gradients).mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * maps.detach()).sum(dim=1))


def enlarged(maps: Tensor, height: int, width: int) -> Tensor:
    """Maps (N, h, w) as large as the image, (N, height, width).

    Bilinear, with align_corners=False: a value stands in the middle of the pixels that it covers.
    """
    return F.interpolate(maps[None], (height, width), mode="bilinear", align_corners=False)[0]


def _gradient(score: Tensor, maps: Tensor) -> Tensor:
    """The gradient of a score by the maps; zeros where they do not lead to it."""
    if not score.requires_grad:
        return torch.zeros_like(maps)
    (gradient,) = torch.autograd.grad(score, maps, retain_graph=True, allow_unused=True)
    return torch.zeros_like(maps) if gradient is None else gradient


def _up_to(rows: Sequence[Row], path: Path) -> Sequence[Row]:
    """The rows that run before the one at `path`, and that one."""
    places = [row.path for row in rows]
    return rows[: places.index(path) + 1] if path != IMAGE else ()


# --- occlusion ------------------------------------------------------------------------------------


class Patches(NamedTuple):
    """The places of a square patch: of its side, at these rows and columns."""

    size: int
    top: tuple[int, ...]
    left: tuple[int, ...]


def patch_places(height: int, width: int, size: int, mult_adds: int) -> Patches:
    """Where a patch of this side is put on an image, in steps of about a third of it.

    Steps, and then the patch, are larger where the network needs so many multiply-adds an image
    that it would take too long. Every pixel is covered at least once.
    """
    size = max(1, min(size, height, width))
    most = max(1, min(MOST_PLACES, WORK // max(1, mult_adds)))
    stride = max(1, size // 3)
    while True:
        top, left = _starts(height, size, stride), _starts(width, size, stride)
        if len(top) * len(left) <= most:
            return Patches(size, top, left)
        stride += 1
        size = max(size, stride)


def _starts(side: int, size: int, stride: int) -> tuple[int, ...]:
    """The first pixels of the places along one side; the last touches the border."""
    last = max(0, side - size)
    return (*range(0, last, stride), last)


def occlusion(
    rows: Sequence[Row],
    modules: Mapping[Path, nn.Module],
    image: Tensor,
    grey: Tensor,
    patches: Patches,
    classes: Sequence[int],
) -> Tensor:
    """By how much the probability of each class falls with the patch over a pixel: the mean over
    the places at which it covers the pixel, (classes, H, W). Below zero where it rises.

    Args:
        rows: of the whole network.
        modules: its layers in evaluation mode, in the precision of the image.
        image: (1, C, H, W), as the network gets it.
        grey: (C,), a grey pixel as the network gets it.
        patches: where the patch is put.
        classes: of which the probability is looked at.
    """
    size = patches.size
    places = [(top, left) for top in patches.top for left in patches.left]
    values = image.numel() + sum(prod(row.output_shape) for row in rows)
    at_once = max(1, min(AT_ONCE, MAX_VALUES // values))
    if any(mixes_images(each) for each in modules.values()):
        at_once = 1
    wanted = [*classes]
    with torch.inference_mode():
        whole = _probabilities(rows, modules, image)[0, wanted]  # (classes,)
        sums = torch.zeros(len(wanted), *image.shape[2:], dtype=image.dtype)
        covered = torch.zeros(image.shape[2:], dtype=image.dtype)
        for first in range(0, len(places), at_once):
            some = places[first : first + at_once]
            batch = image.repeat(len(some), 1, 1, 1)  # (B, C, H, W)
            for each, (top, left) in zip(batch, some, strict=True):
                each[:, top : top + size, left : left + size] = grey.view(-1, 1, 1)
            drops = whole - _probabilities(rows, modules, batch)[:, wanted]  # (B, classes)
            for drop, (top, left) in zip(drops, some, strict=True):
                sums[:, top : top + size, left : left + size] += drop.view(-1, 1, 1)
                covered[top : top + size, left : left + size] += 1
        return sums / covered


def _probabilities(
    rows: Sequence[Row], modules: Mapping[Path, nn.Module], images: Tensor
) -> Tensor:
    """(B, classes), as trained.py has them."""
    return outputs_beyond(rows, modules, {IMAGE: images})[rows[-1].path].flatten(1).softmax(1)
