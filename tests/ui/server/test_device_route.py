"""Another device becomes the same person, by a code and nothing else."""

from pathlib import Path

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.classroom.register import Register
from explorer.people.cookie import PersonCookie
from explorer.runs.database import Database, StoreError
from explorer.ui.server import device_route
from explorer.ui.server.device_route import device_routes

COOKIE = PersonCookie(b"a" * 32)
ANN = "a" * 16
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def register(tmp_path: Path) -> Register:
    register = Register(Database(tmp_path / "runs.sqlite"))
    register.arrive(ANN)
    return register


def device(register: Register, base: str = "") -> TestClient:
    app = Starlette(routes=device_routes(base, COOKIE, register))
    return TestClient(app, follow_redirects=False)


def test_the_code_makes_it_the_same_person(register: Register) -> None:
    client = device(register, "/a")
    shown = client.get("/a/explorer-device", params={"code": register.new_code(ANN)})
    assert shown.status_code == 200
    assert "set-cookie" not in shown.headers  # looking is not yet being
    code = shown.text.partition('name="code" value="')[2].partition('"')[0]
    answer = client.post("/a/explorer-device", data={"code": code})
    assert (answer.status_code, answer.headers["location"]) == (303, "/a/")
    assert "Path=/a;" in answer.headers["set-cookie"]
    assert COOKIE.person_in(client.cookies.get(COOKIE.name)) == ANN
    again = client.post("/a/explorer-device", data={"code": code})
    assert again.status_code == 422
    assert "No device shows this code now" in again.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"code=",
        b"code=AAAAAA",
        b"code=%00",
        b"code=" + b"A" * 999,
        b"code=" + b"A" * 100_000,
        b"&" * 900,
        b"\xff\xfe",
        b'{"code": "AAAAAA"}',
    ],
)
def test_anything_else_makes_it_nobody(content: bytes, register: Register) -> None:
    register.new_code(ANN)
    answer = device(register).post("/explorer-device", content=content, headers=FORM)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_what_is_typed_is_escaped(register: Register) -> None:
    client = device(register)
    shown = client.get("/explorer-device", params={"code": '"><script>'})
    assert "<script>" not in shown.text
    assert "&quot;&gt;&lt;script" in shown.text


def test_guessing_ends_soon(register: Register) -> None:
    client = device(register)
    told = [
        client.post("/explorer-device", data={"code": f"AAAA{number:02}"}).status_code
        for number in range(12)
    ]
    assert told == [422] * 10 + [429] * 2
    right = client.post("/explorer-device", data={"code": register.new_code(ANN)})
    assert right.status_code == 429
    assert "Wait a minute" in right.text


def test_all_who_guess_together_end_soon_too(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_route, "EACH", 1_000)
    client = device(register)
    told = {client.post("/explorer-device", data={"code": "A"}).status_code for _ in range(101)}
    assert told == {422, 429}


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://testserver", 303),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://testserver.evil.example", 403),
        ("http://[", 403),
    ],
)
def test_a_page_of_another_site_cannot_send_the_form(
    origin: str, status: int, register: Register
) -> None:
    """Else it could make a visitor somebody else without a word."""
    code = {"code": register.new_code(ANN)}
    answer = device(register).post("/explorer-device", data=code, headers={"Origin": origin})
    assert answer.status_code == status
    assert ("set-cookie" in answer.headers) is (status == 303)


def test_a_site_that_the_server_was_told_of_may_send_it(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a proxy that passes on another Host than the browser's."""
    options = {
        "server.enableCORS": True,
        "server.corsAllowedOrigins": ["https://explorer.school.example"],
        "browser.serverAddress": None,
    }
    monkeypatch.setattr(st, "get_option", options.__getitem__)
    for origin, status in (
        ("https://explorer.school.example", 303),
        ("https://other.school.example", 403),
        ("null", 403),
    ):
        code = {"code": register.new_code(ANN)}
        answer = device(register).post("/explorer-device", data=code, headers={"Origin": origin})
        assert answer.status_code == status, origin


def test_a_register_that_cannot_be_written_is_told(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(code: str) -> None:
        raise StoreError("runs.sqlite is locked by another program")

    monkeypatch.setattr(register, "redeem", broken)
    answer = device(register).post("/explorer-device", data={"code": "AAAAAA"})
    assert answer.status_code == 503
    assert "locked by another program" in answer.text
