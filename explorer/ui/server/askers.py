"""Who sends a request, as far as limits for each are concerned: a person by our cookie, and those
without one by the address that they come from, which a school's pupils may share.
"""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from explorer.people.cookie import PersonCookie


@dataclass(frozen=True)
class Asker:
    """A person, or all who come from one address without being one."""

    id: str  # of a person, or an address
    is_person: bool


@dataclass(frozen=True)
class Most:
    """The most of something at once."""

    of_a_person: int
    of_an_address: int  # of all who come from there without a cookie

    def of(self, asker: Asker) -> int:
        return self.of_a_person if asker.is_person else self.of_an_address


def asker_of(scope: Scope, cookie: PersonCookie) -> Asker:
    """Who sends this request, or asks for this websocket. A cookie that this server has not signed
    is none.
    """
    person = cookie.person_in_header(Headers(scope=scope).get("cookie", ""))
    if person is not None:
        return Asker(person, True)
    client = scope.get("client")
    return Asker(str(client[0]) if client else "", False)
