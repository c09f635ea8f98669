"""The numbers of an edit: asked for with the key press, by an address of their own, and there before
the page is drawn anew; and as right where that address fails, is slow, or speaks of other images.
"""

import re

import pytest
from playwright.sync_api import Route, expect

from explorer.ui.server.analysis_route import PATH
from tests.browser.conftest import App
from tests.browser.held_wire import HeldWire

pytestmark = pytest.mark.browser

ADDRESS = f"**/{PATH}"
PRESET = "gap-17k"


def edit(app: App, channels: int = 9) -> None:
    """Give the first layer other channels."""
    app.type_into(0, "out_channels", str(channels))


def shape(app: App, channels: int = 9, side: int = 28) -> None:
    """Wait until the first layer has this shape."""
    expect(app.row(0).locator(".shape")).to_have_text(f"{channels}×{side}×{side}")


def hold_questions(app: App) -> list[Route]:
    """From now on questions for numbers wait, and stand here."""
    held: list[Route] = []
    app.page.route(ADDRESS, lambda route: held.append(route))
    return held


def test_the_numbers_come_before_the_page(app: App):
    wire = HeldWire(app)
    app.open()
    app.preset(PRESET)
    total = app.page.locator('[data-total="Parameters"]')
    before = total.inner_text()
    wire.hold()
    edit(app)
    shape(app)
    assert app.row(0).locator(".params").inner_text() == "90"  # 9 kernels of 3×3, 9 biases
    expect(app.page.locator(".editor.asking")).to_have_count(1)  # the page has not heard of it
    edit(app, 11)
    shape(app, 11)
    assert total.inner_text() == before
    wire.release()
    expect(total).not_to_have_text(before)
    shape(app, 11)


def test_the_numbers_come_with_the_page_where_their_address_fails(app: App):
    app.open()
    app.preset(PRESET)
    app.page.route(ADDRESS, lambda route: route.abort())
    edit(app)
    shape(app)
    app.page.unroute(ADDRESS)
    app.page.route(ADDRESS, lambda route: route.fulfill(status=500, body="out of order"))
    edit(app, 11)
    shape(app, 11)
    app.page.unroute(ADDRESS)
    edit(app, 12)
    shape(app, 12)


def test_a_problem_and_its_fix_come_with_the_numbers(app: App):
    wire = HeldWire(app)
    app.open()
    app.preset(PRESET)
    wire.hold()
    app.type_into(0, "kernel_size", "40")
    fix = app.row(0).locator('[data-do="fix"]')
    expect(app.row(0).locator(".shape")).to_have_text("–")
    fix.click()  # though the page has not heard of the stack that it is for
    expect(app.row(0).locator(".shape")).not_to_have_text("–")
    mended = app.row(0).locator(".shape").inner_text()
    wire.release()
    expect(app.page.locator(".editor.asking")).to_have_count(0)
    assert app.row(0).locator(".shape").inner_text() == mended


def test_numbers_that_are_slow_are_dimmed_until_they_come(app: App):
    app.open()
    app.preset(PRESET)
    held = hold_questions(app)
    edit(app)
    expect(app.row(0)).to_have_class(re.compile("waiting"))
    app.until(lambda: held, "the numbers are asked for")
    held[0].continue_()
    shape(app)
    expect(app.page.locator(".row.waiting")).to_have_count(0)


def test_the_numbers_follow_the_images_there_and_back(app: App):
    app.open()
    app.preset(PRESET)
    edit(app)
    shape(app)
    for images, side, params in (("CIFAR-10 ·", 32, "252"), ("MNIST ·", 28, "90")):
        app.images_box.click()
        app.page.get_by_role("option", name=re.compile(f"^{images}")).click()
        shape(app, side=side)
        expect(app.row(0).locator(".params")).to_have_text(params)
        app.settled()  # the list of images is another one after that


def test_numbers_of_images_that_were_there_before_are_not_shown(app: App):
    app.open()
    app.preset(PRESET)
    held = hold_questions(app)
    edit(app)
    app.until(lambda: held, "the numbers are asked for")
    expect(app.page.locator(".editor.asking")).to_have_count(0)
    app.images_box.click()
    app.page.get_by_role("option", name="CIFAR-10 ·").click()
    shape(app, side=32)
    held[0].continue_()
    app.settled()
    shape(app, side=32)
