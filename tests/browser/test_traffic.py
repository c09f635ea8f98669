"""What a visit and an edit send: bytes of real pages on a real wire, which a class shares."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import App, Server, open_app
from tests.browser.traffic import Listener, Wire, answered_edit, wait_for_values

pytestmark = pytest.mark.browser

FIRST_VISIT = 1_400_000  # bytes on the wire
EDIT = 12_000  # bytes of all that answers an edit, before the wire halves the messages
INLINE = 6_000  # of that the code of all components together
# Bytes on the wire both ways, with the values that the panel beside asks for afterwards.
EDIT_IN_ALL = 18_000


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    wire = Wire(server.url)
    yield wire
    wire.close()


@pytest.fixture
def app(chromium: Browser, wire: Wire) -> Iterator[App]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield open_app(context, wire.url)
    context.close()


def test_a_first_visit_is_not_heavy(app: App, wire: Wire):
    app.open()
    wait_for_values(app)
    assert wire.received < FIRST_VISIT
    # It would be fetched for a mark that is slanted only until the styles say otherwise.
    assert not any("Italic" in url for url in app.requests)


def test_an_edit_of_thirty_layers_sends_little(app: App, wire: Wire):
    listener = Listener(app.page)
    app.open()
    app.preset("avg-pool-13k")
    expect(app.page.locator("[data-layer-index]")).to_have_count(30)
    app.row(0).locator('input[name="out_channels"]').select_text()
    wait_for_values(app)
    before = wire.received + wire.sent
    with listener.heard() as traffic:
        answered_edit(app)
        wait_for_values(app)
    answer = traffic.answers()[0]
    assert len(answer.scripts()) >= 4  # all that is drawn is drawn again
    assert sum(answer.scripts().values()) < INLINE
    assert traffic.fetched_bytes > 100  # its numbers, compressed
    assert answer.received_bytes + traffic.fetched_bytes < EDIT, answer.by_kind()
    assert wire.received + wire.sent - before < EDIT_IN_ALL
