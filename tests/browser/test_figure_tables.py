"""Tables of figures are text that is found, heard and sorted, and they keep their place."""

import re

import pytest
from playwright.sync_api import expect

from explorer.ui.train.curves_view import TABLE_HEIGHT
from tests.browser.conftest import App, box_of

pytestmark = pytest.mark.browser


def column(app: App, place: int) -> list[str]:
    return app.page.locator(f".figures tbody tr > :nth-child({place})").all_inner_texts()


def test_the_results_are_text_and_sorted_by_a_press_on_a_heading(app: App):
    app.open("/?page=compare&view=Verdict")
    table = app.page.get_by_role("region", name="Results").get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(11)
    expect(
        table.get_by_text("gap-17k, our recipe, 20 epochs, included with the app")
    ).to_be_visible()
    as_given = column(app, 1)
    heading = table.get_by_role("columnheader", name="Parameters", exact=True)
    parameters = [int(text.replace(",", "")) for text in column(app, 12)]
    for way, wanted in (
        ("descending", sorted(parameters, reverse=True)),
        ("ascending", sorted(parameters)),
    ):
        heading.get_by_role("button").click()
        expect(heading).to_have_attribute("aria-sort", way)
        assert [int(text.replace(",", "")) for text in column(app, 12)] == wanted
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "none")
    assert column(app, 1) == as_given


@pytest.mark.parametrize("width", [1440, 1024, 683, 390])
def test_no_name_and_no_heading_of_the_results_is_cut_off(app: App, width: int):
    app.page.set_viewport_size({"width": width, "height": 768})
    app.open("/?page=compare&view=Verdict")
    cells = app.page.locator(".figures :is(thead button, tbody th)")
    expect(cells).to_have_count(13 + 10)
    cut = cells.evaluate_all(
        "(all) => all.filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.innerText)"
    )
    assert cut == []


def test_the_table_of_epochs_keeps_its_height_and_its_order_while_epochs_come(app: App):
    app.open("/?page=train")
    app.train_on_digits(1000)
    area = app.page.get_by_role("region", name="Epochs")
    rows = area.get_by_role("rowheader")
    expect(rows.first).to_have_text(re.compile(r"^\d+$"))
    assert box_of(area)["height"] == pytest.approx(TABLE_HEIGHT, abs=1)
    heading = area.get_by_role("columnheader", name="epoch", exact=True)
    for way in ("descending", "ascending"):
        heading.get_by_role("button").click()
        expect(heading).to_have_attribute("aria-sort", way)
    seen = rows.count()
    app.until(lambda: rows.count() > seen, "more epochs come in")
    epochs = rows.all_inner_texts()
    assert epochs == [f"{epoch:,}" for epoch in range(1, len(epochs) + 1)]
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert box_of(area)["height"] == pytest.approx(TABLE_HEIGHT, abs=1)
    area.focus()
    expect(area).to_be_focused()
    app.page.get_by_role("button", name="Stop").click()
    expect(app.run_status).to_have_text("stopped")
