"""Guess first: the inputs beside the stack in which a layer's numbers are guessed before they are
shown, and what became of a guess.
"""

from typing import Any

import streamlit as st

from explorer.lesson.guesses import KINDS, Known, judge
from explorer.lesson.lesson import MAX_ANSWER, Control, Guess
from explorer.network.analysis import Analysis, Row, analyze
from explorer.text import for_html, for_markdown
from explorer.ui import state
from explorer.ui.components.announcer import announce
from explorer.ui.known_numbers import known_of
from explorer.ui.notices import WRONG, notify


def told_to_editor(session: state.Session) -> dict[str, Any] | None:
    """What the stack editor is told of the lesson; None where it makes no difference to it.

    A number that was guessed goes with its row's uid: the editor shows it as long as it is the
    same, and so hides at once what an edit has changed.
    """
    lesson = session.lesson
    if lesson is None or not (lesson.lesson.guess or lesson.hides(Control.ADD_LAYER)):
        return None
    revealed: dict[str, dict[str, str]] = {}
    here = set(session.stack.uids)
    for (uid, kind), guessed in lesson.revealed.items():
        if uid in here and kind in lesson.lesson.guess:
            revealed.setdefault(uid, {})[kind.value] = guessed.true
    return {
        "adds": not lesson.hides(Control.ADD_LAYER),
        "guess": [kind.value for kind in lesson.lesson.guess],
        "revealed": revealed,
    }


def guessing(analysis: Analysis, row: Row, known: Known) -> None:
    """An input for each number of the selected layer that is to be guessed; nothing where none is.

    Those that were guessed keep their input, so that the keyboard stays where it was.
    """
    if not known.kinds or known.progress is None:
        return
    uid, said = known.uids[row.path], []
    with st.container(key="guessing", gap="xsmall"):
        for kind in known.kinds:
            guessed = known.progress.revealed.get((uid, kind))
            _form(row, uid, kind, guessed.guess if guessed else "")
            if guessed and known.shows(row, kind):
                verdict = "right" if guessed.is_right else "wrong"
                words = (
                    "✓ Right."
                    if guessed.is_right
                    else f"✗ Not quite: it is {guessed.true}, you guessed {guessed.guess}."
                )
                why = KINDS[kind].why(analysis, row)
                said.append(f"{kind.words}: {words} {why}")
                st.html(
                    f'<p class="guessed {for_html(verdict)}"><b>{for_html(words)}</b> '
                    f"{for_html(why)}</p>"
                )
        announce(" ".join(said), "guess")


def _form(row: Row, uid: str, kind: Guess, guess: str) -> None:
    key = _key(uid, kind)
    with (
        st.form(f"form-{key}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        st.text_input(
            for_markdown(f"{kind.words} of layer {row.place}?"),
            guess,
            key=key,
            max_chars=MAX_ANSWER,
            placeholder=KINDS[kind].form,
            autocomplete="off",
        )
        st.form_submit_button("Check", key=f"check-{key}", on_click=_guess, args=(uid, kind))


def _key(uid: str, kind: Guess) -> str:
    return f"guess-{kind.value}-{uid}"


def _guess(uid: str, kind: Guess) -> None:
    """Show the number of the layer, as it is now, beside what was guessed."""
    session = state.accept_draft()
    known = known_of(session)
    row = next((row for row in analyze(session.architecture).rows if _is_of(known, row, uid)), None)
    if known.progress is None or kind not in known.kinds or row is None:
        return
    typed = str(st.session_state.get(_key(uid, kind), ""))[:MAX_ANSWER]
    if guessed := judge(kind, typed, row):
        state.keep_progress(known.progress.revealing(uid, kind, guessed))
    else:
        notify(f"{kind.words}: type {KINDS[kind].form}", WRONG)


def _is_of(known: Known, row: Row, uid: str) -> bool:
    return known.uids.get(row.path) == uid
