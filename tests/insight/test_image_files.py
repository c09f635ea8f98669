"""Image files and photographs, made like a data set's images; what is none is refused in a
sentence.
"""

import io
import struct
import zlib
from contextlib import suppress
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from explorer.insight import image_files
from explorer.insight.drawing import CANVAS, Drawing, ink_box, prepare_ink, rasterise
from explorer.insight.image_files import (
    FORMATS,
    MAX_BYTES,
    NoInk,
    UnreadableImage,
    find_ink,
    open_image,
    prepare_picture,
)
from explorer.training.datasets import DATASETS

SEVEN = rasterise(Drawing(pen=80, strokes=((280, 220, 700, 200, 560, 560, 450, 850),)))
MNIST, CIFAR = DATASETS["mnist"], DATASETS["cifar10"]


def encoded(picture: Image.Image, format: str = "PNG", **how) -> bytes:
    written = io.BytesIO()
    picture.save(written, format, **how)
    return written.getvalue()


def noise(side: int) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (side, side), dtype=np.uint8)
    return Image.fromarray(values)


def photo() -> Image.Image:
    """A seven in pencil on paper that lies half in a shadow, with the edge of the table beside
    it, larger than the canvas.
    """
    ink = np.asarray(Image.fromarray(SEVEN).resize((700, 700)), np.float64) / 255
    paper = np.full((1200, 900), 205.0)
    paper -= 60 * np.linspace(0, 1, 900)
    paper[250:950, 100:800] -= 110 * ink
    paper[:40] = 70  # the table
    paper[600:603, 850:853] = 90  # a speck
    paper += np.random.default_rng(0).normal(0, 4, paper.shape)
    grey = paper.clip(0, 255).astype(np.uint8)
    return Image.merge("RGB", [Image.fromarray(grey)] * 3)


def is_like(image: np.ndarray, other: np.ndarray) -> bool:
    """Whether two images show nearly the same, at most a pixel apart."""
    moved = [np.roll(image, by, (1, 2)) for by in product((-1, 0, 1), repeat=2)]
    return max(float(np.corrcoef(each.ravel(), other.ravel())[0, 1]) for each in moved) > 0.95


# --- opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_is_read(format):
    picture = Image.new("RGB", (30, 20), (200, 100, 0))
    found = open_image(encoded(picture, format))
    assert (found.size, found.mode) == ((30, 20), "RGB")
    assert np.abs(np.asarray(found, int)[10, 10] - (200, 100, 0)).max() < 12


def test_a_photograph_is_turned_as_the_camera_noted():
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste("black", (0, 0, 10, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    found = open_image(encoded(picture, "JPEG", exif=exif, quality=95))
    assert found.size == (20, 40)
    assert found.getpixel((10, 3))[0] < 60 < 200 < found.getpixel((10, 30))[0]


def test_what_is_transparent_is_white():
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert open_image(encoded(clear)).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is no image in PNG, JPEG, WEBP, BMP or GIF"),
        (b"hello", "the file is no image"),
        (b"%PDF-1.7", "the file is no image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "the file is no image"),
        (encoded(Image.new("RGB", (9, 9)), "TIFF"), "the file is no image"),
        (encoded(noise(64))[:900], "the image is damaged"),
        (b"x" * (MAX_BYTES + 1), "at most 8 MB are read"),
    ],
)
def test_what_is_no_image_is_refused_in_a_sentence(content, message):
    with pytest.raises(UnreadableImage, match=message):
        open_image(content)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes that claims to be so large."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("sides", [(60_000, 60_000), (5_001, 5_000), (2**31 - 1, 2**31 - 1)])
def test_an_image_that_claims_to_be_huge_is_not_decoded(sides, monkeypatch):
    monkeypatch.setattr(image_files, "_on_white", None)  # whoever decodes it fails otherwise
    with pytest.raises(UnreadableImage, match="pixels; at most 25 million are read"):
        open_image(bomb(*sides))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_file_with_any_bytes_changed_is_an_image_or_refused(data):
    content = bytearray(encoded(noise(24), data.draw(st.sampled_from(FORMATS))))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableImage):
        assert open_image(bytes(content)).mode == "RGB"


# --- ink ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", ["mnist", "digits"])
def test_a_seven_on_paper_is_the_seven_that_was_drawn(dataset):
    kind = DATASETS[dataset]
    drawn = prepare_ink(SEVEN, dataset, kind)
    found = prepare_picture(photo(), dataset, kind)
    assert is_like(found.image, drawn.image)
    assert found.steps[0] == "The paper's light was evened out; dark on light was inverted."


def test_chalk_on_a_board_is_kept_as_it_is():
    board = np.asarray(photo().convert("L"))
    chalk = Image.fromarray(255 - board).convert("RGB")
    found = prepare_picture(chalk, "mnist", MNIST)
    assert is_like(found.image, prepare_ink(SEVEN, "mnist", MNIST).image)
    assert "light on dark was kept" in found.steps[0]


@pytest.mark.parametrize("inverted", [False, True])
def test_a_drawn_image_is_taken_as_it_is(inverted):
    picture = Image.fromarray(255 - SEVEN if inverted else SEVEN).convert("RGB")
    found = prepare_picture(open_image(encoded(picture)), "mnist", MNIST)
    assert np.array_equal(found.image, prepare_ink(SEVEN, "mnist", MNIST).image)


def test_an_image_of_the_data_set_itself_stays_as_it_is():
    image = prepare_ink(SEVEN, "mnist", MNIST).image
    again = prepare_picture(Image.fromarray(image[0]).convert("RGB"), "mnist", MNIST).image
    assert is_like(again, image)


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", (50, 50), "white"),
        Image.new("RGB", (1, 1)),
        Image.new("RGB", (3, 400), (9, 9, 9)),
        photo().crop((100, 1000, 800, 1200)),  # paper alone
    ],
)
def test_where_nothing_is_drawn_it_is_said(picture):
    with pytest.raises(NoInk, match="nothing stands out"):
        find_ink(picture)


# --- photographs ----------------------------------------------------------------------------------


def test_for_photographs_the_middle_is_taken_in_colour():
    picture = Image.new("RGB", (300, 100), "red")
    picture.paste((0, 200, 0), (100, 0, 200, 100))
    found = prepare_picture(picture, "cifar10", CIFAR)
    assert found.image.shape == CIFAR.input_shape
    assert (found.image == np.array([0, 200, 0]).reshape(3, 1, 1)).all()
    assert found.steps == ("The middle of it, scaled to 32×32 pixels.",)


def test_of_a_grey_data_set_it_is_made_grey(tiny):
    found = prepare_picture(Image.new("RGB", (30, 10), (90, 90, 90)), "tiny", tiny.kind)
    assert found.image.shape == tiny.kind.input_shape
    assert (found.image == 90).all()
    assert found.steps[0].startswith("Made grey.")


def test_the_canvas_is_no_larger_than_what_is_worked_on():
    """A drawing that is saved and opened again keeps its size."""
    assert CANVAS <= image_files.WORKED_ON
    assert ink_box(find_ink(Image.fromarray(SEVEN).convert("RGB")).ink) == ink_box(SEVEN)
