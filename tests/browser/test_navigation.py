"""From page to page: the links, the address, the browser's history, and a reload."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import App
from tests.browser.wire_watch import WATCH

pytestmark = pytest.mark.browser

PAGES = ("Build", "Train", "Compare", "Runs")


def expect_page(app: App, page: str) -> None:
    expect(app.page).to_have_title(f"{page} · Architecture explorer")
    expect(app.link_to(page)).to_have_attribute("aria-current", "page")
    expect(app.page.locator("nav [aria-current]")).to_have_count(1)


def test_back_and_forward_go_one_page_each(app: App):
    app.open("/")
    expect_page(app, "Build")
    for page in ("Train", "Compare", "Runs"):
        app.go_to(page)
        expect_page(app, page)
    for page in ("Compare", "Train", "Build"):
        app.page.go_back()
        expect_page(app, page)
    for page in ("Train", "Compare"):
        app.page.go_forward()
        expect_page(app, page)
    app.settled()
    assert app.page.get_by_role("combobox", name="Compare").is_visible()


def test_edits_add_no_step_to_the_history(app: App):
    app.open("/")
    before = app.page.evaluate("history.length")
    for value in ("9", "10", "11"):
        app.type_into(0, "out_channels", value)
        app.settled()
    expect(app.page).to_have_url(re.compile("[?&]a="))
    assert app.page.evaluate("history.length") == before


@pytest.mark.parametrize("page", PAGES)
def test_a_reload_loses_nothing(app: App, page: str):
    app.open("/?page=compare&compare=gap-17k,strided-20k&view=Verdict")
    app.go_to("Build")
    app.type_into(0, "out_channels", "9")
    app.settled()
    app.go_to(page)
    expect(app.page).to_have_url(re.compile("[?&]a="))
    app.page.reload()
    expect_page(app, page)
    app.settled()
    app.go_to("Build")
    expect(app.row(0).locator('input[name="out_channels"]')).to_have_value("9")
    app.go_to("Compare")
    expect(app.choice("Results")).to_be_checked()
    expect(app.page.get_by_text("strided-20k").first).to_be_visible()
    # One of those that are compared where none is chosen.
    expect(app.page.get_by_text("bias-free-12k")).to_have_count(0)


@pytest.mark.parametrize(
    ("old", "page", "rest"),
    [
        ("/build", "Build", ""),
        ("/train?run=nosuchrun", "Train", "run=nosuchrun"),
        ("/compare?compare=gap-17k,strided-20k", "Compare", "compare=gap-17k"),
    ],
)
def test_an_old_address_leads_on(app: App, old: str, page: str, rest: str):
    app.page.goto(app.url + old)
    expect_page(app, page)
    expect(app.page).to_have_url(re.compile(rf"/\?page={page.lower()}.*{rest}"))


def test_another_window_of_a_link_has_the_same_work(app: App):
    app.open("/")
    app.type_into(0, "out_channels", "9")
    expect(app.page).to_have_url(re.compile("[?&]a="))
    app.page.context.add_init_script(WATCH)
    with app.page.context.expect_page() as opened:
        app.link_to("Train").click(modifiers=["ControlOrMeta"])
    other = App(opened.value, app.url)
    expect_page(other, "Train")
    expect_page(app, "Build")
    other.go_to("Build")
    expect(other.row(0).locator('input[name="out_channels"]')).to_have_value("9")
