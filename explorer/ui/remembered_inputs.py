"""Inputs that remember what was chosen there while the page is open, also after a look at another
page or view.

What was chosen last is the input's default. Streamlit's own `persist_state` tells the browser of a
value only where it believes that the browser has none, and is wrong where a view is left and come
back to before the browser has heard that the first of the two was drawn: the browser then shows the
default, and says so. With the right default there is nothing to be told.
"""

from collections.abc import Callable, Sequence
from typing import TypedDict, TypeVar

import streamlit as st

T = TypeVar("T")


class RememberedInput(TypedDict):
    """The arguments of an input that is remembered, beside its default."""

    key: str
    on_change: Callable[[str], None]
    args: tuple[str]


def remember_input(key: str) -> RememberedInput:
    """The arguments that make an input of this key remember what is chosen there."""
    return {"key": key, "on_change": _keep, "args": (key,)}


def remembered_value(key: str, default: T) -> T:
    """The value that was chosen last at the input of this key, which need not be on screen.

    In a callback the input itself may hold a newer choice: the callbacks of one message are called
    in no order that can be relied on.
    """
    found: T = st.session_state.get(_kept(key), default)
    return found


def remembered_index(key: str, options: Sequence[object], place: int = 0) -> int:
    """Where among the options the last choice stands; `place` if it is none of them, or nothing was
    chosen yet.
    """
    before = remembered_value(key, None)
    return options.index(before) if before in options else place


def remember_value(key: str, value: object) -> None:
    """Remember this value as the one that was chosen last."""
    st.session_state[_kept(key)] = value


def _keep(key: str) -> None:
    remember_value(key, st.session_state[key])


def _kept(key: str) -> str:
    return f"{key}-last"
