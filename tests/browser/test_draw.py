"""Drawing a seven for a network that has just been trained, by mouse and by keyboard."""

import io
import re

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from explorer.assignment.assignment import Assignment
from explorer.insight.drawing import MAX_STROKES
from explorer.link import PARAMETER, Shared, encode
from explorer.training.recipe import parse_recipe
from tests.browser.conftest import App, box_of
from tests.tiny import linear, network

pytestmark = pytest.mark.browser

NETWORK = network(
    {"kind": "Conv2d", "out_channels": 8, "kernel_size": 5, "stride": 2},
    "ReLU",
    {"kind": "Conv2d", "out_channels": 16, "kernel_size": 3, "stride": 2},
    "ReLU",
    "Flatten",
    linear(10),
    shape=(1, 28, 28),
)
RECIPE = parse_recipe(
    {
        "dataset": "digits",
        "epochs": 8,
        "batch_size": 32,
        "optimizer": {"kind": "Adam", "lr": 0.003},
    }
)
# Shares of the canvas's side.
SEVEN = ((0.28, 0.22), (0.45, 0.21), (0.72, 0.2), (0.62, 0.45), (0.52, 0.65), (0.45, 0.85))


@pytest.fixture
def trained(app: App) -> App:
    """A network that knows the built-in digits, and the canvas for it."""
    shared = Shared(NETWORK, RECIPE, Assignment())
    app.open(f"/?page=train&{PARAMETER}={encode(shared)}")
    app.start_training()
    expect(app.run_status).to_have_text("finished")
    app.settled()
    app.choice("Draw").click()
    app.settled()
    expect(app.page.locator(".ink")).to_be_visible()
    return app


def draw(app: App) -> None:
    ink = app.page.locator(".ink")
    ink.scroll_into_view_if_needed()
    box = box_of(ink)
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
    app.page.mouse.move(*places[0])
    app.page.mouse.down()
    for place in places[1:]:
        app.page.mouse.move(*place, steps=4)
    app.page.mouse.up()


def expect_seven(app: App) -> None:
    best = app.page.locator(".chances .best")
    expect(best.locator(".name")).to_have_text("7")
    expect(best.locator(".chance")).to_have_text(re.compile(r"^([5-9]\d|100)\.\d %$"))


def maps_of(app: App, layer: int) -> set[int]:
    """The greys in a layer's picture."""
    found: list[int] = app.page.locator(f'[data-layer="{layer}"] canvas').evaluate(
        """canvas => [...new Set(canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data.filter((_, i) => i % 4 === 0))]"""
    )
    return set(found)


def test_a_seven_drawn_by_mouse_is_recognised_and_its_maps_are_shown(trained):
    app, page = trained, trained.page
    expect(page.locator(".seen .words")).to_have_text("Nothing is drawn yet.")
    draw(app)
    expect_seven(app)
    expect(page.locator(".seen .words")).to_contain_text("as the built-in digits were")
    expect(page.locator(".seen canvas")).to_have_attribute("data-seen", "true")
    assert [len(maps_of(app, layer)) > 2 for layer in range(6)] == [True] * 6
    # A unit of the second convolution, on the drawing.
    app.settled()
    page.locator('[data-layer="2"]').click()
    expect(page.locator('[data-layer="2"]')).to_have_attribute("aria-pressed", "true")
    figure = page.locator("figure.figure")
    expect(figure.locator("[data-part=image-caption]")).to_have_text("Your drawing")
    expect(figure.locator(".sees")).to_have_text("Unit (row 2, column 2) sees 9×9 pixels")
    expect(figure.locator('[data-part="units-caption"]')).to_have_text("5×5 units")
    expect(figure.locator(".range")).to_have_text(re.compile(r" to "))
    expect(figure.locator(".next")).to_be_hidden()
    # It stays while another view is looked at.
    app.choice("Curves").click()
    app.settled()
    expect(page.locator(".ink")).to_have_count(0)
    app.choice("Draw").click()
    expect_seven(app)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".seen .words")).to_have_text("Nothing is drawn yet.")
    expect(page.locator(".chances .best")).to_have_count(0)


def test_a_photo_of_a_seven_is_recognised(trained):
    app, page = trained, trained.page
    app.choice("Image file").click()
    app.settled()
    expect(page.locator(".ink")).to_have_count(0)
    page.locator(".st-key-draw-view input[type=file]").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": photo_of_a_seven()}
    )
    expect_seven(app)
    expect(page.locator(".seen .words")).to_contain_text("dark on light was inverted")
    expect(page.locator(".photo")).to_be_visible()
    expect(page.locator("[data-part=image-caption]")).to_have_text("Your image")
    app.choice("Curves").click()
    app.settled()
    expect(page.locator(".photo")).to_have_count(0)
    app.choice("Draw").click()
    expect_seven(app)
    expect(page.locator(".photo")).to_be_visible()
    expect(page.get_by_text("Still shown: seven.png")).to_be_visible()
    app.settled()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator(".photo")).to_have_count(0)
    expect(page.get_by_text("Still shown")).to_have_count(0)
    app.settled()
    page.locator(".st-key-draw-view input[type=file]").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": photo_of_a_seven()}
    )
    expect(page.locator(".photo")).to_be_visible()
    app.settled()
    page.get_by_role("button", name="Remove seven.png").click()
    expect(page.locator(".photo")).to_have_count(0)
    app.settled()
    page.locator(".st-key-draw-view input[type=file]").set_input_files(
        {"name": "none.png", "mimeType": "image/png", "buffer": b"no image"}
    )
    expect(page.get_by_text("This file cannot be used: the file is no image")).to_be_visible()
    app.choice("Canvas").click()
    app.settled()
    draw(app)
    expect_seven(app)


def photo_of_a_seven() -> bytes:
    """Of the one that is drawn, on grey paper."""
    picture = Image.new("L", (600, 600), 210)
    pen = ImageDraw.Draw(picture)
    pen.line([(600 * x, 600 * y) for x, y in SEVEN], 40, 48, joint="curve")
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def test_a_seven_is_drawn_by_keyboard_alone(trained):
    app, page = trained, trained.page
    ink = page.locator(".ink")
    page.get_by_role("radio", name="Draw", exact=True).or_(
        page.get_by_role("button", name="Draw", exact=True)
    ).first.focus()
    for _ in range(20):
        if ink.evaluate("ink => ink.getRootNode().activeElement === ink"):
            break
        page.keyboard.press("Tab")
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    for _ in range(16):
        page.keyboard.press("ArrowRight")
    for step in range(24):
        page.keyboard.press("ArrowDown")
        if step % 2:
            page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    expect_seven(app)
    app.settled()
    page.keyboard.press("Control+z")
    expect(page.locator(".seen .words")).to_have_text("Nothing is drawn yet.")


def test_a_drawing_that_can_take_no_more_says_so(trained):
    page, full = trained.page, trained.page.locator(".full")
    ink = page.locator(".ink")
    ink.focus()
    for _ in range(MAX_STROKES):
        expect(full).to_be_empty()
        page.keyboard.press(" ")
        page.keyboard.press(" ")
    expect(full).to_have_text("No more can be drawn: undo a stroke, or clear the canvas.")
    page.keyboard.press("Control+z")
    expect(full).to_be_empty()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".seen .words")).to_have_text("Nothing is drawn yet.")
