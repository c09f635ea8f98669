"""Into the Build page: a file or pasted text, what was read of it, and what else its rows could be."""

import html

import streamlit as st

from explorer.network.analysis import analyze, shape_text
from explorer.network.difference import layer_text
from explorer.network.spec import Architecture
from explorer.network.summary_table import Answer, Choice, Imported
from explorer.ui import state
from explorer.ui.opening import Opened, OpenError, open_text, work
from explorer.ui.part import WRONG, say
from explorer.ui.text import unmarked

PLACEHOLDER = """Paste a model summary, or a whole README or notebook that has one:

        Layer (type)               Output Shape         Param #
            Conv2d-1            [-1, 8, 26, 26]              80
              ReLU-2            [-1, 8, 26, 26]               0

or a link from this program, or an architecture as JSON."""

WARNING = ":material/warning:"


@st.dialog("Open a network", width="large")
def open_dialog() -> None:
    version = st.session_state.setdefault("open-version", 0)
    st.text_area(
        "Text", height=140, placeholder=PLACEHOLDER, label_visibility="collapsed", key="open-text", on_change=_forget_file
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Read", key="read", width=110)  # leaving the text sends it; the button gives a place to go
        file = st.file_uploader(
            "File",
            type=["json", "txt", "md", "ipynb"],
            label_visibility="collapsed",
            key=f"open-file-{version}",
            max_upload_size=1,
        )
    text = _text()
    if not text.strip():
        if file:
            st.error(f"Nothing to open: {unmarked(file.name)} is empty.", icon=":material/error:")
        return
    try:
        opened = open_text(text)
    except OpenError as error:
        st.error(f"Nothing to open: {unmarked(str(error))}.", icon=":material/error:")
        return
    _read(opened)


def _text() -> str:
    """The file's, else what was pasted. From the state: a button may be pressed before the dialog has been drawn with it."""
    file = st.session_state.get(f"open-file-{st.session_state['open-version']}")
    text: str = file.getvalue().decode("utf-8", "replace") if file else st.session_state["open-text"]
    return text


def _forget_file() -> None:
    """What is pasted later is what is meant."""
    st.session_state["open-version"] += 1


def _read(opened: Opened) -> None:
    """What was read stands first, though the choices below it decide what that is."""
    overview, remarks = st.container(), st.container()
    if opened.imported:
        _choices(opened.imported)
    architecture = _chosen(opened)
    with overview:
        _overview(architecture)
    if opened.imported:
        with remarks:
            _remarks(opened.imported)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input("Name", architecture.name, max_chars=120, key=_name_key(opened))
        if st.button("Open in Build", type="primary", key="open-in-build", on_click=_open):
            st.rerun()


def _name_key(opened: Opened) -> str:
    return f"open-name-{hash(opened)}"


def _open() -> None:
    try:
        opened = open_text(_text())
    except OpenError as error:
        say(f"Nothing to open: {error}", WRONG)
        return
    architecture = _chosen(opened)
    name = " ".join(st.session_state.get(_name_key(opened), "").split()) or architecture.name
    session = state.accept_draft()
    state.open_shared(name, work(opened, architecture.model_copy(update={"name": name}), session.recipe, session.assignment))


def _overview(architecture: Architecture) -> None:
    """What was read, as the stack will show it."""
    analysis = analyze(architecture)
    images = f"images {shape_text(architecture.input_shape)}"
    figures = f"{len(architecture.layers)} layers · {analysis.total_params:,} parameters · {images}"
    rows = "".join(
        f"<tr><td>{row.index}</td><td>{html.escape(layer_text(row.layer))}</td><td>{shape_text(row.output_shape)}</td>"
        f"<td>{row.params:,}</td></tr>"
        for row in analysis.rows
    )
    st.html(
        f'<p class="heading" data-read="{len(architecture.layers)}">{figures}</p><div class="read"><table>{rows}</table></div>'
    )
    if analysis.problem:
        st.warning(unmarked(f"Layer {analysis.problem.index} doesn’t fit: {analysis.problem.message}."), icon=WARNING)


def _remarks(imported: Imported) -> None:
    """What could not be read, and what had to be assumed."""
    if problem := imported.problem:
        st.warning(unmarked(f"Line {problem.line}, {problem.row}: {problem.message}. What was read is kept."), icon=WARNING)
    if imported.notes:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in imported.notes)
        st.html(f'<ul class="notes">{notes}</ul>')


def _choices(imported: Imported) -> None:
    """The rows that could be something else, the plainest answer taken at first."""
    if not imported.choices:
        return
    rows = "1 row" if len(imported.choices) == 1 else f"{len(imported.choices)} rows"
    with st.expander(f"{rows} could be something else; the plainest is taken", key=f"choices-{hash(imported)}"):
        sides = st.columns(2, gap="small")
        for place, choice in enumerate(imported.choices):
            texts = [_answer_text(answer) for answer in _options(choice)]
            sides[place % 2].selectbox(
                f"{choice.row}, line {choice.line}",
                range(len(texts)),
                format_func=texts.__getitem__,
                key=_choice_key(imported, choice),
            )


def _options(choice: Choice) -> list[Answer]:
    return [choice.taken, *choice.others]


def _choice_key(imported: Imported, choice: Choice) -> str:
    return f"choice-{hash(imported)}-{choice.index}"


def _chosen(opened: Opened) -> Architecture:
    """The architecture with the answers that are chosen for its rows."""
    architecture, imported = opened.architecture, opened.imported
    if imported is None:
        return architecture
    # From the last to the first, as an answer with more layers moves those below it.
    for choice in reversed(imported.choices):
        answer = _options(choice)[st.session_state.get(_choice_key(imported, choice), 0)]
        if answer != choice.taken:
            architecture = choice.with_other(architecture, answer)
    return architecture


def _answer_text(answer: Answer) -> str:
    layers = ", then ".join(layer_text(layer) for layer in answer.layers)
    return f"{layers}, on images {shape_text(answer.input_shape)}" if answer.input_shape else layers
