"""Pages show what others do to a run that has ended, and cost next to nothing as long as nobody does."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import App, Server, open_app
from tests.browser.test_runs import choose, open_runs, start, status

pytestmark = pytest.mark.browser

LOOKS = 11_000  # milliseconds in which a page at rest has looked twice
TINY = 9_000  # bytes that three such looks may send and receive together


@pytest.fixture
def other(chromium: Browser, server: Server) -> App:
    """Another visitor."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield open_app(context, server.url)
    context.close()


def test_an_ended_run_that_others_resume_rename_and_delete_is_shown_as_it_is(app: App, other: App):
    app.open("/train")
    start(app, 999)
    status(app, "running")
    app.page.get_by_role("button", name="Pause").click()
    status(app, "paused")
    run = app.page.url.partition("run=")[2]
    other.open(f"/train?run={run}")
    other.page.get_by_role("button", name="Resume").click()
    status(app, "running")
    other.page.get_by_role("button", name="Stop").click()
    status(app, "stopped")
    open_runs(app)
    choose(app, 0)
    open_runs(other)
    choose(other, 0)
    other.page.get_by_role("button", name="Rename").click()
    name = other.page.get_by_role("textbox", name="Name", exact=True)
    name.fill("Renamed by another")
    name.press("Enter")
    expect(app.page.locator(".run b")).to_have_text("Renamed by another")
    app.page.get_by_role("button", name="Watch").click()
    status(app, "stopped")
    other.page.keyboard.press("Escape")
    other.page.get_by_role("button", name="Delete", exact=True).click()
    other.page.get_by_role("button", name="Delete this run").click()
    expect(app.page.get_by_test_id("stAlert")).to_contain_text(re.compile(f"no run .{run}"))


def test_a_page_at_rest_asks_little_and_does_not_move(app: App):
    bytes_of = {"framesent": 0, "framereceived": 0}

    def count(name):
        def add(data):
            bytes_of[name] += len(data)

        return add

    app.page.on("websocket", lambda socket: [socket.on(name, count(name)) for name in bytes_of])
    app.open("/train")
    start(app, 1)
    status(app, "finished")
    app.page.wait_for_timeout(2_000)
    before = dict(bytes_of)
    app.page.evaluate(
        """() => {
          window.changes = 0;
          const page = document.querySelector('[data-testid="stMain"]');
          new MutationObserver((found) => { changes += found.length; })
            .observe(page, {childList: true, characterData: true, subtree: true});
        }"""
    )
    app.page.wait_for_timeout(LOOKS)
    spent = {name: bytes_of[name] - before[name] for name in bytes_of}
    assert spent["framesent"] > 0  # it has looked
    assert sum(spent.values()) < TINY, spent
    assert app.page.evaluate("changes") == 0
