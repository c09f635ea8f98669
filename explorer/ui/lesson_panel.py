"""The lesson that somebody is in, above the pages on which one works on it: its text, a question,
and the way on.
"""

import zlib

import streamlit as st

from explorer.lesson.answers import is_same_answer
from explorer.lesson.lesson import MAX_ANSWER, Step
from explorer.lesson.progress import Progress
from explorer.text import for_html, for_markdown
from explorer.ui import state
from explorer.ui.components.announcer import announce
from explorer.ui.markdown_text import markdown_to_html
from explorer.ui.notices import WRONG, notify

UNTITLED = "Lesson"
MAX_OPEN_ANSWER = 1_000  # characters that are kept of what is written down


def lesson_panel() -> None:
    """Draw the panel; nothing where there is no lesson."""
    progress = state.current().lesson
    if progress is None:
        return
    with st.container(key="lesson", gap="xsmall"):
        _line(progress)
        if step := progress.step:
            st.html(f'<div class="lesson-text">{markdown_to_html(step.text)}</div>')
            if step.question:
                _question(progress, step)
        announce(_said(progress), "lesson")


def _line(progress: Progress) -> None:
    """The title, where one is, and the ways on, back and out."""
    place, count = progress.place, len(progress.lesson.steps)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson-line"):
        st.html(
            f'<h2 class="lesson-title">{for_html(progress.lesson.title or UNTITLED)}'
            f"<span>{for_html(_where(progress))}</span></h2>"
        )
        if count > 1:
            st.button("Back", key="lesson-back", disabled=not place, on_click=_go, args=(-1,))
            last = place == count - 1
            st.button("Next", key="lesson-next", disabled=last, on_click=_go, args=(1,))
        st.button(
            "Leave the lesson",
            key="lesson-leave",
            type="tertiary",
            icon=":material/close:",
            on_click=state.leave_lesson,
            help="The network stays, and everything that is hidden comes back.",
        )


def _where(progress: Progress) -> str:
    count = len(progress.lesson.steps)
    return f"Step {progress.place + 1} of {count}" if count else ""


def _answer_key(progress: Progress, place: int) -> str:
    """The input's: another lesson's question is another one, though it stands in the same place."""
    lesson = zlib.crc32(progress.lesson.model_dump_json().encode())
    return f"lesson-answer-{lesson:x}-{place}"


def _question(progress: Progress, step: Step) -> None:
    place = progress.place
    key = _answer_key(progress, place)
    given = progress.answers.get(place)
    with (
        st.form(f"lesson-form-{place}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        st.text_input(
            for_markdown(step.question),
            given or "",
            key=key,
            max_chars=MAX_ANSWER if step.answer else MAX_OPEN_ANSWER,
            autocomplete="off",
        )
        label = "Check" if step.answer else "Done"
        st.form_submit_button(label, key=f"lesson-check-{place}", on_click=_answer, args=(place,))
    if given is not None:
        verdict, words = _verdict(step, given)
        why = f" {for_html(step.why)}" if step.why else ""
        st.html(f'<p class="lesson-verdict {for_html(verdict)}"><b>{for_html(words)}</b>{why}</p>')


def _verdict(step: Step, given: str) -> tuple[str, str]:
    """Whether an answer is right, as a class of the styles and in words."""
    if not step.answer:
        return "open", "Noted."
    if is_same_answer(given, step.answer):
        return "right", "✓ Right."
    return "wrong", f"✗ Not quite: it is {step.answer}, you answered {given}."


def _said(progress: Progress) -> str:
    """What whoever hears the page is told of a change."""
    step, given = progress.step, progress.answers.get(progress.place)
    if step and step.question and given is not None:
        return f"{_verdict(step, given)[1]} {step.why}"
    return _where(progress)


def _go(steps: int) -> None:
    if progress := state.accept_draft().lesson:
        state.keep_progress(progress.at(progress.place + steps))


def _answer(place: int) -> None:
    """Keep what was typed, and so show whether it is right."""
    progress = state.accept_draft().lesson
    if progress is None or place >= len(progress.lesson.steps):
        return
    answer = str(st.session_state.get(_answer_key(progress, place), "")).strip()
    if not answer:
        notify("Type an answer first", WRONG)
        return
    state.keep_progress(progress.answering(place, answer[:MAX_OPEN_ANSWER]))
