"""The projector view: begun by a key, large enough for the last row, whole at every enlargement."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.conftest import App, Server, box_of, open_app
from tests.browser.test_layout import OVER_EACH_OTHER

pytestmark = pytest.mark.browser

ROWS = 40  # of letters that a window's height holds at most: each has 2.5 % of it
PROJECTORS = [(1024, 768), (1920, 1080)]
# The same, enlarged by the browser: a window of fewer pixels, each of them larger.
ENLARGED = [(683, 512), (512, 384), (960, 540)]
IN_VIEW = re.compile(r"[?&]view=projector\b")

# Each text that is seen in these parts, the inputs' too, with the size of its letters.
SIZES = """(parts) => {
  const ownText = (each) =>
    each.matches("input:not([type=checkbox]), select")
      ? each.value
      : [...each.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
  return parts
    .flatMap((part) => [part, ...part.querySelectorAll("*")])
    .filter((each) => ownText(each) && each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter((each) => !each.matches("style, option, [popover] *"))
    .map((each) => [ownText(each), Number.parseFloat(getComputedStyle(each).fontSize)]);
}"""
# What is wider than the place that cuts it off.
CUT_OFF = """(parts) => parts
  .flatMap((part) => [part, ...part.querySelectorAll("*")])
  .filter((each) => each.checkVisibility() && getComputedStyle(each).overflowX !== "visible")
  .filter((each) => each.scrollWidth > each.clientWidth + 1 && !each.matches("input"))
  .map((each) => `${each.className}: ${each.textContent.slice(0, 40)}`)"""
OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(params=["light", "dark"])
def either_app(chromium: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[App]:
    context = chromium.new_context(
        viewport={"width": 1024, "height": 768}, color_scheme=request.param
    )
    app = open_app(context, server.url)
    yield app
    context.close()


def at_size(app: App, size: tuple[int, int]) -> None:
    app.page.set_viewport_size({"width": size[0], "height": size[1]})


def root(app: App) -> Locator:
    return app.page.locator(":root")


def expect_projected(app: App) -> None:
    expect(root(app)).to_have_attribute("data-projected", "")
    expect(app.page).to_have_url(IN_VIEW)
    app.settled()


def expect_usual(app: App) -> None:
    expect(root(app)).not_to_have_attribute("data-projected", re.compile(".*"))
    expect(app.page).not_to_have_url(IN_VIEW)
    app.settled()


def button(app: App) -> Locator:
    return app.page.get_by_role("button", name="Projector view", exact=True)


def begin(app: App) -> None:
    """By its key, once somebody listens for it."""
    expect(button(app)).to_have_attribute("title", "Projector view (P)")
    app.page.keyboard.press("p")


def sizes(part: Locator) -> list[tuple[str, float]]:
    return [(text, size) for text, size in part.evaluate_all(SIZES)]


def test_a_key_begins_and_ends_it_and_a_reload_keeps_it(app: App):
    app.open("/")
    usual = sizes(app.page.locator(".totals"))
    begin(app)
    expect_projected(app)
    for left_out in (app.started_from, app.name_box, app.page.get_by_role("button", name="Add")):
        expect(left_out.first).to_be_hidden()
    expect(button(app)).to_contain_text("Projector view: P ends it")
    app.page.reload()
    expect_projected(app)
    expect(app.name_box).to_be_hidden()
    for page in ("Train", "Compare", "Runs", "Build"):
        app.go_to(page)
        expect_projected(app)
    app.page.keyboard.press("p")
    expect_usual(app)
    expect(app.name_box).to_be_visible()
    assert sizes(app.page.locator(".totals")) == usual


def test_its_button_does_the_same_by_pointer_and_keyboard(app: App):
    app.open("/")
    button(app).click()
    expect_projected(app)
    expect(button(app)).to_have_attribute("aria-pressed", "true")
    button(app).press("Enter")
    expect_usual(app)
    expect(button(app)).to_have_attribute("aria-pressed", "false")


def test_a_letter_that_is_typed_does_not_begin_it(app: App):
    app.open("/")
    app.name_box.fill("")
    app.name_box.press_sequentially("p P")
    expect(app.name_box).to_have_value("p P")
    box = app.row(0).locator('input[name="out_channels"]')
    box.press("p")
    box.press("Escape")
    app.page.keyboard.press("Control+Shift+p")
    app.settled()
    expect_usual(app)


def test_the_view_of_compare_stays_beside_it(app: App):
    app.open("/?page=compare&view=Verdict")
    begin(app)
    expect(app.page).to_have_url(re.compile(r"[?&]view=Verdict%2Cprojector\b"))
    app.page.reload()
    expect(root(app)).to_have_attribute("data-projected", "")
    expect(app.choice("Results")).to_have_attribute("aria-checked", "true")
    app.settled()
    app.page.keyboard.press("p")
    expect(app.page).to_have_url(re.compile(r"[?&]view=Verdict(&|$)"))


@pytest.mark.parametrize("size", PROJECTORS)
def test_every_number_and_label_of_the_stack_is_read_from_the_last_row(
    either_app: App, size: tuple[int, int]
):
    app = either_app
    at_size(app, size)
    app.open("/?page=build&view=projector")
    expect(app.page.locator("[data-layer-index]").first).to_be_visible()
    for part in (".editor", ".totals", ".assignment"):
        found = sizes(app.page.locator(part))
        assert found
        assert [each for each in found if ROWS * each[1] < size[1]] == [], part
    texts = {text for text, _ in sizes(app.page.locator(".editor"))}
    # Its labels, values, outputs, receptive fields, parameters, and the rows' numbers.
    assert {"out_channels", "8", "8×26×26", "5×5", "1,168", "3"} <= texts


@pytest.mark.parametrize("network", ["adaptive-pool-16k", "mini-inception"])
def test_nothing_of_the_stack_overlaps_or_is_cut_off_at_any_enlargement(app: App, network: str):
    app.open("/")
    app.preset(network)
    begin(app)
    expect_projected(app)
    rows = app.page.locator("[data-layer-index]")
    for size in (*PROJECTORS, *ENLARGED):
        at_size(app, size)
        app.settled()
        assert rows.evaluate_all(OVER_EACH_OTHER) == [], size
        assert app.page.locator(".editor .frame, .totals").evaluate_all(CUT_OFF) == [], size
        assert app.page.evaluate(OVERFLOW) <= 0, size
        line = [app.link_to(page) for page in ("Build", "Train", "Compare", "Runs")]
        for one, other in pairwise([*line, button(app)]):
            assert box_of(one)["x"] + box_of(one)["width"] <= box_of(other)["x"], size


def test_the_charts_of_a_run_have_the_full_width(app: App):
    app.open("/?page=train")
    app.train_on_digits(2)
    expect(app.run_status).to_have_text("finished")
    app.settled()
    begin(app)
    expect_projected(app)
    expect(app.page.get_by_role("spinbutton", name="Epochs", exact=True)).to_be_hidden()
    expect(app.page.get_by_role("button", name="Start training")).to_be_visible()
    charts = app.page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(2)
    for width, height in PROJECTORS:
        at_size(app, (width, height))
        app.page.reload()
        expect_projected(app)
        for chart in charts.all():
            least = f"{height / ROWS:g}px"
            expect(chart.locator("svg text").first).to_have_css("font-size", least)
            found = chart.locator("svg text").evaluate_all(
                "(texts) => texts.map((each) => Number.parseFloat(getComputedStyle(each).fontSize))"
            )
            assert ROWS * min(found) >= height
            box = box_of(chart)
            assert box["width"] > 0.9 * width
            assert box["height"] > 260
            assert box["height"] > 0.4 * height
        titles = app.page.locator(".chart-title")
        expect(titles).to_have_count(2)
        assert ROWS * min(size for _, size in sizes(titles)) >= height


@pytest.mark.parametrize("view", ["Structure", "Shape of computation", "Learning", "Verdict"])
def test_compare_is_as_large_and_not_wider_than_the_window(app: App, view: str):
    for size in (*PROJECTORS, *ENLARGED):
        at_size(app, size)
        app.open(f"/?page=compare&view={view},projector")
        expect(root(app)).to_have_attribute("data-projected", "")
        expect(app.page.get_by_role("combobox", name="Compare")).to_be_hidden()
        shown = app.page.locator(".compare, .figures, .chart-title, .legend")
        expect(shown.first).to_be_visible()
        assert [each for each in sizes(shown) if ROWS * each[1] < size[1]] == [], size
        assert app.page.evaluate(OVERFLOW) <= 0, size
