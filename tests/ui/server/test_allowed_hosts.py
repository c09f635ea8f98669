"""A server answers to its own names and to addresses of digits, and to no other name."""

import asyncio
from typing import Any

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import Message
from starlette.websockets import WebSocket

from explorer.ui.server import allowed_hosts
from explorer.ui.server.allowed_hosts import AllowedHosts, is_allowed, own_names, refusal_text
from explorer.ui.server.startup import names_or_exit

NAMES = frozenset({"localhost", "lab-3", "lab-3.local", "cnn.school.example"})
OPTIONS = {
    "server.address": None,
    "browser.serverAddress": None,
    "server.corsAllowedOrigins": [],
    "server.enableCORS": True,
}


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("localhost:8501", True),
        ("LOCALHOST.:8501", True),
        ("a.localhost", True),
        ("127.0.0.1:8501", True),
        ("10.0.0.7", True),
        ("203.0.113.9:80", True),
        ("[::1]:8501", True),
        ("[fe80::1%eth0]", True),
        ("lab-3:8501", True),
        ("Lab-3.local", True),
        ("cnn.school.example", True),
        ("cnn.school.example:443", True),
        ("", False),
        (":8501", False),
        ("evil.example", False),
        ("evil.example:8501", False),
        ("localhost.evil.example", False),
        ("evillocalhost", False),
        ("10.0.0.7.evil.example", False),
        ("cnn.school.example.evil.example", False),
        ("localhost@evil.example", False),
        ("evil.example/localhost", False),
        ("evil.example\\localhost", False),
        ("localhost evil.example", False),
        ("localhost:port", False),
        ("[::1", False),
        ("[evil.example]", False),
        ("[localhost]", False),
        ("2130706433", False),  # which no browser sends; it would send 127.0.0.1
        ("0x7f.1", False),
        ("*", False),
    ],
)
def test_which_names_are_this_servers(host: str, allowed: bool) -> None:
    assert is_allowed(host, NAMES) is allowed
    assert is_allowed(host, {"*"})


@given(some.text(), some.integers(0, 65535))
def test_no_other_name_passes_however_it_is_written(text: str, port: int) -> None:
    for host in (text, f"{text}:{port}", f"{text}.evil.example", f"{text}@evil.example"):
        if is_allowed(host, NAMES):
            name = host.rpartition(":")[0] if host[-1:].isdigit() and ":" in host else host
            name = name.rstrip(".:").lower()
            digits = set(name) <= set("0123456789abcdef.:[]%") or name.startswith("[")
            assert name in NAMES or name.endswith(".localhost") or digits
    assert "\n\n\n" not in refusal_text(text)


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts the server with these options, in the test's mind."""

    def started_with(changes: dict[str, Any], hosts: str) -> None:
        monkeypatch.setattr(st, "get_option", (OPTIONS | changes).__getitem__)
        monkeypatch.setattr(allowed_hosts.platform, "node", lambda: "Lab-3.school.example")
        monkeypatch.setenv("EXPLORER_HOSTS", hosts)

    return started_with


MACHINE = {"localhost", "lab-3", "lab-3.local", "lab-3.school.example"}


@pytest.mark.parametrize(
    ("changes", "hosts", "more"),
    [
        ({}, "", set()),
        ({"server.address": "cnn.example"}, "", {"cnn.example"}),
        ({"server.address": "0.0.0.0"}, "", {"0.0.0.0"}),
        ({"browser.serverAddress": "Cnn.example"}, "", {"cnn.example"}),
        (
            {"server.corsAllowedOrigins": ["https://a.example", "b.example:8501"]},
            "",
            {"a.example", "b.example"},
        ),
        (
            {},
            "a.example, https://B.example:8443/x ,,c.example.",
            {"a.example", "b.example", "c.example"},
        ),
        ({}, "*", {"*"}),
        ({"server.corsAllowedOrigins": ["http://["]}, "", set()),
    ],
)
def test_a_server_is_called_as_its_machine_and_as_it_was_told(
    changes: dict[str, Any], hosts: str, more: set[str], options: Any
) -> None:
    options(changes, hosts)
    assert own_names() == MACHINE | more


@pytest.mark.parametrize(
    "listed", ["http://[", "a.example b.example", "https://", "a.example, :8501", "a@"]
)
def test_what_is_no_name_stops_the_start(listed: str, options: Any) -> None:
    options({}, listed)
    with pytest.raises(SystemExit, match=r"EXPLORER_HOSTS lists .* no name of a server"):
        names_or_exit()


def test_where_pages_of_all_sites_are_allowed_every_name_is(options: Any) -> None:
    options({"server.enableCORS": False}, "")
    assert own_names() == {"*"}


async def page(request: Request) -> Response:
    return PlainTextResponse("a page")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


def browser(names: frozenset[str] = NAMES) -> TestClient:
    app = Starlette(routes=[Route("/", page), WebSocketRoute("/socket", socket)])
    return TestClient(AllowedHosts(app, names))


def test_another_name_is_refused_and_told_what_to_set() -> None:
    answer = browser().get("/", headers={"Host": "cnn.lan:8501"})
    assert answer.status_code == 400
    assert "start it with the environment variable EXPLORER_HOSTS=cnn.lan " in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        browser().websocket_connect("/socket", headers={"Host": "cnn.lan:8501"}),
    ):
        pass
    assert denied.value.status_code == 400
    assert "EXPLORER_HOSTS=cnn.lan " in denied.value.text


def test_its_own_name_is_answered() -> None:
    client = browser()
    for host in ("localhost:8501", "192.0.2.7:8501"):
        assert client.get("/", headers={"Host": host}).text == "a page"
        with client.websocket_connect("/socket", headers={"Host": host}):
            pass
    assert browser(frozenset("*")).get("/", headers={"Host": "evil.example"}).text == "a page"


def test_one_wrong_name_among_several_is_refused() -> None:
    twice = [("Host", "localhost"), ("Host", "evil.example")]
    assert browser().get("/", headers=twice).status_code == 400


@pytest.mark.parametrize("headers", [[], [(b"host", b"evil.example")]])
def test_a_server_that_can_send_no_words_refuses_all_the_same(
    headers: list[tuple[bytes, bytes]],
) -> None:
    said: list[Message] = []

    async def asked() -> Message:
        return {"type": "websocket.connect"}

    async def hear(message: Message) -> None:
        said.append(message)

    async def inner(*_: Any) -> None:
        said.append({"type": "reached"})

    app = AllowedHosts(inner, NAMES)
    asyncio.run(app({"type": "websocket", "headers": headers}, asked, hear))
    kinds = {"type": "websocket.close", "code": 1008} if headers else {"type": "reached"}
    assert said == [kinds]
