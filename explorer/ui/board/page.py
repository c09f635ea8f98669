"""Board: a line for each person of a class, and everybody's accuracy against parameters."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.assignment.clauses import SIGNS
from explorer.classroom.assignments import GivenOut
from explorer.classroom.board import BoardLine, board_lines, most_common_images
from explorer.classroom.hand_ins import HandIn
from explorer.classroom.roll import call_the_roll
from explorer.link import Shared
from explorer.network.analysis import analyze
from explorer.text import counted, for_html
from explorer.training.dataset_lookup import find_dataset
from explorer.ui import messages, people, process, standing_columns, state
from explorer.ui.charts.board_chart import HANDED_IN, MET, OTHERS, BoardPoint, board_chart
from explorer.ui.components.choice_list import choice_list
from explorer.ui.components.columns import Column
from explorer.ui.components.navigation import Page, go_to
from explorer.ui.notices import with_notices
from explorer.ui.part import part
from explorer.ui.people import register
from explorer.ui.run_actions import copy_and_curves, open_in_build
from explorer.ui.selected import selected_points
from explorer.ui.show_chart import Selection, show_chart
from explorer.ui.standing_columns import values_of

EVERY = 3.0  # seconds between two looks
LIST, CHART, CHOSEN, PICKED = "board", "board-chart", "board-chosen", "board-picked"
ABOUT, NAMES = "board-assignment", "board-names"
VERDICTS = {"holds": "met", "fails": "not met", "unknown": "not all known"}
COLUMNS = {  # by the name of a row's value
    **standing_columns.COLUMNS,
    "verdict": Column("Assignment", str, "What was handed in last, and whether it met all of it."),
}


@with_notices
def show() -> None:
    if not people.is_class():
        messages.info("there is no class here: only this machine reaches this server")
        return
    given = process.assignments().all()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="board-line"):
        about = _assignment(given)
        st.toggle("Names", True, key=NAMES, help="Beside the points of the chart.")
    if picked := st.session_state.pop(PICKED, None):
        _open_copy(picked, about)
    part(_board, every=EVERY)(about, bool(st.session_state[NAMES]))
    _details()


def _assignment(given: tuple[GivenOut, ...]) -> str:
    """Which of the assignments the board is about: the newest, unless another was chosen."""
    if not given:
        return ""
    titles = {each.id: each.assignment.title for each in given}
    if st.session_state.get(ABOUT) not in titles:
        st.session_state[ABOUT] = given[0].id
    chosen: str = st.selectbox(
        "Assignment",
        list(titles),
        format_func=lambda id: titles[id],
        key=ABOUT,
        label_visibility="collapsed",
        width="stretch",
    )
    return chosen


@with_notices
def _board(about: str, with_names: bool) -> None:
    if PICKED in st.session_state or st.session_state.pop("board-just-chosen", False):
        st.rerun()  # what was clicked is opened by the whole page
    handed = process.hand_ins().newest(about) if about else ()
    lines, images = _lines(about, handed)
    met = sum(each.verdict == "holds" for each in handed)
    words = [counted(len(lines), "network")]
    if about:
        words.append(f"{len(handed)} handed in, {met} met all of it")
    st.html(f'<p class="board-count" data-board="{len(lines)}">{for_html(" · ".join(words))}</p>')
    if not lines:
        st.html('<p class="hint">Nobody has trained a network yet.</p>')
        return
    with st.container(key="board-halves"):
        with st.container():
            choice_list(
                [_row(line) for line in lines],
                COLUMNS,
                st.session_state.get(CHOSEN),
                _choose,
                title="Class board",
                key=LIST,
            )
        with st.container():
            _chart([_point(line) for line in lines if line.reached], with_names, images)


def _chart(points: list[BoardPoint], with_names: bool, images: str | None) -> None:
    if not points or images is None:
        return
    show_chart(
        board_chart(points, with_names),
        CHART,
        height="window",
        level=2,
        selection=Selection("picked", _pick),
    )
    st.html(
        f'<p class="note">A point for each person, on {for_html(find_dataset(images).title)}: what '
        "they handed in, else their newest run on all images that has completed an epoch. The "
        "dashed line is the Pareto front: nobody else has more accuracy with fewer parameters. "
        "The axis is stretched towards 100 %, where halving the error is a step. Click a point to "
        "open a copy of its network.</p>"
    )


def _lines(about: str, handed: Sequence[HandIn]) -> tuple[tuple[BoardLine, ...], str | None]:
    """Everybody's lines, and the images that they are compared on: those of the assignment, else
    those that most people train on.
    """
    everybody = sorted(register().all(), key=lambda entry: entry.name.casefold())
    standings = call_the_roll(everybody, process.jobs().runs())
    given = next((each for each in process.assignments().all() if each.id == about), None)
    images = (given.assignment.dataset if given else None) or most_common_images(standings)
    return board_lines(standings, handed, images), images


def _row(line: BoardLine) -> dict[str, Any]:
    row: dict[str, Any] = {"id": line.entry.id, "name": line.entry.name}
    if line.handed:
        verdict = line.handed.verdict
        row["verdict"] = f"{SIGNS[verdict]} {VERDICTS[verdict]}"
    row |= values_of(line.current)
    return row


def _point(line: BoardLine) -> BoardPoint:
    assert line.reached is not None
    kind = OTHERS
    if line.handed:
        kind = MET if line.handed.verdict == "holds" else HANDED_IN
    parameters = analyze(line.reached.network).total_params
    return BoardPoint(line.entry.name, line.entry.id, parameters, line.reached.accuracy, kind)


# --- what was clicked -----------------------------------------------------------------------------


def _choose(person_id: str | None) -> None:
    st.session_state[CHOSEN] = person_id
    st.session_state["board-just-chosen"] = True


def _pick() -> None:
    """Ask for a copy of the network whose point was clicked, if it is one of somebody's."""
    known = {entry.id for entry in register().all()}
    if picked := selected_points(CHART, "picked", "opens", known):
        st.session_state[PICKED] = picked[0]


def _open_copy(person_id: str, about: str) -> None:
    """Show a copy of the network at this person's point on Build."""
    lines, _ = _lines(about, process.hand_ins().newest(about) if about else ())
    reached = next((line.reached for line in lines if line.entry.id == person_id), None)
    if reached is not None:
        assignment = state.current().assignment
        state.open_shared(reached.network.name, Shared(reached.network, reached.recipe, assignment))
        go_to(Page.BUILD)
        st.rerun()


def _details() -> None:
    """What can be done with the work of the person whose line is chosen."""
    chosen = st.session_state.get(CHOSEN)
    lines, _ = _lines("", ())
    line = next((each for each in lines if each.entry.id == chosen), None)
    if line is None or line.current is None:
        return
    run = line.current.run
    st.html(
        f'<div class="run"><h2>{for_html(line.entry.name)}</h2>'
        f"<p>{for_html(run.architecture.name)}</p></div>"
    )
    with st.container(horizontal=True, gap="small"):
        copy_and_curves("board", run.id, open_in_build, run)
