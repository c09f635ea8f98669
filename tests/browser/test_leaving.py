"""Going to another page while something is still on its way, as on a slow network or a busy
server.
"""

import re

import pytest
from playwright.sync_api import Locator, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.browser.conftest import App
from tests.browser.held_wire import HeldWire

pytestmark = pytest.mark.browser


def epochs(app: App) -> Locator:
    return app.page.get_by_role("spinbutton", name="Epochs", exact=True)


def numbers(asked: bytes) -> set[float]:
    """What the page's number inputs hold."""
    states = BackMsg.FromString(asked).rerun_script.widget_states.widgets
    return {number for state in states for number in (state.int_value, state.double_value)}


@pytest.fixture
def wire(app: App) -> HeldWire:
    return HeldWire(app)


@pytest.mark.parametrize("server_has", ["heard nothing", "begun", "ended"])
def test_the_next_page_is_not_emptied_by_a_panel_that_still_asks(
    app: App, wire: HeldWire, server_has: str
):
    """The panel's question meets a server that does not know of the next page, draws it, or has
    drawn it.
    """
    app.open("/")
    wire.hold()
    wire.ask_for("Train")
    if server_has != "heard nothing":
        wire.to_server()
        wire.until_told("new_session" if server_has == "begun" else "script_finished")
    # The browser still stands on the page before.
    app.page.get_by_role("button", name="Another image").click()
    wire.until_asked(b'"mode"')
    wire.to_server()
    # The server answers before the browser hears anything, so that what is seen then is final. The
    # panel's question has no answer of its own once the next page is drawn: no such part is there.
    app.until(lambda: "script_finished" in wire.told(), "the server has drawn the next page")
    wire.release()
    expect(app.page).to_have_url(re.compile("page=train"))
    app.settled()
    expect(epochs(app)).to_be_visible()
    # The answer to what is said later comes after all that the panel's question could lead to.
    epochs(app).fill("7")
    epochs(app).press("Enter")
    expect(app.page.locator(".coming")).to_contain_text("7 epochs of 469 steps")
    expect(epochs(app)).to_be_visible()


def test_an_edit_counts_though_the_page_is_left_before_it_is_answered(app: App, wire: HeldWire):
    app.open("/")
    app.preset("adaptive-pool-16k")
    wire.hold()
    app.row(1).click(position={"x": 30, "y": 14})
    wire.until_asked(b'"seq"')
    app.type_into(0, "out_channels", "9")  # while the click waits for its answer
    wire.ask_for("Runs")
    wire.until_asked(b'"out_channels":9')
    wire.release()
    expect(app.page).to_have_url(re.compile("page=runs"))
    app.go_to("Build")
    expect(app.row(0).locator('input[name="out_channels"]')).to_have_value("9")


def test_an_edit_counts_though_its_editor_is_gone_before_it_could_send_it(app: App, wire: HeldWire):
    """One draft is on its way at a time, and the page is left before the first is answered."""
    app.open("/")
    app.preset("adaptive-pool-16k")
    wire.hold()
    app.type_into(0, "kernel_size", "5")
    wire.until_asked(b'"kernel_size":5')
    wire.ask_for("Runs")
    app.type_into(0, "out_channels", "9")
    assert not any(b'"out_channels":9' in data for data in wire.asked())
    wire.release()
    expect(app.page).to_have_url(re.compile("page=runs"))
    app.settled()
    app.go_to("Build")
    expect(app.row(0).locator('input[name="out_channels"]')).to_have_value("9")


def test_what_is_typed_counts_and_the_page_is_left(app: App, wire: HeldWire):
    app.open("/?page=train")
    # And no Enter: the browser sends it as the field is left, which is after the page was asked
    # for.
    epochs(app).fill("7")
    wire.hold()
    wire.ask_for("Runs")
    app.until(lambda: any(7 in numbers(data) for data in wire.asked()), "what was typed is said")
    wire.release()
    expect(app.page).to_have_url(re.compile("page=runs"))
    expect(epochs(app)).to_have_count(0)
    app.go_to("Train")
    expect(epochs(app)).to_have_value("7")


def test_a_choice_is_kept_though_views_change_before_they_are_drawn(app: App, wire: HeldWire):
    app.open("/?page=compare&compare=bias-free-12k,adaptive-pool-16k,gap-17k")
    app.page.get_by_role("combobox", name="To").click()
    app.page.get_by_role("option", name="gap-17k").click()
    app.settled()
    wire.hold()
    for runs, view in enumerate(("Results", "Structure"), 1):
        app.choice(view).click()
        app.until(wire.asked, f"{view} is asked for")
        wire.to_server()
        app.until(
            lambda runs=runs: wire.told().count("script_finished") == runs,
            f"the server has drawn {view}",
        )
    wire.release()
    app.settled()
    expect(app.page.locator(".compare tfoot")).to_be_visible()
    expect(app.page.get_by_role("combobox", name="To")).to_have_value("gap-17k")


def test_a_presets_images_stay_though_the_browser_still_speaks_of_those_before(
    app: App, wire: HeldWire
):
    app.open("/")
    app.images_box.click()
    app.page.get_by_role("option", name=re.compile("CIFAR-10 ·")).click()
    app.settled()
    app.started_from.click()
    entry = app.page.locator(".st-key-preset-gap-17k button")
    expect(entry).to_be_visible()
    wire.hold()
    entry.click()
    app.until(wire.asked, "the preset is asked for")
    preset = len(wire.asked())
    # Of the stack before, as the preset's has not come; beside the menu.
    app.row(0).locator(".params").click()
    app.until(lambda: len(wire.asked()) > preset, "the browser speaks of the stack before")
    wire.release()
    expect(app.started_from).to_contain_text("gap-17k")
    app.settled()
    expect(app.images_box).to_have_value(re.compile("MNIST"))
    app.go_to("Train")
    expect(app.images_box).to_have_value("MNIST")


def test_a_page_that_is_still_drawn_has_no_stop_but_the_runs_own(app: App, wire: HeldWire):
    """Streamlit's own button of that word ends the drawing, not a training."""
    app.open("/?page=train")
    wire.hold()
    wire.ask_for("Runs")
    wire.to_server()
    wire.until_told("script_finished")
    while wire.held and wire.told()[0] != "script_finished":  # the last that it said
        wire.held[0].to.send(wire.held.pop(0).data)
    expect(app.page.get_by_test_id("stStatusWidget")).to_be_visible()
    expect(app.page.get_by_role("button", name="Stop")).to_have_count(0)
    wire.release()
