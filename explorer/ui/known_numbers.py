"""Which numbers of the visitor's network are shown: all, unless a lesson has them guessed first."""

from explorer.lesson.guesses import Known
from explorer.ui import state
from explorer.ui.components.stack_editor.draft import uids_by_path


def known_of(session: state.Session) -> Known:
    lesson = session.lesson
    if lesson is None or not lesson.lesson.guess:
        return Known(None, {})
    return Known(lesson, uids_by_path(session.stack.uids, session.stack.layers))
