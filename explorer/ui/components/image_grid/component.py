"""Test images with a network's answers, of which one is chosen by mouse or keyboard.

The browser gets one page of them: there may be thousands.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from explorer.ui.components.assets import component

PAGE = 60  # images at once

_mount = component(
    "image_grid", Path(__file__).parent, "image_grid.js", ["image_grid.css", "image_grid.html"]
)


@dataclass(frozen=True)
class Picture:
    """A test image as it is drawn."""

    index: int  # in the data set
    address: str  # a data URL
    label: str  # the class that it is of
    answer: str  # the class that the network takes it for
    probability: str  # what the network gives its answer
    is_right: bool


def image_grid(
    indices: Sequence[int],
    picture: Callable[[int], Picture],
    chosen: int | None,
    choose: Callable[[int | None], None],
    *,
    title: str,
    key: str,
    of: str,
) -> None:
    """Draw the images of these indices, page by page. `title` is read aloud.

    `choose` is called with an image's index, or with None where the chosen one is chosen no more.
    Where `of`, which says what the images are, is another than before, the first page is shown.
    """
    first = first_within(_first(key, of), len(indices))
    shown = [picture(index) for index in indices[first : first + PAGE]]
    known = set(indices)
    _mount(
        key=key,
        data={
            "title": title,
            "pictures": [asdict(each) for each in shown],
            "chosen": chosen,
            "first": first,
            "total": len(indices),
            "page": PAGE,
        },
        on_chosen_change=lambda: choose(chosen_of(st.session_state[key].get("chosen"), known)),
        on_first_change=lambda: _keep_first(key, of),
    )


def first_within(first: int, total: int) -> int:
    """The first image of the page that begins there, or of the last where there are fewer."""
    return min(first, max(0, (total - 1) // PAGE * PAGE))


def chosen_of(sent: object, indices: set[int]) -> int | None:
    """Which image the browser says is chosen; None where it says none, or anything else."""
    index = sent.get("index") if isinstance(sent, dict) else None
    return index if type(index) is int and index in indices else None


def first_of(sent: object) -> int | None:
    """Where the page begins that the browser asks for; None where it says anything else."""
    return sent if type(sent) is int and 0 <= sent <= 10**9 and sent % PAGE == 0 else None


def _first(key: str, of: str) -> int:
    """As it was left: the component's own state ends with the page."""
    kept: tuple[str, int] = st.session_state.get(f"{key}-first", ("", 0))
    return kept[1] if kept[0] == of else 0


def _keep_first(key: str, of: str) -> None:
    first = first_of(st.session_state[key].get("first"))
    if first is not None:
        st.session_state[f"{key}-first"] = (of, first)
