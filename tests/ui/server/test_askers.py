"""Who sends a request: a person by our cookie, and nobody by a forged one."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from starlette.types import Scope

from explorer.people.cookie import PersonCookie
from explorer.ui.server.askers import Asker, Most, asker_of

COOKIE, OTHERS = PersonCookie(b"a" * 32), PersonCookie(b"b" * 32)
ANN = "a" * 16
ADDRESS = Asker("192.0.2.7", False)


def asked(*cookies: bytes, client: tuple[str, int] | None = ("192.0.2.7", 5)) -> Scope:
    headers = [(b"cookie", each) for each in cookies]
    return {"type": "websocket", "headers": headers, "client": client}


def written(cookie: PersonCookie, name: str = "") -> bytes:
    return f"{name or cookie.name}={cookie.value(ANN)}".encode()


@pytest.mark.parametrize(
    ("scope", "asker"),
    [
        (asked(written(COOKIE)), Asker(ANN, True)),
        (asked(b"other=1; " + written(COOKIE) + b"; more=2"), Asker(ANN, True)),
        (asked(), ADDRESS),
        (asked(b""), ADDRESS),
        (asked(written(OTHERS)), ADDRESS),
        (asked(written(OTHERS, COOKIE.name)), ADDRESS),  # signed by another server
        (asked(f"{COOKIE.name}={ANN}".encode()), ADDRESS),
        (asked(client=None), Asker("", False)),
    ],
)
def test_who_asks(scope: Scope, asker: Asker) -> None:
    assert asker_of(scope, COOKIE) == asker


@given(some.text(), some.binary())
def test_no_forged_cookie_makes_a_person(text: str, data: bytes) -> None:
    for value in (text.encode(errors="replace"), data):
        assert asker_of(asked(f"{COOKIE.name}=".encode() + value), COOKIE) == ADDRESS


def test_an_address_that_looks_like_a_person_is_none() -> None:
    most = Most(of_a_person=1, of_an_address=5)
    by_address = asker_of(asked(client=(ANN, 1)), COOKIE)
    by_cookie = asker_of(asked(written(COOKIE)), COOKIE)
    assert by_address != by_cookie
    assert (most.of(by_address), most.of(by_cookie)) == (5, 1)
