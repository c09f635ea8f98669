"""Turning, moving and normalising batches of images."""

import pytest
import torch
from torch import Tensor

from explorer.training.datasets import DATASETS
from explorer.training.images import affine_transform, move, normalise

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
