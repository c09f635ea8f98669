"""Addresses of this server as other devices reach it, in words and as a square of dots."""

import base64
import io
from urllib.parse import urlsplit

import segno
import streamlit as st

from explorer.ui.server.reach import LOOPBACK
from explorer.ui.server.startup import network_addresses


def own_address(path: str) -> str:
    """An address of this server, as another device reaches it."""
    opened = urlsplit(st.context.url or "")
    host, port = opened.hostname or "", f":{opened.port}" if opened.port else ""
    if host in LOOPBACK:
        host = next(iter(network_addresses()), host)
    host = f"[{host}]" if ":" in host else host  # IPv6
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    scheme = opened.scheme or "http"
    return f"{scheme}://{host}{port}{f'/{base}' if base else ''}{path}"


def qr_code(text: str) -> str:
    """The text as a square of dots: the address of an image."""
    drawn = io.BytesIO()
    # White around it and dark on light in either theme: many cameras read it no other way.
    segno.make(text, error="m").save(drawn, kind="svg", scale=4, border=3, light="#fff")
    data = base64.b64encode(drawn.getvalue()).decode()
    return f"data:image/svg+xml;base64,{data}"
