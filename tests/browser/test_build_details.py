"""What the Build page draws and writes down: windows larger than the image, images that stand in,
the address.
"""

import itertools

import pytest
from playwright.sync_api import expect

from explorer.link import Shared, encode
from explorer.presets import load_presets
from tests.browser.conftest import App, box_of

pytestmark = pytest.mark.browser


def test_a_window_larger_than_the_image_is_drawn_with_open_sides(app: App):
    app.open()
    app.preset("strided-20k")
    app.page.get_by_test_id("stMain").locator('[data-layer-index="20"]').click(
        position={"x": 60, "y": 8}
    )
    expect(app.page.locator("figcaption .facts")).to_contain_text("45×45 in theory")
    expect(app.page.locator(".overlay .window")).to_have_count(4)
    expect(app.page.locator(".overlay .window.beyond")).to_have_count(4)
    app.settled()
    frame = box_of(app.page.locator(".overlay"))
    for index in range(4):
        side = box_of(app.page.locator(".overlay .window").nth(index))
        assert frame["x"] <= side["x"] <= side["x"] + side["width"] <= frame["x"] + frame["width"]
        assert frame["y"] <= side["y"] <= side["y"] + side["height"] <= frame["y"] + frame["height"]
    expect(app.page.locator("figcaption .facts")).to_contain_text("not applicable: one unit")
    app.page.locator('[data-layer-index="0"]').click(position={"x": 60, "y": 8})
    expect(app.page.locator(".overlay .window.beyond")).to_have_count(0)
    expect(app.page.locator(".overlay .window")).to_have_count(4)


def test_images_that_stand_in_for_others_are_said_to(app: App):
    app.open()
    app.images_box.click()
    app.page.get_by_role("option", name="CIFAR-10 ·").click()
    toast = app.page.get_by_test_id("stToast")
    expect(toast).to_contain_text("To undo, choose MNIST.")
    # It is read without another click.
    expect(toast.get_by_test_id("stToastViewButton")).to_have_count(0)
    expect(app.page.locator("[data-part=image-caption]")).to_have_text("Digits (stand-in)")
    expect(app.page.locator("figcaption .note")).to_contain_text(
        "the images of CIFAR-10 are not on this server yet"
    )


def test_the_address_is_changed_seldom_and_in_the_end_holds_the_last_edit(app: App):
    app.page.add_init_script(
        """
        window.changes = [];
        const replace = history.replaceState.bind(history);
        history.replaceState = (...how) => { changes.push(performance.now()); replace(...how); };
        """
    )
    app.open()
    before = app.page.evaluate("changes.length")
    value = 10
    while app.page.evaluate("changes.length") < before + 4:  # an edit a frame
        value += 1
        assert value < 5000
        app.type_into(0, "out_channels", str(value))
        app.next_frame()
    preset = load_presets()["adaptive-pool-16k"]
    first, *others = preset.architecture.layers
    layers = (first.model_copy(update={"out_channels": value}), *others)
    work = Shared(
        preset.architecture.model_copy(update={"layers": layers}), preset.recipe, start=preset.id
    )
    expect(app.page).to_have_url(f"{app.url}/?a={encode(work)}")
    times = app.page.evaluate("changes")[before:]
    assert all(later - earlier > 300 for earlier, later in itertools.pairwise(times))
    app.page.reload()
    app.settled()
    expect(app.row(0).locator('input[name="out_channels"]')).to_have_value(str(value))
