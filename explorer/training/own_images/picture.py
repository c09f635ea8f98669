"""One image: decoded by Pillow, and scaled to the shape that a network takes."""

from io import BytesIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Fit = Literal["crop", "pad"]
Pixels = NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
# A photograph of a good camera; decoded it takes 100 MB while it is scaled down.
MAX_PIXELS = 25_000_000
MAX_RATIO, MAX_THIN_PIXELS = 50, 2_000_000  # of the longer side to the shorter, and beyond that
# A progressive JPEG has about ten; with thousands a small file would be decoded for hours.
MAX_SCANS = 100
JPEG, SCAN = b"\xff\xd8\xff", b"\xff\xda"  # how a JPEG begins, and each of its scans
ORIENTATION = 0x0112  # the tag of EXIF that says how the camera was held
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")  # grey of 16 bits


class PictureFault(Exception):
    """The bytes are no image that is taken; the message goes on after the file's name.

    `decoded` is how many pixels were decoded, or begun to be, before that was known.
    """

    def __init__(self, message: str, decoded: int = 0):
        super().__init__(message)
        self.decoded = decoded


def read_picture(data: bytes, shape: tuple[int, int, int], fit: Fit) -> tuple[Pixels, int]:
    """The image in this shape, uint8 (C, H, W), and how many pixels were decoded for it.

    Of an animation it is the first frame. What is transparent becomes white. The image's ratio of
    sides stays: "crop" takes the largest part around the centre, "pad" puts black beside.
    Raises PictureFault.
    """
    if not data:
        raise PictureFault("it has 0 bytes")
    if data.startswith(JPEG) and data.count(SCAN) > MAX_SCANS:
        raise PictureFault(f"it is a JPEG of more than {MAX_SCANS} scans")
    decoded = 0
    try:
        image = _opened(data)
        decoded = image.width * image.height
        image.load()
        return _scaled(image, shape, fit), decoded
    except PictureFault:
        raise
    # Whatever the bytes lead a format's reader to: OSError where it knows, SyntaxError, TypeError,
    # struct.error and more where it does not.
    except Exception:
        raise PictureFault("it is cut off or damaged", decoded) from None


def _opened(data: bytes) -> Image.Image:
    """The image before its pixels are decoded. Raises PictureFault where they are too many."""
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureFault(f"it has more than {MAX_PIXELS:,} pixels") from None
    except Exception:  # see read_picture
        raise PictureFault("it is no PNG, JPEG, BMP, GIF or WebP image") from None
    if image.width * image.height > MAX_PIXELS:
        raise PictureFault(
            f"it has {image.width:,}×{image.height:,} pixels, more than {MAX_PIXELS:,}"
        )
    if not image.width or not image.height:
        raise PictureFault("it has no pixels")
    # A long thin image is not made smaller before it is scaled, so that it would take much memory.
    longer, shorter = max(image.size), min(image.size)
    if longer > MAX_RATIO * shorter and longer * shorter > MAX_THIN_PIXELS:
        raise PictureFault(
            f"it has {image.width:,}×{image.height:,} pixels: one side is more than {MAX_RATIO} "
            "times as long as the other"
        )
    return image


def _scaled(image: Image.Image, shape: tuple[int, int, int], fit: Fit) -> Pixels:
    channels, height, width = shape
    turn = TURNS.get(_orientation(image))
    image = _eight_bits(image)
    # What is far too large is averaged first, so that no step after it takes memory.
    factor = min(image.width, image.height) // (4 * max(height, width))
    if factor > 1:
        image = image.reduce(factor)
    if image.mode == "RGBa":
        image = _on_white(image)
    if turn is not None:
        image = image.transpose(turn)
    image = image.convert("L" if channels == 1 else "RGB")
    pixels = np.asarray(_fitted(image, width, height, fit))  # (H, W) or (H, W, 3)
    return np.ascontiguousarray(pixels.reshape(height, width, channels).transpose(2, 0, 1))


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except Exception:  # EXIF is read as it comes; an image without it is upright
        return 1
    return found if isinstance(found, int) else 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """The image as L, RGB, or RGBa: colours times opacity, which can be averaged."""
    if image.mode in DEEP:
        values = np.asarray(image)
        is_deep = values.max(initial=0) > 255 or image.mode != "I"
        if values.dtype != np.uint16:
            values = np.clip(values, 0, 65_535).astype(np.uint16)
        return Image.fromarray((values >> (8 * is_deep)).astype(np.uint8))
    if image.mode in WITH_ALPHA or "transparency" in image.info:
        return image.convert("RGBA").convert("RGBa")
    return image if image.mode == "L" else image.convert("L" if image.mode == "1" else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    values = np.asarray(image)  # (H, W, 4)
    through = 255 - values[..., 3:]  # (H, W, 1): how much white is seen
    # Damaged colours may be larger than their opacity, so that a sum would be above 255.
    return Image.fromarray(through + np.minimum(values[..., :3], values[..., 3:]))


def _fitted(image: Image.Image, width: int, height: int, fit: Fit) -> Image.Image:
    shrink = (min if fit == "crop" else max)(image.width / width, image.height / height)
    if fit == "crop":
        left = (image.width - width * shrink) / 2
        top = (image.height - height * shrink) / 2
        box = (left, top, image.width - left, image.height - top)
        return image.resize((width, height), Image.Resampling.BILINEAR, box)
    inner = (
        min(width, max(1, round(image.width / shrink))),
        min(height, max(1, round(image.height / shrink))),
    )
    whole = Image.new(image.mode, (width, height))
    place = ((width - inner[0]) // 2, (height - inner[1]) // 2)
    whole.paste(image.resize(inner, Image.Resampling.BILINEAR), place)
    return whole
