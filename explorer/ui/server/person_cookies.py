"""Gives each browser the cookie by which it stays the same person.

With the page itself: the page script speaks with a browser over a websocket, which can set none.
"""

import asyncio
from functools import cache
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.classroom.register import Register
from explorer.people.cookie import PersonCookie, new_person_id, open_cookie
from explorer.runs.database import StoreError


@cache
def server_cookie(folder: Path, keep_nothing: bool) -> PersonCookie:
    """The cookie of the server that keeps its runs in this folder, the same for the middleware and
    the pages.
    """
    return open_cookie(folder, keep_nothing)


class PersonCookies:
    """ASGI middleware that sets the cookie, with every page of HTML."""

    def __init__(self, app: ASGIApp, cookie: PersonCookie, register: Register, base: str) -> None:
        """`base` is the path that all pages are under, as "/a" or ""."""
        self.app, self._cookie, self._register, self._base = app, cookie, register, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and self._is_page(scope, message):
                person = await self._person(scope)
                headers = MutableHeaders(scope=message)
                cookie = self._cookie.set_cookie(person, self._base, scope["scheme"] == "https")
                headers.append("set-cookie", cookie)
                # So that no proxy on the way gives one person's cookie to the next.
                headers["cache-control"] = "private, no-cache"
            await send(message)

        await self.app(scope, receive, sent)

    async def _person(self, scope: Scope) -> str:
        """Whose browser asks; somebody new where it has no cookie of ours, or that of a person who
        was forgotten.
        """
        person = self._cookie.person_in_header(Headers(scope=scope).get("cookie", ""))
        if person is None:
            return new_person_id()
        try:
            return await asyncio.to_thread(
                self._register.not_forgotten, person, self._cookie.successor
            )
        except StoreError:  # the page will say so
            return person

    def _is_page(self, scope: Scope, message: Message) -> bool:
        """Whether this answers with a page, or that the browser has it already."""
        if message["status"] == HTTPStatus.NOT_MODIFIED:
            return scope["path"] in (self._base, f"{self._base}/")
        kind = Headers(raw=message["headers"]).get("content-type", "")
        return message["status"] == HTTPStatus.OK and kind.startswith("text/html")
