"""Pages show what others do to a run that has ended, and cost next to nothing as long as nobody
does.
"""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import App, Server, open_app
from tests.browser.test_runs import choose, open_runs, start, status

pytestmark = pytest.mark.browser

# Bytes of one look at the server. A page sends the state of each of its fields along, which is
# Streamlit's way, so that what it sends grows with the form that it shows.
ANSWER, QUESTION, QUESTION_OF_EACH_FIELD = 1_000, 500, 80


@dataclass
class Looks:
    """What a window sends and receives, and how often it has looked for changes and been
    answered.
    """

    sent: list[bytes] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)

    def listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda data: self.sent.append(_bytes(data)))
        socket.on("framereceived", lambda data: self.received.append(_bytes(data)))

    def asked(self) -> int:
        return sum(bool(BackMsg.FromString(data).rerun_script.fragment_id) for data in self.sent)

    def fields(self) -> int:
        """Of all looks together."""
        return sum(
            len(BackMsg.FromString(data).rerun_script.widget_states.widgets) for data in self.sent
        )

    def answered(self) -> int:
        return sum(
            ForwardMsg.FromString(data).WhichOneof("type") == "script_finished"
            for data in self.received
        )


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


@pytest.fixture
def other(chromium: Browser, server: Server) -> App:
    """Another visitor."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield open_app(context, server.url)
    context.close()


def test_an_ended_run_that_others_resume_rename_and_delete_is_shown_as_it_is(app: App, other: App):
    app.open("/?page=train")
    start(app, 999)
    status(app, "running")
    app.page.get_by_role("button", name="Pause").click()
    status(app, "paused")
    run = app.run_in_address
    other.open(f"/?page=train&run={run}")
    other.page.get_by_role("button", name="Resume").click()
    status(app, "running")
    other.page.get_by_role("button", name="Stop").click()
    status(app, "stopped")
    open_runs(app)
    choose(app, 0)
    open_runs(other)
    choose(other, 0)
    other.page.get_by_role("button", name="Rename").click()
    name = other.name_box
    name.fill("Renamed by another")
    name.press("Enter")
    expect(app.page.locator(".run h2")).to_have_text("Renamed by another")
    app.page.get_by_role("button", name="Show curves").click()
    expect(app.page.get_by_role("button", name="Start training")).to_be_visible()
    status(app, "stopped")
    other.page.keyboard.press("Escape")
    other.page.get_by_role("button", name="Delete", exact=True).click()
    other.page.get_by_role("button", name="Delete this run").click()
    expect(app.page.get_by_test_id("stAlert")).to_contain_text(f"{run} was deleted")


def test_a_page_at_rest_asks_little_and_does_not_move(app: App):
    looks = Looks()
    app.page.on("websocket", looks.listen)
    app.open("/?page=train")
    start(app, 1)
    status(app, "finished")
    app.settled()

    def look(times: int) -> None:
        """Wait until the page has asked and been answered so often."""
        looks.sent.clear()
        looks.received.clear()
        app.until(lambda: min(looks.asked(), looks.answered()) >= times, "the page has looked")
        app.settled()

    look(1)  # it has come to rest
    app.page.evaluate(
        """() => {
          window.changes = 0;
          const page = document.querySelector('[data-testid="stMain"]');
          new MutationObserver((found) => { changes += found.length; })
            .observe(page, {childList: true, characterData: true, subtree: true});
        }"""
    )
    look(2)
    assert sum(map(len, looks.received)) < ANSWER * looks.asked()
    assert sum(map(len, looks.sent)) < (
        QUESTION * looks.asked() + QUESTION_OF_EACH_FIELD * looks.fields()
    )
    assert app.page.evaluate("changes") == 0
