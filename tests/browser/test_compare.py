"""Architectures side by side, as a class does it."""

import re

import pytest
from playwright.sync_api import Browser, expect

from explorer.presets import load_presets
from tests.browser.conftest import App, Server, open_app

pytestmark = pytest.mark.browser

DOCUMENTED = [id for id, preset in load_presets().items() if preset.documented]


def view(app: App, name: str) -> None:
    app.page.get_by_role("radio", name=name).or_(app.page.get_by_role("button", name=name)).first.click()
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
    assert other.errors == []
    other.page.context.close()


def test_all_are_trained_from_the_page_and_the_table_and_charts_fill(app: App):
    app.open("/compare?compare=bias-free-12k,adaptive-pool-16k")
    view(app, "Verdict")
    app.page.get_by_role("button", name="Train all").click()
    app.page.get_by_role("combobox", name="Images").click()
    app.page.get_by_role("option", name="Digits", exact=True).click()
    app.settled()
    for name, value in (("Seeds", "1"), ("Epochs", "1")):
        box = app.page.get_by_role("spinbutton", name=name)
        box.fill(value)
        box.press("Enter")
        app.settled()
    app.page.get_by_role("button", name="Train 2 runs").click()
    expect(app.page.get_by_text("2 runs are queued")).to_be_visible()
    app.page.keyboard.press("Escape")
    # The page fills by itself: two networks that were trained here can be tested on the same images.
    app.page.get_by_role("button", name="Test on the same images").click(timeout=60_000)
    expect(app.page.locator(".paired")).to_contain_text("on 360 images", timeout=60_000)
    for name in ("Learning", "Trade-off", "Shape of computation"):
        view(app, name)
        expect(app.page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
