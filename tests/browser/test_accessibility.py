"""For those who see little or nothing, or use no mouse: what axe-core finds, the keyboard, headings
and live regions.
"""

import itertools
import re
from importlib.resources import files
from typing import Literal

import pytest
from playwright.sync_api import Locator, expect

from explorer.ui.train.run_views import RUN_VIEWS
from tests.browser.conftest import App

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
FOUND = """(part, options) => axe.run(part, { ...options, resultTypes: ["violations"] }).then(({ violations }) => violations
  .filter(({ impact }) => ["serious", "critical"].includes(impact))
  .flatMap(({ id, nodes }) => nodes.map(({ html, any }) => [id, html.slice(0, 200), any[0]?.message ?? ""].join(" | "))))"""
# What a theme can break. Four fifths of all that axe-core computes.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
# Colours may fade into those of the other theme, inside of components too.
HAS_THEME = """(theme) => {
  const roots = (root) => [root, ...[...root.querySelectorAll("*")].flatMap((each) => (each.shadowRoot ? roots(each.shadowRoot) : []))];
  return getComputedStyle(document.querySelector(".stApp")).colorScheme === theme &&
    !roots(document).some((root) => root.getAnimations().some((each) => each instanceof CSSTransition && each.playState === "running"));
}"""


def grave(app: App, opened: Locator | None = None) -> list[str]:
    """What axe-core finds that is serious or critical, each with its theme and the element.

    `opened` is a menu or dialog over a page that is looked at elsewhere: only its colours count.
    """
    app.settled()
    if not app.page.evaluate("() => 'axe' in window"):
        app.page.evaluate(AXE)
    page = app.page.locator(":root")
    found: list[str] = page.evaluate(
        FOUND, {"rules": {rule: {"enabled": False} for rule in OF_COLOURS}}
    )
    for theme in ("dark", "light"):
        choose_theme(app, theme)
        colours = (opened or page).evaluate(FOUND, {"runOnly": OF_COLOURS})
        found += [f"{theme}: {each}" for each in colours]
    return found


def choose_theme(app: App, theme: Literal["light", "dark"]) -> None:
    """Wait until the page has it. What was open stays so."""
    app.page.emulate_media(color_scheme=theme)
    app.page.wait_for_function(HAS_THEME, arg=theme)
    app.settled()


VIEWS = ("Structure", "Shape of computation", "Learning", "Verdict", "Trade-off")
PAGES = {
    "Build": "/",
    "Train": "/?page=train",
    "Runs": "/?page=runs",
    **{view: f"/?page=compare&view={view.replace(' ', '%20')}" for view in VIEWS},
}


def test_axe_finds_a_fault_where_there_is_one(app: App):
    """That the search works: grey on grey is found, and so is what is faint in one theme alone."""
    app.open("/?page=runs")
    faint = {"light": "#ddd", "dark": "#333"}
    for theme, colour in faint.items():
        app.page.evaluate(
            """([theme, colour]) => {
              const text = document.createElement("p");
              text.style.color = colour;
              text.textContent = `faint in the ${theme} theme`;
              document.querySelector("h1").after(text);
            }""",
            [theme, colour],
        )
    app.page.locator("h1").evaluate(
        "(heading) => heading.insertAdjacentHTML('afterend', '<p style=\"color: #999; background: #aaa\">grey</p>')"
    )
    found = grave(app)
    for theme in faint:
        of_this = [each for each in found if each.startswith(f"{theme}: color-contrast")]
        assert [each for each in of_this if ">grey<" in each]
        assert [
            other
            for other in faint
            if any(f"faint in the {other} theme" in each for each in of_this)
        ] == [theme]


def test_axe_finds_nothing_grave_on_any_page(app: App):
    for name, address in PAGES.items():
        app.open(address)
        assert (name, grave(app)) == (name, [])


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


def test_axe_finds_nothing_grave_in_any_menu_or_dialog(app: App):
    for address, menu in MENUS:
        app.open(address)
        app.page.get_by_role("button", name=menu).first.click()
        opened = app.page.get_by_test_id("stPopoverBody").or_(app.page.get_by_role("dialog")).first
        expect(opened).to_be_visible()
        assert (menu, grave(app, opened)) == (menu, [])


def test_axe_finds_nothing_grave_on_a_broken_network_or_in_its_palette(app: App):
    app.open("/")
    app.page.get_by_role("button", name="Add layer").first.click()
    palette = app.page.get_by_role("dialog", name="Add a layer")
    expect(palette).to_be_visible()
    assert grave(app, palette) == []
    app.page.keyboard.press("Escape")
    app.type_into(0, "stride", "4")
    expect(app.page.locator(".totals.broken")).to_be_visible()
    assert grave(app) == []


def test_axe_finds_nothing_grave_on_blocks_open_folded_or_broken_nor_in_their_menu(app: App):
    app.open("/")
    app.row(1).locator(".kind").click()
    for key in ("r", "b", "b"):  # a residual block, and two more branches
        app.page.keyboard.press(key)
    expect(app.page.locator(".row.next")).to_have_count(3)
    assert grave(app) == []
    app.page.get_by_role("button", name="Block", exact=True).click()
    menu = app.page.get_by_role("menu")
    expect(menu).to_be_visible()
    assert grave(app, menu) == []
    app.page.get_by_role("menuitem", name="Fold all blocks", exact=True).click()
    expect(app.page.locator(".row.folded")).to_have_count(1)
    assert grave(app) == []
    app.page.keyboard.press("ArrowRight")
    app.page.keyboard.press("ArrowDown")
    app.page.keyboard.press("/")
    app.page.keyboard.type("flatten")
    app.page.keyboard.press("Enter")
    expect(app.page.locator(".row.bad")).to_have_count(1)
    assert grave(app) == []


def test_axe_finds_nothing_grave_on_a_run_and_stop_is_at_most_five_tabs_from_start(app: App):
    app.open("/?page=train")
    app.train_on_digits(1000)
    app.page.get_by_role("button", name="Start training").focus()
    stop = app.page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    for _ in range(5):
        app.page.keyboard.press("Tab")
        if app.page.evaluate("() => document.activeElement.textContent").startswith("Skip to run"):
            app.page.keyboard.press("Enter")
        if stop.evaluate("(stop) => stop === document.activeElement"):
            break
    expect(stop).to_be_focused()
    expect(app.run_epochs).to_be_visible()
    assert grave(app) == []
    status = app.page.get_by_role("status").filter(
        has_text=re.compile(r"Training: epoch \d+ of 1000, test accuracy")
    )
    expect(status).to_have_count(1)
    app.page.keyboard.press("Enter")
    expect(app.run_status).to_have_text("stopped")
    expect(app.page.get_by_role("status").filter(has_text="Stopped: epoch")).to_have_count(1)
    assert grave(app) == []


def test_axe_finds_nothing_grave_on_a_finished_run_or_in_its_menus(app: App):
    app.open("/?page=train")
    app.train_on_digits(1)
    expect(app.run_status).to_have_text("finished")
    app.go_to("Runs")
    app.page.get_by_role("row").nth(1).click()
    rename = app.page.get_by_role("button", name="Rename")
    expect(rename).to_be_visible()
    assert grave(app) == []
    for menu in ("Rename", "Delete", "Download", "Continue"):
        app.page.get_by_role("button", name=menu, exact=True).click()
        opened = app.page.get_by_test_id("stPopoverBody")
        expect(opened).to_be_visible()
        assert (menu, grave(app, opened)) == (menu, [])
        app.page.keyboard.press("Escape")


HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((heading) => heading.checkVisibility())
  .map((heading) => Number(heading.tagName[1]))"""


def test_axe_finds_nothing_grave_in_what_a_run_has_learnt(app: App):
    app.open("/?page=train")
    app.train_on_digits(2)
    expect(app.run_status).to_have_text("finished", timeout=120_000)
    app.settled()
    for view in RUN_VIEWS:
        app.choice(view).click()
        app.settled()
        assert grave(app) == [], view
        levels = app.page.evaluate(HEADINGS)
        assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels)), view
    app.page.get_by_role("button", name="Own images…").click()
    expect(app.page.get_by_role("dialog")).to_be_visible()
    app.settled()
    assert grave(app) == []


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
