"""What a person says of a pasted text that may be read in several ways: as which form, which of its
networks, for images of which size, and with which values for names that it leaves open.

It is kept beside the inputs: an input that is not drawn, as the text cannot be read for a moment,
forgets its value.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from explorer.imports.opening import FORMS, Asked, Form, Opened
from explorer.network.spec import MAX_IMAGE_SIDE
from explorer.text import for_markdown


@dataclass
class Said:
    """What has been said of one text."""

    form: Form | None = None
    network: str | None = None
    networks: tuple[str, ...] = ()  # that it was found to have
    side: int | None = None  # of its images, in pixels, where it was typed
    shown_side: int | None = None  # that the input began with
    values: dict[str, str] = field(default_factory=dict)  # by the names that lack one, as typed

    def asked(self) -> Asked:
        """The same for the reader."""
        values = ((name, text) for name, text in self.values.items() if text.strip())
        image = (None, self.side, self.side) if self.side else None
        return Asked(self.form, self.network, image, tuple(values))


def said_of(version: int) -> Said:
    """What has been said of the text with this number, its inputs' newest values included."""
    said: Said = st.session_state.setdefault(f"open-said-{version}", Said())
    inputs = st.session_state
    said.form = inputs.get(f"open-form-{version}", said.form)
    said.network = inputs.get(f"open-network-{version}", said.network)
    side = inputs.get(f"open-side-{version}")
    if side is not None and (said.side is not None or side != said.shown_side):
        said.side = side
    for name in said.values:
        said.values[name] = inputs.get(f"open-value-{version}-{name}", said.values[name])
    return said


def ask_for_more(said: Said, version: int, opened: Opened | None = None, missing: str = "") -> None:
    """Inputs for all that the text leaves open; `missing` is a name that lacks a value."""
    if opened is not None:
        said.networks = opened.networks
    if missing.isidentifier():
        said.values.setdefault(missing, "")
    forms = opened.forms if opened else ()
    asks_side = opened is not None and (opened.is_image_assumed or said.side is not None)
    count = (len(forms) > 1) + (len(said.networks) > 1) + asks_side + len(said.values)
    if not count:
        return
    places = st.columns(min(count, 3), gap="small")
    free = iter([places[number % len(places)] for number in range(count)])
    if opened is not None and len(forms) > 1:
        taken: Form = "code" if opened.form == "notebook" else opened.form
        next(free).selectbox(
            "Read as",
            forms,
            index=forms.index(taken),
            format_func=lambda form: FORMS[form][:1].upper() + FORMS[form][1:],
            key=f"open-form-{version}",
        )
    if len(said.networks) > 1:
        chosen = opened.network if opened else said.network
        next(free).selectbox(
            "Network",
            said.networks,
            index=_place(said.networks, chosen),
            format_func=for_markdown,
            key=f"open-network-{version}",
        )
    if opened is not None and asks_side:
        if said.side is None:
            said.shown_side = opened.architecture.input_shape[1]
        next(free).number_input(
            "Image size in pixels",
            1,
            MAX_IMAGE_SIDE,
            opened.architecture.input_shape[1],
            key=f"open-side-{version}",
        )
    for name, text in said.values.items():
        next(free).text_input(
            for_markdown(f"Value of {name}"),
            text,
            key=f"open-value-{version}-{name}",
            placeholder="a number, True or a word",
        )


def _place(names: Sequence[str], name: str | None) -> int:
    return names.index(name) if name in names else 0
