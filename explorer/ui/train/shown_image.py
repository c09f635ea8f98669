"""The test image that is looked at, the same in every view of a run."""

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


def number_key(run_id: str) -> str:
    """The key of the input of an image's number: another one where the image was chosen by
    something else, so that the input shows it.
    """
    return f"image-{run_id}-{st.session_state.get(_SHOWN, 0)}"


def keep_number(run_id: str, key: str) -> None:
    """The callback of that input, which has this key."""
    st.session_state[_KEY] = (run_id, int(st.session_state[key]))
