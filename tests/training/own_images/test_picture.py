"""One image: formats, modes, orientation, and how it is scaled."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from explorer.training.own_images.picture import PictureFault, Pixels, read_picture
from tests.training.own_images.zips import picture, saved

COLOUR, GREY = (3, 8, 8), (1, 8, 8)


def quarters(width: int = 16, height: int = 16) -> Image.Image:
    """Red, green, blue and white quarters, as one reads."""
    pixels = np.zeros((height, width, 3), np.uint8)
    up, left = height // 2, width // 2
    pixels[:up, :left] = (255, 0, 0)
    pixels[:up, left:] = (0, 255, 0)
    pixels[up:, :left] = (0, 0, 255)
    pixels[up:, left:] = 255
    return Image.fromarray(pixels)


def read(image: Image.Image, format: str = "PNG", shape=COLOUR, **options) -> Pixels:
    return read_picture(saved(image, format, **options), shape, "crop")[0]


def corners(pixels: Pixels) -> list[list[int]]:
    """The colours of the four corners, as one reads."""
    return [pixels[:, y, x].tolist() for y in (0, -1) for x in (0, -1)]


RED, GREEN, BLUE, WHITE = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]


@pytest.mark.parametrize(
    ("format", "options", "off"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("GIF", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 95}, 12),
    ],
)
def test_formats(format: str, options: dict, off: int) -> None:
    found = read(quarters(), format, **options)
    assert (found.shape, found.dtype) == (COLOUR, np.uint8)
    assert np.abs(np.array(corners(found)) - [RED, GREEN, BLUE, WHITE]).max() <= off


@pytest.mark.parametrize(
    ("image", "pixel"),
    [
        (Image.new("L", (9, 9), 77), [77, 77, 77]),
        (Image.new("1", (9, 9), 1), [255, 255, 255]),
        (Image.new("RGB", (9, 9), (10, 20, 30)), [10, 20, 30]),
        (
            Image.new(
                "P",
                (9, 9),
                0,
            ),
            [0, 0, 0],
        ),
        (Image.new("RGBA", (9, 9), (10, 20, 30, 255)), [10, 20, 30]),
        (Image.new("RGBA", (9, 9), (10, 20, 30, 0)), [255, 255, 255]),
        (Image.new("RGBA", (9, 9), (0, 0, 0, 128)), [127, 127, 127]),
        (Image.new("LA", (9, 9), (0, 0)), [255, 255, 255]),
        (Image.fromarray(np.full((9, 9), 0x4D00, np.uint16)), [77, 77, 77]),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else "",
)
def test_modes(image: Image.Image, pixel: list[int]) -> None:
    assert read(image)[:, 4, 4].tolist() == pixel


def test_a_jpeg_for_printing() -> None:
    found = read(Image.new("CMYK", (9, 9), (0, 255, 255, 0)), "JPEG", quality=95)[:, 4, 4]
    assert found[0] > 200
    assert max(found[1:]) < 60


def test_a_palette_with_a_transparent_colour() -> None:
    image = quarters().quantize(4)
    clear = image.getpixel((0, 0))
    found = corners(read(image, transparency=clear))
    assert found[0] == WHITE
    assert found[1:3] == [GREEN, BLUE]


def test_hidden_colours_do_not_shine_through() -> None:
    """What is transparent has a colour that nobody sees, whatever the image is scaled to."""
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., 0] = 255  # red, transparent
    pixels[:, ::2] = (0, 0, 0, 255)
    found = read(Image.fromarray(pixels))
    assert np.ptp(found.astype(int), axis=0).max() <= 2  # grey throughout


def test_grey_of_a_colour_image() -> None:
    found = read(quarters(), shape=GREY)
    assert found.shape == GREY
    assert [found[0, 0, 0], found[0, 0, -1], found[0, -1, 0], found[0, -1, -1]] == [
        76,
        150,
        29,
        255,
    ]


def test_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue", "lime")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_picture(data, COLOUR, "crop")[0][:, 0, 0].tolist() == RED


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [RED, GREEN, BLUE, WHITE]),
        (2, [GREEN, RED, WHITE, BLUE]),
        (3, [WHITE, BLUE, GREEN, RED]),
        (4, [BLUE, WHITE, RED, GREEN]),
        (5, [RED, BLUE, GREEN, WHITE]),
        (6, [BLUE, RED, WHITE, GREEN]),
        (7, [WHITE, GREEN, BLUE, RED]),
        (8, [GREEN, WHITE, RED, BLUE]),
        (99, [RED, GREEN, BLUE, WHITE]),
    ],
)
def test_it_stands_as_the_camera_was_held(orientation: int, expected: list[list[int]]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert corners(read(quarters(), exif=exif)) == expected


def test_crop_takes_the_middle_and_pad_all_of_it() -> None:
    wide = Image.new("RGB", (32, 16), "blue")
    wide.paste("red", (6, 0, 26, 16))
    data = saved(wide)
    cropped, _ = read_picture(data, COLOUR, "crop")
    assert corners(cropped) == [RED] * 4
    padded, _ = read_picture(data, COLOUR, "pad")
    assert corners(padded) == [[0, 0, 0]] * 4
    assert padded[:, 4, 0].tolist() == BLUE
    assert padded[:, 4, 4].tolist() == RED


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 700), (640, 480), (8, 8)])
@pytest.mark.parametrize("shape", [(1, 8, 96), (3, 96, 8), (3, 33, 32)])
@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_any_size_comes_to_the_shape(size, shape, fit) -> None:
    found, decoded = read_picture(saved(Image.new("RGB", size, "white")), shape, fit)
    assert found.shape == shape
    assert decoded == size[0] * size[1]
    assert found.max() == 255
    assert fit == "pad" or found.min() == 255


def test_an_image_of_the_right_size_stays_as_it_is() -> None:
    draw = np.random.default_rng(0).integers(0, 256, (28, 20, 3)).astype(np.uint8)
    for fit in ("crop", "pad"):
        found, _ = read_picture(saved(Image.fromarray(draw)), (3, 28, 20), fit)
        assert np.array_equal(found.transpose(1, 2, 0), draw)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it has 0 bytes"),
        (b"GIF89a", "is no PNG, JPEG, BMP, GIF or WebP image"),
        (picture(0, 1)[:-30], "it is cut off or damaged"),
        (picture(0, 1, (90, 90), "JPEG")[:-2000], "it is cut off or damaged"),
        (saved(Image.new("RGB", (9, 9)), "TIFF"), "is no PNG, JPEG, BMP, GIF or WebP image"),
        (saved(Image.new("1", (6000, 6000))), "6,000×6,000 pixels, more than 25,000,000"),
        (saved(Image.new("1", (13_000, 13_000))), "pixels"),
    ],
    ids=["empty", "header", "cut PNG", "cut JPEG", "TIFF", "large", "larger than Pillow takes"],
)
def test_what_is_not_taken(data: bytes, words: str) -> None:
    with pytest.raises(PictureFault, match=words):
        read_picture(data, COLOUR, "crop")


def test_a_long_thin_image_of_many_pixels_is_refused() -> None:
    data = saved(Image.new("RGBA", (150_000, 20)))
    with pytest.raises(PictureFault, match="one side is more than 50 times as long"):
        read_picture(data, COLOUR, "crop")


def test_two_bytes_that_begin_a_scan_of_a_jpeg_are_pixels_elsewhere() -> None:
    image = Image.new("RGB", (16, 16), (10, 218, 255))  # as a bitmap: FF DA 0A, 256 times
    assert corners(read(image, "BMP"))[0] == [10, 218, 255]


def test_what_was_decoded_of_a_broken_image_is_told() -> None:
    draw = np.random.default_rng(0)
    whole = saved(Image.fromarray(draw.integers(0, 255, (60, 50, 3)).astype(np.uint8)))
    with pytest.raises(PictureFault, match="cut off") as caught:
        read_picture(whole[: len(whole) // 2], COLOUR, "crop")
    assert caught.value.decoded == 3_000


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGBA", (1500, 1500), (0, 0, 0, 100)),
        Image.fromarray(np.full((1500, 1500), 40_000, np.uint16)),
    ],
    ids=["transparent", "sixteen bits"],
)
def test_no_step_takes_many_bytes_a_pixel(image: Image.Image) -> None:
    data = saved(image)
    tracemalloc.start()
    read_picture(data, (3, 512, 512), "crop")  # no side is far too large, so nothing is averaged
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 12 * 1500 * 1500
