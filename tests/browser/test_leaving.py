"""Going to another page while something is still on its way, as on a slow network or a busy server."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, WebSocketRoute, expect

from tests.browser.conftest import App

pytestmark = pytest.mark.browser

ASKED = 600  # milliseconds in which the panel beside the stack has asked for its pictures


@dataclass
class Wire:
    """The socket between browser and server, which can be held up."""

    app: App
    held: list[tuple[WebSocketRoute, str | bytes]] | None = None
    server: WebSocketRoute | None = None

    def __post_init__(self) -> None:
        self.app.page.route_web_socket(re.compile("_stcore/stream"), self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        server = self.server = browser.connect_to_server()
        browser.on_message(lambda message: self._carry(server, message))
        server.on_message(lambda message: self._carry(browser, message))

    def _carry(self, to: WebSocketRoute, message: str | bytes) -> None:
        if self.held is None:
            to.send(message)
        else:
            self.held.append((to, message))

    def to_server(self) -> None:
        """Let through what the browser said so far, and nothing to the browser."""
        held, self.held = self.held or [], []
        for to, message in held:
            if to is self.server:
                to.send(message)
            else:
                self.held.append((to, message))

    def release(self) -> None:
        """All that was held up, a message after the other, as from a server that takes its time."""
        while self.held:
            to, message = self.held.pop(0)
            to.send(message)
            self.app.page.wait_for_timeout(10)
        self.held = None

    def leave_for(self, page: str, after: int) -> None:
        """Click on another page; what is said in the next milliseconds arrives all at once."""
        self.held = []
        self.app.link_to(page).click()
        self.app.page.wait_for_timeout(after)
        self.release()


def epochs(app: App) -> Locator:
    return app.page.get_by_role("spinbutton", name="Epochs", exact=True)


@pytest.fixture
def wire(app: App) -> Wire:
    return Wire(app)


def test_the_next_page_is_not_emptied_by_a_panel_that_still_asks(app: App, wire: Wire):
    for _ in range(5):  # the server is quick: not each time does the question find it at work on the next page
        app.page.goto(app.url)
        expect(app.row(0)).to_be_visible()
        wire.leave_for("Train", ASKED)
        expect(app.page).to_have_url(re.compile("/train"))
        app.settled()
        expect(epochs(app)).to_be_visible()


def test_an_edit_counts_though_the_page_is_left_before_it_is_answered(app: App, wire: Wire):
    app.open("/")
    app.preset("adaptive-pool-16k")
    app.row(0).locator('input[name="out_channels"]').click()
    wire.held = []  # the edit is made while the click into the field waits for its answer
    app.type_into(0, "out_channels", "9")
    wire.leave_for("Runs", ASKED)
    expect(app.page).to_have_url(re.compile("/runs"))
    app.go_to("Build")
    expect(app.row(0).locator('input[name="out_channels"]')).to_have_value("9")


def test_what_is_typed_counts_and_the_page_is_left(app: App, wire: Wire):
    app.open("/train")
    epochs(app).fill("7")  # and no Enter: the browser sends it as the field is left, which is after the page was asked for
    wire.leave_for("Runs", ASKED)
    expect(app.page).to_have_url(re.compile("/runs"))
    expect(epochs(app)).to_have_count(0)
    app.go_to("Train")
    expect(epochs(app)).to_have_value("7")


def test_a_choice_is_kept_though_views_change_before_they_are_drawn(app: App, wire: Wire):
    app.open("/compare?compare=bias-free-12k,adaptive-pool-16k,gap-17k")
    app.page.get_by_role("combobox", name="To").click()
    app.page.get_by_role("option", name="gap-17k").click()
    app.settled()
    wire.held = []
    for view in ("Verdict", "Structure"):
        app.choice(view).click()
        app.page.wait_for_timeout(ASKED)
        wire.to_server()
        app.page.wait_for_timeout(ASKED)
    wire.release()
    app.settled()
    expect(app.page.locator(".compare tfoot")).to_be_visible()
    expect(app.page.get_by_role("combobox", name="To")).to_have_value("gap-17k")


def test_a_presets_images_stay_though_the_browser_still_speaks_of_those_before(app: App, wire: Wire):
    app.open("/")
    app.page.get_by_role("combobox", name="Images").click()
    app.page.get_by_role("option", name=re.compile("CIFAR-10")).click()
    app.settled()
    app.page.get_by_role("button", name="Start from").click()
    wire.held = []
    app.page.locator(".st-key-preset-gap-17k button").click()
    app.row(0).locator(".kind").first.click()  # of the stack before, as the preset's has not come
    app.page.wait_for_timeout(2 * ASKED)
    wire.release()
    expect(app.page.get_by_role("button", name="Start from")).to_contain_text("gap-17k")
    app.settled()
    expect(app.page.get_by_role("combobox", name="Images")).to_have_value(re.compile("MNIST"))
    app.go_to("Train")
    expect(app.page.get_by_role("combobox", name="Images")).to_have_value("MNIST")
