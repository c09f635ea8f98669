"""Bounds how many windows one person has open at once: each costs the server a session.

Streamlit's page (1.67) asks for the server's settings before it opens its websocket, shows what it
is answered where that is refused, and asks again after a while. So whoever has too many windows
reads it in the next one, which goes on by itself once another is closed.
"""

from collections import Counter

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from explorer.people.cookie import PersonCookie
from explorer.ui.server.askers import Asker, Most, asker_of
from explorer.ui.server.refusals import refuse

MOST = Most(of_a_person=12, of_an_address=120)
SETTINGS = "/_stcore/host-config"  # at the end of the path
TOO_MANY = 429


class SocketLimits:
    """ASGI middleware that refuses websockets beyond those that one may have open."""

    def __init__(self, app: ASGIApp, cookie: PersonCookie, most: Most = MOST) -> None:
        self.app, self._cookie, self._most = app, cookie, most
        self._open: Counter[Asker] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_socket = scope["type"] == "websocket"
        if not is_socket and not (scope["type"] == "http" and scope["path"].endswith(SETTINGS)):
            await self.app(scope, receive, send)
            return
        asker = asker_of(scope, self._cookie)
        is_full = self._open.get(asker, 0) >= self._most.of(asker)
        if is_socket and is_full:
            await refuse(TOO_MANY, self._refusal_text(asker), scope, receive, send)
        elif is_socket:
            await self._hold_one(asker, scope, receive, send)
        elif is_full:  # of a refusal the page shows only what is JSON
            answer = JSONResponse(
                self._refusal_text(asker), TOO_MANY, {"Cache-Control": "no-store"}
            )
            await answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _hold_one(self, asker: Asker, scope: Scope, receive: Receive, send: Send) -> None:
        self._open[asker] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._open[asker] -= 1
            if not self._open[asker]:
                del self._open[asker]

    def _refusal_text(self, asker: Asker) -> str:
        most = self._most.of(asker)
        if asker.is_person:
            return (
                f"You have {most} windows or tabs of this program open, the most for one person. "
                "Close one, and this one goes on by itself after a while."
            )
        return (
            f"{most} windows are open from your network in browsers that keep no cookies, the "
            "most from one address. Allow this site to keep cookies, then load the page anew."
        )
