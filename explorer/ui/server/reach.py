"""Who can reach this server, as its options and a request's headers tell."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st

LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A proxy that passes requests on sets one of these, in its usual configuration.
OF_PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def others_reach_it() -> bool:
    """Whether somebody at another machine can open the pages: the server listens to more than its
    own machine, or was told of an address or a site of its own, as behind a proxy.
    """
    if st.get_option("server.address") not in LOOPBACK:
        return True
    told = [
        st.get_option("browser.serverAddress"),
        *(st.get_option("server.corsAllowedOrigins") or ()),
    ]
    return not st.get_option("server.enableCORS") or any(
        _host(str(each)) not in LOOPBACK for each in told if each
    )


def sits_at_it(headers: Mapping[str, str]) -> bool:
    """Whether this request comes from the machine of a server that nobody else reaches.

    That the browser calls it by that machine's own name keeps out pages of other sites whose name
    was made to lead here.
    """
    named = {name.lower(): value for name, value in headers.items()}
    return (
        not others_reach_it()
        and _host(named.get("host", "")) in LOOPBACK
        and not any(name in named for name in OF_PROXIES)
    )


def _host(address: str) -> str | None:
    """The host of "http://a.example:8501" or "a.example:8501"; None of what is no address."""
    try:
        return urlsplit(address if "//" in address else f"//{address}").hostname
    except ValueError:
        return None
