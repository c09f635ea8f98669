"""The files of Streamlit's own page come compressed, and are compressed once."""

import asyncio
import gzip
import socket
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import streamlit
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from explorer.ui.server.compressed_static import SMALLEST, CompressedStatic
from tests.browser.conftest import serving

SCRIPT = b"export const answer = 42;\n" * 1_000


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def serves(response: Response) -> tuple[ASGIApp, list[str]]:
    """A server with one answer, and the paths that it was asked for."""
    asked: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        await response(scope, receive, send)

    return app, asked


def get(
    app: ASGIApp, path: str = "/static/js/index.js", method: str = "GET", **headers: str
) -> Answer:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(
        app({"type": "http", "method": method, "path": path, "headers": raw}, receive, send)
    )
    start, *bodies = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], found, b"".join(each.get("body", b"") for each in bodies))


def test_a_script_comes_compressed_and_is_read_once():
    inner, asked = serves(
        Response(
            SCRIPT,
            media_type="text/javascript",
            headers={"cache-control": "immutable", "etag": "x"},
        )
    )
    app = CompressedStatic(inner)
    for _ in range(3):
        answer = get(app, accept_encoding="br, gzip")
        assert answer.status == 200
        assert gzip.decompress(answer.body) == SCRIPT
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-length"] == str(len(answer.body))
        assert "accept-encoding" in answer.headers["vary"].lower()
        assert answer.headers["cache-control"] == "immutable"
        assert answer.headers["content-type"].startswith("text/javascript")
    assert asked == ["/static/js/index.js"]
    get(app, "/static/js/other.js", accept_encoding="gzip")
    assert asked == ["/static/js/index.js", "/static/js/other.js"]


class Left(Response):
    """A browser that leaves while it fetches the file: the server stops there, without a word."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": SCRIPT[:100], "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def test_nobody_gets_the_half_that_somebody_else_left():
    left, whole = (kind(SCRIPT, media_type="text/javascript") for kind in (Left, Response))
    responses = iter([left, whole])

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await next(responses)(scope, receive, send)

    app = CompressedStatic(inner)
    with pytest.raises(ValueError, match="not enough values"):
        get(app, accept_encoding="gzip")  # nobody listens: nothing is sent
    assert gzip.decompress(get(app, accept_encoding="gzip").body) == SCRIPT


def test_a_page_that_is_closed_while_it_loads_leaves_the_others_whole(tmp_path):
    folder = Path(streamlit.__file__).parent / "static/static/js"
    largest = sorted(folder.glob("*.js"), key=lambda path: path.stat().st_size)[-5:]
    with serving(tmp_path) as server:
        place = urlsplit(server.url)
        for file in largest:
            with socket.create_connection((place.hostname, place.port)) as browser:
                lines = f"GET /static/js/{file.name} HTTP/1.1", "Host: x", "Accept-Encoding: gzip"
                browser.sendall("\r\n".join([*lines, "", ""]).encode())
                time.sleep(0.001)  # it is on its way
        for file in largest:
            asked = urllib.request.Request(f"{server.url}/static/js/{file.name}")
            asked.add_header("Accept-Encoding", "gzip")
            with urllib.request.urlopen(asked) as answer:
                assert gzip.decompress(answer.read()) == file.read_bytes()


@pytest.mark.parametrize(
    ("response", "path", "method", "headers"),
    [
        (Response(SCRIPT, media_type="text/javascript"), "/static/a.js", "GET", {}),
        (
            Response(SCRIPT, media_type="text/javascript"),
            "/static/a.js",
            "GET",
            {"accept_encoding": "br"},
        ),
        (
            Response(SCRIPT, media_type="text/javascript"),
            "/other/a.js",
            "GET",
            {"accept_encoding": "gzip"},
        ),
        (
            Response(SCRIPT, media_type="text/javascript"),
            "/static/a.js",
            "HEAD",
            {"accept_encoding": "gzip"},
        ),
        (
            Response(SCRIPT, media_type="font/woff2"),
            "/static/a.woff2",
            "GET",
            {"accept_encoding": "gzip"},
        ),
        (
            Response(b"x" * (SMALLEST - 1), media_type="text/css"),
            "/static/a.css",
            "GET",
            {"accept_encoding": "gzip"},
        ),
        (
            Response(SCRIPT, 404, media_type="text/plain"),
            "/static/a.js",
            "GET",
            {"accept_encoding": "gzip"},
        ),
        (
            Response(b"", 304),
            "/static/a.js",
            "GET",
            {"accept_encoding": "gzip", "if_none_match": "x"},
        ),
        (
            Response(SCRIPT[:9], 206, media_type="text/css"),
            "/static/a.css",
            "GET",
            {"accept_encoding": "gzip", "range": "bytes=0-8"},
        ),
        (
            Response(SCRIPT, media_type="text/css", headers={"content-encoding": "br"}),
            "/static/a.css",
            "GET",
            {"accept_encoding": "gzip"},
        ),
    ],
)
def test_all_else_comes_as_it_is(
    response: Response, path: str, method: str, headers: dict[str, str]
):
    inner, asked = serves(response)
    app = CompressedStatic(inner)
    for _ in range(2):
        assert get(app, path, method, **headers) == get(inner, path, method, **headers)
    assert len(asked) == 4
