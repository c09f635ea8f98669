"""A confusion matrix of which a cell is chosen by mouse or keyboard."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.ui.components.assets import component

_mount = component(
    "confusion_matrix",
    Path(__file__).parent,
    "confusion_matrix.js",
    ["confusion_matrix.css", "confusion_matrix.html"],
)


class Cell(NamedTuple):
    """Images of one class that are taken for one."""

    label: int
    predicted: int


def confusion_matrix(
    counts: NDArray[np.int64],
    classes: Sequence[str],
    chosen: Cell | None,
    choose: Callable[[Cell | None], None],
    *,
    title: str,
    key: str,
) -> None:
    """Draw counts (classes, classes): a row for what an image is, a column for what it is taken
    for. `title` is read aloud.

    `choose` is called with a cell, or with None where the chosen one is chosen no more.
    """
    _mount(
        key=key,
        data={
            "title": title,
            "classes": list(classes),
            "counts": counts.tolist(),
            "chosen": chosen,
        },
        on_chosen_change=lambda: choose(cell_of(st.session_state[key].get("chosen"), len(classes))),
    )


def cell_of(sent: object, classes: int) -> Cell | None:
    """Which cell the browser says is chosen; None where it says none, or anything else."""
    cell = sent.get("cell") if isinstance(sent, dict) else None
    if not isinstance(cell, list) or len(cell) != 2:
        return None
    if not all(type(each) is int and 0 <= each < classes for each in cell):
        return None
    return Cell(*cell)
