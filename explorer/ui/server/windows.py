"""The number of each browser window's connection, so that a page finds what the server knows of it.

It travels as a header of the connection's request, which is set here whatever the browser sent.
"""

import secrets

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import Scope

HEADER = "x-explorer-window"
_KNOWN = "explorer.window"  # in the scope, once the header is ours


def number_window(scope: Scope) -> str:
    """Give the connection its number, or return the one that it was given before."""
    window: str = scope.setdefault(_KNOWN, "") or secrets.token_hex(8)
    scope[_KNOWN] = window
    MutableHeaders(scope=scope)[HEADER] = window
    return window


def this_window() -> str:
    """The number of the window whose page is being drawn; "" where there is no connection."""
    return st.context.headers.get(HEADER, "")
