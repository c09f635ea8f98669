"""Tells the browser what a page of this server may do: the security headers of every answer.

A page takes scripts, styles, pictures and data from this server alone and sends what is in it
nowhere else, so that text which slipped past our escaping could neither fetch a script nor carry
anything away.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRAME_ANCESTORS = "EXPLORER_FRAME_ANCESTORS"  # sites whose pages may show ours, parted by commas
_SITE = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?", re.IGNORECASE)

# The one script that stands in the text of Streamlit's page (1.67); a test compares them.
STREAMLITS_SCRIPT = "\n      window.prerenderReady = false\n    "


def _hash(script: str) -> str:
    """A script as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


# What a page may take from where. None of the words lets another host in.
_SOURCES = MappingProxyType(
    {
        "default-src": "'none'",
        # No 'unsafe-eval': Streamlit has Vega interpret the charts' expressions, where Vega alone
        # would make functions of them. blob: as Streamlit imports the line by which each component
        # of ours fetches its module from one; only a script that runs already can make such a blob.
        "script-src": f"'self' blob: {_hash(STREAMLITS_SCRIPT)}",
        # Streamlit's styles, Vega's and ours are elements that scripts write, other in each page.
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",  # the page's icon and the QR code stand in their addresses
        "font-src": "'self' data:",  # in the style of Streamlit's formulas
        "connect-src": "'self'",  # the websocket of the same host is among it
        "form-action": "'self'",
        "base-uri": "'self'",
        "object-src": "'none'",
    }
)
# Nothing here asks for any of these.
_UNUSED = ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "usb")


class BadSite(ValueError):
    """No address of a site; the message says what would be one."""


def frame_ancestors(listed: str) -> str:
    """The sources of pages that may show ours in a frame: our own, and the listed sites.

    Raises BadSite.
    """
    sites = [each.strip() for each in listed.split(",") if each.strip()]
    for site in sites:
        if not _SITE.fullmatch(site):
            raise BadSite(
                f"{FRAME_ANCESTORS} lists {site!r}, which is no address of a site; "
                "one is written as https://moodle.school.example, and several with commas"
            )
    return " ".join(["'self'", *sites])


def security_headers(listed: str = "") -> Mapping[str, str]:
    """The headers of every answer, where these sites may show our pages. Raises BadSite."""
    policy = {**_SOURCES, "frame-ancestors": frame_ancestors(listed)}
    return {
        "Content-Security-Policy": "; ".join(f"{name} {from_}" for name, from_ in policy.items()),
        # Weights and pasted texts are what we call them, whatever they look like.
        "X-Content-Type-Options": "nosniff",
        # An address holds the work: no other site is told of it.
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in _UNUSED),
    }


# What no browser shows as a page of its own that could run or fetch anything: there the policies
# would say nothing, 450 bytes with each of a hundred files of a first visit.
_NEVER_A_PAGE = (
    "text/javascript",
    "application/javascript",
    "text/css",
    "application/json",
    "font/",
    "image/png",
)
_FOR_ALL = ("X-Content-Type-Options",)


class SecurityHeaders:
    """ASGI middleware that adds the headers to every answer; to scripts, styles, fonts and data
    those alone that mean something there. It comes first, so that what others refuse has them too.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def sent(message: Message) -> None:
            nonlocal has_begun
            # The latter is the answer to a websocket's request that was refused.
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                has_begun = True
                message.setdefault("headers", [])
                headers = MutableHeaders(scope=message)
                headers.update(self._needed(headers.get("content-type", "")))
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except Exception:
            # Starlette's own answer to a fault of ours is made outside of every middleware.
            if scope["type"] == "http" and not has_begun:
                failed = PlainTextResponse("Internal Server Error", 500)
                await failed(scope, receive, sent)
            raise

    def _needed(self, content_type: str) -> Mapping[str, str]:
        if not content_type.lower().startswith(_NEVER_A_PAGE):
            return self._headers
        return {name: self._headers[name] for name in _FOR_ALL}
