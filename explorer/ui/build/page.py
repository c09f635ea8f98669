"""Build: the stack of layers, what each does, and what the selected one sees."""

from collections.abc import Collection

import streamlit as st

from explorer.classroom.judging import AllTries
from explorer.lesson.guesses import Known
from explorer.lesson.lesson import Control, Guess
from explorer.network.analysis import Analysis, Row, analyze, place_text
from explorer.network.explain import parameter_arithmetic, size_arithmetic
from explorer.network.mult_adds import MULT_ADDS_IN_SHORT, MULT_ADDS_RULE
from explorer.network.spec import MAX_NAME, Path, count_layers, path_text
from explorer.presets import load_presets
from explorer.runs.database import StoreError
from explorer.runs.images_access import may_see_images
from explorer.text import for_html, percent, printable, short_bytes, short_count, size_text
from explorer.training.dataset_lookup import find_dataset
from explorer.training.problems import find_problem
from explorer.ui import messages, state
from explorer.ui.assigned import own_runs
from explorer.ui.build.assignment_line import assignment_line
from explorer.ui.build.assignment_menu import assignment_menu
from explorer.ui.build.guessing import guessing, told_to_editor
from explorer.ui.build.open_dialog import open_dialog
from explorer.ui.build.share_menu import share_menu
from explorer.ui.build.start_menu import start_menu
from explorer.ui.components.announcer import announce
from explorer.ui.components.cost_chart import cost_chart
from explorer.ui.components.field_view import FieldViewContext, field_view
from explorer.ui.components.stack_editor import stack_editor
from explorer.ui.image_choices import can_be_chosen, image_choices_with_sizes
from explorer.ui.known_numbers import known_of
from explorer.ui.notices import WRONG, notify, with_notices
from explorer.ui.people import who
from explorer.ui.preset_story import preset_story

SELECTED = "selected-layer"  # its place on the page, for the way past the stack
UNKNOWN = "?"  # in place of a number that is to be guessed first
TOTALS = {  # by the number of a layer that tells them
    Guess.SHAPE: "Output",
    Guess.FIELD: "Receptive field",
    Guess.PARAMS: "Parameters",
}
TOLD_BY = {Guess.PARAMS: ("max_params",), Guess.FIELD: ("min_field",)}  # limits of an assignment
SEEN_IN_PICTURE = (Guess.SHAPE, Guess.FIELD)


@with_notices
def show() -> None:
    _header()
    _workbench(_runs())


def _runs() -> AllTries:
    """Those that the assignment is judged by. The network can be built though none can be read.

    Looked up once a page, not at every edit.
    """
    try:
        return own_runs()
    except StoreError as error:
        messages.warning(str(error))
        return {}


# --- the line at the top --------------------------------------------------------------------------


def _header() -> None:
    session = state.accept_draft()
    name_key = f"name-{session.stack.base}-{session.work}"  # another work's name is another input's
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="header"):
        if not state.hides(Control.START_FROM):
            start_menu(session)
        if not state.hides(Control.OPEN):
            st.button(
                "Open…", icon=":material/upload_file:", key="open", on_click=state.ask_to_open
            )
        if session.opening:
            open_dialog()
        # The input has no default of its own: Streamlit warns of one where `_rename` sets the
        # value.
        st.session_state.setdefault(name_key, session.name)
        st.text_input(
            "Name",
            max_chars=MAX_NAME,
            key=name_key,
            on_change=_rename,
            args=(name_key, session.name, session.work),
            label_visibility="collapsed",
            width="stretch",
        )
        if not state.hides(Control.IMAGES):
            _images(session)
        if not state.hides(Control.ASSIGNMENT):
            assignment_menu(session)
        if not state.hides(Control.SHARE):
            share_menu(session)


def _images(session: state.Session) -> None:
    choices = image_choices_with_sizes(session.recipe.dataset)
    st.selectbox(
        "Images",
        list(choices),
        index=list(choices).index(session.recipe.dataset),
        format_func=lambda name: choices.get(name, name),
        key=f"images-{session.recipe_version}",
        on_change=_choose_images,
        args=(f"images-{session.recipe_version}", session.work),
        label_visibility="collapsed",
        width=220,
        disabled=session.recipe_is_locked,
    )


# Streamlit also calls a callback where nothing changed, if somebody clicks before the first run has
# ended, or where the browser speaks of an input that is gone, as it does until it has heard that
# other work was opened.


def _rename(key: str, shown: str, work: int) -> None:
    if work != state.current().work:
        return
    name = st.session_state[key]
    if not printable(name):
        st.session_state[key] = shown
        notify("Enter a name for the network. The old name was kept", WRONG)
    elif name != shown:
        state.rename(name)
        st.session_state[key] = state.current().name  # without what cannot be seen


def _choose_images(key: str, work: int) -> None:
    session, chosen = state.current(), st.session_state[key]
    is_new = work == session.work and can_be_chosen(chosen) and chosen != session.recipe.dataset
    if is_new and (changed := state.choose_images(chosen)):
        notify(changed)


# --- the stack, and beside it the selected layer --------------------------------------------------


def _workbench(runs: AllTries) -> None:
    session = state.accept_draft()
    analysis = analyze(session.architecture)
    selected = _selected_row(session.stack.selected_path, analysis)
    classes = len(find_dataset(session.recipe.dataset).classes)
    known = known_of(session)
    totals = st.container(key="totals")
    st.html(f'<p class="skip"><a href="#{SELECTED}">Skip to the selected layer</a></p>')
    announce(_in_short(analysis, known), "totals")
    stack, detail = st.columns([2, 1], gap="medium")
    with stack:  # first, so that the numbers a person is typing for reach the browser first
        stack_editor(
            session.stack,
            analysis,
            classes=classes,
            described=selected.path if selected else None,
            lesson=told_to_editor(session),
            key=state.STACK_KEY,
            changed=state.accept_draft,
        )
    with totals:
        _numbers(session, analysis, runs, known)
    with detail:
        if selected is None:
            st.html(f'<p class="hint">{_nothing_to_show(analysis)}</p>')
        else:
            _selected_layer(analysis, selected, session, known)
        if analysis.total_params and known.shows_parameters(analysis):
            cost_chart(analysis, selected.index if selected else None, key="cost")
        preset_story(load_presets().get(session.start.preset), "build")


def _in_short(analysis: Analysis, known: Known) -> str:
    """The totals, for whoever hears the page."""
    if problem := analysis.problem:
        return f"Layer {place_text(analysis, problem)} does not fit"
    output, field = size_text(analysis.output_shape), size_text(analysis.receptive_field)
    said = {
        Guess.PARAMS: f"{analysis.total_params:,} parameters",
        Guess.SHAPE: f"output {output}",
        Guess.FIELD: f"receptive field {field}",
    }
    return ", ".join(text for kind, text in said.items() if _shows_total(kind, analysis, known))


def _shows_total(kind: Guess, analysis: Analysis, known: Known) -> bool:
    """Whether a number of the whole network is shown, or is still to be guessed."""
    if kind is Guess.PARAMS:
        return known.shows_parameters(analysis)
    return known.shows_last(analysis, kind)


def _numbers(session: state.Session, analysis: Analysis, runs: AllTries, known: Known) -> None:
    """The totals, and under them the assignment and what stands in the way of training.

    A line of its own for the latter would come and go, and move the row that is being typed in.
    """
    secret = {kind for kind in known.kinds if not _shows_total(kind, analysis, known)}
    obstacle = None
    # It tells the shape of the output, and is of no use where nothing is trained.
    is_told = Guess.SHAPE not in secret and not state.hides(Control.TRAIN)
    if analysis.rows and not analysis.problem and is_told:
        obstacle = find_problem(session.architecture, find_dataset(session.recipe.dataset))
    fixed = obstacle.fixed if obstacle else None
    in_the_way = _in_the_way(analysis, obstacle.message if obstacle else "")
    without = frozenset(limit for kind in secret for limit in TOLD_BY.get(kind, ()))
    line = assignment_line(session, runs, in_the_way, fixed is not None, without)
    st.html(_totals(analysis, secret) + line)
    if fixed and st.button("Apply fix", key="apply-fix"):
        state.apply_fix(fixed)
        st.rerun()


def _in_the_way(analysis: Analysis, obstacle: str) -> str:
    """Why the network cannot be trained as it stands; "" where it can."""
    if problem := analysis.problem:
        where = place_text(analysis, problem)
        return f"Layer {where} does not fit. {_counted_so_far(analysis)}."
    return obstacle and f"Not trainable yet: {obstacle}."


def _counted_so_far(analysis: Analysis) -> str:
    """What the totals are of, where a layer does not fit."""
    if not analysis.rows:
        return "No totals until it does"
    if len(analysis.rows) == 1:
        return f"The totals cover layer {analysis.rows[0].place} only"
    return f"The totals cover layers {analysis.rows[0].place} to {analysis.rows[-1].place} only"


def _selected_row(path: Path | None, analysis: Analysis) -> Row | None:
    """The row of the selected layer, or of the merge of the selected block; the last one where that
    comes after what does not fit.

    Where none is selected it is the first convolution's, as a stack is read from there, or the
    first layer's where there is none.
    """
    rows = analysis.rows
    if not rows:
        return None
    if path is not None:
        return next((row for row in rows if row.path == path), rows[-1])
    return next((row for row in rows if row.kind == "Conv2d"), rows[0])


def _nothing_to_show(analysis: Analysis) -> str:
    if analysis.problem:
        return (
            f"Once layer {path_text(analysis.problem.path)} fits, "
            "this shows which pixels a layer sees and what it costs."
        )
    return "Add a layer to see which pixels it sees and what it costs."


def _totals(analysis: Analysis, secret: Collection[Guess]) -> str:
    """The totals. Of those that are `secret`, to be guessed first, only the names are told."""
    figures = [
        ("Parameters", f"{analysis.total_params:,}", f"{analysis.trainable_params:,} learned"),
        (
            "Multiply-adds per image",
            short_count(analysis.total_mult_adds),
            f"{analysis.total_mult_adds:,}. {MULT_ADDS_RULE} torchinfo's count: "
            f"{analysis.torchinfo_mult_adds:,}.",
        ),
        (
            "Memory per image",
            short_bytes(analysis.activation_bytes),
            "all layers' outputs, in float32",
        ),
        (
            "Receptive field",
            size_text(analysis.receptive_field),
            "of the last layer, theoretical; it may exceed the image",
        ),
        ("Output", size_text(analysis.output_shape), "shape for each image"),
        ("Layers", f"{count_layers(analysis.architecture.layers)}", "rows in the stack"),
    ]
    broken = analysis.problem is not None
    if broken and not analysis.rows:
        figures = [
            (name, value if name == "Layers" else "–", note) for name, value, note in figures
        ]
    unknown = {TOTALS[kind] for kind in secret}
    figures = [
        (name, UNKNOWN, "to be guessed first") if name in unknown else (name, value, note)
        for name, value, note in figures
    ]
    so_far = broken and bool(analysis.rows)
    cells = "".join(
        f'<div title="{for_html(note)}"><span>{for_html(_counted_name(name, so_far))}</span>'
        f'<b data-total="{name}">{for_html(value)}</b></div>'
        for name, value, note in figures
    )
    return f'<div class="totals{" broken" if broken else ""}">{cells}</div>'


def _counted_name(name: str, so_far: bool) -> str:
    """A total's name: "Parameters so far" where it stops at a layer that does not fit."""
    return f"{name} so far" if so_far and name != "Layers" else name


def _selected_layer(analysis: Analysis, row: Row, session: state.Session, known: Known) -> None:
    st.html(_layer_words(row, analysis, known))
    guessing(analysis, row, known)
    if all(known.shows(row, kind) for kind in SEEN_IN_PICTURE):
        dataset, person = session.recipe.dataset, who()
        context = FieldViewContext(
            dataset,
            session.recipe.seed,
            session.run,
            person.id,
            may_see_images(person, dataset),
        )
        field_view(analysis, row.index, context, key="field")
    else:
        st.html('<p class="hint">The picture of its receptive field comes with your guess.</p>')


def _layer_words(row: Row, analysis: Analysis, known: Known) -> str:
    shape, params = (known.shows(row, kind) for kind in (Guess.SHAPE, Guess.PARAMS))
    before = UNKNOWN
    if known.shows_input(analysis, row):
        before = ", ".join(map(size_text, row.input_shapes))
    lines = [("Shape", f"{before} → {size_text(row.output_shape) if shape else UNKNOWN}", "")]
    if shape and before != UNKNOWN and (size := size_arithmetic(row)):
        lines.append(("Size", size, ""))
    parameters = parameter_arithmetic(row) or "none"
    lines.append(("Parameters", parameters if params else UNKNOWN, ""))
    if row.mult_adds and shape and params:  # they tell of both
        share = row.mult_adds / analysis.total_mult_adds
        lines.append(
            (
                "Multiply-adds",
                f"{row.mult_adds:,}, {percent(share, 1)} of the network's",
                MULT_ADDS_IN_SHORT,
            )
        )
    facts = "".join(
        (f'<div title="{for_html(note)}"><dt>{for_html(name)}</dt><dd>{for_html(value)}</dd></div>')
        for name, value, note in lines
    )
    return (
        f'<div class="layer" id="{SELECTED}" tabindex="-1"><h2>{for_html(row.place)} · '
        f"{for_html(row.title)}</h2>"
        f"<p>{for_html(row.about.summary)}</p><dl>{facts}</dl></div>"
    )
