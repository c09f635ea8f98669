"""Into the Build page: a file or pasted text, what was read of it, and what else its rows could
be.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.imports.opening import (
    FORMS,
    MAX_PASTED,
    Opened,
    OpenError,
    open_file,
    open_pasted,
    shared_work,
)
from explorer.imports.summary.files import MAX_BYTES
from explorer.imports.summary_table import Answer, Choice, Imported, answer_text
from explorer.network.analysis import analyze
from explorer.network.difference import layer_text
from explorer.network.dropout import dropout_rates, with_dropout
from explorer.network.spec import MAX_NAME, Architecture, count_layers, path_text
from explorer.text import counted, for_html, for_markdown, printable, size_text
from explorer.ui import messages, state
from explorer.ui.build.open_choices import Said, ask_for_more, said_of
from explorer.ui.server.message_guard import unreadable_message
from explorer.ui.server.page_runs import part_run

PLACEHOLDER = """Paste PyTorch code, what print(model) prints, or a model summary:

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3)

or a whole notebook or README that has one, a link from this program, or JSON."""

MAX_MB = MAX_BYTES // 1_000_000
FILES = (
    f"A Python file, notebook, README, log, JSON or ONNX file of up to {MAX_MB} MB. "
    "Nothing in it is run: code is only read. "
    f"Up to {MAX_PASTED // 1_000_000} MB can be pasted; a longer one: upload the file."
)
DROPOUT_RATE = "Dropout rate for all dropout layers"


@st.dialog("Open a network", width="large", on_dismiss=state.close_dialog)
def open_dialog() -> None:
    with part_run():  # the browser asks for a dialog by itself, too
        _dialog()


def _dialog() -> None:
    version = st.session_state.setdefault("open-version", 0)
    pasted = st.text_area(
        "Text",
        height=140,
        placeholder=PLACEHOLDER,
        label_visibility="collapsed",
        key="open-text",
        on_change=_forget_file,
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        # Leaving the text sends it; the button gives a place to go.
        st.button("Read", key="read", width=110)
        # Of any type: what is in a file decides, and is said in words. Of a file that the input
        # refuses, Streamlit (1.67) would show an icon alone, and raise at its name in each run from
        # then on.
        file = st.file_uploader(
            "File", label_visibility="collapsed", key=f"open-file-{version}", max_upload_size=MAX_MB
        )
    st.caption(FILES)
    if left_out := unreadable_message():
        messages.error(left_out)
    given = file.getvalue() if file else pasted
    if not given.strip():
        if file:
            messages.error(f"Nothing to open: {file.name} is empty")
        return
    # What is said about this text lasts as long as it does.
    version = hash(given)
    said = said_of(version)
    asked = said.asked()
    try:
        opened = open_file(given, asked) if isinstance(given, bytes) else open_pasted(given, asked)
    except OpenError as error:
        if error.missing:
            messages.warning(f"{error}; give it one here")
        else:
            messages.error(f"Nothing to open: {error}")
        ask_for_more(said, version, missing=error.missing)
        return
    _read(opened, said, version)


def _forget_file() -> None:
    """What is pasted later is what is meant."""
    st.session_state["open-version"] += 1


def _read(opened: Opened, said: Said, version: int) -> None:
    """What was read stands first, though the choices below it decide what that is."""
    overview, remarks = st.container(), st.container()
    architecture = _chosen(opened.imported) if opened.imported else opened.architecture
    with overview:
        _overview(architecture, opened)
    with remarks:
        _remarks(opened)
        ask_for_more(said, version, opened, opened.problem.missing if opened.problem else "")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.text_input(
            "Name", architecture.name, max_chars=MAX_NAME, key=f"open-name-{hash(opened)}"
        )
        # No callback: it would open what was read when the button was drawn, not what was pasted or
        # chosen since.
        if st.button("Open in Build", type="primary", key="open-in-build"):
            _open(opened, architecture, name)
            st.rerun()


def _open(opened: Opened, architecture: Architecture, name: str) -> None:
    named = architecture.model_copy(update={"name": printable(name) or architecture.name})
    session = state.accept_draft()
    state.open_shared(named.name, shared_work(opened, named, session.recipe, session.assignment))


def _overview(architecture: Architecture, opened: Opened) -> None:
    """What was read, as the stack will show it."""
    analysis = analyze(architecture)
    images = f"images {size_text(architecture.input_shape)}"
    count = count_layers(architecture.layers)
    named = f", {for_html(opened.network)}" if opened.network else ""
    read_as = "" if opened.form == "json" else f"Read as {for_html(FORMS[opened.form])}{named}"
    figures = f"{counted(count, 'layer')} · {analysis.total_params:,} parameters · {images}"
    rows = "".join(
        f"<tr><td>{for_html(row.place)}</td><td>{for_html(layer_text(row.layer))}</td>"
        f"<td>{size_text(row.output_shape)}</td><td>{row.params:,}</td></tr>"
        for row in analysis.rows
    )
    st.html(
        f'<p class="heading" data-read="{count}">{figures}</p>'
        f'<p class="read-as">{read_as}</p>'
        f'<div class="read"><table>{rows}</table></div>'
    )
    if problem := analysis.problem:
        place = path_text(problem.path)
        line = f" ({opened.places[problem.index]})" if problem.index < len(opened.places) else ""
        messages.warning(f"Layer {place}{line} doesn’t fit: {problem.message}")


def _remarks(opened: Opened) -> None:
    """What could not be read, and what had to be assumed."""
    if problem := opened.problem:
        messages.warning(f"{problem.place}: {problem.message}. What was read is kept")
    if opened.notes:
        notes = "".join(f"<li>{for_html(note)}</li>" for note in opened.notes)
        st.html(f'<ul class="notes">{notes}</ul>')


def _chosen(imported: Imported) -> Architecture:
    """The architecture with the answers chosen for its rows, the plainest at first, and one rate
    for all dropout.
    """
    version = hash(imported)
    guessed = [choice for choice in imported.choices if choice.guess]
    others = [choice for choice in imported.choices if not choice.guess]
    answers = _answers(imported, guessed, version)
    if others:
        more = " more" if guessed else ""
        one, many = f"1{more} row is ambiguous", f"{len(others)}{more} rows are ambiguous"
        ambiguous = one if len(others) == 1 else many
        with st.expander(f"{ambiguous}; the simplest reading was used", key=f"choices-{version}"):
            answers |= _answers(imported, others, version)
    architecture = imported.architecture
    # From the last to the first, as an answer with more layers moves those below it.
    for choice in reversed(imported.choices):
        if answers[choice.index] != choice.taken:
            architecture = choice.with_other(architecture, answers[choice.index])
    if dropout_rates(architecture):
        rate = st.number_input(
            DROPOUT_RATE, 0.0, 1.0, 0.5, 0.05, key=f"dropout-{version}", width=330
        )
        architecture = with_dropout(architecture, [rate])
    return architecture


def _answers(imported: Imported, choices: list[Choice], version: int) -> dict[int, Answer]:
    """What is chosen for each of these rows, by the index of its first layer."""
    sides = st.columns(2, gap="small") if choices else []
    return {
        choice.index: _choice(choice, imported.place(choice.line), sides[number % 2], version)
        for number, choice in enumerate(choices)
    }


def _choice(choice: Choice, where: str, side: DeltaGenerator, version: int) -> Answer:
    options = [choice.taken, *choice.others]
    place: int = side.selectbox(
        for_markdown(f"{choice.row}, {where}" + (": a guess" if choice.guess else "")),
        range(len(options)),
        format_func=lambda place: answer_text(options[place]),
        key=f"choice-{version}-{choice.index}",
    )
    return options[place]
