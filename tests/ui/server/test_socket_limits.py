"""So many windows are open at once, those who have too many are told, and a closed one makes
room.
"""

from contextlib import ExitStack, suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from explorer.people.cookie import PersonCookie
from explorer.ui.server.askers import Most
from explorer.ui.server.socket_limits import SETTINGS, SocketLimits

COOKIE = PersonCookie(b"a" * 32)
ANN, BEN = "a" * 16, "b" * 16


async def text(request: Request) -> Response:
    return PlainTextResponse("settings")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket.iter_text():
        if message == "fault":
            raise RuntimeError("a fault of ours")


def server() -> TestClient:
    app = Starlette(
        routes=[
            Route(f"/base{SETTINGS}", text),
            Route("/base/_stcore/health", text),
            WebSocketRoute("/base/_stcore/stream", socket),
        ]
    )
    limits = SocketLimits(app, COOKIE, Most(of_a_person=2, of_an_address=3))
    return TestClient(limits)


def of(person: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE.name}={COOKIE.value(person)}"} if person else {}


def opens(client: TestClient, person: str) -> bool:
    """Whether one more is let in, which is closed again at once; what is refused says why."""
    settings = client.get(f"/base{SETTINGS}", headers=of(person))
    assert client.get("/base/_stcore/health", headers=of(person)).status_code == 200
    try:
        with client.websocket_connect("/base/_stcore/stream", headers=of(person)):
            said, status = "", 200
    except WebSocketDenialResponse as refused:
        said, status = refused.text, refused.status_code
    assert status == settings.status_code
    if status == 429:
        assert said == settings.json()
        words = "You have 2 windows or tabs" if person else "3 windows are open from your network"
        assert said.startswith(words)
    return status == 200


@pytest.mark.parametrize(("person", "most"), [(ANN, 2), ("", 3)])
def test_each_has_so_many_and_a_closed_one_makes_room(person: str, most: int) -> None:
    client = server()
    with client, ExitStack() as windows:
        for _ in range(most):
            assert opens(client, person)
            stream = client.websocket_connect("/base/_stcore/stream", headers=of(person))
            last = windows.enter_context(stream)
        assert not opens(client, person)
        assert opens(client, BEN)
        assert opens(client, ANN if not person else "")
        last.close()
        assert opens(client, person)


def test_one_that_ends_by_a_fault_makes_room_too() -> None:
    client = server()
    with client:
        for _ in range(5):
            with (
                suppress(RuntimeError),
                client.websocket_connect("/base/_stcore/stream", headers=of(ANN)) as window,
            ):
                window.send_text("fault")
                window.receive()
        assert opens(client, ANN)
