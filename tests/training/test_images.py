"""Turning, moving and normalising batches of images."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, kstest
from torch import Tensor
from torchvision.transforms.v2 import functional

from explorer.training.datasets import DATASETS, DatasetKind
from explorer.training.images import (
    AUGMENTATION,
    affine_transform,
    augment,
    cut_out,
    draw_share,
    flip,
    is_augmented,
    jitter_colours,
    mix_up,
    move,
    normalise,
    random_crop,
)
from explorer.training.recipe import Recipe, parse_recipe

IMAGES = torch.rand(3, 2, 8, 8, generator=torch.Generator().manual_seed(0))


def same(value: float, images: Tensor = IMAGES) -> Tensor:
    return torch.full((len(images),), float(value))


@pytest.mark.parametrize(("right", "down"), [(0, 0), (2, 0), (0, 3), (-1, 2), (-3, -2)])
@pytest.mark.parametrize("sides", [(8, 8), (5, 9)])
def test_whole_pixels_move_exactly(right: int, down: int, sides: tuple[int, int]) -> None:
    images = torch.rand(2, 1, *sides, generator=torch.Generator().manual_seed(1))
    moved = torch.zeros_like(images)
    height, width = sides
    inside = images[
        :, :, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
    ]
    moved[:, :, max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = (
        inside
    )
    torch.testing.assert_close(
        affine_transform(
            images, same(0, images), same(right, images), same(down, images), same(1, images)
        ),
        moved,
        atol=1e-5,
        rtol=0,
    )


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_are_exact(quarters: int) -> None:
    turned = affine_transform(IMAGES, same(90 * quarters), same(0), same(0), same(1))
    torch.testing.assert_close(turned, torch.rot90(IMAGES, quarters, (2, 3)), atol=1e-5, rtol=0)


def test_half_a_turn_of_an_oblong() -> None:
    images = IMAGES[:, :, :5]
    torch.testing.assert_close(
        affine_transform(images, same(180), same(0), same(0), same(1)),
        images.flip(2, 3),
        atol=1e-5,
        rtol=0,
    )


def test_first_turned_then_moved() -> None:
    both = affine_transform(IMAGES, same(90), same(2), same(1), same(1))
    one_by_one = affine_transform(
        affine_transform(IMAGES, same(90), same(0), same(0), same(1)),
        same(0),
        same(2),
        same(1),
        same(1),
    )
    torch.testing.assert_close(both, one_by_one, atol=1e-5, rtol=0)


def test_each_image_has_a_draw_of_its_own() -> None:
    images = IMAGES[:1].expand(50, -1, -1, -1)
    changed = move(images, 20, 2, 0.1, torch.Generator().manual_seed(0))
    assert len({tuple(image.flatten().tolist()) for image in changed}) == 50
    assert changed.min() >= 0
    assert changed.max() <= 1.001


@pytest.mark.parametrize("times", [2.0, 0.5])
def test_scaled_about_the_centre(times: float) -> None:
    block = torch.zeros(1, 1, 16, 16)
    block[:, :, 4:12, 4:12] = 1
    scaled = affine_transform(block, *(torch.full((1,), value) for value in (0.0, 0.0, 0.0, times)))
    assert scaled.sum().item() == pytest.approx(64 * times**2, rel=0.1)
    torch.testing.assert_close(scaled, scaled.flip(2, 3), atol=1e-5, rtol=0)


def test_scale_stays_within_its_limit() -> None:
    block = torch.zeros(300, 1, 16, 16)
    block[:, :, 4:12, 4:12] = 1
    areas = move(block, 0, 0, 0.25, torch.Generator().manual_seed(0)).sum((1, 2, 3))
    assert areas.max() == pytest.approx(64 * 1.25**2, rel=0.05)
    assert areas.min() == pytest.approx(64 / 1.25**2, rel=0.05)


def test_shift_stays_within_its_limit() -> None:
    dot = torch.zeros(200, 1, 9, 9)
    dot[:, :, 4, 4] = 1
    where = move(dot, 0, 1.5, 0, torch.Generator().manual_seed(0)).amax((0, 1)) > 1e-6
    assert where[2:7, 2:7].all()
    assert not where.clone().index_fill_(0, torch.arange(2, 7), False).any()
    assert not where.clone().index_fill_(1, torch.arange(2, 7), False).any()


def test_no_augmentation_draws_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    assert move(IMAGES, 0, 0, 0, generator) is IMAGES
    assert torch.equal(generator.get_state(), torch.Generator().manual_seed(0).get_state())


def test_normalise_by_channel() -> None:
    kind = DATASETS["cifar10"]
    image = torch.tensor(kind.mean).view(1, 3, 1, 1) + torch.tensor(kind.std).view(1, 3, 1, 1) * 2
    torch.testing.assert_close(
        normalise(image.expand(4, 3, 2, 2), kind), torch.full((4, 3, 2, 2), 2.0)
    )


# --- the later lessons' parts ---------------------------------------------------------------------

GREY, COLOUR = DATASETS["digits"], DATASETS["cifar10"]
PARTS: dict[str, float] = {
    "rotation": 10,
    "shift": 1,
    "scale": 0.1,
    "flip": 0.5,
    "crop_padding": 3,
    "cutout": 4,
    "brightness": 0.4,
    "contrast": 0.4,
    "saturation": 0.4,
}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def recipe(**fields: Any) -> Recipe:
    return parse_recipe(fields)


def batch(kind: DatasetKind, count: int = 8, side: int = 12, seed: int = 0) -> Tensor:
    return torch.rand(count, kind.input_shape[0], side, side, generator=seeded(seed))


def test_a_recipe_without_parts_changes_nothing_and_draws_nothing() -> None:
    generator, images = seeded(), batch(COLOUR)
    assert augment(images, recipe(), COLOUR, generator) is images
    assert torch.equal(generator.get_state(), seeded().get_state())
    assert not is_augmented(recipe(plain_epochs=3))


def test_every_part_of_a_recipe_counts_as_augmentation() -> None:
    assert set(AUGMENTATION) == {*PARTS, "mixup"}
    assert all(is_augmented(recipe(**{part: 1})) for part in AUGMENTATION if part != "scale")


def test_parts_that_are_off_leave_the_others_numbers_as_they_were() -> None:
    """Runs of older versions repeat bit for bit: they know rotation, shift and scale alone."""
    images, one, other = batch(GREY), seeded(3), seeded(3)
    expected = move(images, 10, 1, 0.1, one)
    asked = recipe(rotation=10, shift=1, scale=0.1)
    assert torch.equal(augment(images, asked, GREY, other), expected)
    assert torch.equal(one.get_state(), other.get_state())


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.sampled_from(sorted(PARTS)), min_size=1),
    st.sampled_from([GREY, COLOUR]),
    st.integers(1, 9),
    st.integers(5, 16),
    st.integers(0, 99),
)
def test_any_parts_together_repeat_and_keep_shape_and_range(
    parts: set[str], kind: DatasetKind, count: int, side: int, seed: int
) -> None:
    asked, images = recipe(**{part: PARTS[part] for part in parts}), batch(kind, count, side)
    kept = images.clone()
    found = augment(images, asked, kind, seeded(seed))
    assert found.shape == images.shape
    assert found.dtype == images.dtype
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-5  # as pixels are interpolated
    assert torch.equal(augment(images, asked, kind, seeded(seed)), found)
    assert torch.equal(images, kept)  # they are the data set's


@pytest.mark.parametrize("part", [*PARTS, "mixup"])
def test_drawing_goes_on_from_a_generators_state(part: str) -> None:
    """As a resumed run does."""

    def draw(generator: torch.Generator) -> Tensor:
        if part == "mixup":
            return mix_up(batch(COLOUR), torch.arange(8), 0.4, generator).images
        return augment(batch(COLOUR), recipe(**{part: PARTS[part]}), COLOUR, generator)

    first, second = seeded(5), seeded(0)
    draw(first)
    second.set_state(first.get_state())
    assert torch.equal(draw(first), draw(second))


def test_a_flip_mirrors_as_many_images_as_it_says() -> None:
    images = batch(GREY, 4000, 5)
    assert torch.equal(flip(images, 1, seeded()), images.flip(3))
    found = flip(images, 0.3, seeded())
    mirrored = (found == images.flip(3)).all((1, 2, 3))
    assert torch.equal(found[~mirrored], images[~mirrored])
    assert mirrored.float().mean() == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize("sides", [(6, 6), (5, 8)])
def test_a_crop_is_a_window_of_the_padded_image_and_any_is_as_likely(
    sides: tuple[int, int],
) -> None:
    padding, (height, width) = 2, sides
    images = torch.rand(1, 2, *sides, generator=seeded()).expand(5000, -1, -1, -1)
    found = random_crop(images, padding, seeded(1))
    padded = torch.nn.functional.pad(images[:1], [padding] * 4)[0]
    counts = []
    for top in range(2 * padding + 1):
        for left in range(2 * padding + 1):
            window = padded[:, top : top + height, left : left + width]
            counts.append(int((found == window).all((1, 2, 3)).sum()))
    assert sum(counts) == len(found)
    assert min(counts) > 0.7 * len(found) / len(counts)
    assert max(counts) < 1.3 * len(found) / len(counts)


@pytest.mark.parametrize("side", [1, 4, 5])
def test_a_cutout_is_a_square_around_any_pixel(side: int) -> None:
    length, images = 9, torch.ones(4000, 3, 9, 9)
    fill = torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1)
    found = cut_out(images, side, fill, seeded())
    erased = (found == fill).all(1)  # (B, H, W)
    assert torch.equal(found.permute(0, 2, 3, 1)[~erased], torch.ones(int((~erased).sum()), 3))
    rows, columns = erased.any(2), erased.any(1)
    assert torch.equal(erased, rows[:, :, None] & columns[:, None, :])
    for hit in (rows, columns):
        lengths = hit.sum(1)
        assert lengths.max() == side
        assert lengths.min() == side - side // 2
        jumps = (hit[:, 1:] & ~hit[:, :-1]).sum(1) + hit[:, 0]
        assert (jumps == 1).all()  # one piece
    # Every pixel is the centre as often: of an inner one, all squares that reach it do.
    assert erased[:, 4, 4].float().mean() == pytest.approx((side / length) ** 2, rel=0.2)


def test_what_is_cut_out_is_0_to_the_network() -> None:
    erased = augment(batch(COLOUR), recipe(cutout=64), COLOUR, seeded())
    assert (normalise(erased, COLOUR) == 0).any()


@pytest.mark.parametrize("part", ["brightness", "contrast", "saturation"])
def test_colours_are_those_of_torchvision(part: str) -> None:
    images, strength = batch(COLOUR), 0.6
    found = jitter_colours(images, **STILL | {part: strength}, generator=seeded(2))
    factors = 1 + strength * (2 * torch.rand(8, generator=seeded(2)) - 1)
    adjust = getattr(functional, f"adjust_{part}")
    expected = torch.stack(
        [adjust(image, float(f)) for image, f in zip(images, factors, strict=True)]
    )
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)
    assert factors.min() >= 1 - strength
    assert factors.max() <= 1 + strength


STILL = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0}


def test_grey_images_have_no_saturation_and_draw_nothing_for_it() -> None:
    images, generator = batch(GREY), seeded()
    assert jitter_colours(images, 0, 0, 1, generator) is images
    assert torch.equal(generator.get_state(), seeded().get_state())
    assert not torch.equal(jitter_colours(images, 0.5, 0.5, 0, generator), images)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 1.0, 3.0])
def test_shares_are_of_a_beta_distribution(alpha: float) -> None:
    generator, cpu = seeded(), torch.device("cpu")
    shares = np.array([float(draw_share(alpha, generator, cpu)) for _ in range(3000)])
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert kstest(shares, beta(alpha, alpha).cdf).pvalue > 0.01


def test_mixup_blends_each_image_with_the_one_before_it() -> None:
    images, labels = batch(COLOUR), torch.arange(8)
    mixed = mix_up(images, labels, 1.0, seeded())
    assert 0 < mixed.share < 1
    assert mixed.others.tolist() == [7, *range(7)]
    for place in range(8):
        blended = mixed.share * images[place] + (1 - mixed.share) * images[place - 1]
        torch.testing.assert_close(mixed.images[place], blended)
