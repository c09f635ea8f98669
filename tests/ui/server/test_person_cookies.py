"""Each browser gets the cookie by which it stays the same person, with every page."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from explorer.classroom.register import Register
from explorer.people.cookie import PersonCookie
from explorer.runs.database import Database, StoreError
from explorer.ui.server.person_cookies import PersonCookies

COOKIE = PersonCookie(b"a" * 32)


async def page(request: Request) -> Response:
    if "if-none-match" in request.headers:
        return Response(status_code=304)
    return HTMLResponse("<p>a page</p>", headers={"cache-control": "public, max-age=600"})


async def text(request: Request) -> Response:
    return PlainTextResponse("a file")


async def missing(request: Request) -> Response:
    return HTMLResponse("nothing here", 404)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(Database(tmp_path / "runs.sqlite"))


def browser(register: Register, scheme: str = "http") -> TestClient:
    app = Starlette(
        routes=[
            Route("/", page, methods=["GET", "POST"]),
            Route("/file", text),
            Route("/missing", missing),
        ]
    )
    return TestClient(PersonCookies(app, COOKIE, register, ""), base_url=f"{scheme}://testserver")


def person_of(client: TestClient) -> str | None:
    return COOKIE.person_in(client.cookies.get(COOKIE.name))


def test_a_browser_is_the_same_person_with_every_page(register: Register) -> None:
    ann, ben = browser(register), browser(register)
    people = []
    for client in (ann, ann, ben, ann):
        assert client.get("/").status_code == 200
        people.append(person_of(client))
    assert None not in people
    assert people[0] == people[1] == people[3] != people[2]


def test_its_cookie_lasts_from_the_last_visit_and_no_proxy_keeps_it(register: Register) -> None:
    client = browser(register)
    for _ in range(2):
        answer = client.get("/")
        assert "Max-Age=15552000; HttpOnly; SameSite=Lax" in answer.headers["set-cookie"]
        assert "Secure" not in answer.headers["set-cookie"]
        assert answer.headers["cache-control"] == "private, no-cache"
    secure = browser(register, "https").get("/")
    assert secure.headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize("value", ["", "nonsense", PersonCookie(b"b" * 32).value("0" * 16)])
def test_who_has_none_of_ours_gets_a_new_one(value: str, register: Register) -> None:
    client = browser(register)
    answer = client.get("/", headers={"Cookie": f"{COOKIE.name}={value}"})
    assert COOKIE.name in answer.headers["set-cookie"]
    assert person_of(client) is not None


def test_who_has_the_page_already_gets_one_too(register: Register) -> None:
    client = browser(register)
    assert client.get("/", headers={"If-None-Match": "x"}).status_code == 304
    assert person_of(client) is not None


@pytest.mark.parametrize(("method", "path"), [("GET", "/file"), ("GET", "/missing"), ("POST", "/")])
def test_nothing_else_sets_one(method: str, path: str, register: Register) -> None:
    assert "set-cookie" not in browser(register).request(method, path).headers


def test_a_forgotten_person_s_browser_is_somebody_new(register: Register) -> None:
    client = browser(register)
    client.get("/")
    before = person_of(client)
    assert before is not None
    register.forget(before)
    client.get("/")
    # Whom a page that is open meanwhile takes them for.
    assert person_of(client) == COOKIE.successor(before)
    register.forget(COOKIE.successor(before))
    client.get("/")
    assert person_of(client) == COOKIE.successor(COOKIE.successor(before))


def test_where_the_register_cannot_be_read_the_person_stays(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(register)
    client.get("/")
    before = person_of(client)

    def broken(person: str) -> bool:
        raise StoreError("locked")

    monkeypatch.setattr(register, "is_forgotten", broken)
    assert client.get("/").status_code == 200
    assert person_of(client) == before
