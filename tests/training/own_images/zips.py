"""Zips of generated images, for tests."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

CLASSES = ("blue", "green", "red")


def picture(
    colour: int, seed: int, size: tuple[int, int] = (24, 20), format: str = "PNG", **options: Any
) -> bytes:
    """An image file, bright in one of its three colours; `size` is width and height."""
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 60, (size[1], size[0], 3)).astype(np.uint8)
    pixels[..., colour] += 160
    return saved(Image.fromarray(pixels), format, **options)


def saved(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def good_files(each: int = 4, around: str = "") -> dict[str, bytes]:
    """Images of three classes in their folders, those again in the folders `around`."""
    return {
        f"{around}{name}/{number}.png": picture(2 - place, 10 * place + number)
        for place, name in enumerate(CLASSES)
        for number in range(each)
    }


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def good_zip(each: int = 4, around: str = "") -> bytes:
    return zipped(good_files(each, around))
