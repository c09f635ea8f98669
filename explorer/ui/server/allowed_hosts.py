"""Refuses requests to a server that is not this one, by the name that the browser calls.

A page of another site can have its own name lead to this machine (DNS rebinding): the browser takes
what we answer for that site's and lets the page read it, and all that tells the two apart is the
name in the request's Host. An address of digits cannot be made to lead elsewhere, so any is let in:
a class opens the machine by one.
"""

import os
import platform
import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st
from starlette.types import ASGIApp, Receive, Scope, Send

from explorer.text import printable
from explorer.ui.server.refusals import refuse

HOSTS = "EXPLORER_HOSTS"  # what else this server is called, parted by commas
ANY = "*"
LONGEST = 253  # characters of a name
_LOOPBACK = "localhost"  # and what ends in it, which browsers look for nowhere else
_HOST = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<name>[^\[\]:/@\\\s]+))(?::\d*)?")


class BadHost(ValueError):
    """No name of a server; the message says what would be one."""


class AllowedHosts:
    """ASGI middleware that refuses what is asked of a host with another name."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        """`names` are those of this server, as `own_names` finds them."""
        self.app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        called = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        # No browser leaves it out.
        wrong = next((each for each in called if not is_allowed(each, self._names)), None)
        if wrong is None:
            await self.app(scope, receive, send)
        else:
            await refuse(400, refusal_text(wrong), scope, receive, send)


def own_names() -> frozenset[str]:
    """What this server is called: this machine's names, and those that its options and the
    environment tell. Asks no host for anything. Raises BadHost where the environment lists what is
    no name.
    """
    if not st.get_option("server.enableCORS"):  # pages of all sites are allowed
        return frozenset([ANY])
    machine = platform.node().lower()
    short = machine.partition(".")[0]
    told = [
        st.get_option("server.address"),
        st.get_option("browser.serverAddress"),
        *(st.get_option("server.corsAllowedOrigins") or ()),
    ]
    names = [_name_in(str(each)) for each in told if each]
    for each in os.environ.get(HOSTS, "").split(","):
        name = _name_in(each)
        if each.strip() and name != ANY and not _HOST.fullmatch(name):
            raise BadHost(
                f"{HOSTS} lists {each.strip()!r}, which is no name of a server; "
                "one is written as explorer.school.example, and several with commas"
            )
        names.append(name)
    own = {_LOOPBACK, machine, f"{short}.local", short, *names}
    return frozenset(own) - {"", ".local"}


def is_allowed(host: str, names: Iterable[str]) -> bool:
    """Whether a request's Host ("a.example:8501") is an address of digits, or one of the names."""
    found = _HOST.fullmatch(host)
    if ANY in names:
        return True
    if found is None:
        return False
    if found["six"] is not None:
        return _is_address(found["six"])
    name = found["name"].lower().removesuffix(".")
    return name in names or name.endswith(f".{_LOOPBACK}") or _is_address(name)


def refusal_text(host: str) -> str:
    """What to do about a host that is not this server's."""
    found = _HOST.fullmatch(host)
    name = printable(found["name"][:LONGEST]) if found and found["name"] else ""
    if not name:
        return "The Host of this request is none.\n"
    return (
        f"This server does not know that it is called {name}, so it answers nothing: a page of "
        "another site may have had its name lead here.\n\n"
        "Open it by its IP address or the name of its machine. If it is called so, by a proxy or "
        f"in your network, start it with the environment variable {HOSTS}={name} (several with "
        f"commas; {HOSTS}=* answers to every name).\n"
    )


def _name_in(told: str) -> str:
    """The name in what somebody wrote of a host: "https://A.example:8501" -> "a.example"."""
    try:
        told = told.strip()
        found = urlsplit(told if "//" in told else f"//{told}").hostname
    except ValueError:
        return ""
    return (found or "").removesuffix(".")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
