"""How far the downloads are that are being prepared, on any page."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import streamlit as st

from explorer.text import counted, for_markdown
from explorer.ui import process
from explorer.ui.downloads.preparing import Preparation, Stage
from explorer.ui.follow import follow
from explorer.ui.server.page_runs import draws_page

LOOK_EVERY = 0.5  # seconds between two looks at what is being prepared
_SHOWN = "shown-preparations"  # with the standing that is shown

Standing = tuple[Stage, int]  # and how many others come first


@contextmanager
def preparations_followed() -> Iterator[None]:
    """Around a page: it is drawn anew once what it shows of preparations is no longer true."""
    st.session_state[_SHOWN] = {}
    yield
    shown: dict[Preparation, Standing] = st.session_state[_SHOWN]
    if shown:
        look = partial(_standings, tuple(shown))
        follow(look, tuple(shown.values()), every=LOOK_EVERY, key="follow-preparations")


def show_progress(preparation: Preparation, label: str) -> None:
    """Draw a line on what was still being prepared a moment ago. The page follows it from then on.

    Where it was requested in a part of the page, which is drawn by itself, this draws the page
    anew in place of returning.
    """
    stage, ahead = _standing(preparation)
    first = f" {counted(ahead, 'other')} first" if ahead else ""
    st.caption(f":material/hourglass_top: {for_markdown(label)}…{first}")
    shown: dict[Preparation, Standing] = st.session_state.setdefault(_SHOWN, {})
    is_followed = preparation in shown
    # Where it is over by now, the page will find that this is no longer true.
    shown[preparation] = Stage.WORKING if stage.is_over else stage, ahead
    if not is_followed and not draws_page():
        st.rerun()


def _standing(preparation: Preparation) -> Standing:
    stage = preparation.stage
    return stage, process.downloads().ahead_of(preparation) if stage is Stage.WAITING else 0


def _standings(preparations: Sequence[Preparation]) -> tuple[Standing, ...]:
    return tuple(map(_standing, preparations))
