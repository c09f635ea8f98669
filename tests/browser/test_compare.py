"""Architectures side by side, as a class does it."""

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Error, Locator, expect

from explorer.presets import load_presets
from explorer.ui.compare.charts import COLOURS
from tests.browser.conftest import App, Server, open_app

pytestmark = pytest.mark.browser

Pixels = npt.NDArray[np.int_]
DOCUMENTED = [id for id, preset in load_presets().items() if preset.documented]


def view(app: App, name: str) -> None:
    app.choice(name).click()
    app.settled()


def columns(app: App) -> list[str]:
    return app.page.locator(".compare thead th[scope=col]").all_inner_texts()


def test_presets_stand_side_by_side_and_a_link_restores_the_choice(app: App, chromium: Browser, server: Server):
    app.open("/compare")
    expect(app.page.locator(".compare tfoot")).to_be_visible()
    assert columns(app) == DOCUMENTED
    app.page.get_by_role("button", name=re.compile("Remove avg-pool-13k|avg-pool-13k")).first.press("Backspace")
    expect(app.page.locator(".compare thead th[scope=col]")).to_have_count(len(DOCUMENTED) - 1)
    left = columns(app)
    expect(app.page).to_have_url(re.compile("compare="))
    other = open_app(chromium.new_context(viewport={"width": 1024, "height": 768}), "")
    other.open(app.page.url)
    expect(other.page.locator(".compare thead th[scope=col]")).to_have_count(len(left))
    assert columns(other) == left
    other.page.context.close()


def test_all_are_trained_from_the_page_and_the_table_and_charts_fill(app: App):
    app.open("/compare?compare=bias-free-12k,adaptive-pool-16k")
    view(app, "Verdict")
    app.page.get_by_role("button", name="Train all").click()
    app.choose_digits()
    for name, value in (("Seeds", "1"), ("Epochs", "1")):
        box = app.page.get_by_role("spinbutton", name=name)
        box.fill(value)
        box.press("Enter")
        app.settled()
    app.page.get_by_role("button", name="Train 2 runs").click()
    expect(app.page.get_by_text("2 runs queued")).to_be_visible()
    app.page.keyboard.press("Escape")
    # The page fills by itself: two networks that were trained here can be tested on the same images.
    app.page.get_by_role("button", name="Test on the same images").click(timeout=60_000)
    expect(app.page.locator(".paired")).to_contain_text("on 360 images", timeout=60_000)
    for name in ("Learning", "Trade-off", "Shape of computation"):
        view(app, name)
        expect(app.page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()


# --- charts: drawn on a canvas, so they are looked at, and clicked, by their colours ------------------------------------


def picture(chart: Locator) -> Pixels:
    """(H, W, 3), in the page's own pixels."""
    return np.asarray(Image.open(io.BytesIO(chart.screenshot())).convert("RGB")).astype(int)


def of_colour(pixels: Pixels, colour: str) -> Pixels:
    """Where the picture has this colour, or one close to it: points are drawn a little through."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return np.abs(pixels - wanted).max(2) < 60


def chart(app: App, number: int = 0) -> Locator:
    """Once it stands there as it is going to: drawn, at the page's width, and not to be replaced by another."""
    found = app.page.get_by_test_id("stVegaLiteChart").nth(number)
    expect(found.locator("canvas, svg").first).to_be_visible()
    before: Pixels | None = None
    for _ in range(40):
        try:
            now = picture(found)
        except Error:  # replaced in this moment
            before = None
            continue
        if before is not None and np.array_equal(before, now):
            return found
        app.page.wait_for_timeout(700)
        before = now
    raise AssertionError("the chart does not come to rest")


@dataclass
class Entry:
    """The first network's entry in the legend of the Learning chart."""

    app: App
    x: float
    y: int

    @classmethod
    def find(cls, app: App) -> Self:
        rows, columns = np.nonzero(of_colour(picture(chart(app)), COLOURS[0]))
        top = rows.min()  # its symbol is the topmost of its colour
        return cls(app, float(columns[rows == top].mean()), int(top))

    def click(self) -> None:
        chart(self.app).click(position={"x": self.x, "y": float(self.y)})
        self.app.page.mouse.move(5, 5)
        self.app.page.wait_for_timeout(800)

    def drawn(self) -> int:
        """How much of its colour there is below the legend: its other recipe and its document have the same."""
        return int(of_colour(picture(chart(self.app)), COLOURS[0])[self.y + 20 :].sum())


def test_a_click_in_the_legend_hides_a_line_and_another_shows_it_again(app: App):
    app.open("/compare?compare=bias-free-12k,adaptive-pool-16k&view=Learning")
    entry = Entry.find(app)
    before = entry.drawn()
    assert before > 300
    entry.click()
    assert entry.drawn() < 0.8 * before
    entry.click()
    assert entry.drawn() > 0.95 * before


def test_what_was_hidden_stays_hidden_where_the_chart_is_drawn_anew(app: App):
    app.open("/compare?compare=bias-free-12k,adaptive-pool-16k&view=Learning")
    view(app, "last percent")
    entry = Entry.find(app)
    before = entry.drawn()
    entry.click()
    hidden = entry.drawn()
    assert hidden < 0.8 * before
    for change in (("Verdict", "Learning"), ("last per mille", "last percent")):
        for name in change:
            view(app, name)
        assert entry.drawn() == pytest.approx(hidden, rel=0.05)
    entry.click()
    assert entry.drawn() == pytest.approx(before, rel=0.05)


def test_lines_that_come_in_are_shown_though_others_are_hidden(app: App):
    app.open("/compare?compare=bias-free-12k,adaptive-pool-16k&view=Learning")
    documented = app.page.locator("label").filter(has_text="Documented")
    documented.click()
    entry = Entry.find(app)
    entry.click()
    without = entry.drawn()
    documented.click()
    expect(app.page.get_by_role("switch", name="Documented").or_(app.page.get_by_role("checkbox"))).to_be_checked()
    assert entry.drawn() > without + 100  # its document's has the same colour


def test_what_was_chosen_is_found_again_after_a_look_at_another_page(app: App):
    app.open("/compare?compare=bias-free-12k,adaptive-pool-16k,gap-17k")
    view(app, "Learning")
    expect(app.page).to_have_url(re.compile("view=Learning"))
    app.page.get_by_role("combobox", name="What").click()
    app.page.get_by_role("option", name="train loss").click()  # draws only a part of the page anew
    app.settled()
    app.go_to("Runs")
    expect(app.page).not_to_have_url(re.compile("view="))
    app.go_to("Compare")
    expect(app.page).to_have_url(re.compile("compare=bias-free-12k%2Cadaptive-pool-16k%2Cgap-17k"))
    expect(app.page.get_by_role("combobox", name="What")).to_have_value("train loss")
    view(app, "Structure")
    expect(app.page).not_to_have_url(re.compile("view="))
    expect(app.page.locator(".compare thead th[scope=col]")).to_have_text(["bias-free-12k", "adaptive-pool-16k", "gap-17k"])
    app.page.get_by_role("combobox", name="To").click()
    app.page.get_by_role("option", name="gap-17k").click()
    view(app, "Verdict")
    view(app, "Structure")
    expect(app.page.get_by_role("combobox", name="To")).to_have_value("gap-17k")


def test_a_run_stays_in_the_comparison_while_it_trains(app: App):
    """The list calls it by its epochs, so its label changes all the time."""
    app.open("/train")
    app.train_on_digits(1000)
    run = re.search(r"run=(\w+)", app.page.url)[1]
    app.open(f"/compare?compare=run:{run},bias-free-12k")
    for name in ("Learning", "Structure") * 3:
        app.page.wait_for_timeout(1000)  # some epochs
        view(app, name)
        expect(app.page.locator(".compare, [data-testid=stVegaLiteChart]").first).to_be_visible()
    expect(app.page.locator(".compare thead th[scope=col]")).to_have_count(2)
    app.open(f"/train?run={run}")
    app.page.get_by_role("button", name="Stop").click()
    expect(app.page.locator(".run .status")).to_have_text("stopped")


def test_a_click_on_a_point_opens_its_network(app: App):
    app.open("/compare?compare=adaptive-pool-16k,strided-20k")
    view(app, "Trade-off")
    found = chart(app)
    pixels = of_colour(picture(found), COLOURS[1])  # the second network's
    pixels[:80] = False  # its entry in the legend
    rows, columns = np.nonzero(pixels)
    found.click(position={"x": float(columns.max()) - 4, "y": float(rows[columns == columns.max()].mean())})
    app.page.wait_for_url(re.compile(r"/(\?.*)?$"))
    app.settled()
    expect(app.page.get_by_role("button", name="Start from")).to_contain_text("strided-20k")


def test_the_report_and_the_charts_are_downloaded(app: App, tmp_path: Path):
    app.open("/compare?compare=bias-free-12k,adaptive-pool-16k")
    view(app, "Learning")
    app.page.get_by_role("button", name="Download", exact=True).click()
    names = {}
    app.page.get_by_role("button", name="Report").click()
    for name, button in {"Report": re.compile("Save: Report"), "SVG": "SVG", "PNG": "PNG", "CSV": "CSV"}.items():
        with app.page.expect_download(timeout=120_000) as download:
            app.page.get_by_role("button", name=button, exact=name != "Report").click(timeout=120_000)
        names[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(names[name])
    text = zipfile.ZipFile(names["Report"]).read("comparison/README.md").decode()
    assert text.startswith("# bias-free-12k · adaptive-pool-16k")
    assert names["SVG"].read_text().startswith("<svg")
    assert names["PNG"].read_bytes().startswith(b"\x89PNG")
    assert names["CSV"].read_text().startswith("series,")
