"""What a recipe will do, before it does: the learning rate over the run, and training images as the
network will get them.
"""

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from explorer.runs.images_access import may_see_images, unseen_text
from explorer.text import counted, for_html, for_markdown, sentence
from explorer.training.dataset_files import training_samples
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import DatasetError
from explorer.training.images import augment, is_augmented, mix_up
from explorer.training.recipe import Recipe, ReduceLROnPlateau
from explorer.ui.charts.schedule_chart import schedule_chart
from explorer.ui.people import who
from explorer.ui.show_chart import show_chart

ROWS, GAP, ENLARGED = 3, 2, 4  # images along a side, pixels between them, times their size


def schedule_preview(recipe: Recipe) -> None:
    """The learning rate over the epochs, in words where it depends on how the run goes. Nothing of
    one that stays the same.
    """
    if isinstance(recipe.scheduler, ReduceLROnPlateau):
        st.html(f'<p class="note">{for_html(plateau_text(recipe, recipe.scheduler))}</p>')
    elif recipe.scheduler.kind != "constant":
        show_chart(schedule_chart(recipe), "schedule")


def plateau_text(recipe: Recipe, scheduler: ReduceLROnPlateau) -> str:
    """When the learning rate drops, and by how much."""
    loss = "validation" if recipe.validation_images else "train"
    waited, count = scheduler.patience, counted(scheduler.patience + 1, "epoch")
    drop = (
        f"Starts at {recipe.optimizer.lr:g}. After {count} in a row without a lower {loss} loss, "
        f"the learning rate is multiplied by {scheduler.factor:g}"
    )
    least = f", down to {scheduler.min_lr:g} at the least" if scheduler.min_lr else ""
    # The first epoch sets the mark, and after the last nothing is left to be trained.
    if waited + 3 > recipe.epochs:
        return f"{drop}{least}. This run is too short for that: lower patience, or add epochs."
    if not recipe.validation_images:
        return f"{drop}{least}. With validation images it watches the loss on them."
    return f"{drop}{least}."


def augmentation_preview(recipe: Recipe) -> None:
    """Nine training images as augmented; how they look without where nothing changes them. Words
    in their place where they are not here, or the visitor may not see them.
    """
    kind = find_dataset(recipe.dataset)
    if not may_see_images(who(), recipe.dataset):
        st.html(f'<p class="note">{for_html(sentence(unseen_text(recipe.dataset)))}</p>')
        return
    try:
        pixels = augmented_samples(recipe)
    except DatasetError:
        # The files may be here, and being read at this moment.
        when = "have been read" if kind.is_here() else "are on this server"
        text = (
            sentence(kind.absent)
            if kind.absent
            else f"Nine images are shown here once those of {kind.title} {when}."
        )
        st.html(f'<p class="note">{for_html(text)}</p>')
        return
    how = "as augmented" if is_augmented(recipe) else "without augmentation"
    st.image(
        _tiled(pixels),
        f"Nine training images of {for_markdown(kind.title)}, {how}",
        width="stretch",
        alt=f"Nine training images, {how}",
    )


def augmented_samples(recipe: Recipe) -> Tensor:
    """Nine training images, (9, C, H, W) of 0..1, as a step of the training would get them.

    Raises DatasetError where they are not here.
    """
    kind = find_dataset(recipe.dataset)
    samples = training_samples(recipe.dataset, ROWS * ROWS)
    generator = torch.Generator().manual_seed(recipe.seed)
    images = augment(samples.images.float() / 255, recipe, kind, generator)
    if recipe.mixup:
        images = mix_up(images, samples.labels, recipe.mixup, generator).images
    return images


def _tiled(images: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """One picture, (rows, columns, 1 or 3), of ROWS times ROWS images with gaps between them."""
    _, channels, height, width = images.shape
    rows, columns = (ROWS * (size + GAP) - GAP for size in (height, width))
    picture = torch.full((channels, rows, columns), 0.5)
    for place, image in enumerate(images):
        top, left = place // ROWS * (height + GAP), place % ROWS * (width + GAP)
        picture[:, top : top + height, left : left + width] = image
    pixels = (picture * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    large: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = pixels.repeat(ENLARGED, 0).repeat(
        ENLARGED, 1
    )
    return large[:, :, 0] if channels == 1 else large
