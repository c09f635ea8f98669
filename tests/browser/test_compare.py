"""Architectures side by side, as a class does it."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from explorer.presets import load_presets
from tests.browser.conftest import App, Server, open_app

pytestmark = pytest.mark.browser

DOCUMENTED = [id for id, preset in load_presets().items() if preset.documented]


def view(app: App, name: str) -> None:
    app.choice(name).click()
    app.settled()


def columns(app: App) -> list[str]:
    return app.page.locator(".compare thead th[scope=col]").all_inner_texts()


def test_presets_stand_side_by_side_and_a_link_restores_the_choice(
    app: App, chromium: Browser, server: Server
):
    app.open("/?page=compare")
    expect(app.page.locator(".compare tfoot")).to_be_visible()
    assert columns(app) == DOCUMENTED
    app.page.get_by_role("button", name=re.compile("Remove avg-pool-13k|avg-pool-13k")).first.press(
        "Backspace"
    )
    expect(app.page.locator(".compare thead th[scope=col]")).to_have_count(len(DOCUMENTED) - 1)
    left = columns(app)
    expect(app.page).to_have_url(re.compile("compare="))
    other = open_app(chromium.new_context(viewport={"width": 1024, "height": 768}), "")
    other.open(app.page.url)
    expect(other.page.locator(".compare thead th[scope=col]")).to_have_count(len(left))
    assert columns(other) == left
    other.page.context.close()


def test_all_are_trained_from_the_page_and_the_table_and_charts_fill(app: App):
    app.open("/?page=compare&compare=bias-free-12k,adaptive-pool-16k")
    view(app, "Results")
    app.page.get_by_role("button", name="Train all").click()
    app.choose_digits()
    for name, value in (("Seeds", "1"), ("Epochs", "1")):
        box = app.page.get_by_role("spinbutton", name=name)
        box.fill(value)
        box.press("Enter")
        app.settled()
    app.page.get_by_role("button", name="Train 2 runs").click()
    said = app.page.get_by_test_id("stToast")
    expect(said.filter(has_text="2 runs queued")).to_be_visible()
    app.page.keyboard.press("Escape")
    # The page fills by itself: two networks that were trained here can be tested on the same
    # images.
    app.page.get_by_role("button", name="Run McNemar's test").click(timeout=60_000)
    expect(app.page.locator(".paired")).to_contain_text("on 360 images", timeout=60_000)
    shows = {
        "Learning": (lines, "series: {}"),
        "Trade-off": (points, "series: {}; kind: our run"),
        "Layer by layer": (lines, "network: {}"),
    }
    for name, (marks, label) in shows.items():
        view(app, name)
        for network in ("bias-free-12k", "adaptive-pool-16k"):
            expect(marks(app, label.format(network))).not_to_have_count(0)


# --- charts: SVGs, whose marks say in their labels what they are of -------------------------------


def chart(app: App) -> Locator:
    return app.page.get_by_test_id("stVegaLiteChart").locator("svg.marks").first


def lines(app: App, label: str) -> Locator:
    return chart(app).locator(f'.mark-line.role-mark path[aria-label*="{label}"]')


def points(app: App, label: str) -> Locator:
    return chart(app).locator(f'.mark-symbol.role-mark path[aria-label*="{label}"]')


def line(app: App, series: str) -> Locator:
    return lines(app, f"series: {series};")


def is_drawn(app: App, series: str) -> None:
    expect(line(app, series)).to_have_count(1)


def is_hidden(app: App, series: str) -> None:
    expect(line(app, series)).to_have_count(0)


def hide_or_show(app: App, series: str) -> None:
    """In the menu of lines, which is closed again."""
    app.page.get_by_role("button", name=re.compile(r"\d+ of \d+ lines?")).click()
    app.page.locator("label").filter(
        has=app.page.get_by_role("checkbox", name=series, exact=True)
    ).click()
    app.settled()
    app.page.keyboard.press("Escape")
    expect(app.page.get_by_test_id("stPopoverBody")).to_have_count(0)


TWO = "/?page=compare&compare=bias-free-12k,adaptive-pool-16k&view=Learning"
FIRST = "bias-free-12k, author's log"
SECOND = "adaptive-pool-16k, author's log"


WITHIN = """(names) => {
    const svg = document.querySelector("[data-testid=stVegaLiteChart] svg.marks");
    const edge = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll(names)].map((name) => name.getBoundingClientRect());
    return edge.right <= innerWidth && boxes.every((box) => edge.left <= box.left && box.right <= edge.right);
}"""
NAMES = {"Learning": ".mark-text.role-mark text", "Trade-off": ".role-legend-label text"}


@pytest.mark.parametrize("shown", NAMES)
def test_every_name_of_a_line_or_a_legend_is_within_the_chart(app: App, shown: str):
    app.open(f"/?page=compare&compare={','.join(DOCUMENTED)}&view={shown}")
    names = chart(app).locator(NAMES[shown])
    expect(names).not_to_have_count(0)
    for width in (1440, 683) if shown == "Learning" else (1440, 683, 390):
        app.page.set_viewport_size({"width": width, "height": 844})
        app.page.wait_for_function(WITHIN, arg=NAMES[shown], timeout=15_000)
        texts = names.all_text_contents()
        assert {text.split(",")[0] for text in texts} == set(DOCUMENTED)
        assert len(set(texts)) == len(texts)  # cut off at most behind what tells them apart


def test_a_narrow_window_has_a_legend_of_all_lines_in_place_of_the_names_at_their_ends(app: App):
    app.open(f"/?page=compare&compare={','.join(DOCUMENTED)}&view=Learning")
    entries = app.page.get_by_role("list", name="Lines").get_by_role("listitem")
    expect(entries).to_have_count(0)
    app.page.set_viewport_size({"width": 390, "height": 844})
    expect(entries).to_have_count(3 * len(DOCUMENTED))
    texts = entries.all_inner_texts()
    assert len(set(texts)) == len(texts)
    edges = entries.evaluate_all(
        "entries => entries.map((entry) => entry.getBoundingClientRect().right)"
    )
    assert max(edges) <= 390


APART = """() => {
    const names = [...document.querySelectorAll("[data-testid=stVegaLiteChart] .mark-text.role-mark text")];
    const boxes = names.map((name) => name.getBoundingClientRect()).sort((a, b) => a.top - b.top);
    return boxes.length > 9 && boxes.every((box, i) => i === 0 || box.top + 1 >= boxes[i - 1].bottom - 3);
}"""


@pytest.mark.parametrize("zoom", ["zoom to the end", "last percent", "all"])
def test_names_at_the_lines_ends_do_not_stand_upon_each_other(app: App, zoom: str):
    app.open(f"/?page=compare&compare={','.join(DOCUMENTED)}&view=Learning")
    view(app, zoom)
    for size in ((1920, 1080), (1440, 900), (1024, 768), (683, 512)):
        app.page.set_viewport_size({"width": size[0], "height": size[1]})
        app.page.wait_for_function(APART, timeout=15_000)


def test_a_line_is_hidden_and_shown_again(app: App):
    app.open(TWO)
    is_drawn(app, FIRST)
    hide_or_show(app, FIRST)
    is_hidden(app, FIRST)
    is_drawn(app, SECOND)
    hide_or_show(app, FIRST)
    is_drawn(app, FIRST)


def test_what_was_hidden_stays_hidden_where_the_chart_is_drawn_anew(app: App):
    app.open(TWO)
    view(app, "last percent")
    hide_or_show(app, FIRST)
    is_hidden(app, FIRST)
    for change in (("Results", "Learning"), ("zoom to the end", "last percent")):
        for name in change:
            view(app, name)
        is_hidden(app, FIRST)
        is_drawn(app, SECOND)
    hide_or_show(app, FIRST)
    is_drawn(app, FIRST)


def test_lines_that_come_in_are_shown_though_others_are_hidden(app: App):
    app.open(TWO)
    documented = app.page.locator("label").filter(has_text=re.compile("^Author's log"))
    documented.click()
    expect(line(app, FIRST)).to_have_count(0)
    shipped = "bias-free-12k, author's recipe, 19 epochs, included with the app"
    hide_or_show(app, shipped)
    is_hidden(app, shipped)
    documented.click()
    expect(
        app.page.get_by_role("switch", name="Author's log").or_(app.page.get_by_role("checkbox"))
    ).to_be_checked()
    is_drawn(app, FIRST)
    is_hidden(app, shipped)


def test_what_was_chosen_is_found_again_after_a_look_at_another_page(app: App):
    app.open("/?page=compare&compare=bias-free-12k,adaptive-pool-16k,gap-17k")
    view(app, "Learning")
    expect(app.page).to_have_url(re.compile("view=Learning"))
    app.page.get_by_role("combobox", name="What").click()
    app.page.get_by_role("option", name="train loss").click()  # draws only a part of the page anew
    app.settled()
    app.go_to("Runs")
    expect(app.page).to_have_url(
        re.compile("page=runs.*view=Learning")
    )  # so that F5 there keeps it
    app.go_to("Compare")
    expect(app.page).to_have_url(re.compile("compare=bias-free-12k%2Cadaptive-pool-16k%2Cgap-17k"))
    expect(app.page.get_by_role("combobox", name="What")).to_have_value("train loss")
    view(app, "Structure")
    expect(app.page).not_to_have_url(re.compile("view="))
    expect(app.page.locator(".compare thead th[scope=col]")).to_have_text(
        ["bias-free-12k", "adaptive-pool-16k", "gap-17k"]
    )
    app.page.get_by_role("combobox", name="To").click()
    app.page.get_by_role("option", name="gap-17k").click()
    view(app, "Results")
    view(app, "Structure")
    expect(app.page.get_by_role("combobox", name="To")).to_have_value("gap-17k")


def test_a_run_stays_in_the_comparison_while_it_trains(app: App):
    """The list calls it by its epochs, so its label changes all the time."""
    app.open("/?page=train")
    app.train_on_digits(1000)
    run = app.run_in_address
    watcher = open_app(app.page.context, app.url)
    watcher.open(f"/?page=train&run={run}")
    epochs = watcher.run_epochs
    app.open(f"/?page=compare&compare=run:{run},bias-free-12k")
    for name, shown in (("Learning", chart(app)), ("Structure", app.page.locator(".compare"))) * 2:
        expect(epochs).not_to_have_attribute(
            "data-epochs", epochs.get_attribute("data-epochs") or ""
        )
        view(app, name)
        expect(shown).to_be_visible()
    expect(app.page.locator(".compare thead th[scope=col]")).to_have_count(2)
    app.open(f"/?page=train&run={run}")
    app.page.get_by_role("button", name="Stop").click()
    expect(app.run_status).to_have_text("stopped")


def test_a_click_on_a_point_opens_its_network(app: App):
    app.open("/?page=compare&compare=adaptive-pool-16k,strided-20k")
    view(app, "Trade-off")
    expect(points(app, "series: adaptive-pool-16k; kind: author's log")).to_have_count(1)
    points(app, "series: strided-20k; kind: author's log").click()
    app.page.wait_for_url(re.compile(r"/(\?.*)?$"))
    app.settled()
    expect(app.started_from).to_contain_text("strided-20k")


def test_the_report_and_the_charts_are_downloaded(app: App, tmp_path: Path):
    app.open("/?page=compare&compare=bias-free-12k,adaptive-pool-16k")
    view(app, "Learning")
    app.page.get_by_role("button", name="Download", exact=True).click()
    names = {}
    app.page.get_by_role("button", name="Report").click()
    for name, button in {
        "Report": re.compile("Save: Report"),
        "SVG": "SVG",
        "PNG": "PNG",
        "CSV": "CSV",
    }.items():
        with app.page.expect_download(timeout=120_000) as download:
            app.page.get_by_role("button", name=button, exact=name != "Report").click(
                timeout=120_000
            )
        names[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(names[name])
    text = zipfile.ZipFile(names["Report"]).read("comparison/README.md").decode()
    assert text.startswith("# bias-free-12k · adaptive-pool-16k")
    assert names["SVG"].read_text().startswith("<svg")
    assert names["PNG"].read_bytes().startswith(b"\x89PNG")
    assert names["CSV"].read_text().startswith("series,")
