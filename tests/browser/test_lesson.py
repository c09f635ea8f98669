"""A lesson in a browser: followed by the keyboard alone, guessed, edited, reloaded; on a telephone
and for those who see little.
"""

import re

import pytest
from playwright.sync_api import Locator, expect

from explorer.lesson.lesson import Control, Lesson
from explorer.link import Shared, encode
from explorer.ready_lessons import find_lesson
from tests.browser.conftest import App
from tests.browser.test_accessibility import grave
from tests.browser.test_layout import at_size, overlap

pytestmark = pytest.mark.browser

PHONE = (390, 844)


def panel(app: App) -> Locator:
    return app.page.locator(".st-key-lesson")


def cell(app: App, index: int, name: str) -> Locator:
    return app.row(index).locator(f".{name}")


def tab_to(app: App, part: Locator) -> None:
    """Go on by Tab until the part has the focus."""
    for _ in range(120):
        if part.evaluate("(node) => node.matches(':focus')"):
            return
        app.page.keyboard.press("Tab")
    raise AssertionError(f"{part} is not reached by Tab")


def type_in(app: App, label: str, text: str) -> None:
    """Into an input that the keyboard reaches, and send it by Enter."""
    box = app.page.get_by_label(label)
    tab_to(app, box)
    app.page.keyboard.press("Control+a")
    app.page.keyboard.type(text)
    app.page.keyboard.press("Enter")
    app.settled()


def skip_to_the_selected_layer(app: App) -> None:
    """Past the stack, in which Tab would select one row after the other."""
    tab_to(app, app.page.get_by_role("link", name="Skip to the selected layer"))
    app.page.keyboard.press("Enter")


def fill_in(app: App, label: str, text: str) -> None:
    """Without going there by Tab."""
    app.page.get_by_label(label).fill(text)
    app.page.keyboard.press("Enter")
    app.settled()


def test_the_first_lesson_by_the_keyboard_alone(app: App) -> None:
    app.open("/?lesson=shapes")
    expect(panel(app)).to_contain_text("Step 1 of 5")
    expect(app.row(0)).to_have_class(re.compile("selected"))
    for index in range(5):
        expect(cell(app, index, "shape")).to_have_text("?")
        expect(cell(app, index, "sees")).to_have_text("?")
    expect(app.row(0)).to_have_attribute("aria-label", re.compile("output to be guessed"))

    skip_to_the_selected_layer(app)
    type_in(app, "Output shape of layer 0?", "8x28x28")
    wrong = app.page.locator(".guessed.wrong")
    expect(wrong).to_have_text(re.compile("it is 8×26×26, you guessed 8x28x28"))
    expect(cell(app, 0, "shape")).to_have_text("8×26×26")
    expect(cell(app, 0, "sees")).to_have_text("?")
    # The keyboard is where it was.
    expect(app.page.get_by_label("Output shape of layer 0?")).to_be_focused()
    type_in(app, "Receptive field of layer 0?", "3")
    expect(app.page.locator(".guessed.right")).to_contain_text("1 + (3 − 1) × 1 = 3 on each axis")
    expect(cell(app, 0, "sees")).to_have_text("3×3")

    type_in(app, "What is the output shape of layer 0", "8, 26, 26")
    expect(panel(app).locator(".lesson-verdict")).to_contain_text("✓ Right. A window of 3 has")
    following = panel(app).get_by_role("button", name="Next")
    tab_to(app, following)
    app.page.keyboard.press("Enter")
    expect(panel(app)).to_contain_text("Step 2 of 5")
    expect(following).to_be_focused()


def test_an_edit_hides_what_it_changed_and_undo_brings_it_back(app: App) -> None:
    app.open("/?lesson=shapes")
    fill_in(app, "Output shape of layer 0?", "8x26x26")
    expect(cell(app, 0, "shape")).to_have_text("8×26×26")
    app.type_into(0, "kernel_size", "5")
    expect(cell(app, 0, "shape")).to_have_text("?")
    app.settled()
    expect(app.page.locator(".guessed")).to_have_count(0)
    app.type_into(0, "kernel_size", "3")
    expect(cell(app, 0, "shape")).to_have_text("8×26×26")


def test_a_reload_keeps_lesson_step_and_work_and_hides_the_numbers_again(app: App) -> None:
    app.open("/?lesson=shapes")
    fill_in(app, "Output shape of layer 0?", "8x26x26")
    panel(app).get_by_role("button", name="Next").click()
    expect(panel(app)).to_contain_text("Step 2 of 5")
    app.type_into(0, "out_channels", "12")
    app.settled()
    app.until(lambda: "step=2" in app.page.url and "a=" in app.page.url, "the address holds it")
    app.page.reload()
    app.settled()
    expect(panel(app)).to_contain_text("Step 2 of 5")
    expect(app.row(0).locator('input[name="out_channels"]')).to_have_value("12")
    expect(cell(app, 0, "shape")).to_have_text("?")
    panel(app).get_by_role("button", name="Leave the lesson").click()
    expect(panel(app)).to_have_count(0)
    expect(cell(app, 0, "shape")).to_have_text("12×26×26")
    app.until(lambda: "lesson=" not in app.page.url, "the address names none")


@pytest.mark.parametrize("size", [PHONE, (1024, 768)])
def test_nothing_in_the_panel_overlaps_or_is_cut(app: App, size: tuple[int, int]) -> None:
    at_size(app, size, "/?lesson=shapes")
    fill_in(app, "What is the output shape of layer 0", "8")
    expect(panel(app).locator(".lesson-verdict")).to_be_visible()
    parts = [
        panel(app).locator(".lesson-title"),
        *panel(app).get_by_role("button").all(),
        panel(app).locator(".lesson-text"),
        panel(app).get_by_role("textbox"),
        panel(app).locator(".lesson-verdict"),
        app.page.locator(".totals"),
    ]
    for index, one in enumerate(parts):
        assert not any(overlap(one, other) for other in parts[index + 1 :]), one
    assert app.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_no_layer_is_added_where_the_lesson_says_so(app: App) -> None:
    network = find_lesson("shapes").architecture
    lesson = Lesson(title="As it is", hidden=(Control.ADD_LAYER,))
    app.open(f"/?a={encode(Shared(network, lesson=lesson))}")
    expect(app.row(0)).to_be_visible()
    expect(app.page.get_by_role("button", name="Add layer")).to_have_count(0)
    app.row(0).click()
    app.page.keyboard.press("/")
    app.page.keyboard.press("Control+d")
    app.settled()
    expect(app.page.get_by_role("listbox", name="Layers to add")).to_be_hidden()
    expect(app.page.locator("[data-layer-index]")).to_have_count(5)


def test_a_lesson_can_be_seen_and_heard(app: App) -> None:
    app.open("/?lesson=shapes")
    fill_in(app, "Output shape of layer 0?", "8x28x28")
    fill_in(app, "What is the output shape of layer 0", "8x26x26")
    assert grave(app) == []
    app.open("/?page=train&lesson=regularisation")
    assert grave(app) == []
