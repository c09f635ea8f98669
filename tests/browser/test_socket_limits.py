"""Who opens one window too many reads so in it."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from explorer.ui.server.socket_limits import MOST
from tests.browser.conftest import open_app, serving
from tests.ui.socket_client import cookie_from, visiting


@pytest.mark.browser
@pytest.mark.slow
def test_who_opens_one_too_many_reads_it_there_and_it_goes_on_once_another_is_closed(
    chromium: Browser,
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as real, ExitStack() as windows:
        cookie = cookie_from(real.url)
        name, _, value = cookie.partition("=")
        others = [
            windows.enter_context(visiting(real.url, cookie)) for _ in range(MOST.of_a_person)
        ]
        context = chromium.new_context()
        context.add_cookies([{"name": name, "value": value, "url": real.url}])
        app = open_app(context, real.url)
        app.page.goto(real.url)
        told = app.page.get_by_text(f"You have {MOST.of_a_person} windows or tabs")
        expect(told).to_be_visible()
        others[0].socket.close()
        expect(app.page.get_by_role("navigation", name="Pages")).to_be_visible()
        expect(told).to_have_count(0)
        context.close()
