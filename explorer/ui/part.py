"""Parts of a page that the browser asks for by themselves, so that the rest is not drawn anew.

Streamlit (1.67) forgets what a page's run has said of such a part, and has not sent yet, where the
browser asks for the part during that run: the part's own run says it again. But the browser hears
in between that the page is complete, and takes away whatever it was not told of. So

- a part has a place that is the page's. Without one, all that stands after the part would move up
  by one in the browser, and what is drawn by itself next would come into a wrong place, or into
  none: then the browser gives up the whole page ("'setIn' cannot be called on an ElementNode").
- no part stands in another. What was said of the inner one is still sent, though the outer one, in
  which it stands, was forgotten.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from explorer.ui.server.page_runs import part_run

P = ParamSpec("P")


def part(
    draw: Callable[P, None], *, every: float | None = None, key: str | None = None
) -> Callable[P, None]:
    """Return `draw` as a part of its own.

    The browser asks for it anew every so many seconds, if not None, and whenever somebody uses an
    input in it. `key` names its place for the styles.
    """

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        with part_run():
            draw(*args, **kwargs)

    in_its_place = st.fragment(drawn, run_every=every)

    @wraps(draw)
    def placed(*args: P.args, **kwargs: P.kwargs) -> None:
        with st.container(key=key):
            in_its_place(*args, **kwargs)

    return placed
