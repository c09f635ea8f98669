"""Own images of a zip: read, scaled, and divided into training and test images by a seed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.text import bytes_text, counted, quoted, size_text
from explorer.training.dataset_files import Split
from explorer.training.own_images.kept import MAX_CLASS_NAME
from explorer.training.own_images.names import (
    FEWEST_CLASSES,
    LEAST_SIDE,
    MOST_CLASSES,
    MOST_SIDE,
)
from explorer.training.own_images.picture import Fit, PictureFault, Pixels, read_picture
from explorer.training.own_images.problem import OwnImagesError
from explorer.training.own_images.zip_file import FileFault, Found, ImageZip, place_text

# Bytes of all images once they are scaled: what a data set takes of a server's memory and disk.
MAX_BYTES = 100_000_000
# Pixels of all images before that, and seconds: what they take of its processor.
MAX_ALL_PIXELS = 2_000_000_000
MAX_SECONDS = 180.0
# Of a few broken images among many the rest is taken, and told; of more than this share something
# is wrong with the zip.
MAX_BROKEN_SHARE = 0.1
FEWEST_OF_A_CLASS = 2  # one to learn, one to test
LEAST_TEST_SHARE, MOST_TEST_SHARE = 0.05, 0.5
MAX_SEED = 999_999
NAMED = 3  # broken images in a note
FEW = 20  # of a class: below that, a note says that an accuracy means little
UNEVEN = 5  # times as many of the largest class as of the smallest: a note says so
SOME = 256  # images
LEAST_STD = 0.01  # of images that are all of one colour, so that nothing is divided by 0

# Files read so far, and all of them. It may raise, to give up.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """What is made of the images. `check` says which values these may have."""

    input_shape: tuple[int, int, int] = (3, 32, 32)
    fit: Fit = "crop"
    test_share: float = 0.2
    seed: int = 0

    def check(self) -> None:
        """Raises OwnImagesError."""
        channels, *sides = self.input_shape
        if channels not in (1, 3):
            raise OwnImagesError(f"images have 1 channel (grey) or 3 (colour), not {channels}")
        if not all(LEAST_SIDE <= side <= MOST_SIDE for side in sides):
            raise OwnImagesError(
                f"images have sides of {LEAST_SIDE} to {MOST_SIDE} pixels, not {size_text(sides)}"
            )
        if self.fit not in ("crop", "pad"):
            raise OwnImagesError("images are fitted by crop or pad")
        if not LEAST_TEST_SHARE <= self.test_share <= MOST_TEST_SHARE:
            raise OwnImagesError(
                f"{LEAST_TEST_SHARE:.0%} to {MOST_TEST_SHARE:.0%} of the images can test, "
                f"not {self.test_share:.0%}"
            )
        if not 0 <= self.seed <= MAX_SEED:
            raise OwnImagesError(f"a seed is from 0 to {MAX_SEED:,}, not {self.seed:,}")


@dataclass(frozen=True, eq=False)
class Made:
    """Own images before they are kept. Counts are of each class in turn."""

    classes: tuple[str, ...]
    options: Options
    mean: tuple[float, ...]  # of the training images, 0 to 1, one a channel
    std: tuple[float, ...]
    train: Split
    test: Split
    notes: tuple[str, ...]

    @property
    def train_counts(self) -> tuple[int, ...]:
        return _counts(self.train, len(self.classes))

    @property
    def test_counts(self) -> tuple[int, ...]:
        return _counts(self.test, len(self.classes))


def _counts(split: Split, classes: int) -> tuple[int, ...]:
    return tuple(split.labels.bincount(minlength=classes).tolist())


def make_own_images(
    data: bytes, options: Options, progress: Progress = lambda done, total: None
) -> Made:
    """The images of a zip, the same for the same bytes and options. Raises OwnImagesError."""
    options.check()
    archive = ImageZip(data)
    found = archive.contents()
    _check_classes(found.classes)
    size = len(found.images) * prod(options.input_shape)
    if size > MAX_BYTES:
        most = MAX_BYTES // prod(options.input_shape)
        raise OwnImagesError(
            f"{len(found.images):,} images of {size_text(options.input_shape)} take "
            f"{bytes_text(size)}, and {bytes_text(MAX_BYTES)} is the most: "
            f"choose smaller images, or take up to {most:,} of them"
        )
    pixels, labels, broken = _read(archive, found, options, progress)
    notes = (*found.notes, *_broken_note(broken, len(found.images)))
    counts = np.bincount(labels, minlength=len(found.classes))
    for name, count in zip(found.classes, counts, strict=True):
        if count < FEWEST_OF_A_CLASS:
            raise OwnImagesError(
                f"the class {quoted(name)} has {counted(int(count), 'image')} that can be read: "
                f"each needs at least {FEWEST_OF_A_CLASS}, one to learn and one to test"
            )
    learn, test = divide(labels, options.test_share, options.seed)
    train = Split(torch.from_numpy(pixels[learn]), torch.from_numpy(labels[learn]))
    mean, std = _moments(train.images.numpy())
    return Made(
        found.classes,
        options,
        mean,
        std,
        train,
        Split(torch.from_numpy(pixels[test]), torch.from_numpy(labels[test])),
        (*notes, *_balance_notes(found.classes, counts.tolist())),
    )


def _check_classes(classes: Sequence[str]) -> None:
    if len(classes) < FEWEST_CLASSES:
        raise OwnImagesError(
            f"all images are of one class, {quoted(classes[0])}: there must be at least two, "
            "a folder for each"
        )
    if len(classes) > MOST_CLASSES:
        raise OwnImagesError(
            f"there are {len(classes):,} classes, and {MOST_CLASSES} is the most. Is each folder, "
            "or each label of the table, a class?"
        )
    for name in classes:
        if len(name) > MAX_CLASS_NAME:
            raise OwnImagesError(
                f"the class {quoted(name)} has a name of {len(name)} characters: "
                f"{MAX_CLASS_NAME} is the most"
            )


def _read(
    archive: ImageZip, found: Found, options: Options, progress: Progress
) -> tuple[Pixels, NDArray[np.int64], list[str]]:
    """Pixels (N, C, H, W) and classes (N,) of the images that can be read, and what is wrong with
    the others.
    """
    pixels = np.empty((len(found.images), *options.input_shape), np.uint8)
    labels: list[int] = []
    broken: list[str] = []
    decoded, begun = 0, time.monotonic()
    for number, (entry, label) in enumerate(found.images):
        progress(number, len(found.images))
        try:
            image, count = read_picture(archive.read(entry), options.input_shape, options.fit)
        except (FileFault, PictureFault) as fault:
            decoded += fault.decoded if isinstance(fault, PictureFault) else 0
            broken.append(f"{place_text(entry.filename)}: {fault}")
            if len(broken) > max(1, MAX_BROKEN_SHARE * len(found.images)):
                _refuse_broken(broken, number + 1, len(found.images))
        else:
            decoded += count
            pixels[len(labels)] = image
            labels.append(label)
        # Broken ones took their time too.
        if decoded > MAX_ALL_PIXELS or time.monotonic() - begun > MAX_SECONDS:
            raise OwnImagesError(
                f"the images are too large to read all of them here: after {number + 1:,} of "
                f"{len(found.images):,} they have {decoded / 1e6:,.0f} million pixels. "
                "Make them smaller first, as they are scaled down here anyway"
            )
    progress(len(found.images), len(found.images))
    return pixels[: len(labels)], np.array(labels, np.int64), broken


def _refuse_broken(broken: list[str], read: int, images: int) -> None:
    raise OwnImagesError(
        f"{len(broken)} of the first {read:,} of {images:,} images cannot be read; "
        f"{_listed(broken)}. More than {MAX_BROKEN_SHARE:.0%} are too many to leave out: "
        "mend or delete them, and make the zip again"
    )


def _broken_note(broken: list[str], images: int) -> tuple[str, ...]:
    if not broken:
        return ()
    return (
        f"{len(broken)} of {images:,} images left out, as they cannot be read; {_listed(broken)}",
    )


def _listed(broken: list[str]) -> str:
    more = f" and {len(broken) - NAMED} more" if len(broken) > NAMED else ""
    return "; ".join(broken[:NAMED]) + more


def divide(
    labels: NDArray[np.int64], test_share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of the training and of the test images, each in an order drawn by the seed.

    Of each class the same share tests, at least one image, and at least one is left to learn.
    """
    draw = np.random.default_rng(seed)
    learn, test = [], []
    for label in range(int(labels.max()) + 1):
        places = draw.permutation(np.flatnonzero(labels == label))
        count = min(len(places) - 1, max(1, round(len(places) * test_share)))
        test.append(places[:count])
        learn.append(places[count:])
    return draw.permutation(np.concatenate(learn)), draw.permutation(np.concatenate(test))


def _moments(pixels: Pixels) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel, of pixels from 0 to 1, to four digits."""
    values = np.arange(256) / 255
    means, deviations = [], []
    for channel in range(pixels.shape[1]):
        # By how often each value comes, so that no copy in floating point is made; some images at
        # a time, as numpy counts in eight bytes a value.
        parts = (pixels[first : first + SOME, channel] for first in range(0, len(pixels), SOME))
        counts = np.zeros(256, np.int64)
        for part in parts:
            counts += np.bincount(part.reshape(-1), minlength=256)
        mean = float((counts * values).sum() / counts.sum())
        variance = float((counts * (values - mean) ** 2).sum() / counts.sum())
        means.append(round(mean, 4))
        deviations.append(max(LEAST_STD, round(variance**0.5, 4)))
    return tuple(means), tuple(deviations)


def _balance_notes(classes: Sequence[str], counts: list[int]) -> tuple[str, ...]:
    least, most = min(counts), max(counts)
    fewest = quoted(classes[counts.index(least)])
    notes = []
    if most >= UNEVEN * least:
        notes.append(
            f"uneven: {quoted(classes[counts.index(most)])} has {most:,} images, {fewest} "
            f"{least:,}, so a network gets far by answering with the large classes"
        )
    if least < FEW:
        notes.append(
            f"few images: {fewest} has {least:,}, so each test image weighs much in the accuracy"
        )
    return tuple(notes)
