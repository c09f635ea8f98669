"""Choices that last while the page is open: an input shows again what was chosen there, after a
look at another page or view.

What was chosen last is the input's default. Streamlit's own `persist_state` tells the browser of a
value only where it believes that the browser has none, and is wrong where a view is left and come
back to before the browser has heard that the first of the two was drawn: the browser then shows the
default, and says so. With the right default there is nothing to be told.
"""

from collections.abc import Callable, Sequence
from typing import TypedDict, TypeVar

import streamlit as st

T = TypeVar("T")


class Lasting(TypedDict):
    """What such an input is given beside its default."""

    key: str
    on_change: Callable[[str], None]
    args: tuple[str]


def lasting(key: str) -> Lasting:
    return {"key": key, "on_change": _keep, "args": (key,)}


def last(key: str, default: T) -> T:
    """What was chosen last at the input of this key, which need not be on screen.

    In a callback the input itself may hold a newer choice: the callbacks of one message are called
    in no order that can be relied on.
    """
    found: T = st.session_state.get(_kept(key), default)
    return found


def last_place(key: str, options: Sequence[object], place: int = 0) -> int:
    """Where among the options the last choice stands; `place` if it is none of them, or nothing was
    chosen yet.
    """
    before = last(key, None)
    return options.index(before) if before in options else place


def remember(key: str, value: object) -> None:
    """Make this what was chosen last."""
    st.session_state[_kept(key)] = value


def _keep(key: str) -> None:
    remember(key, st.session_state[key])


def _kept(key: str) -> str:
    return f"{key}-last"
