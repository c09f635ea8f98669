"""Images that are held out: which, how many, and that nothing is lost or in both parts."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.training.dataset_files import Split
from explorer.training.recipe import Recipe, count_images, parse_recipe
from explorer.training.validation_split import split_off

# Each image is its own number.
ALL = Split(torch.arange(100).view(100, 1, 1, 1), torch.arange(100) % 10)


def asked(held_out: int, seed: int = 0, share: float = 1.0) -> Recipe:
    return parse_recipe({"validation_images": held_out, "seed": seed, "images_share": share})


def numbers(split: Split | None) -> list[int]:
    return [] if split is None else split.images.flatten().tolist()


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_without_validation_images_all_are_learned_in_their_order(share: float) -> None:
    learned, validation = split_off(ALL, asked(0, share=share))
    assert validation is None
    assert numbers(learned) == list(range(round(100 * share)))


@given(st.integers(1, 48), st.integers(0, 999_999), st.sampled_from([0.5, 1.0]))
def test_each_image_is_in_one_part_with_its_label(held_out: int, seed: int, share: float) -> None:
    recipe = asked(held_out, seed, share)
    learned, validation = split_off(ALL, recipe)
    assert validation is not None
    assert len(validation.labels) == held_out
    assert len(learned.labels) == count_images(recipe, 100)
    assert sorted(numbers(learned) + numbers(validation)) == list(range(round(100 * share)))
    for part in (learned, validation):
        assert part.labels.tolist() == [number % 10 for number in numbers(part)]


def test_the_seed_holds_out() -> None:
    first = numbers(split_off(ALL, asked(20)).validation)
    assert numbers(split_off(ALL, asked(20)).validation) == first
    assert numbers(split_off(ALL, asked(20, seed=1)).validation) != first
    assert first != sorted(first)[:20]
