"""Own images of a zip: what is made, divided and told."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.training.own_images import making
from explorer.training.own_images.making import Options, divide, make_own_images
from explorer.training.own_images.problem import OwnImagesError
from tests.training.own_images.zips import CLASSES, good_files, good_zip, picture, saved, zipped


def test_a_good_zip() -> None:
    told: list[tuple[int, int]] = []
    made = make_own_images(good_zip(10), Options((3, 16, 12)), lambda *now: told.append(now))
    assert made.classes == CLASSES
    assert made.train.images.shape == (24, 3, 16, 12)
    assert made.test.images.shape == (6, 3, 16, 12)
    assert made.train_counts == (8, 8, 8)
    assert made.test_counts == (2, 2, 2)
    for split in (made.train, made.test):
        assert split.images.dtype == torch.uint8
        assert split.labels.dtype == torch.int64
        brightest = split.images.float().mean((2, 3)).argmax(1)
        assert torch.equal(2 - brightest, split.labels)
    assert told[0] == (0, 30)
    assert told[-1] == (30, 30)
    assert told == sorted(told)


def test_mean_and_deviation_are_those_of_the_training_images() -> None:
    made = make_own_images(good_zip(10), Options())
    pixels = made.train.images.double() / 255
    assert made.mean == pytest.approx(pixels.mean((0, 2, 3)).tolist(), abs=5e-5)
    assert made.std == pytest.approx(pixels.std((0, 2, 3), correction=0).tolist(), abs=5e-5)


def test_images_of_one_colour_divide_by_nothing() -> None:
    grey = {f"{name}/{n}.png": picture(0, 1, (9, 9)) for name in "ab" for n in range(2)}
    made = make_own_images(zipped(grey), Options((1, 8, 8)))
    assert min(made.std) > 0


def test_the_same_for_the_same_seed_and_another_for_another() -> None:
    first, again, other = (
        make_own_images(good_zip(10), Options((1, 8, 8), seed=seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first.train.images, again.train.images)
    assert torch.equal(first.test.labels, again.test.labels)
    assert not torch.equal(first.test.images, other.test.images)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_each_class_is_divided_alike(share: float, seed: int) -> None:
    counts = (2, 3, 10, 100, 333)
    labels = np.repeat(np.arange(5), counts)
    learn, test = divide(labels, share, seed)
    assert sorted([*learn, *test]) == list(range(len(labels)))
    for label, count in enumerate(counts):
        tested = int((labels[test] == label).sum())
        assert tested == min(count - 1, max(1, round(count * share)))
    # Mixed, as a share of the images is the first of them.
    assert len(set(labels[learn][:60])) > 1


def test_a_few_broken_images_are_left_out_and_told() -> None:
    files = good_files(10) | {"red/bad.png": b"x" * 50, "red/cut.png": picture(0, 1)[:-30]}
    made = make_own_images(zipped(files), Options((1, 8, 8)))
    assert sum(made.train_counts + made.test_counts) == 30
    assert made.notes[0] == (
        "2 of 32 images left out, as they cannot be read; “red/bad.png”: it is no PNG, JPEG, BMP, "
        "GIF or WebP image; “red/cut.png”: it is cut off or damaged"
    )


def test_many_broken_images_are_refused() -> None:
    files = good_files(10) | {f"red/{n}.jpg": b"no image" for n in range(6)}
    with pytest.raises(OwnImagesError, match=r"4 of the first \d+ of 36 images cannot be read; "):
        make_own_images(zipped(files), Options((1, 8, 8)))


def test_a_class_must_keep_an_image_for_each_purpose() -> None:
    files = good_files(10) | {"pink/1.png": picture(0, 1), "pink/2.png": b"broken"}
    with pytest.raises(OwnImagesError, match="“pink” has 1 image that can be read: each needs"):
        make_own_images(zipped(files), Options((1, 8, 8)))


def test_an_uneven_and_a_small_class_are_told() -> None:
    files = good_files(25) | {f"pink/{n}.png": picture(0, n) for n in range(5)}
    made = make_own_images(zipped(files), Options((1, 8, 8)))
    assert made.notes == (
        "uneven: “blue” has 25 images, “pink” 5, so a network gets far by answering with the "
        "large classes",
        "few images: “pink” has 5, so each test image weighs much in the accuracy",
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"input_shape": (2, 8, 8)}, r"1 channel \(grey\) or 3 \(colour\), not 2"),
        ({"input_shape": (1, 7, 8)}, "sides of 8 to 96 pixels, not 7×8"),
        ({"input_shape": (3, 8, 97)}, "sides of 8 to 96 pixels, not 8×97"),
        ({"fit": "stretch"}, "crop or pad"),
        ({"test_share": 0.6}, "5% to 50% of the images can test, not 60%"),
        ({"seed": -1}, "a seed is from 0 to 999,999"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OwnImagesError, match=words):
        make_own_images(good_zip(), Options(**options))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({f"one/{n}.png": b"" for n in range(9)}, "all images are of one class, “one”"),
        (
            {f"{n}/{m}.png": b"" for n in range(101) for m in "ab"},
            "101 classes, and 100 is the most",
        ),
        ({f"{'n' * 61}/1.png": b"", "b/1.png": b""}, "a name of 61 characters: 60 is the most"),
    ],
)
def test_classes_that_are_refused(files: dict[str, bytes], words: str) -> None:
    with pytest.raises(OwnImagesError, match=words):
        make_own_images(zipped(files), Options())


def test_what_all_images_take_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MAX_BYTES", 10_000)
    with pytest.raises(OwnImagesError, match=r"12 images of 3×32×32 take .* up to 3 of them"):
        make_own_images(good_zip(), Options())
    assert make_own_images(good_zip(), Options((1, 8, 8))).train_counts == (3, 3, 3)


@pytest.mark.parametrize("bound", ["MAX_ALL_PIXELS", "MAX_SECONDS"])
def test_what_reading_them_takes_is_bounded(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, bound, 0)
    with pytest.raises(OwnImagesError, match="too large to read all of them here: after 1 of 12"):
        make_own_images(good_zip(), Options())


def test_broken_images_count_in_what_reading_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(0)
    large = saved(Image.fromarray(draw.integers(0, 255, (100, 100, 3)).astype(np.uint8)))
    files = {f"a{number}/{n}.png": large[:-20_000] for number in range(2) for n in range(40)}
    monkeypatch.setattr(making, "MAX_BROKEN_SHARE", 1.0)
    monkeypatch.setattr(making, "MAX_ALL_PIXELS", 50_000)
    with pytest.raises(OwnImagesError, match="too large to read all of them here: after 6 of 80"):
        make_own_images(zipped(files), Options())


def test_the_moments_take_little_memory() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (3_000, 1, 32, 32)).astype(np.uint8)
    tracemalloc.start()
    mean, std = making._moments(pixels)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert mean == pytest.approx([(pixels / 255).mean()], abs=1e-4)
    assert std == pytest.approx([(pixels / 255).std()], abs=1e-4)
    assert most < pixels.nbytes


def test_progress_may_give_up() -> None:
    class Enough(Exception):
        pass

    def give_up(done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        make_own_images(good_zip(), Options(), give_up)
