"""The images that a run learns from, and those that are held out from them for validation."""

from typing import NamedTuple

import torch

from explorer.training.dataset_files import Split
from explorer.training.recipe import Recipe, count_used

SEEDS = 4_000_000  # see RandomStreams: a generator of its own, so that it changes no other numbers


class TrainingImages(NamedTuple):
    learned: Split
    validation: Split | None  # None where no images are held out


def split_off(train: Split, recipe: Recipe) -> TrainingImages:
    """Split a data set's training images as the recipe says. The same seed holds out the same."""
    used = count_used(recipe, len(train.labels))
    images, labels = train.images[:used], train.labels[:used]
    if not recipe.validation_images:
        return TrainingImages(Split(images, labels), None)
    generator = torch.Generator().manual_seed(SEEDS + recipe.seed)
    order = torch.randperm(used, generator=generator)
    held_out, learned = order.tensor_split([recipe.validation_images])
    return TrainingImages(
        Split(images[learned], labels[learned]), Split(images[held_out], labels[held_out])
    )
