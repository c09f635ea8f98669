"""What outlives a server, and what several share: the runs of one home."""

import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import App, open_app, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 150_000  # milliseconds until a run has finished
EPOCHS = 15  # more than pass before a server is killed


def window(chromium: Browser, url: str) -> App:
    return open_app(chromium.new_context(viewport={"width": 1440, "height": 900}), url)


def status(app: App, text: str, patience: int = PATIENCE) -> None:
    expect(app.run_status).to_have_text(text, timeout=patience)


def epochs(app: App) -> int:
    return int(app.run_epochs.get_attribute("data-epochs") or 0)


def link(app: App) -> str:
    """The page's address less the server's."""
    address = urlsplit(app.page.url)
    return f"{address.path}?{address.query}"


def test_after_a_kill_the_next_server_shows_the_run_interrupted_and_one_click_resumes_it(
    chromium: Browser, tmp_path: Path
):
    with serving(tmp_path) as server:
        app = window(chromium, server.url)
        app.open("/?page=train")
        app.train_on_digits(EPOCHS)
        app.page.wait_for_function(
            "() => Number(document.querySelector('.run-epochs')?.dataset.epochs) > 1"
        )
        seen, run = epochs(app), link(app)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(60)
        app.page.context.close()

    with serving(tmp_path) as server:
        app = window(chromium, server.url)
        app.open(run)
        status(app, "interrupted")
        assert seen <= epochs(app) < EPOCHS  # no epoch that was shown is lost
        app.page.get_by_role("button", name="Resume").click()
        status(app, "finished")
        expect(app.run_epochs).to_have_attribute("data-epochs", str(EPOCHS))
        app.page.context.close()


def test_two_servers_on_one_home_show_and_steer_each_others_runs(chromium: Browser, tmp_path: Path):
    (tmp_path / "other").mkdir()
    with (
        serving(tmp_path) as first,
        serving(tmp_path / "other", EXPLORER_HOME=str(tmp_path / "home")) as second,
    ):
        here, there = window(chromium, first.url), window(chromium, second.url)
        here.open("/?page=train")
        here.train_on_digits(1000)
        run = link(here)
        there.open(run)
        status(there, "running")
        there.page.get_by_role("button", name="Stop").click()
        status(here, "stopped")
        status(there, "stopped")
        here.open(run)
        there.page.get_by_role("button", name="Resume").click()  # now the second one trains it
        status(there, "running")
        here.open(run)
        status(here, "running")
        here.page.get_by_role("button", name="Pause").click()
        status(there, "paused")
        first.end()
        there.page.get_by_role("button", name="Resume").click()
        status(there, "running")
        there.page.get_by_role("button", name="Stop").click()
        status(there, "stopped")
        for app in (here, there):
            app.page.context.close()
