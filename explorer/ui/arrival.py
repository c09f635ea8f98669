"""What the browser's address asked for when the visitor came.

Later it is we who write the address, and read it no more.
"""

import streamlit as st

_KEY = "arrived-with"


def asked_for(parameter: str) -> str | None:
    """The parameter's value in the address that the visitor came with, None if it had none."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = st.query_params.to_dict()
    arrived: dict[str, str] = st.session_state[_KEY]
    return arrived.get(parameter)


def words_asked_for(parameter: str) -> tuple[str, ...]:
    """The words of the parameter's value, between which are commas; none if there is no value."""
    return tuple(word for word in (asked_for(parameter) or "").split(",") if word)
