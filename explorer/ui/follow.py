"""Redraw a page when what it shows has changed on the server, for instance by another visitor.

For what changes seldom, such as an ended run or a download that is being prepared; a run in
training has a live part of its own. The browser asks again and again, and gets an empty answer as
long as nothing has changed.
"""

from collections.abc import Callable, Hashable

import streamlit as st

from explorer.runs.run import RunError
from explorer.ui.part import part

LOOK_EVERY = 5.0  # seconds


def follow(
    look: Callable[[], Hashable],
    before: Hashable,
    *,
    every: float = LOOK_EVERY,
    key: str = "follow-page",
) -> None:
    """Redraw the whole page once `look` returns another value than `before`.

    `before` is what `answer(look)` was before the page read what it shows: what changes while the
    page is being drawn would otherwise never be seen. Every open page calls `look` every so many
    seconds, so it must be cheap. One page's calls differ in their `key`, which begins with
    "follow-": the styles give such a place no room.
    """
    part(_redraw_if_changed, every=every, key=key)(look, before)


def _redraw_if_changed(look: Callable[[], Hashable], before: Hashable) -> None:
    """Redraw the page if `look` returns another value now. Draws nothing itself."""
    if answer(look) != before:
        st.rerun()


def answer(look: Callable[[], Hashable]) -> Hashable:
    """Return what `look` returns, or the name of the RunError that it raises (a deleted run)."""
    try:
        return look()
    except RunError as error:
        return type(error).__name__
