"""Every answer has the security headers, and no header lets another host in."""

import re
from pathlib import Path

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from explorer.ui.server.security_headers import (
    STREAMLITS_SCRIPT,
    BadSite,
    SecurityHeaders,
    frame_ancestors,
    security_headers,
)
from explorer.ui.server.startup import headers_or_exit

NAMES = (
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
)
# A host's name, with or without its scheme.
HOST = re.compile(r"://|\b[a-z0-9-]+\.[a-z]{2,}\b|\*")


async def text(request: Request) -> Response:
    # As Streamlit says it of the files of its own page; ours is said once, not twice.
    return PlainTextResponse("a file", headers={"X-Content-Type-Options": "sniff"})


async def fault(request: Request) -> Response:
    raise RuntimeError("a fault of ours")


async def refused(socket: WebSocket) -> None:
    await socket.send_denial_response(PlainTextResponse("no", 403))


def browser() -> TestClient:
    app = Starlette(
        routes=[Route("/", text), Route("/fault", fault), WebSocketRoute("/socket", refused)],
        middleware=[Middleware(SecurityHeaders, security_headers())],
    )
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("POST", "/", 405),
        ("GET", "/nowhere", 404),
        ("GET", "/fault", 500),
    ],
)
def test_every_answer_has_each_header_once(method: str, path: str, status: int) -> None:
    answer = browser().request(method, path)
    assert answer.status_code == status
    for name in NAMES:
        assert len(answer.headers.get_list(name)) == 1, name
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("content_type", "is_a_page"),
    [
        ("text/html; charset=utf-8", True),
        ("text/plain", True),
        ("image/svg+xml", True),  # may hold scripts
        ("application/xhtml+xml", True),
        ("application/octet-stream", True),
        ("", True),
        ("text/javascript; charset=utf-8", False),
        ("Text/CSS", False),
        ("font/woff2", False),
        ("application/json", False),
    ],
)
def test_what_is_never_a_page_has_only_the_header_that_means_something(
    content_type: str, is_a_page: bool
) -> None:
    async def file(request: Request) -> Response:
        return Response(b"", headers={"content-type": content_type} if content_type else {})

    app = Starlette(
        routes=[Route("/", file)], middleware=[Middleware(SecurityHeaders, security_headers())]
    )
    found = TestClient(app).get("/").headers
    assert found["x-content-type-options"] == "nosniff"
    assert ("content-security-policy" in found) == is_a_page
    assert ("referrer-policy" in found) == is_a_page


def test_a_refused_websocket_has_them_too() -> None:
    with pytest.raises(WebSocketDenialResponse) as denied, browser().websocket_connect("/socket"):
        pass
    assert set(NAMES) <= set(denied.value.headers)


def directives(listed: str = "") -> dict[str, str]:
    policy = security_headers(listed)["Content-Security-Policy"]
    return {
        name: sources for name, _, sources in (each.partition(" ") for each in policy.split("; "))
    }


def test_no_directive_names_a_host_nor_lets_text_become_code() -> None:
    found = directives()
    for name, sources in found.items():
        assert not HOST.search(sources), name
    assert "unsafe" not in found["script-src"]
    assert "data:" not in found["script-src"]
    assert found["default-src"] == found["object-src"] == "'none'"
    assert found["base-uri"] == found["form-action"] == found["frame-ancestors"] == "'self'"


def test_the_scripts_in_streamlits_page_are_those_that_the_policy_names() -> None:
    page = (Path(st.__file__).parent / "static" / "index.html").read_text()
    written = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert written == [STREAMLITS_SCRIPT]
    assert not re.search(r"\son\w+=", page)  # no script in an attribute


@pytest.mark.parametrize(
    ("listed", "sources"),
    [
        ("", "'self'"),
        (" , ", "'self'"),
        ("https://moodle.school.example", "'self' https://moodle.school.example"),
        (
            "https://a.example:8443, http://192.0.2.7,https://*.school.example",
            "'self' https://a.example:8443 http://192.0.2.7 https://*.school.example",
        ),
    ],
)
def test_a_school_lists_the_sites_that_show_its_pages(listed: str, sources: str) -> None:
    assert frame_ancestors(listed) == sources
    assert directives(listed)["frame-ancestors"] == sources


@pytest.mark.parametrize(
    "listed",
    [
        "moodle.school.example",
        "https://",
        "https://a b",
        "https://moodle.school.example/course",
        "https://a.example; script-src *",
        "https://a.example\r\nSet-Cookie: a=b",
        "*",
        "'unsafe-inline'",
        "https://a.example https://b.example",
    ],
)
def test_what_is_no_site_stops_the_start(listed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSite, match="is written as https://"):
        frame_ancestors(listed)
    monkeypatch.setenv("EXPLORER_FRAME_ANCESTORS", listed)
    with pytest.raises(SystemExit, match="EXPLORER_FRAME_ANCESTORS lists"):
        headers_or_exit()


@given(some.text())
def test_nothing_that_is_listed_adds_a_directive(listed: str) -> None:
    try:
        sources = frame_ancestors(listed)
    except BadSite:
        return
    assert not re.search(r"[;\s,]", sources.replace(" ", ""))
