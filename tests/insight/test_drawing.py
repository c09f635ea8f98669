"""Drawings, made as a data set's images were: what is drawn from the images themselves is
recognised as well as they are.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError
from torch import Tensor, nn

from explorer.insight.drawing import (
    CANVAS,
    DIGITS_INK,
    FAINT,
    MAX_POINTS,
    MAX_STROKES,
    PLACINGS,
    UNITS,
    Drawing,
    Grey,
    ink_box,
    place_by_mass,
    place_counted,
    place_in_border,
    place_whole,
    prepare_drawing,
    prepare_ink,
    rasterise,
)
from explorer.training.dataset_files import Dataset, load_dataset
from explorer.training.datasets import DATASETS
from explorer.training.images import normalise

SEVEN = Drawing(pen=80, strokes=((280, 220, 700, 200, 560, 560, 450, 850),))
GREY = (1, 28, 28)


def blot(rows: tuple[int, int], columns: tuple[int, int]) -> Grey:
    """A canvas with a rectangle of ink."""
    ink = np.zeros((CANVAS, CANVAS), np.uint8)
    ink[slice(*rows), slice(*columns)] = 255
    return ink


def mean_place(image: Grey) -> tuple[float, float]:
    """The row and the column of the middle of its mass."""
    weights = image / image.sum(dtype=np.float64)
    rows, columns = np.indices(image.shape)
    return float((weights * rows).sum()), float((weights * columns).sum())


# --- strokes --------------------------------------------------------------------------------------


def test_a_stroke_is_as_wide_as_the_pen_with_round_ends():
    ink = rasterise(Drawing(pen=100, strokes=((250, 500, 750, 500),)))
    assert ink.shape == (CANVAS, CANVAS)
    left, top, right, bottom = ink_box(ink)
    assert (bottom - top) == pytest.approx(28, abs=1)
    assert (right - left) == pytest.approx(140 + 28, abs=1)
    assert (ink[140, left], ink[top + 2, left + 2]) == (255, 0)  # the end is no corner


def test_a_point_is_a_dot_and_what_is_outside_is_cut_off():
    dot = rasterise(Drawing(pen=100, strokes=((500, 500),)))
    assert (dot > 127).sum() == pytest.approx(np.pi * 14**2, rel=0.02)
    corner = rasterise(Drawing(pen=100, strokes=((0, 0),)))
    assert (corner > 127).sum() == pytest.approx(np.pi * 14**2 / 4, rel=0.05)


@pytest.mark.parametrize(
    "data",
    [
        {"pen": 80},
        {"pen": 5, "strokes": []},
        {"pen": 80.5, "strokes": []},
        {"pen": 80, "strokes": [[]]},
        {"pen": 80, "strokes": [[1, 2, 3]]},
        {"pen": 80, "strokes": [[1, UNITS + 1]]},
        {"pen": 80, "strokes": [[-1, 1]]},
        {"pen": 80, "strokes": [["1", 1]]},
        {"pen": 80, "strokes": [[1, 1]] * (MAX_STROKES + 1)},
        {"pen": 80, "strokes": [[1, 1] * (MAX_POINTS // 2 + 1)] * 2},
        {"pen": 80, "strokes": [], "more": 1},
    ],
)
def test_what_is_no_drawing_is_refused(data):
    with pytest.raises(ValidationError):
        Drawing.model_validate(data)


def test_nothing_is_made_of_an_empty_canvas():
    assert prepare_drawing(Drawing(pen=80, strokes=()), "mnist", DATASETS["mnist"]) is None
    faint = np.full((CANVAS, CANVAS), FAINT - 1, np.uint8)
    assert prepare_ink(faint, "mnist", DATASETS["mnist"]) is None


# --- placing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "columns", "size"),
    [
        ((20, 260), (100, 180), (20, 7)),
        ((100, 180), (20, 260), (7, 20)),
        ((0, 280), (0, 280), (20, 20)),
        ((0, 100), (180, 280), (20, 20)),  # in a corner
        ((130, 200), (100, 170), (20, 20)),  # small
    ],
)
def test_as_mnist_it_fits_20_by_20_with_its_mass_in_the_middle(rows, columns, size):
    image = place_by_mass(blot(rows, columns))
    left, top, right, bottom = ink_box(image)
    assert (bottom - top, right - left) == size
    assert mean_place(image) == pytest.approx((14, 14), abs=0.5)


def test_not_its_box_but_its_mass_is_in_the_middle():
    ink = blot((40, 240), (60, 100)) | blot((200, 240), (60, 240))  # an L
    image = place_by_mass(ink)
    assert mean_place(image) == pytest.approx((14, 14), abs=0.5)
    # 18×20 pixels, of which the mass is 5.2 pixels from the left and 12.7 from the top.
    assert ink_box(image) == (9, 1, 27, 21)


def test_a_dot_stays_a_dot():
    left, top, right, bottom = ink_box(
        place_by_mass(rasterise(Drawing(pen=80, strokes=((900, 100),))))
    )
    assert right - left == bottom - top == 9  # a pen of 8 % of the canvas


@pytest.mark.parametrize("dataset", list(PLACINGS))
def test_ink_of_which_nothing_is_left_at_that_size_is_none(dataset):
    ink = np.zeros((1120, 1120), np.uint8)
    ink[20, 20] = ink[1100, 1100] = 255  # two points, far apart
    assert prepare_ink(ink, dataset, DATASETS[dataset]) is None


def test_as_fashion_mnist_its_longer_side_fills_the_image():
    assert ink_box(place_whole(blot((20, 260), (100, 160)))) == (10, 0, 17, 28)
    assert ink_box(place_whole(blot((100, 160), (20, 260)))) == (0, 10, 28, 17)


def test_as_emnists_characters_it_is_within_a_border_of_two_pixels():
    assert ink_box(place_in_border(blot((100, 160), (20, 260)))) == (2, 11, 26, 17)


def test_as_the_built_in_digits_it_is_upright_and_as_high_as_the_image():
    leaning = rasterise(Drawing(pen=80, strokes=((700, 200, 300, 800),)))
    image = place_counted(leaning)
    left, top, right, bottom = ink_box(image)
    assert (top, bottom) == (0, 28)
    # As much ink as theirs, which lies above each other: a bar.
    assert image.mean() / 255 == pytest.approx(DIGITS_INK, abs=0.02)
    assert right - left <= 15
    digits = load_dataset("digits").train.images
    assert digits.float().mean() / 255 == pytest.approx(DIGITS_INK, abs=0.01)


@pytest.mark.parametrize("dataset", sorted(DATASETS))
def test_a_drawing_has_the_shape_of_the_data_set(dataset):
    prepared = prepare_drawing(SEVEN, dataset, DATASETS[dataset])
    assert prepared is not None
    assert prepared.image.shape == DATASETS[dataset].input_shape
    assert prepared.image.dtype == np.uint8
    assert prepared.image.max() > 200
    assert all(step.endswith(".") for step in prepared.steps)


points = st.integers(0, UNITS)
strokes = st.lists(st.tuples(points, points), min_size=1, max_size=30).map(
    lambda pairs: tuple(value for pair in pairs for value in pair)
)


@given(
    pen=st.integers(10, 200),
    drawn=st.lists(strokes, min_size=1, max_size=5).map(tuple),
    dataset=st.sampled_from(sorted(PLACINGS)),
)
@settings(max_examples=60, deadline=None)
def test_any_drawing_becomes_an_image_with_ink(pen, drawn, dataset):
    prepared = prepare_drawing(Drawing(pen=pen, strokes=drawn), dataset, DATASETS[dataset])
    assert prepared is not None
    assert prepared.image.shape == GREY
    assert prepared.image.max() >= FAINT
    if dataset == "mnist":
        left, top, right, bottom = ink_box(prepared.image[0])
        assert max(bottom - top, right - left) <= 20


# --- what is drawn from the images is recognised as they are ----------------------------------------


def learn(dataset: Dataset, steps: int) -> nn.Module:
    """A small network, after so many steps on 64 training images each."""
    draw = torch.Generator().manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 5, 2),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, 2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(400, 10),
    )
    with torch.no_grad():
        for weights in network.parameters():
            bound = 1 / max(1, weights[0].numel()) ** 0.5
            weights.uniform_(-bound, bound, generator=draw)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    images, labels = dataset.train.images, dataset.train.labels
    for _ in range(steps):
        batch = torch.randint(len(labels), (64,), generator=draw)
        loss = F.cross_entropy(network(inputs(images[batch], dataset)), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


def inputs(images: Tensor, dataset: Dataset) -> Tensor:
    return normalise(images.float() / 255, dataset.kind)


def drawn_from(image: Grey, where: np.random.Generator) -> Grey:
    """An image drawn anew on the canvas, crisp as a pen draws, of any size and at any place."""
    side = int(where.integers(CANVAS // 2, CANVAS + 1))
    large = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    row, column = where.integers(0, CANVAS + 1 - side, 2)
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    canvas[row : row + side, column : column + side] = np.where(np.asarray(large) > 127, 255, 0)
    return canvas


def recognised(
    dataset: Dataset, network: nn.Module, place: Callable[[Grey], Grey], count: int
) -> tuple[int, int]:
    """How many of the first test images are recognised, as they are and drawn anew."""
    where = np.random.default_rng(0)
    images, labels = dataset.test.images[:count], dataset.test.labels[:count]
    anew = np.stack([place(drawn_from(image, where)) for image in images[:, 0].numpy()])

    def right(x: Tensor) -> int:
        with torch.inference_mode():
            return int((network(inputs(x, dataset)).argmax(1) == labels).sum())

    return right(images), right(torch.from_numpy(anew)[:, None])


def test_the_built_in_digits_drawn_anew_are_recognised():
    """Not quite as they are: their 8×8 counts say little of the strokes that they were made of."""
    dataset = load_dataset("digits")
    original, anew = recognised(dataset, learn(dataset, 300), place_counted, 360)
    assert original >= 342
    assert anew >= 324


@pytest.mark.slow
def test_mnists_digits_drawn_anew_are_recognised():
    if not DATASETS["mnist"].is_here():
        pytest.skip("MNIST is not here: EXPLORER_DATA names no folder with its files")
    dataset = load_dataset("mnist")
    network = learn(dataset, 600)
    original, anew = recognised(dataset, network, place_by_mass, 50)
    assert original >= 47
    assert abs(original - anew) <= 2
    original, anew = recognised(dataset, network, place_by_mass, 1_000)
    assert anew >= original - 15
