"""Making a lesson of the work: in Share & save, an input for each of its parts. The link then holds
it.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from explorer.lesson.lesson import (
    MAX_ANSWER,
    MAX_QUESTION,
    MAX_STEPS,
    MAX_TEXT,
    MAX_TITLE,
    MAX_WHY,
    Control,
    Guess,
    Lesson,
    LessonError,
    Step,
    parse_lesson,
    to_data,
)
from explorer.network.spec import path_text
from explorer.text import for_html, sentence
from explorer.ui import state
from explorer.ui.notices import WRONG, notify

PLACE_KEY = "lesson-making-step"  # which step is being written


class _Part(NamedTuple):
    """A text of a step, and its input."""

    label: str
    longest: int
    help: str


PARTS = {
    "text": _Part("Text", MAX_TEXT, "In Markdown: paragraphs, lists, emphasis and code."),
    "question": _Part("Question", MAX_QUESTION, ""),
    "answer": _Part(
        "Answer", MAX_ANSWER, "A number, a size such as 8×26×26, or words. Empty: an open question."
    ),
    "why": _Part("Why", MAX_WHY, "Shown once the question was answered."),
}


def lesson_menu(session: state.Session) -> None:
    """Drawn once it is opened."""
    menu = st.expander("Lesson…", icon=":material/school:", key="lesson-making", on_change="rerun")
    if not menu.open:
        return
    with menu, st.container(key="lesson-making-panel", gap="small"):
        draft = _draft(session)
        st.html(
            '<p class="note">The link above then opens this work as a lesson: up to '
            f"{MAX_STEPS} steps stand above the page, each with a question. The draft is kept in "
            "this window until you reload it; its link keeps it for good.</p>"
        )
        _text("Title", "title", draft.title, MAX_TITLE, partial(_set, "title"))
        _steps(draft)
        _choice("Hide", "hidden", Control, draft.hidden, "nothing")
        _choice("Guess first", "guess", Guess, draft.guess, "nothing")
        _switches(session, draft)
        if session.making is not None:
            st.button("Discard this lesson", on_click=_discard, width="stretch")


def _draft(session: state.Session) -> Lesson:
    """The lesson as it is so far; at first the one that the visitor is in."""
    if session.making is not None:
        return session.making
    return session.lesson.lesson if session.lesson else Lesson()


# --- the inputs -----------------------------------------------------------------------------------


def _steps(draft: Lesson) -> None:
    count = len(draft.steps)
    if count:
        place = _place(count)
        st.session_state[PLACE_KEY] = place
        st.selectbox(
            "Step", list(range(count)), format_func=lambda at: f"{at + 1} of {count}", key=PLACE_KEY
        )
        for name, part in PARTS.items():
            value = getattr(draft.steps[place], name)
            change = partial(_set_in_step, place, name)
            _text(part.label, f"{name}-{place}", value, part.longest, change, part.help)
    with st.container(horizontal=True, gap="small"):
        if count < MAX_STEPS:
            st.button("Add a step", icon=":material/add:", on_click=_add_step)
        if count:
            st.button("Remove this step", on_click=_remove_step)


def _place(count: int) -> int:
    """Of the step that is being written."""
    place = st.session_state.get(PLACE_KEY, 0)
    return place if type(place) is int and 0 <= place < count else count - 1


def _text(
    label: str, name: str, value: str, longest: int, change: Callable[[str], None], help: str = ""
) -> None:
    key = f"lesson-making-{name}"
    st.session_state[key] = value
    kept = partial(_kept, key, change)
    if longest > MAX_QUESTION:
        st.text_area(
            f"{label}, at most {longest:,} characters",
            key=key,
            max_chars=longest,
            height=100,
            help=help or None,
            on_change=kept,
        )
    else:
        st.text_input(
            f"{label}, at most {longest:,} characters",
            key=key,
            max_chars=longest,
            help=help or None,
            on_change=kept,
        )


def _choice(
    label: str, name: str, kind: type[Control] | type[Guess], chosen: tuple[StrEnum, ...], none: str
) -> None:
    key = f"lesson-making-{name}"
    st.session_state[key] = [each.value for each in chosen]
    st.multiselect(
        label,
        [each.value for each in kind],
        format_func=lambda value: kind(value).words,
        key=key,
        placeholder=none,
        on_change=partial(_kept, key, partial(_set, name)),
    )


def _switches(session: state.Session, draft: Lesson) -> None:
    st.session_state["lesson-making-locks"] = draft.locks_recipe
    st.toggle(
        "Lock the recipe",
        key="lesson-making-locks",
        on_change=partial(_kept, "lesson-making-locks", partial(_set, "locks_recipe")),
    )
    path = session.stack.selected_path
    here = path_text(path) if path is not None else ""
    st.session_state["lesson-making-select"] = draft.select != ""
    st.toggle(
        "Select the layer first that is selected now",
        key="lesson-making-select",
        disabled=not (here or draft.select),
        on_change=partial(_kept, "lesson-making-select", partial(_select, here)),
    )
    if draft.select:
        st.html(f'<p class="note">Layer {for_html(draft.select)} is selected first.</p>')


# --- what was set ---------------------------------------------------------------------------------


def _kept(key: str, change: Callable[[Any], None]) -> None:
    change(st.session_state[key])


def _set(name: str, value: Any) -> None:
    """Put another value in place. Keeps the lesson as it was where that makes none."""
    session = state.accept_draft()
    try:
        lesson = parse_lesson(to_data(_draft(session)) | {name: value})
    except LessonError as error:
        notify(f"{sentence(str(error))} The old value was kept", WRONG)
        return
    state.keep_session(replace(session, making=lesson))


def _set_steps(change: Callable[[list[dict[str, Any]]], None]) -> None:
    steps = to_data(_draft(state.accept_draft()))["steps"]
    change(steps)
    _set("steps", steps)


def _set_in_step(place: int, name: str, value: str) -> None:
    def put(steps: list[dict[str, Any]]) -> None:
        if place < len(steps):
            steps[place][name] = value

    _set_steps(put)


def _add_step() -> None:
    st.session_state[PLACE_KEY] = len(_draft(state.accept_draft()).steps)
    _set_steps(lambda steps: steps.append(Step().model_dump(mode="json")))


def _remove_step() -> None:
    place = _place(len(_draft(state.accept_draft()).steps))
    _set_steps(lambda steps: steps.__delitem__(slice(max(0, place), place + 1)))


def _select(here: str, wanted: bool) -> None:
    _set("select", here if wanted else "")


def _discard() -> None:
    state.keep_session(replace(state.accept_draft(), making=None))
