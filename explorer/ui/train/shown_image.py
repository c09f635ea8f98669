"""The test image that is looked at, the same in every view of a run."""

import streamlit as st

_KEY = "shown-image"


def shown_image(run_id: str) -> int | None:
    """Its index in the test images of the run's data set; None where none was chosen."""
    shown: tuple[str, int] | None = st.session_state.get(_KEY)
    return shown[1] if shown and shown[0] == run_id else None


def show_image(run_id: str, index: int | None) -> None:
    """Have every view of the run show this one; None for none."""
    st.session_state[_KEY] = None if index is None else (run_id, index)
