"""The selected layer's panel in a real browser: what is drawn and said for a unit, and what stays
when layers change.
"""

import re

import pytest
from playwright.sync_api import expect

from explorer.link import PARAMETER, Shared, encode
from explorer.presets import load_presets
from tests.browser.conftest import App, box_of

pytestmark = pytest.mark.browser


@pytest.fixture
def strided(app: App) -> App:
    preset = load_presets()["strided-20k"]
    app.open(f"/?{PARAMETER}={encode(Shared(preset.architecture, preset.recipe, start=preset.id))}")
    select(app, 0)
    # What the panel asks a moment after it is drawn is answered: an answer takes a unit that is
    # pointed to away.
    expect(app.page.locator('.figure[data-answered="exact"]')).to_be_visible()
    app.settled()
    return app


def select(app: App, index: int) -> None:
    app.row(index).click(position={"x": 30, "y": 14})
    expect(app.row(index)).to_have_class(re.compile("selected"))


def show(app: App, mode: str) -> None:
    app.page.locator(f'[role=tab][data-mode="{mode}"]').click()
    expect(app.page.locator(f'.figure[data-answered="{mode}"]')).to_be_visible()


def said(app: App, text: str | re.Pattern[str]) -> None:
    expect(app.page.locator("figcaption .sees")).to_have_text(text)


def fact(app: App, name: str):
    return app.page.locator("figcaption .facts dt", has_text=re.compile(f"^{name}$")).locator(
        "+ dd"
    )


def point(app: App, row: int, column: int, of: int, *, click: bool) -> None:
    """Move the pointer to a unit of a map of `of` units a side."""
    app.settled()  # nothing moves any more
    units = app.page.locator("svg.units")
    units.scroll_into_view_if_needed()
    box = box_of(units)
    x, y = (
        box["x"] + (column + 0.5) / of * box["width"],
        box["y"] + (row + 0.5) / of * box["height"],
    )
    app.page.mouse.move(x, y)
    if click:
        app.page.mouse.down()
        app.page.mouse.up()


def test_pointing_shows_and_clicking_keeps(strided):
    said(strided, "Unit (row 13, column 13) sees 5×5 pixels")
    point(strided, 0, 0, 26, click=False)
    said(strided, "Unit (row 0, column 0) sees 4×4 pixels")
    expect(fact(strided, "Padding")).to_have_text("36 % of its window is padding")
    strided.page.mouse.move(5, 5)
    said(strided, "Unit (row 13, column 13) sees 5×5 pixels")
    point(strided, 3, 25, 26, click=True)
    strided.page.mouse.move(5, 5)
    said(strided, "Unit (row 3, column 25) sees 5×4 pixels")
    expect(fact(strided, "Rows")).to_have_text("2–6")
    expect(fact(strided, "Columns")).to_have_text("24–27")
    expect(fact(strided, "Receptive field")).to_have_text("5×5 in theory")
    expect(fact(strided, "Step between units")).to_have_text("1 pixel (jump)")


def test_the_values_are_drawn_once_computed(strided):
    expect(strided.page.locator('.figure[data-answered="exact"]')).to_be_visible()
    expect(strided.page.locator(".range")).to_have_text(re.compile(r"^−?\d+\.\d\d to −?\d+\.\d\d$"))
    before = strided.page.locator(".range").inner_text()
    strided.page.get_by_role("button", name="Another image").click()
    expect(strided.page.locator(".range")).not_to_have_text(before)
    before = strided.page.locator(".range").inner_text()
    strided.page.get_by_label("channel", exact=True).select_option("5")
    expect(strided.page.locator(".range")).not_to_have_text(before)


def test_a_layer_that_is_too_large_to_run_says_why_it_has_no_values(strided):
    note, weights = (
        strided.page.locator("figcaption .note"),
        strided.page.get_by_role("combobox", name="weights"),
    )
    for mode in ("exact", "effective", "arithmetic"):
        strided.type_into(0, "out_channels", "8")
        expect(weights).to_be_visible()
        expect(note).not_to_contain_text("too large to run here")
        strided.type_into(0, "out_channels", "9000")
        show(strided, mode)
        expect(note).to_contain_text("too large to run here")
        expect(strided.page.locator(".range")).to_have_text("")
        expect(weights).to_be_hidden()


def test_the_arithmetic_of_every_unit_adds_up(strided):
    show(strided, "arithmetic")
    for row, column in ((0, 0), (12, 20)):
        point(strided, row, column, 26, click=True)
        unit = rf"Unit \(row {row}, column {column}\), channel 0"
        said(strided, re.compile(rf"^{unit}: −?\d+\.\d{{3}}$"))
        parts = [
            number(text) for text in strided.page.locator(".arithmetic .sum").all_inner_texts()
        ]
        assert len(parts) == 4  # one input channel, no other, the bias, the value
        assert parts[0] + (parts[1] or 0) + parts[2] == pytest.approx(parts[3], abs=0.002)
        assert strided.page.locator("figcaption .sees").inner_text().endswith(shown(parts[3]))
    point(strided, 0, 0, 26, click=True)
    expect(strided.page.locator(".cells .border")).to_have_count(9)  # a row and a column of padding
    select(strided, 1)
    note = strided.page.locator("figcaption .note")
    expect(note).to_contain_text("Shown for convolutions only so far.")


def number(text: str) -> float | None:
    return float(text.replace("−", "-")) if text else None


def shown(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def test_paging_through_the_input_channels(strided):
    convolution = [
        i
        for i, layer in enumerate(load_presets()["strided-20k"].architecture.layers)
        if layer.kind == "Conv2d"
    ][1]
    select(strided, convolution)
    show(strided, "arithmetic")
    pages, value = strided.page.locator(".pages"), strided.page.locator(".arithmetic .value")
    first, total = pages.inner_text(), value.inner_text()
    assert strided.page.locator(".back").is_disabled()
    strided.page.locator(".forth").click()
    expect(pages).not_to_have_text(first)
    expect(value).to_have_text(total)
    strided.page.locator(".back").click()
    expect(pages).to_have_text(first)


def test_the_effective_field_follows_the_unit_and_the_layer(strided):
    show(strided, "effective")
    said(strided, re.compile(r"^Half of the influence comes from \d+ of its 25 pixels$"))
    expect(fact(strided, "Unit")).to_have_text("row 13, column 13")
    expect(fact(strided, "Channel")).to_have_text("all 32 together")
    point(strided, 0, 0, 26, click=True)
    said(strided, re.compile(r"^Half of the influence comes from \d+ of its 16 pixels$"))
    strided.page.get_by_label("channel", exact=True).select_option("4")
    expect(fact(strided, "Unit")).to_have_text("row 0, column 0")
    expect(fact(strided, "Channel")).to_have_text("4")
    strided.page.locator("svg.units").press("ArrowDown")
    expect(fact(strided, "Unit")).to_have_text("row 1, column 0")
    expect(fact(strided, "Channel")).to_have_text("4")
    select(strided, 1)
    expect(strided.page.locator('[role=tab][data-mode="effective"]')).to_have_attribute(
        "aria-selected", "true"
    )
    expect(fact(strided, "Unit")).to_have_text("row 1, column 0")
    expect(fact(strided, "Channel")).to_have_text("4")
    # An edit above: the choice stays, and the answer is that of the new network.
    strided.type_into(0, "kernel_size", "3")
    said(strided, re.compile(r"^Half of the influence comes from \d+ of its \d+ pixels$"))
    expect(strided.page.locator("figcaption .sees")).not_to_contain_text("of its 25 ")


def test_a_choice_is_kept_when_the_page_is_left(strided):
    show(strided, "effective")
    point(strided, 2, 3, 26, click=True)
    expect(fact(strided, "Unit")).to_have_text("row 2, column 3")
    expect(fact(strided, "Channel")).to_have_text("all 32 together")
    strided.go_to("Train")
    strided.go_to("Build")
    expect(fact(strided, "Unit")).to_have_text("row 2, column 3")
    expect(fact(strided, "Channel")).to_have_text("all 32 together")


def test_nothing_moves_when_another_mode_layer_or_unit_is_chosen(strided):
    figure, heights, tops = strided.page.locator(".figure"), set(), set()
    for index in (0, 1, 19, 21):
        select(strided, index)
        for mode in ("exact", "effective", "arithmetic"):
            show(strided, mode)
            box = box_of(figure)
            heights.add(round(box["height"]))
            tops.add(
                round(
                    box["y"]
                    + strided.page.evaluate(
                        "document.querySelector('[data-testid=stMain]').scrollTop"
                    )
                )
            )
    assert max(heights) - min(heights) <= 1
    assert max(tops) - min(tops) <= 1


def test_what_a_run_has_learned_is_shown_once_there_is_one(app):
    app.open()
    app.preset("adaptive-pool-16k")
    select(app, 0)
    weights = app.page.get_by_label("weights")
    expect(weights).to_have_text("random (seed 0)")
    expect(weights).to_be_disabled()
    app.go_to("Train")
    app.train_on_digits(1)
    expect(app.run_status).to_have_text("finished")
    app.go_to("Build")
    select(app, 0)
    expect(weights.locator("option").first).to_have_text(
        re.compile(r"^trained( on Digits)?: 1 epoch, \d+\.\d\d % test accuracy$")
    )
    trained = app.page.locator(".range").inner_text()
    weights.select_option("untrained")
    expect(app.page.locator(".range")).not_to_have_text(trained)


def test_quick_edits_and_looks_at_the_same_time_lose_nothing(strided):
    """Two runs on their way at once: the page must neither end nor miss the last edit."""
    show(strided, "arithmetic")
    for edit in range(20):
        strided.type_into(0, "kernel_size", "35"[edit % 2])
        if edit % 3 == 0:
            strided.page.get_by_role("button", name="Another image").click()
        # The next one comes at once, a frame later, with the edit's answer, or with the panel's.
        side = 26 if "35"[edit % 2] == "5" else 28
        if edit % 4 == 1:
            strided.next_frame()
        elif edit % 4 == 2:
            expect(strided.row(0).locator(".shape")).to_have_text(f"32×{side}×{side}")
        elif edit % 4 == 3:
            expect(strided.page.locator('.figure[data-answered="arithmetic"]')).to_be_visible()
    expect(strided.row(0).locator(".shape")).to_have_text("32×26×26")
    strided.type_into(0, "kernel_size", "3")
    expect(strided.row(0).locator(".shape")).to_have_text("32×28×28")
    expect(strided.page.locator('.figure[data-answered="arithmetic"]')).to_be_visible()
