"""Out of the Build page: a link to copy, a name to save under, and every form to download."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from explorer.exports.notebook import notebook_json
from explorer.exports.onnx import MAX_PARAMS, onnx_bytes, too_large
from explorer.exports.pytorch import class_name, python_source
from explorer.exports.summary_text import summary_table
from explorer.link import LinkError, encode
from explorer.network.analysis import analyze
from explorer.network.architecture_json import to_json
from explorer.network.spec import path_text
from explorer.runs.manager import NoWeights, UnknownRun
from explorer.saved import MAX_NAME
from explorer.text import for_html, sentence
from explorer.training.dataset_lookup import find_dataset
from explorer.training.problems import find_problem
from explorer.ui import process, state
from explorer.ui.build.lesson_menu import lesson_menu
from explorer.ui.components.address import link_box
from explorer.ui.downloads.download_menu import Item, items
from explorer.ui.notices import notify, refusals_as_notices
from explorer.ui.people import who


@dataclass(frozen=True)
class Form:
    """One way to download the work. `make` runs when it is clicked, not before."""

    label: str
    note: str  # "" where it depends on the work
    ending: str
    mime: str
    make: Callable[[state.Session], str | bytes]
    fits: bool = True  # asks for a network in which every layer fits
    learns: bool = False  # asks for one that can learn the recipe's images


FORMS = (
    Form(
        "JSON",
        "can be opened here again",
        "json",
        "application/json",
        lambda s: to_json(s.architecture, 2) + "\n",
        fits=False,
    ),
    Form(
        "PyTorch",
        "a class with forward()",
        "py",
        "text/x-python",
        lambda s: python_source(s.architecture),
    ),
    Form(
        "Notebook",
        "model, data and training",
        "ipynb",
        "application/x-ipynb+json",
        lambda s: notebook_json(s.architecture, s.recipe),
        learns=True,
    ),
    Form(
        "ONNX",
        "",
        "onnx",
        "application/octet-stream",
        lambda s: onnx_bytes(s.architecture, _weights(s)),
    ),
    Form(
        "Summary",
        "torchsummary's table",
        "txt",
        "text/plain",
        lambda s: summary_table(analyze(s.architecture)) + "\n",
    ),
)


def share_menu(session: state.Session) -> None:
    """Drawn once it is opened: the files to download are made of the work as it is then."""
    menu = st.popover(
        "Share & save", icon=":material/ios_share:", width="content", key="share", on_change="rerun"
    )
    if not menu.open:
        return
    with menu, st.container(key="sharing", gap="small"):
        _link(session)
        lesson_menu(session)
        _save(session)
        st.html('<p class="heading">Download</p>')
        items(_downloads(session), "network")


def _link(session: state.Session) -> None:
    lesson = session.making or session.shared.lesson
    try:
        link = encode(replace(session.shared, lesson=lesson))
    except LinkError as error:
        st.html(f'<p class="note">{for_html(sentence(str(error)))}</p>')
        return
    link_box(link, key="link")
    held = "the network, the recipe, the assignment and the lesson"
    if lesson is None:
        held = "the network, the recipe and the assignment"
    st.html(f'<p class="note">Holds {held}; anyone who opens it on this server sees this page.</p>')


def _save(session: state.Session) -> None:
    with st.form("save", border=False, clear_on_submit=False):
        columns = st.columns([1, 0.45], gap="small", vertical_alignment="bottom")
        key = f"save-{session.stack.base}"
        columns[0].text_input(
            "Save on this server as", session.name[:MAX_NAME], max_chars=MAX_NAME, key=key
        )
        columns[1].form_submit_button("Save", width="stretch", on_click=_keep, args=(key,))
    st.html('<p class="note">Visible to everyone on this server under “Start from”.</p>')


def _keep(key: str) -> None:
    with refusals_as_notices():
        saved = process.saved().save(st.session_state[key], state.accept_draft().shared, who())
        notify(f"Saved as “{saved.name}”")


def _downloads(session: state.Session) -> list[Item]:
    stem = class_name(session.architecture)
    return [
        Item(
            form.label,
            form.note or _weights_note(session),
            f"{stem}.{form.ending}",
            form.mime,
            partial(form.make, session),
            why_not=_why_not(form, session),
        )
        for form in FORMS
    ]


def _why_not(form: Form, session: state.Session) -> str:
    problem = analyze(session.architecture).problem
    if form.fits and problem:
        return f"not available while layer {path_text(problem.path)} does not fit"
    params = analyze(session.architecture).total_params
    if form.ending == "onnx" and params > MAX_PARAMS:
        return too_large(params)
    if form.learns and (
        obstacle := find_problem(session.architecture, find_dataset(session.recipe.dataset))
    ):
        return obstacle.message
    return ""


# --- the weights of the shown run -----------------------------------------------------------------


def _weights(session: state.Session) -> dict[str, Any] | None:
    """Those of the run that Train shows, where it trained exactly this network; None where there
    are none.
    """
    if session.run is None:
        return None
    try:
        trained = process.jobs().snapshot(session.run, 0).run.architecture
        if trained.key != session.architecture.key:
            return None
        return process.jobs().weights(session.run).weights
    except (UnknownRun, NoWeights):
        return None


def _weights_note(session: state.Session) -> str:
    return "random weights" if _weights(session) is None else f"weights of run {session.run}"
