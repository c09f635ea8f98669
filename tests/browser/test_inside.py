"""Looking into a network while and after it learns: its maps and filters, played over the epochs."""

import re

import pytest
from playwright.sync_api import Locator, expect

from explorer.network.spec import Architecture, Conv2d, Flatten, Linear, MaxPool2d, ReLU
from tests.browser.conftest import App, open_network

pytestmark = pytest.mark.browser

EPOCHS = 4
NETWORK = Architecture(
    name="to look into",
    layers=(
        Conv2d(out_channels=6, kernel_size=5, stride=2),
        ReLU(),
        MaxPool2d(kernel_size=2),
        Flatten(),
        Linear(out_features=10),
    ),
)
# Has window.shown list the epochs that are shown from now on, one after the other.
NOTE_EPOCHS = """inside => {
  window.shown = [];
  new MutationObserver(() => {
    const { epoch } = inside.dataset;
    if (window.shown.at(-1) !== epoch) window.shown.push(epoch);
  }).observe(inside, { attributeFilter: ["data-epoch"] });
}"""
# What a canvas holds, as one text.
PIXELS = "canvas => canvas.toDataURL()"


@pytest.fixture
def inside(app: App) -> Locator:
    """The view of a run that has ended, with all that it asks for."""
    open_network(app, NETWORK)
    app.go_to("Train")
    app.train_on_digits(EPOCHS)
    expect(app.run_status).to_have_text("finished", timeout=120_000)
    app.settled()
    app.choice("Inside").click()
    found = app.page.locator(".inside")
    expect(found.locator(".at")).to_have_text(f"after epoch {EPOCHS} of {EPOCHS}")
    expect(found).to_have_attribute("data-answered", str(EPOCHS))
    app.settled()
    return found


def picture(inside: Locator, which: int = 0) -> str:
    return str(inside.locator(".grid canvas").nth(which).evaluate(PIXELS))


def test_the_filters_are_played_over_the_epochs(app: App, inside: Locator) -> None:
    expect(inside.locator(".facts")).to_have_text("Layer 0 Conv2d: 6 maps of 12×12")
    expect(inside.locator(".verdict")).to_have_text(re.compile(r"Answers \d \(\d+\.\d %\)"))
    inside.get_by_role("tab", name="Filters").click()
    expect(inside.locator(".facts")).to_have_text("Layer 0 Conv2d: 6 filters of 5×5 for 1 channel")
    expect(inside.locator(".grid canvas")).to_have_count(6)
    last = picture(inside)
    asked = len(app.requests)
    inside.evaluate(NOTE_EPOCHS)
    play = inside.locator(".play")
    play.click()
    shown = [str(epoch) for epoch in range(1, EPOCHS + 1)]
    app.until(lambda: inside.evaluate("() => window.shown") == shown, "all epochs were shown")
    expect(play).to_have_text("Play")  # it ends with the last epoch
    assert picture(inside) == last
    inside.get_by_role("slider", name="Epoch").press("Home")
    expect(inside).to_have_attribute("data-epoch", "1")
    assert picture(inside) != last
    assert len(app.requests) == asked  # nothing of it needed the server


def test_another_epoch_layer_and_image_are_looked_at(app: App, inside: Locator) -> None:
    slider = inside.get_by_role("slider", name="Epoch")
    slider.focus()
    app.page.keyboard.press("ArrowLeft")
    expect(inside).to_have_attribute("data-epoch", str(EPOCHS - 1))
    expect(slider).to_have_attribute("aria-valuetext", f"after epoch {EPOCHS - 1}")
    app.page.keyboard.press("Home")
    app.page.keyboard.press("Space")
    expect(inside).to_have_attribute("data-epoch", str(EPOCHS))  # it was played to its end
    expect(inside.locator(".play")).to_have_text("Play")
    slider.press("Home")
    grid = inside.locator(".grid")
    grid.press("ArrowRight")
    expect(grid).to_have_attribute("aria-label", "Layer 0 Conv2d after epoch 2: 6 maps of 12×12")

    cam = inside.locator(".right canvas")
    before = str(cam.evaluate(PIXELS))
    inside.get_by_role("tab", name="Occlusion").click()
    expect(inside.locator(".about")).to_have_text(
        re.compile("a grey patch of 6×6 pixels there, at 144 places")
    )
    assert str(cam.evaluate(PIXELS)) != before
    inside.get_by_role("tab", name="Grad-CAM").click()
    expect(inside.locator(".about")).to_have_text(re.compile("Grad-CAM of layer 0 Conv2d"))
    assert str(cam.evaluate(PIXELS)) == before

    app.page.get_by_role("combobox", name="Layer", exact=True).click()
    app.page.get_by_role("option", name=re.compile("MaxPool2d")).click()
    expect(inside.locator(".facts")).to_have_text("Layer 2 MaxPool2d: 6 maps of 6×6")
    expect(inside).to_have_attribute("data-answered", "2")  # the epoch stays
    maps = picture(inside)
    number = app.page.get_by_role("spinbutton", name=re.compile("^Test image"))
    number.fill("7")
    number.press("Enter")
    expect(inside.locator(".original canvas")).to_have_attribute(
        "aria-label", re.compile("Test image 7, of class")
    )
    expect(inside).to_have_attribute("data-answered", "2")
    assert picture(inside) != maps


def test_while_a_run_goes_on_new_epochs_come_in_and_nothing_jumps(app: App) -> None:
    open_network(app, NETWORK)
    app.go_to("Train")
    app.train_on_digits(200)
    app.choice("Inside").click()
    inside = app.page.locator(".inside")
    slider = inside.get_by_role("slider", name="Epoch")
    expect(inside).to_have_attribute("data-answered", re.compile(r"\d"))
    newest = re.compile(r"after epoch 1 of (\d+)")
    app.until(lambda: int(slider.get_attribute("max") or 0) >= 2, "there are three epochs")
    slider.press("Home")
    expect(inside).to_have_attribute("data-answered", "1")
    top = slider.bounding_box()

    def last_epoch() -> int:
        found = newest.search(inside.locator(".at").inner_text())
        return int(found[1]) if found else 0

    before = last_epoch()
    app.until(lambda: last_epoch() > before, "more epochs came in")
    assert inside.get_attribute("data-epoch") == "1"
    assert slider.bounding_box() == top
    assert inside.locator(".grid canvas").count() == 6
