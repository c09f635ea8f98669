"""The test image that is looked at, the same in every view of a run."""

import random

import streamlit as st

_KEY = "shown-image"
_SHOWN = "shown-image-shown"  # how often it was chosen by something else than its number


def shown_image(run_id: str) -> int | None:
    """Its index in the test images of the run's data set; None where none was chosen."""
    shown: tuple[str, int] | None = st.session_state.get(_KEY)
    return shown[1] if shown and shown[0] == run_id else None


def show_image(run_id: str, index: int | None) -> None:
    """Have every view of the run show this one; None for none."""
    st.session_state[_KEY] = None if index is None else (run_id, index)
    st.session_state[_SHOWN] = st.session_state.get(_SHOWN, 0) + 1


def choose_image(run_id: str, images: int) -> int:
    """The place of one of so many test images, by number, its neighbours, or at random: the one
    that the other views show too.
    """
    last, key = images - 1, _number_key(run_id)
    chosen = st.number_input(
        f"Test image (0 to {last:,})",
        0,
        last,
        value=min(shown_image(run_id) or 0, last),
        width=200,
        key=key,
        on_change=_keep_number,
        args=(run_id, key),
    )
    st.button(
        "Another image",
        icon=":material/shuffle:",
        help="A test image at random",
        on_click=_show_another,
        args=(run_id, last + 1),
    )
    return int(chosen)


def _show_another(run_id: str, images: int) -> None:
    show_image(run_id, random.randrange(images))


def _number_key(run_id: str) -> str:
    """The key of the input of an image's number: another one where the image was chosen by
    something else, so that the input shows it.
    """
    return f"image-{run_id}-{st.session_state.get(_SHOWN, 0)}"


def _keep_number(run_id: str, key: str) -> None:
    """The callback of that input, which has this key."""
    st.session_state[_KEY] = (run_id, int(st.session_state[key]))
