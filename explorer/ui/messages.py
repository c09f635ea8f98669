"""Messages on the pages: plain text in, a sentence on the screen.

Streamlit reads Markdown in its messages, and most of ours quote what somebody else wrote: an
address, a file, a name. So no page calls st.info, st.warning, st.error or st.success itself.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.text import for_markdown, sentence

WARNING, WRONG, NOT_FOUND = ":material/warning:", ":material/error:", ":material/link_off:"


def info(text: str, icon: str | None = None, on: DeltaGenerator | None = None) -> None:
    """Show an information, in the container `on` if one is given."""
    (on or st).info(shown(text), icon=icon)


def warning(text: str, icon: str | None = WARNING, on: DeltaGenerator | None = None) -> None:
    """Show a warning."""
    (on or st).warning(shown(text), icon=icon)


def error(text: str, icon: str | None = WRONG, on: DeltaGenerator | None = None) -> None:
    """Show an error."""
    (on or st).error(shown(text), icon=icon)


def shown(text: str) -> str:
    """The message as a sentence, in Markdown that shows it as it is."""
    return for_markdown(sentence(text))
