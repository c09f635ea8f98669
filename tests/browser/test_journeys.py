"""What a teacher and a student do, in a real browser."""

import re

import pytest
from playwright.sync_api import Locator, expect

from explorer.network.analysis import analyze
from explorer.presets import load_presets
from explorer.text import size_text
from tests.browser.conftest import App, open_app, start_server

pytestmark = pytest.mark.browser


def expected(preset: str, **first_layer: int) -> list[tuple[str, str, str]]:
    """Output shape, receptive field and parameters of every row, as the screen writes them."""
    architecture = load_presets()[preset].architecture
    first = architecture.layers[0].model_copy(update=first_layer)
    changed = architecture.model_copy(update={"layers": (first, *architecture.layers[1:])})
    return [
        (size_text(r.output_shape), size_text(r.receptive_field), f"{r.params:,}")
        for r in analyze(changed).rows
    ]


def shown(app: App) -> list[tuple[str, str, str]]:
    return list(zip(app.cells("shape"), app.cells("sees"), app.cells("params"), strict=True))


def wait_for_rows(app: App, rows: list[tuple[str, str, str]]) -> None:
    expect(app.page.locator("[data-layer-index]")).to_have_count(len(rows))
    for index, row in enumerate(rows):
        for name, text in zip(("shape", "sees", "params"), row, strict=True):
            expect(app.row(index).locator(f".{name}")).to_have_text(text)


def test_a_changed_kernel_changes_every_row_below(app):
    app.open()
    app.preset("strided-20k")
    before, after = expected("strided-20k"), expected("strided-20k", kernel_size=3)
    wait_for_rows(app, before)
    app.type_into(0, "kernel_size", "3")
    wait_for_rows(app, after)
    assert all(
        old != new
        for old, new in zip(before, after, strict=True)
        if "×" in old[0] and not old[0].endswith("×1×1")
    )
    expect(app.page.locator('[data-total="Parameters"]')).to_have_text(
        f"{19_866 - 32 * (25 - 9):,}"
    )


def test_a_broken_layer_says_why_on_its_row_and_is_mended(app):
    app.open()
    app.preset("strided-20k")
    rows = expected("strided-20k")
    wait_for_rows(app, rows)
    app.type_into(20, "kernel_size", "9")
    expect(app.row(20)).to_contain_text("AvgPool2d 9×9 needs a map of at least 9×9; it gets 5×5")
    expect(app.row(19).locator(".shape")).to_have_text("10×5×5")
    app.type_into(20, "kernel_size", "5")
    wait_for_rows(app, rows)
    expect(app.row(20).get_by_text("needs a map")).to_be_hidden()


# One message takes a click outside the editor and the editor's own draft, and Streamlit then runs
# the editor's part of the page alone. Whatever was clicked must still happen.


def click_while_typing(app: App, clicked: Locator) -> None:
    button = clicked.element_handle()
    app.row(0).locator('input[name="out_channels"]').evaluate(
        """(input, button) => {
            input.value = "11";
            input.dispatchEvent(new Event("input", { bubbles: true }));
            button.click();
        }""",
        button,
    )


def test_a_preset_is_opened_by_a_click_that_meets_an_edit(app):
    app.open()
    app.started_from.click()
    app.settled()
    click_while_typing(app, app.page.locator(".st-key-preset-strided-20k button"))
    expect(app.started_from).to_contain_text("strided-20k")
    wait_for_rows(app, expected("strided-20k"))


def test_menus_open_by_a_click_that_meets_an_edit(app):
    app.open()
    click_while_typing(app, app.page.get_by_role("button", name="Open…"))
    expect(app.page.get_by_role("dialog").get_by_role("textbox", name="Text")).to_be_visible()
    app.settled()
    app.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(app.page.get_by_role("dialog")).to_have_count(0)
    click_while_typing(app, app.page.get_by_role("button", name="Share & save"))
    expect(app.page.get_by_role("button", name=re.compile("JSON ·"))).to_be_visible()


def test_training_streams_while_the_stack_is_edited_and_survives_a_reload(app):
    app.open()
    app.preset("strided-20k")
    app.go_to("Train")
    app.train_on_digits(epochs=500)
    status = app.run_status
    expect(app.page).to_have_url(re.compile(r"run=\w+"))

    points = app.page.locator('[data-testid="stVegaLiteChart"]')
    expect(points).to_have_count(2)
    # Both charts gain points by themselves: the epochs in the table count up, and each chart is
    # drawn anew.
    expect(app.run_epochs).to_have_attribute("data-epochs", re.compile(r"^([2-9]|\d\d+)$"))
    for chart in (points.nth(0), points.nth(1)):
        expect(chart.locator("canvas, svg").first).to_be_visible()

    app.go_to("Build")
    app.type_into(0, "out_channels", "16")
    expect(app.row(0).locator(".shape")).to_have_text("16×26×26")

    app.go_to("Train")
    app.page.reload()
    expect(status).to_have_text("running")
    done = int(app.run_epochs.get_attribute("data-epochs") or 0)
    expect(app.run_epochs).not_to_have_attribute("data-epochs", str(done))
    app.page.get_by_role("button", name="Stop").click()
    expect(status).to_have_text("stopped")


def test_a_stack_from_nothing(app):
    app.open()
    app.preset("blank")
    expect(app.page.locator("[data-layer-index]")).to_have_count(0)
    for number, (search, kind) in enumerate(
        (("conv", "Conv2d"), ("flat", "Flatten"), ("lin", "Linear"))
    ):
        app.page.get_by_role("button", name="Add layer").first.click()
        app.page.keyboard.type(search)
        app.page.keyboard.press("Enter")
        expect(app.row(number)).to_contain_text(kind)
    expect(app.row(2).locator(".shape")).to_have_text("10")
    app.page.keyboard.press("Control+z")
    expect(app.page.locator("[data-layer-index]")).to_have_count(2)
    app.page.keyboard.press("Control+y")
    expect(app.page.locator("[data-layer-index]")).to_have_count(3)


def test_a_units_pixels_are_drawn(app):
    app.open()
    app.preset("strided-20k")
    app.row(0).click(position={"x": 60, "y": 14})
    expect(app.page.locator("figcaption .sees")).to_have_text(
        "Unit (row 13, column 13) sees 5×5 pixels"
    )
    units = app.page.locator("svg.units")
    units.focus()
    for _ in range(13):
        units.press("ArrowUp")
    # The first row of units has one row of padding above the image.
    expect(app.page.locator("figcaption .sees")).to_have_text(
        "Unit (row 0, column 13) sees 4×5 pixels"
    )
    expect(app.page.locator("figcaption .facts")).to_contain_text("20 % of its window is padding")


def test_missing_images_are_said_and_the_built_in_ones_offered(app):
    app.open("/?page=train")
    app.page.get_by_role("button", name="Start training").click()
    expect(app.page.get_by_test_id("stAlert")).to_contain_text("MNIST is not on this server")
    app.page.get_by_role("button", name="Train on the built-in digits instead").click()
    expect(app.page.get_by_role("combobox").first).to_have_value("Digits")


def test_an_unknown_run_is_said(app):
    app.open("/?page=train&run=nosuchrun")
    expect(app.page.get_by_test_id("stAlert")).to_contain_text("There is no run “nosuchrun” here")


@pytest.mark.slow
def test_sigterm_ends_a_training_server_cleanly(chromium, tmp_path):
    server = start_server(tmp_path)
    context = chromium.new_context()
    try:
        app = open_app(context, server.url)
        app.open("/?page=train")
        app.train_on_digits(epochs=500)
    finally:
        context.close()
        status = server.end()
    # −15 is how Python tells what a shell calls 143.
    assert status in (0, 143, -15), server.log.read_text()
    assert "Traceback" not in server.log.read_text()
