"""An image file or a photograph, made like the images that a data set holds.

Nothing of a file is decoded before its size is known: a few bytes may claim to be a picture of many
gigabytes.
"""

import io
import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from scipy import ndimage

from explorer.insight.drawing import PLACINGS, Grey, Prepared, prepare_ink
from explorer.refusal import Refusal
from explorer.training.datasets import DatasetKind

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
MAX_BYTES = 8_000_000
MAX_PIXELS = 25_000_000  # a telephone's photograph; 75 MB while it is decoded
WORKED_ON = 560  # pixels of the longer side, to which a larger picture is made smaller first
FAINTEST = 16  # of 255: ink that differs less from the paper is none
# A border is plain where so large a share of it is within so many of 255 greys of its middle one:
# what is drawn may reach it.
PLAIN, PLAIN_SHARE = 6, 0.8
SPECK = 0.05  # of the largest piece of ink: what has less area is dirt
# The largest window in which paper is looked for around a stroke: wider than any stroke.
WINDOW = 1 / 5  # of the picture's side


class UnreadableImage(Refusal):
    """The file is no image that can be used; the message says why."""


class NoInk(Refusal):
    """Nothing is drawn in the picture; the message says so."""


def open_image(content: bytes) -> Image.Image:
    """The picture in a file, in RGB and turned as the camera noted. Raises UnreadableImage."""
    if len(content) > MAX_BYTES:
        size = f"{len(content) / 1e6:.1f} MB"
        raise UnreadableImage(f"the file has {size}; at most {MAX_BYTES // 1_000_000} MB are read")
    try:
        with warnings.catch_warnings():
            # Pillow's own bound is above ours, and says so in warnings.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise UnreadableImage(
                        f"the image has {picture.width:,}×{picture.height:,} pixels; "
                        f"at most {MAX_PIXELS // 1_000_000} million are read"
                    )
                # A photograph is decoded at a fraction of its size, where its format can.
                picture.draft("RGB", (2 * WORKED_ON, 2 * WORKED_ON))
                return _on_white(ImageOps.exif_transpose(picture))
    except UnreadableImage:
        raise
    except Image.DecompressionBombError:
        most = f"at most {MAX_PIXELS // 1_000_000} million are read"
        raise UnreadableImage(f"the image has too many pixels; {most}") from None
    except UnidentifiedImageError:
        named = ", ".join(FORMATS[:-1]) + f" or {FORMATS[-1]}"
        raise UnreadableImage(f"the file is no image in {named}") from None
    # Whatever else a decoder finds wrong, of which each has errors of its own.
    except Exception:
        raise UnreadableImage("the image is damaged: it cannot be read to its end") from None


def _on_white(picture: Image.Image) -> Image.Image:
    """What is transparent is seen as on white paper."""
    picture.thumbnail((4 * WORKED_ON, 4 * WORKED_ON), Image.Resampling.BOX)
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")


def prepare_picture(picture: Image.Image, dataset: str, kind: DatasetKind) -> Prepared:
    """A picture in RGB as an image of this data set.

    Raises NoInk where the data set is one of drawings and nothing is drawn in it.
    """
    if dataset in PLACINGS:
        found = find_ink(picture)
        prepared = prepare_ink(found.ink, dataset, kind)
        if prepared is None:
            raise NoInk("nothing stands out from the background of this picture")
        return Prepared(prepared.image, (*found.steps, *prepared.steps))
    channels, height, width = kind.input_shape
    fitted = ImageOps.fit(picture, (width, height), Image.Resampling.BOX)
    pixels = np.asarray(fitted if channels == 3 else fitted.convert("L"))
    image = pixels.reshape(height, width, channels).transpose(2, 0, 1)
    colours = "" if channels == 3 else "Made grey. "
    steps = f"{colours}The middle of it, scaled to {height}×{width} pixels."
    return Prepared(np.ascontiguousarray(image), (steps,))


# --- ink on paper ---------------------------------------------------------------------------------


class Ink(NamedTuple):
    """What is drawn in a picture."""

    ink: Grey
    steps: tuple[str, ...]  # how it was found, in words


def find_ink(picture: Image.Image) -> Ink:
    """What stands out from the background, white on black: a plain background's colour is taken
    away; of a photograph, the paper around each stroke. Raises NoInk.
    """
    grey = _grey(picture)
    border = np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))
    background = float(np.median(border))
    is_plain = float((np.abs(border - background) <= PLAIN).mean()) >= PLAIN_SHARE
    if is_plain:
        step = "Its background is plain"
        differs, is_light = np.abs(grey - background), background > grey.mean()
    else:
        is_light = float(np.median(grey)) > _otsu(grey)
        differs, step = _stand_out(grey, is_light), "The paper's light was evened out"
    threshold = _otsu(differs)
    if threshold < FAINTEST / 2 or differs.max() < FAINTEST:
        raise NoInk("nothing stands out from the background of this picture")
    if is_plain:
        ink = differs * (255 / differs.max())
    else:  # a soft edge on both sides of the threshold
        ink = (differs / threshold - 0.5).clip(0, 1) * 255
        ink[~_large_pieces(differs > threshold)] = 0
    inverted = "dark on light was inverted" if is_light else "light on dark was kept"
    return Ink(np.rint(ink).astype(np.uint8), (f"{step}; {inverted}.",))


def _grey(picture: Image.Image) -> NDArray[np.float64]:
    small = picture.convert("L")
    small.thumbnail((WORKED_ON, WORKED_ON), Image.Resampling.BOX)
    return np.asarray(small, np.float64)


def _stand_out(grey: NDArray[np.float64], is_light: bool) -> NDArray[np.float64]:
    """How much each pixel differs from the paper near it, which may lie in a shadow."""
    size = max(3, round(max(grey.shape) * WINDOW))
    paper = ndimage.grey_closing if is_light else ndimage.grey_opening
    smooth = ndimage.gaussian_filter(grey, 1.0)
    return np.asarray(np.abs(paper(smooth, size=(size, size)) - smooth))


def _otsu(values: NDArray[np.float64]) -> float:
    """The threshold between 0 and 255 that parts values into two classes with the least variance
    within them (N. Otsu, 1979).
    """
    counts = np.bincount(values.astype(np.uint8).ravel(), minlength=256).astype(np.float64)
    below = counts.cumsum()
    sums = (counts * np.arange(256)).cumsum()
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    best = np.nan_to_num(apart)
    return float(np.flatnonzero(best == best.max()).mean()) + 0.5  # the middle of a gap


def _large_pieces(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The connected pieces of ink that are no specks, with what is right beside them; not those at
    the border, where there are others: the edge of the paper, or what lies beside it.
    """
    pieces, count = ndimage.label(ink, np.ones((3, 3)))
    areas = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    at_border = np.unique(np.concatenate((pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1])))
    inner = np.setdiff1d(np.arange(1, count + 1), at_border)
    candidates = inner if inner.size else np.arange(1, count + 1)
    largest = areas[candidates - 1].max(initial=0)
    kept = [piece for piece in candidates if areas[piece - 1] >= SPECK * largest]
    return np.asarray(ndimage.binary_dilation(np.isin(pieces, kept), iterations=2))
