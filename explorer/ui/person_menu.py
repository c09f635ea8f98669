"""Who one is here: the name that the class sees, another device, the teacher's key."""

import time
from urllib.parse import urlencode

import streamlit as st

from explorer.classroom.forgetting import forget_person
from explorer.classroom.register import CODE_SECONDS, MAX_NAME
from explorer.people.person import Person
from explorer.people.teachers import teacher_key
from explorer.text import for_html, for_markdown
from explorer.ui import people, process
from explorer.ui.notices import notify, refusals_as_notices
from explorer.ui.own_address import own_address, qr_code
from explorer.ui.people import register, who
from explorer.ui.server.device_route import CODE, PATH

LONGEST_LABEL = 18  # characters of a name on the button, so that the line has room
_CODE_KEY = "device-code"
_NAME_KEY, _ASKED_KEY, _TEACHER_KEY = "person-name", "asked-name", "person-teacher-key"


def log_in_page() -> None:
    """What stands in place of every page where a school's log-in comes first."""
    with st.container(key="log-in"):
        st.html("<h2>Log in</h2><p>Your work here goes with your school account.</p>")
        if people.can_log_in():
            st.button("Log in", type="primary", on_click=st.login)
        else:
            st.html(
                "<p>Open this page at your school's address for it: "
                "here nothing says who you are.</p>"
            )


def person_menu() -> None:
    """The menu with this person's name; nothing where nobody else can be here."""
    if not people.is_class():
        return
    person = who()
    with st.container(key="person"):
        # Drawn once it is opened, so that a page costs no more.
        menu = st.popover(
            for_markdown(_short(person.name) or "You"),
            icon=":material/school:" if person.is_teacher else ":material/person:",
            key="person-menu",
            on_change="rerun",
        )
        if menu.open:
            with menu, st.container(key="person-panel", gap="small"):
                _name(person)
                _another_device(person)
                _teacher(person)
                _forget_me()
                if people.school_user() and people.can_log_in():
                    st.button("Log out", on_click=st.logout, width="stretch")


def ask_for_name() -> None:
    """The question after the name, until it is answered."""
    if not people.is_asked_for_name():
        return
    name = who().name
    with (
        st.container(key="name-question"),
        st.form("name-question-form"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        st.text_input(
            "What shall the class call you?",
            key=_ASKED_KEY,
            max_chars=MAX_NAME,
            placeholder=name,
            width=420,
        )
        st.form_submit_button("Use this name", type="primary", on_click=_answer_name)
        st.form_submit_button(
            f"Stay {for_markdown(name)}", on_click=_keep_name, key="keep-made-up-name"
        )


def _answer_name() -> None:
    if st.session_state[_ASKED_KEY].strip():
        _rename(st.session_state[_ASKED_KEY])
    else:
        _keep_name()


def _keep_name() -> None:
    with refusals_as_notices():
        register().keep_name(who().id)


def _rename(name: str) -> None:
    with refusals_as_notices():
        register().rename(who().id, name)
        notify(f"The class sees you as “{who().name}”")


def _name(person: Person) -> None:
    if people.school_user():
        st.html(f"<p>You are <b>{for_html(person.name)}</b>, by your school account.</p>")
        return
    st.text_input(
        "What the class calls you",
        person.name,
        key=f"{_NAME_KEY}-{person.name}",
        max_chars=MAX_NAME,
        on_change=_typed_name,
        args=(f"{_NAME_KEY}-{person.name}",),
    )


def _typed_name(key: str) -> None:
    _rename(st.session_state[key])


# --- another device -------------------------------------------------------------------------------


def _another_device(person: Person) -> None:
    if people.school_user():
        return  # who logs in there is the same
    st.html('<p class="heading">Go on at another device</p>')
    if person.is_teacher and teacher_key():
        # Whoever reads a teacher's code off a projector would be the teacher.
        st.html(
            '<p class="note">A code makes a teacher of whoever types it first. Be a student again '
            "to show one, and type the key at the other device.</p>"
        )
        return
    code, until = st.session_state.get(_CODE_KEY, ("", 0.0))
    if until < time.time():
        st.button("Show a code", on_click=_new_code, width="stretch")
        return
    place = own_address(f"/{PATH}")
    link = f"{place}?{urlencode({CODE: code})}"
    picture = for_html(qr_code(link))
    st.html(
        f'<div class="device-code"><img alt="QR code of that address" src="{picture}"><div>'
        f"<b>{for_html(code)}</b>"
        f"<p>Scan the square there, or open <span>{for_html(place)}</span> and type the code. "
        "It works once, within ten minutes.</p></div></div>"
    )


def _new_code() -> None:
    with refusals_as_notices():
        st.session_state[_CODE_KEY] = register().new_code(who().id), time.time() + CODE_SECONDS


# --- teachers -------------------------------------------------------------------------------------


def _teacher(person: Person) -> None:
    if person.is_teacher:
        st.html('<p class="note">You are a teacher here: you may change everybody\'s work.</p>')
        if teacher_key():
            st.button("Be a student again", on_click=_be_a_student, width="stretch")
    elif teacher_key():
        st.text_input(
            "Teacher's key",
            key=_TEACHER_KEY,
            type="password",
            on_change=_try_key,
            placeholder="for teachers",
        )


def _try_key() -> None:
    key = st.session_state[_TEACHER_KEY]
    st.session_state[_TEACHER_KEY] = ""
    with refusals_as_notices():
        people.become_teacher(key)
        notify("You are a teacher here")


def _be_a_student() -> None:
    with refusals_as_notices():
        people.stop_being_teacher()


# --- leaving --------------------------------------------------------------------------------------


def _forget_me() -> None:
    with st.expander("Delete all that is mine"):
        st.html(
            '<p class="note">Your name, your runs, your images, what you saved and handed in, for '
            "good. Then you are somebody new here.</p>"
        )
        st.button("Delete it all", key="forget-me", on_click=_forgotten, width="stretch")


def _forgotten() -> None:
    with refusals_as_notices():
        person = who()
        process.saved().delete_all_of(person.id, person)
        forget_person(person.id, person, process.jobs(), register())
        notify("All that was yours is deleted. You are somebody new here")


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1].rstrip()}…"
