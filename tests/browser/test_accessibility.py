"""For those who see little or nothing, or use no mouse: what axe-core finds, the keyboard, headings
and live regions.
"""

import itertools
import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import App, Server, open_app

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
FOUND = """() => axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
  .filter(({ impact }) => ["serious", "critical"].includes(impact))
  .flatMap(({ id, nodes }) => nodes.map(({ html, any }) => [id, html.slice(0, 200), any[0]?.message ?? ""].join(" | "))))"""


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, chromium: Browser, server: Server) -> Iterator[App]:
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=request.param
    )
    yield open_app(context, server.url)
    context.close()


def grave(app: App) -> list[str]:
    """What axe-core finds that is serious or critical, each with the element."""
    app.settled()
    if not app.page.evaluate("() => 'axe' in window"):
        app.page.evaluate(AXE)
    found: list[str] = app.page.evaluate(FOUND)
    return found


VIEWS = ("Structure", "Shape of computation", "Learning", "Verdict", "Trade-off")
PAGES = {
    "Build": "/",
    "Train": "/?page=train",
    "Runs": "/?page=runs",
    **{view: f"/?page=compare&view={view.replace(' ', '%20')}" for view in VIEWS},
}


def test_axe_finds_a_fault_where_there_is_one(themed: App):
    """That the search works: grey on grey is found."""
    themed.open("/?page=runs")
    themed.page.evaluate(
        "() => { document.body.innerHTML = '<p style=\"color: #999; background: #aaa\">text</p>'; }"
    )
    themed.page.evaluate(AXE)
    assert any("color-contrast" in each for each in themed.page.evaluate(FOUND))


def test_axe_finds_nothing_grave_on_any_page(themed: App):
    for name, address in PAGES.items():
        themed.open(address)
        assert (name, grave(themed)) == (name, [])


MENUS = (
    ("/", "Start from"),
    ("/", "Open…"),
    ("/", "Assignment"),
    ("/", "Share & save"),
    ("/", "The author's text, checked"),
    ("/?page=train", "The author's text, checked"),
    ("/?page=compare", "Train all"),
    ("/?page=compare&view=Learning", "Download"),
    ("/?page=compare&view=Learning", "15 of 15 lines"),
    ("/?page=compare&view=Learning", "Show the numbers"),
)


def test_axe_finds_nothing_grave_in_any_menu_or_dialog(themed: App):
    for address, menu in MENUS:
        themed.open(address)
        themed.page.get_by_role("button", name=menu).first.click()
        expect(
            themed.page.get_by_test_id("stPopoverBody").or_(themed.page.get_by_role("dialog")).first
        ).to_be_visible()
        assert (menu, grave(themed)) == (menu, [])


def test_axe_finds_nothing_grave_on_a_broken_network_or_in_its_palette(themed: App):
    themed.open("/")
    themed.page.get_by_role("button", name="Add layer").first.click()
    assert grave(themed) == []
    themed.page.keyboard.press("Escape")
    themed.type_into(0, "stride", "4")
    expect(themed.page.locator(".totals.broken")).to_be_visible()
    assert grave(themed) == []


def test_axe_finds_nothing_grave_on_blocks_open_folded_or_broken_nor_in_their_menu(themed: App):
    themed.open("/")
    themed.row(1).locator(".kind").click()
    for key in ("r", "b", "b"):  # a residual block, and two more branches
        themed.page.keyboard.press(key)
    expect(themed.page.locator(".row.next")).to_have_count(3)
    assert grave(themed) == []
    themed.page.get_by_role("button", name="Block", exact=True).click()
    expect(themed.page.get_by_role("menu")).to_be_visible()
    assert grave(themed) == []
    themed.page.get_by_role("menuitem", name="Fold all blocks", exact=True).click()
    expect(themed.page.locator(".row.folded")).to_have_count(1)
    assert grave(themed) == []
    themed.page.keyboard.press("ArrowRight")
    themed.page.keyboard.press("ArrowDown")
    themed.page.keyboard.press("/")
    themed.page.keyboard.type("flatten")
    themed.page.keyboard.press("Enter")
    expect(themed.page.locator(".row.bad")).to_have_count(1)
    assert grave(themed) == []


def test_axe_finds_nothing_grave_on_a_run_and_stop_is_at_most_five_tabs_from_start(themed: App):
    themed.open("/?page=train")
    themed.train_on_digits(1000)
    themed.page.get_by_role("button", name="Start training").focus()
    stop = themed.page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    for _ in range(5):
        themed.page.keyboard.press("Tab")
        if themed.page.evaluate("() => document.activeElement.textContent").startswith(
            "Skip to run"
        ):
            themed.page.keyboard.press("Enter")
        if stop.evaluate("(stop) => stop === document.activeElement"):
            break
    expect(stop).to_be_focused()
    expect(themed.run_epochs).to_be_visible()
    assert grave(themed) == []
    status = themed.page.get_by_role("status").filter(
        has_text=re.compile(r"Training: epoch \d+ of 1000, test accuracy")
    )
    expect(status).to_have_count(1)
    themed.page.keyboard.press("Enter")
    expect(themed.run_status).to_have_text("stopped")
    expect(themed.page.get_by_role("status").filter(has_text="Stopped: epoch")).to_have_count(1)
    assert grave(themed) == []


def test_axe_finds_nothing_grave_on_a_finished_run_or_in_its_menus(themed: App):
    themed.open("/?page=train")
    themed.train_on_digits(1)
    expect(themed.run_status).to_have_text("finished")
    themed.go_to("Runs")
    themed.page.get_by_role("row").nth(1).click()
    rename = themed.page.get_by_role("button", name="Rename")
    expect(rename).to_be_visible()
    assert grave(themed) == []
    for menu in ("Rename", "Delete", "Download", "Continue"):
        themed.page.get_by_role("button", name=menu, exact=True).click()
        expect(themed.page.get_by_test_id("stPopoverBody")).to_be_visible()
        assert (menu, grave(themed)) == (menu, [])
        themed.page.keyboard.press("Escape")


HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((heading) => heading.checkVisibility())
  .map((heading) => Number(heading.tagName[1]))"""


@pytest.mark.parametrize("name", PAGES)
def test_headings_begin_with_one_h1_and_leave_out_no_level(app: App, name: str):
    app.open(PAGES[name])
    expect(app.page.get_by_role("heading", level=1)).to_be_visible()
    levels = app.page.evaluate(HEADINGS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels)), levels


def test_inputs_on_train_are_called_by_plain_names(app: App):
    app.open("/?page=train")
    for name in ("Optimiser", "Learning-rate schedule", "Images"):
        expect(app.page.get_by_role("combobox", name=name, exact=True)).to_be_visible()
    names = app.page.get_by_role("combobox").evaluate_all(
        "boxes => boxes.map((box) => box.ariaLabel ?? '')"
    )
    assert not any("*" in name for name in names)


def test_the_totals_are_said_as_they_change(app: App):
    app.open("/")
    said = app.page.get_by_role("status").filter(has_text="parameters, output")
    expect(said).to_have_count(1)
    before = said.inner_text()
    app.type_into(0, "out_channels", "12")
    expect(app.page.get_by_role("status").filter(has_text="parameters, output")).not_to_have_text(
        before
    )
    app.type_into(0, "stride", "4")
    expect(app.page.get_by_role("status").filter(has_text="does not fit")).to_have_count(1)


def test_the_keyboard_passes_the_stack_to_the_selected_layer(app: App):
    app.open("/")
    skip = app.page.get_by_role("link", name="Skip to the selected layer")
    skip.focus()
    expect(skip).to_be_in_viewport(ratio=1)
    app.page.keyboard.press("Enter")
    app.page.keyboard.press("Tab")
    assert app.page.evaluate(
        "() => "
        "document.activeElement.closest('[data-testid=stColumn]').querySelector('.layer') !== null"
    )


def test_every_link_and_button_shows_that_it_has_the_focus(app: App):
    app.open("/?page=train")
    for target in (app.link_to("Train"), app.page.get_by_role("button", name="Start training")):
        target.focus()
        app.page.keyboard.press("Shift+Tab")
        app.page.keyboard.press("Tab")
        expect(target).to_be_focused()
        outline = target.evaluate(
            "(target) => { const look = getComputedStyle(target); "
            "return look.outlineStyle + look.boxShadow; }"
        )
        assert outline != "nonenone"


def test_a_chart_has_words_with_its_numbers_and_a_table_with_all_of_them(app: App):
    app.open("/?page=compare&view=Learning")
    chart = app.page.get_by_test_id("stVegaLiteChart").first
    expect(chart).to_have_attribute(
        "aria-label", re.compile(r"gap-17k.* from \d\d\.\d\d % at epoch \d+ to \d\d\.\d\d %")
    )
    app.page.get_by_role("button", name="Show the numbers").click()
    table = app.page.get_by_role("region", name=re.compile("the numbers")).get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_count(16)
    expect(table.get_by_role("rowheader")).not_to_have_count(0)


SIZES = "(parts) => parts.map((part) => parseFloat(getComputedStyle(part).fontSize))"


@pytest.mark.parametrize("width", [390, 683, 1440, 1920])
def test_the_stack_is_read_from_the_back_of_a_room(app: App, width: int):
    """Names of arguments and places in the stack at 12 px or more, values and numbers at 14."""
    app.page.set_viewport_size({"width": width, "height": 900})
    app.open("/")
    for parts, least in (("label, .index", 12), ("input, select, .name, .shape, .params", 14)):
        sizes = app.page.locator("[data-layer-index]").locator(parts).evaluate_all(SIZES)
        assert len(sizes) > 20
        assert min(sizes) >= least, (parts, min(sizes))


def test_each_input_of_the_stack_is_called_by_its_layer(app: App):
    app.open("/")
    found = app.page.locator("[data-layer-index]").locator("input, select")
    names = found.evaluate_all("inputs => inputs.map((input) => [input.ariaLabel, input.name])")
    rows = found.evaluate_all(
        "inputs => inputs.map((input) => input.closest('[data-layer-index]').dataset.layerIndex)"
    )
    kinds = app.cells("name")
    assert len(names) > 20
    for (label, name), row in zip(names, rows, strict=True):
        assert label == f"Layer {row}, {kinds[int(row)]}, {name}"
