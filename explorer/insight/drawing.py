"""What is drawn by hand, brought to the size and place that a data set's own images have.

A network has only seen images that were made in one way. A drawing of another size, in a corner, or
with a thinner pen is another thing to it, so each drawing is made as its training images were.

The sources, and what was measured on the files:

- MNIST: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits",
  http://yann.lecun.com/exdb/mnist/: "size normalized to fit in a 20x20 pixel box while preserving
  their aspect ratio"; "centered in a 28x28 image by computing the center of mass of the pixels, and
  translating the image so as to position this point at the center". Of the 10,000 test images,
  9,979 are 20 pixels in their longer side, and in all of them the mean place of the mass lies
  within half a pixel of row and column 14, counted from 0: they were moved by whole pixels.
- Digits: E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning
  Repository: bitmaps of 32×32 pixels, made by the programs of M. Garris et al., NISTIR 5469, which
  set a digit upright and make its strokes of one width; of these the pixels in each block of 4×4
  are counted. All 1,797 images reach from the first of the 8 rows to the last, and the ten digits
  have nearly the same ink, 30.5 % of the square in the mean. The explorer enlarges them to 28×28.
- Fashion-MNIST: H. Xiao, K. Rasul, R. Vollgraf, arXiv 1708.07747, figure 1: trimmed, the longer
  side scaled to 28 pixels, the shorter one extended to 28 with the piece in the middle.
- EMNIST: G. Cohen, S. Afshar, J. Tapson, A. van Schaik, arXiv 1702.05373: each character is cut
  out, padded to a square with the character in its middle, given a border of 2 pixels, and scaled
  to 28×28. Not measured on the files.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydantic import BaseModel, ConfigDict, Field, StrictInt, field_validator
from scipy import ndimage

from explorer.training.dataset_files import enlarged_digits
from explorer.training.datasets import DatasetKind

Grey = NDArray[np.uint8]  # (rows, columns), 255 where there is all ink

CANVAS = 280  # pixels of a side, on which strokes are drawn: ten to a pixel of MNIST
UNITS = 1000  # of a side, in which a stroke's points are counted
MAX_STROKES, MAX_POINTS = 200, 6_000  # of a drawing: far more than anybody draws
MIN_STEP = 4  # units from one of a stroke's points to the next, which the browser keeps
FINER = 4  # edges that are drawn so many times larger, and averaged, are smooth
FAINT = 12  # of 255: from here on a pixel is ink, when it is found out where the drawing ends
# Of the picture's side: what is smaller is not enlarged any further, so that a dot stays a dot.
SMALLEST = 0.2
MOST_SLANT = 1.0  # columns a row: what leans further, as a lying 1, is not set upright
DIGITS_INK = 0.305  # share of ink in the built-in digits, measured

Unit = Annotated[StrictInt, Field(ge=0, le=UNITS)]
# x and y of each point in turn; the browser keeps them on the canvas.
Stroke = Annotated[tuple[Unit, ...], Field(min_length=2, max_length=2 * MAX_POINTS)]


class Drawing(BaseModel):
    """Strokes of a round pen on a square canvas."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pen: Annotated[StrictInt, Field(ge=10, le=200)]  # its width, in units
    strokes: Annotated[tuple[Stroke, ...], Field(max_length=MAX_STROKES)]

    @field_validator("strokes")
    @classmethod
    def _check_points(cls, strokes: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
        if any(len(stroke) % 2 for stroke in strokes):
            raise ValueError("a stroke has a point without its y")
        if sum(map(len, strokes)) > 2 * MAX_POINTS:
            raise ValueError(f"a drawing has at most {MAX_POINTS:,} points")
        return strokes


class Prepared(NamedTuple):
    """An image as a network gets it before it is normalised."""

    image: NDArray[np.uint8]  # (channels, rows, columns)
    steps: tuple[str, ...]  # what was done to come to it, in words


# --- strokes --------------------------------------------------------------------------------------


def rasterise(drawing: Drawing) -> Grey:
    """The strokes as pixels: (CANVAS, CANVAS), white ink on black."""
    scale = CANVAS * FINER / UNITS
    picture = Image.new("L", (CANVAS * FINER, CANVAS * FINER))
    pen = ImageDraw.Draw(picture)
    radius = drawing.pen * scale / 2
    for stroke in drawing.strokes:
        points = [(x * scale, y * scale) for x, y in zip(stroke[::2], stroke[1::2], strict=True)]
        if len(points) > 1:
            pen.line(points, 255, round(2 * radius))
        for x, y in points:  # round ends and corners
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return np.asarray(picture.reduce(FINER))


def prepare_drawing(drawing: Drawing, dataset: str, kind: DatasetKind) -> Prepared | None:
    """The strokes as an image of this data set; None where nothing is drawn."""
    return prepare_ink(rasterise(drawing), dataset, kind)


def prepare_ink(ink: Grey, dataset: str, kind: DatasetKind) -> Prepared | None:
    """White ink on black as an image of this data set; None where there is no ink."""
    if ink.max(initial=0) < FAINT:
        return None
    channels, height, width = kind.input_shape
    image: Grey | None
    if placing := PLACINGS.get(dataset):
        image, words = placing.place(ink), f"Cut to its ink, {placing.words}."
    else:
        image = _resized(ink, (0, 0, ink.shape[1], ink.shape[0]), height, width)
        words = f"Scaled to {height}×{width} pixels as a whole."
    if image is None:
        return None
    return Prepared(np.repeat(image[None], channels, axis=0), (words,))


# --- placing --------------------------------------------------------------------------------------


def place_by_mass(ink: Grey) -> Grey | None:
    """As MNIST's digits: fitted into 20×20, with the mean place of its ink in the middle of 28×28.

    It is moved by whole pixels, as all of MNIST's were. None where the ink is so little, and so far
    apart, that nothing of it is left at that size.
    """
    small = _fitted(ink, 20, 20)
    if not small.any():
        return None
    weights = small.astype(np.float64)
    means = [
        (weights.sum(1 - axis) * np.arange(size)).sum() / weights.sum()
        for axis, size in enumerate(small.shape)
    ]
    row, column = (
        min(max(0, round(14 - mean)), 28 - size)  # none of it leaves the square
        for mean, size in zip(means, small.shape, strict=True)
    )
    return _in_square(small, 28, row, column)


def place_whole(ink: Grey) -> Grey | None:
    """As Fashion-MNIST's pieces: the longer side is 28 pixels, the shorter one is in the middle."""
    return _in_middle(_fitted(ink, 28, 28))


def place_in_border(ink: Grey) -> Grey | None:
    """As EMNIST's characters: fitted into 24×24, in the middle of 28×28."""
    return _in_middle(_fitted(ink, 24, 24))


def _in_middle(small: Grey) -> Grey | None:
    """In the middle of 28×28; None where nothing is left of the ink at that size."""
    if not small.any():
        return None
    return _in_square(small, 28, *((28 - size) // 2 for size in small.shape))


def place_counted(ink: Grey) -> Grey | None:
    """As the built-in digits: upright, as high as the image, with as much ink as theirs, counted in
    8×8 blocks, and enlarged to 28×28.
    """
    side = 32 * FINER  # of their bitmaps, drawn finer
    small = _fitted(_upright(ink), side, 28 * FINER)  # kept off the sides, as theirs mostly are
    bitmap = _in_square(small, side, *((side - size) // 2 for size in small.shape)) > 127
    if not bitmap.any():
        return None
    # Each pixel's distance from the ink, below zero inside it: strokes are widened or narrowed, by
    # the same everywhere, until as many pixels are ink as in theirs.
    distance = ndimage.distance_transform_edt(~bitmap) - ndimage.distance_transform_edt(bitmap)
    bitmap = distance <= np.quantile(distance, DIGITS_INK)
    blocks = bitmap.reshape(8, 4 * FINER, 8, 4 * FINER).mean((1, 3))  # 0..1
    return enlarged_digits(np.round(blocks * 16)[None])[0, 0].numpy()


class Placing(NamedTuple):
    """How what is drawn is made like a data set's images, and in words."""

    place: Callable[[Grey], Grey | None]
    words: str


_FILLS = Placing(
    place_whole,
    "scaled so that its longer side fills 28 pixels, the shorter one in the middle, as these "
    "images do",
)
PLACINGS: Mapping[str, Placing] = MappingProxyType(
    {
        "mnist": Placing(
            place_by_mass,
            "scaled to fit 20×20 pixels, and placed in 28×28 with its centre of mass in the "
            "middle, as MNIST's digits were (LeCun, Cortes, Burges)",
        ),
        "digits": Placing(
            place_counted,
            "set upright, scaled to fit 32×28 pixels, with strokes of one width, counted in 8×8 "
            "blocks and enlarged to 28×28, as the built-in digits were (Alpaydin, Kaynak)",
        ),
        "emnist": Placing(
            place_in_border,
            "scaled to fit 24×24 pixels, in the middle of 28×28, as EMNIST's characters were "
            "(Cohen, Afshar, Tapson, van Schaik)",
        ),
        "fashion-mnist": _FILLS,
        "kmnist": _FILLS,
    }
)


def ink_box(ink: Grey) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is ink, right and bottom one past the last."""
    rows, columns = (np.flatnonzero((ink >= FAINT).any(axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _fitted(ink: Grey, most_rows: int, most_columns: int) -> Grey:
    """What is ink, scaled to fit so many rows and columns; its aspect ratio is kept."""
    left, top, right, bottom = ink_box(ink)
    high, wide = bottom - top, right - left
    longest = max(most_rows, most_columns) / (SMALLEST * max(ink.shape))
    scale = min(most_rows / high, most_columns / wide, longest)
    height, width = (max(1, round(size * scale)) for size in (high, wide))
    return _resized(ink, (left, top, right, bottom), height, width)


def _resized(ink: Grey, box: tuple[int, int, int, int], height: int, width: int) -> Grey:
    """The part of the ink in a box (left, top, right, bottom), as so many rows and columns.

    Each pixel is the mean of those that it covers: the grey levels that a scan of crisp ink has at
    its edges. Where it is enlarged, it is interpolated.
    """
    is_enlarged = width > box[2] - box[0]
    how = Image.Resampling.BICUBIC if is_enlarged else Image.Resampling.BOX
    return np.asarray(Image.fromarray(ink).resize((width, height), how, box))


def _in_square(small: Grey, side: int, row: int, column: int) -> Grey:
    """An image whose first pixel comes to this row and column of a black square."""
    square = np.zeros((side, side), np.uint8)
    square[row : row + small.shape[0], column : column + small.shape[1]] = small
    return square


def _upright(ink: Grey) -> Grey:
    """Sheared so that its rows lie straight above each other: ink further down is, in the mean,
    neither further left nor further right.
    """
    left, top, right, bottom = ink_box(ink)
    cut = ink[top:bottom, left:right]
    rows, columns = (np.arange(size) - (size - 1) / 2 for size in cut.shape)
    weights = cut / cut.sum(dtype=np.float64)
    rows = rows - (weights.sum(1) * rows).sum()
    spread = (weights.sum(1) * rows**2).sum()
    slant = (weights * rows[:, None] * columns).sum() / max(spread, 1e-9)
    slant = float(min(max(slant, -MOST_SLANT), MOST_SLANT))
    more = round(abs(slant) * cut.shape[0] / 2) + 1  # columns on each side
    size = (cut.shape[1] + 2 * more, cut.shape[0])
    shear = (1, slant, -more - slant * cut.shape[0] / 2, 0, 1, 0)
    picture = Image.fromarray(cut)
    how = Image.Resampling.BILINEAR
    return np.asarray(picture.transform(size, Image.Transform.AFFINE, shear, how))
