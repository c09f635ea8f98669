"""Refuses websockets that a page of another site opens, before Streamlit looks at them.

Streamlit (1.67) compares such a page's address with the server's external one, for which it asks a
host on the internet, in the thread that serves everybody: where there is no internet, one foreign
page stops all for as long as that takes. Here nothing needs to be asked: the browser says which
site its page is of (Origin) and which it asks (Host), and the two are the same for every page of
ours.

A proxy that passes on another Host than the browser's needs the site's address in
`server.corsAllowedOrigins` or `browser.serverAddress`.
"""

from urllib.parse import urlsplit

import streamlit as st
from starlette.types import ASGIApp, Receive, Scope, Send

from explorer.ui.server.refusals import AGAINST_THE_RULES


class SameOrigin:
    """ASGI middleware that refuses websockets of other sites' pages."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin, host = (headers.get(name, b"").decode("latin-1") for name in (b"origin", b"host"))
        if _is_own(origin, host):
            await self.app(scope, receive, send)
        elif _is_allowed(origin):
            await self.app(_as_own(scope, host), receive, send)
        else:
            await receive()  # the request to connect
            await send({"type": "websocket.close", "code": AGAINST_THE_RULES})


def is_let_in(origin: str, host: str) -> bool:
    """Whether a page of this origin may send something to this host: a page of ours, or of a site
    that whoever runs the server has allowed.
    """
    return _is_own(origin, host) or _is_allowed(origin)


def _is_own(origin: str, host: str) -> bool:
    return not origin or _site(origin) == host.lower()  # no browser leaves Origin out


def _site(origin: str) -> str:
    """The host and port of an origin: "http://a.example:8501" -> "a.example:8501"."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_allowed(origin: str) -> bool:
    """Whether whoever runs the server has allowed this site, or all sites."""
    if not st.get_option("server.enableCORS"):
        return True
    named = [str(each).strip() for each in st.get_option("server.corsAllowedOrigins") or ()]
    if address := st.get_option("browser.serverAddress"):
        named.append(str(address))
    host = _host(origin)
    return host is not None and host in {
        _host(each if "//" in each else f"//{each}") for each in named
    }


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _as_own(scope: Scope, host: str) -> Scope:
    """The handshake as one of our own pages would send it, about which Streamlit asks no other
    host.
    """
    others = [(name, value) for name, value in scope["headers"] if name != b"origin"]
    return {**scope, "headers": [*others, (b"origin", f"http://{host}".encode("latin-1"))]}
