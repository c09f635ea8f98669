"""The stack of layers at every width: nothing is printed over anything else, and typing moves no
row.
"""

from collections.abc import Sequence

import pytest
from playwright.sync_api import Browser, Locator, expect

from explorer.link import PARAMETER, Shared, encode
from explorer.network.architecture_json import parse_architecture
from explorer.presets import load_presets
from explorer.training.recipe import Recipe
from tests.browser.conftest import App, Server, box_of, open_app
from tests.contrast import contrast

pytestmark = pytest.mark.browser

# The windows of phones, of a projector whose page is enlarged to 150, 125 and 100 %, and of desks.
WIDTHS = [320, 390, 480, 560, 641, 683, 800, 820, 900, 1024, 1280, 1440, 2560]

# Long names, wide numbers, every argument on the row and some that are not at their default.
WIDE = {
    "schema_version": 1,
    "name": "Wide",
    "input_shape": [3, 64, 64],
    "layers": [
        {
            "kind": "Conv2d",
            "out_channels": 1024,
            "kernel_size": [11, 9],
            "padding": "same",
            "dilation": 2,
            "bias": False,
        },
        {"kind": "AdaptiveAvgPool2d", "output_size": [48, 48]},
        {"kind": "BatchNorm2d", "momentum": None, "affine": False},
        {"kind": "LeakyReLU", "negative_slope": 0.125},
        {"kind": "Upsample", "scale_factor": [1, 2], "mode": "bilinear"},
        {"kind": "MaxPool2d", "kernel_size": [2, 3], "stride": [2, 3]},
        {"kind": "GroupNorm", "num_groups": 32},
        {"kind": "AvgPool2d", "kernel_size": 2},
        {"kind": "Dropout2d", "p": 0.25},
        {"kind": "Flatten"},
        {"kind": "Linear", "out_features": 100},
    ],
}

# In the browser: each visible text and input of a row as {row, what, left, top, right, bottom}; a
# text inside an input is that input's.
PARTS = """() => {
  const found = [];
  const root = document.querySelector(".editor") ?? [...document.querySelectorAll("*")]
    .map((node) => node.shadowRoot?.querySelector(".editor")).find(Boolean);
  const visible = (node) => node.checkVisibility({opacityProperty: true, visibilityProperty: true});
  root.querySelectorAll(".head, .scroller > .input, .row").forEach((row, number) => {
    const outer = row.getBoundingClientRect();
    const add = (what, box) => box.width && box.height && found.push({row: number, what, left: box.left, top: box.top,
      right: box.right, bottom: box.bottom, outerLeft: outer.left, outerRight: outer.right, outerBottom: outer.bottom});
    row.querySelectorAll("input, select, .actions").forEach((node) => visible(node) && add(node.name ?? "actions", node.getBoundingClientRect()));
    const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || parent.closest("select, .actions, .insert") || !visible(parent)) continue;
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      add(walker.currentNode.data, range.getBoundingClientRect());
    }
  });
  return found;
}"""
# The choices on a row that are narrower than the longest of their words.
CUT_OFF = """(choices) => choices.filter((select) => {
  const whole = select.cloneNode(true);
  whole.style.cssText = "position: absolute; width: max-content";
  select.after(whole);
  const needs = whole.offsetWidth;
  whole.remove();
  return needs > select.offsetWidth;
}).map((select) => select.value)"""
TOUCHING = 1.0  # pixels that two boxes may share: letters do not fill theirs


def parts_at_rest(app: App, width: int) -> list[dict]:
    """Once the layout has followed the window: the same in several frames after another."""
    app.page.wait_for_function(f"() => innerWidth === {width}")
    app.settled()
    looks: list[list[dict]] = []

    def same_again() -> bool:
        looks.append(app.page.evaluate(PARTS))
        return len(looks) > 5 and all(look == looks[-1] for look in looks[-5:-1])

    app.until(same_again, "the layout stands still")
    return looks[-1]


def overlaps(parts: list[dict]) -> list[str]:
    found = []
    for index, one in enumerate(parts):
        if one["left"] < one["outerLeft"] - TOUCHING or one["right"] > one["outerRight"] + TOUCHING:
            found.append(f"row {one['row']}: {one['what']!r} leaves the row")
        for other in parts[index + 1 :]:
            if one["row"] != other["row"]:
                continue
            wide = min(one["right"], other["right"]) - max(one["left"], other["left"])
            high = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
            if wide > TOUCHING and high > TOUCHING:
                found.append(f"row {one['row']}: {one['what']!r} and {other['what']!r}")
    return found


def test_no_row_prints_one_thing_over_another_at_any_width(chromium: Browser, server: Server):
    link = encode(Shared(parse_architecture(WIDE), Recipe()))
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    app = open_app(context, server.url)
    choices = app.page.locator(".row .arguments select")
    for path in ("/", f"/?{PARAMETER}={link}"):
        app.open(path)
        expect(app.row(0)).to_be_visible()
        # Else there were no numbers to make room for.
        assert app.page.locator(".row.bad").count() == 0
        app.row(0).click(position={"x": 5, "y": 5})  # its buttons are shown
        for width in WIDTHS:
            app.page.set_viewport_size({"width": width, "height": 800})
            parts = parts_at_rest(app, width)
            assert len({part["row"] for part in parts}) > 10
            assert overlaps(parts) == [], f"{path} at {width} px"
            assert choices.evaluate_all(CUT_OFF) == [], f"{path} at {width} px"
    assert choices.count() == 1  # else nothing was looked at
    context.close()


def test_typing_what_breaks_the_last_row_moves_no_row(app: App):
    app.open()
    layers = load_presets()["adaptive-pool-16k"].architecture.layers
    linear = max(index for index, layer in enumerate(layers) if layer.kind == "Linear")
    box = app.row(linear).locator('input[name="out_features"]')
    box.scroll_into_view_if_needed()
    before = box_of(box)
    box.fill("7")
    expect(app.page.locator(".in-the-way")).to_contain_text("Not trainable yet")
    app.settled()
    assert box_of(box)["y"] == pytest.approx(before["y"], abs=1)
    box.fill("10000000")
    expect(app.row(linear).locator(".problem")).to_be_visible()
    assert box_of(box)["y"] == pytest.approx(before["y"], abs=1)
    box.fill("7")
    app.settled()
    app.page.get_by_role("button", name="Apply fix").click()
    expect(app.page.locator(".in-the-way")).to_have_count(0)
    expect(box).to_have_value("10")


def test_the_totals_of_a_broken_network_say_what_they_are_of(app: App):
    app.open()
    app.type_into(3, "kernel_size", "99")
    expect(app.page.locator(".in-the-way")).to_contain_text(
        "Layer 3 (Conv2d) does not fit. The totals cover layers 0 to 2 only."
    )
    expect(app.page.locator(".totals span").first).to_have_text("Parameters so far")
    app.type_into(0, "kernel_size", "99")
    expect(app.page.locator(".in-the-way")).to_contain_text("No totals until it does")
    expect(app.page.locator('[data-total="Parameters"]')).to_have_text("–")


def test_on_a_phone_a_link_below_the_button_leads_to_the_run(app: App):
    app.page.set_viewport_size({"width": 390, "height": 844})
    app.open("/?page=train")
    app.train_on_digits(1)
    link, run = app.page.locator(".st-key-to-run a"), app.page.locator(".run")
    app.page.get_by_role("button", name="Start training").scroll_into_view_if_needed()
    expect(link).to_be_in_viewport(ratio=1)
    expect(run).not_to_be_in_viewport()
    link.click()
    expect(run).to_be_in_viewport(ratio=1)
    app.page.set_viewport_size({"width": 1024, "height": 768})
    expect(run).to_be_visible()
    expect(link).to_have_css("clip-path", "inset(50%)")  # only a keyboard brings it into view


def colour(of: Locator, name: str) -> list[float]:
    """Red, green, blue from 0 to 255 and the opacity from 0 to 1, as the browser draws it."""
    drawn = of.evaluate(
        """(node, name) => {
            const pixel = new OffscreenCanvas(1, 1).getContext("2d");
            pixel.fillStyle = getComputedStyle(node).getPropertyValue(name);
            pixel.fillRect(0, 0, 1, 1);
            return [...pixel.getImageData(0, 0, 1, 1).data];
        }""",
        name,
    )
    return [*drawn[:3], drawn[3] / 255]


def as_hex(parts: Sequence[float]) -> str:
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def test_what_is_chosen_in_a_menu_is_read_on_a_dark_page_too(chromium: Browser, server: Server):
    context = chromium.new_context(color_scheme="dark")
    app = open_app(context, server.url)
    app.open("/?page=compare&compare=gap-17k,strided-20k")
    app.page.get_by_role("button", name="Train all").click()
    chosen = app.page.get_by_test_id("stPopoverBody").locator("button[data-selected=true] p")
    *letters, opaque = colour(chosen, "color")
    assert opaque == 1
    behind = colour(app.page.get_by_test_id("stPopoverBody"), "background-color")
    button = colour(chosen.locator("xpath=ancestor::button"), "background-color")
    share = button[3]
    mixed = [share * one + (1 - share) * other for one, other in zip(button, behind, strict=True)]
    assert contrast(as_hex(letters), as_hex(mixed[:3])) >= 4.5
    context.close()
