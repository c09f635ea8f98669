"""Where the work starts from: the presets, the lessons, what was saved on this server, and back to
where this work began.
"""

from itertools import groupby

import streamlit as st

from explorer.lesson.lesson import Lesson
from explorer.network.analysis import analyze
from explorer.network.difference import (
    Added,
    Change,
    Changed,
    Removed,
    change_text,
    difference,
    difference_text,
)
from explorer.network.spec import count_layers, path_text
from explorer.people.permissions import Action, Kind, Thing, may
from explorer.people.person import Person
from explorer.presets import FIRST_GROUP, Preset, load_presets
from explorer.ready_lessons import lesson_of, ready_lessons
from explorer.saved import Saved
from explorer.text import NO_BREAK, counted, for_html, for_markdown, percent
from explorer.ui import process, state
from explorer.ui.notices import refusals_as_notices
from explorer.ui.people import register, who

SIGNS: dict[type[Change], str] = {Added: "+", Removed: "−", Changed: "≠"}
SHOWN = 30  # saved networks at once
LONGEST_TITLE = 24  # on the button, so that the line stays one


def start_menu(session: state.Session) -> None:
    # Another key is another popover, which is closed: so it closes once a choice is made. What is
    # in it is drawn once it is opened: it shows what was changed and saved until then, and edits
    # made beside it need not send it.
    key = f"picker-{session.stack.base}"
    label = f"Start from: **{for_markdown(_short(session.start.title))}**"
    menu = st.popover(
        label, icon=":material/folder_open:", width="content", key=key, on_change="rerun"
    )
    if not menu.open:
        return
    with menu:
        if not session.is_unchanged:
            _changes(session)
        with st.container(key="presets", gap=None):
            presets = load_presets().values()
            for title, group in groupby(presets, key=lambda preset: preset.group):
                if title != FIRST_GROUP:
                    st.html(f'<p class="heading">{for_html(title)}</p>')
                for preset in group:
                    _preset(preset)
                if title == FIRST_GROUP:
                    _lessons()
            _all_saved(key)


def _all_saved(key: str) -> None:
    """What was saved, the first SHOWN of them; a part of a name finds the others."""
    saved = process.saved().all()
    if not saved:
        return
    st.html('<p class="heading">Saved on this server</p>')
    if len(saved) > SHOWN:
        part = st.text_input(
            "Find", key=f"find-{key}", placeholder="part of a name", label_visibility="collapsed"
        )
        saved = tuple(
            each for each in saved if (part or "").casefold().strip() in each.name.casefold()
        )
    person, names = who(), register().names(each.owner for each in saved[:SHOWN])
    for each in saved[:SHOWN]:
        _saved(each, person, names.get(each.owner, ""))
    if len(saved) > SHOWN:
        st.caption(f"{len(saved) - SHOWN} more: type a part of the name.")


def _changes(session: state.Session) -> None:
    """What differs from where the work started, and the way back."""
    found = difference(session.start.architecture, session.architecture)
    rows = "".join(
        f'<li class="{for_html(type(change).__name__.lower())}">'
        f"<i>{SIGNS[type(change)]}</i><span>{path_text(change.path)}</span> "
        f"{for_html(change_text(change))}</li>"
        for change in found.changes
    )
    title = for_html(session.start.title)
    st.html(
        f'<p class="heading">Changed since {title}: {for_html(difference_text(found))}</p><ul '
        f'class="changes">{rows}</ul>'
    )
    st.button(
        f"Reset to {for_markdown(session.start.title)}",
        key="reset",
        icon=":material/restart_alt:",
        on_click=state.reset,
        help="The recipe and the assignment stay. Ctrl+Z brings the layers back.",
    )
    st.html(f'<p class="heading">{for_html(FIRST_GROUP)}</p>')


def _preset(preset: Preset) -> None:
    best = ""
    if preset.documented:
        accuracy = percent(preset.documented.best.test_accuracy).replace(" ", NO_BREAK)
        best = f" · best in author's log {accuracy}"
    params = analyze(preset.architecture).total_params
    st.button(
        f"**{for_markdown(preset.id)}** · {params:,} parameters{best}",
        key=f"preset-{preset.id}",
        on_click=state.open_preset,
        args=(preset,),
        type="tertiary",
        width="stretch",
    )
    st.caption(for_markdown(preset.character))


def _lessons() -> None:
    """Those that come with the explorer."""
    st.html('<p class="heading">Lessons</p>')
    for id, shared in ready_lessons().items():
        lesson = lesson_of(shared)
        st.button(
            f"**{for_markdown(lesson.title)}** · {counted(len(lesson.steps), 'step')}",
            key=f"lesson-{id}",
            on_click=state.open_lesson,
            args=(id,),
            type="tertiary",
            width="stretch",
        )
        st.caption(for_markdown(_about(lesson)))


def _about(lesson: Lesson) -> str:
    """What is done in a lesson, in a line."""
    if lesson.guess:
        return f"Guess before you look: {', '.join(kind.words for kind in lesson.guess).lower()}"
    return "Train with one recipe, change the network alone, and compare the curves"


def _saved(saved: Saved, person: Person, owner: str) -> None:
    architecture = saved.shared.architecture
    params, count = analyze(architecture).total_params, count_layers(architecture.layers)
    by = "" if not owner or saved.owner == person.id else f" · by {for_markdown(owner)}"
    figures = f"{params:,} parameters, {count} layers{by}"
    with st.container(horizontal=True, gap=None, vertical_alignment="center"):
        st.button(
            f"**{for_markdown(saved.name)}** · {figures}",
            key=f"saved-{saved.name}",
            on_click=state.open_shared,
            args=(saved.name, saved.shared),
            type="tertiary",
            width="stretch",
        )
        if may(person, Action.DELETE, Thing(Kind.SAVED, saved.owner)):
            st.button(
                "",
                key=f"delete-{saved.name}",
                icon=":material/delete:",
                on_click=_delete,
                args=(saved.name,),
                type="tertiary",
                help=f"Delete {for_markdown(saved.name)}",
            )


def _delete(name: str) -> None:
    with refusals_as_notices():
        process.saved().delete(name, who())


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"
