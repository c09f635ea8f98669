"""Who is asking: the person of the session that is drawn.

The school's log-in says so where there is one (st.login, or a proxy that names the user), else the
browser's cookie. A browser that keeps no cookies is somebody new with every page that it opens.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace

import streamlit as st

from explorer.classroom.register import Entry, Register
from explorer.home_folder import home_folder
from explorer.people.attempts import Attempts
from explorer.people.cookie import PersonCookie, new_person_id
from explorer.people.person import Person, Role
from explorer.people.teachers import named_teachers, teacher_key
from explorer.runs.run import RunError
from explorer.ui import process
from explorer.ui.server.person_cookies import server_cookie
from explorer.ui.server.reach import others_reach_it, sits_at_it

# Of what a school tells of a user, by which of it people are told apart, and what they are called.
SUBJECTS, NAMES = ("sub", "email", "user"), ("name", "preferred_username", "email", "user", "sub")
EACH, TOGETHER, IN_SECONDS = 5, 60, 60.0  # wrong keys of one person, of all, in so many seconds
_KEY = "person"
NAMED = "named"  # the mark of teachers whom the school's log-in names; a key's is longer


class WrongKey(RunError):
    """A teacher's key that is not this server's; the message says so."""


@dataclass(frozen=True)
class SchoolUser:
    """Somebody as the school knows them."""

    id: str
    subjects: tuple[str, ...]  # all that a list of teachers may name them by
    name: str


NOBODY = Person("", "")  # who may change nothing


def who() -> Person:
    """The person of this session; NOBODY where the register cannot be read, which the page says."""
    try:
        school = school_user()
        if school is None and _is_of_a_school():
            return NOBODY  # until they log in
        if school:
            entry = register().arrive(school.id, school.name)
        else:
            entry = register().arrive(_id_of_session())
            if entry is None:  # somebody who was forgotten, perhaps a moment ago
                successor = person_cookie().successor
                next_one = register().not_forgotten(_id_of_session(), successor)
                st.session_state[_KEY] = next_one
                entry = register().arrive(next_one)
        if entry is None:
            return NOBODY
        if school:
            entry = _noted(entry, school)
        return Person(entry.id, entry.name, _role(entry, school))
    except RunError:
        return NOBODY


_register: Register | None = None


def register() -> Register:
    """The people of this process's server."""
    global _register
    database = process.jobs().store.database
    if _register is None or _register.database is not database:
        _register = Register(database)
    return _register


def person_cookie() -> PersonCookie:
    return server_cookie(home_folder(), process.jobs().store.folder is None)


def must_log_in() -> bool:
    """Whether the school's log-in comes before anything else, and this session has not done it."""
    return _is_of_a_school() and school_user() is None


def is_class() -> bool:
    """Whether there may be more people than the one who sits at this server."""
    return others_reach_it() or bool(teacher_key()) or _is_of_a_school()


def is_asked_for_name() -> bool:
    """Whether this session's person still has a made-up name that they have not agreed to."""
    if not is_class() or school_user():
        return False
    try:
        entry = register().find(who().id)
    except RunError:  # the page says so
        return False
    return entry is not None and not entry.is_chosen


def school_user() -> SchoolUser | None:
    """The user of this session as the school tells, None where it tells nothing."""
    if not _is_of_a_school():
        return None
    told = {name: str(value) for name, value in st.user.to_dict().items() if value}
    subject = next((told[name] for name in SUBJECTS if name in told), None)
    if subject is None or ("is_logged_in" in st.user and not st.user.is_logged_in):
        return None
    digest = hashlib.sha256(f"{told.get('iss', '')} {subject}".encode()).hexdigest()
    return SchoolUser(
        f"s{digest[:15]}",
        tuple(told[name] for name in SUBJECTS if name in told),
        next(told[name] for name in NAMES if name in told),
    )


def can_log_in() -> bool:
    """Whether this server has a log-in of its own, and not a proxy that has seen to it."""
    return "is_logged_in" in st.user


def _is_of_a_school() -> bool:
    return can_log_in() or bool(st.get_option("server.trustedUserHeaders"))


def _id_of_session() -> str:
    """The same until the page is loaded anew, also where the browser keeps no cookies."""
    if _KEY not in st.session_state:
        cookie = person_cookie()
        found = cookie.person_in(st.context.cookies.get(cookie.name))
        st.session_state[_KEY] = found or new_person_id()
    person_id: str = st.session_state[_KEY]
    return person_id


# --- teachers -------------------------------------------------------------------------------------

_attempts = Attempts(EACH, TOGETHER, IN_SECONDS)


def _role(entry: Entry, school: SchoolUser | None) -> Role:
    named, key = named_teachers(), teacher_key()
    is_teacher = (
        (school is not None and not named.isdisjoint(school.subjects))
        or (bool(key) and hmac.compare_digest(entry.teacher_mark, _mark(key)))
        or (not key and not named and sits_at_it(st.context.headers))
    )
    return Role.TEACHER if is_teacher else Role.STUDENT


def _noted(entry: Entry, school: SchoolUser) -> Entry:
    """The entry with a mark that the school's log-in names them a teacher, or without, as it does
    now.
    """
    named = not named_teachers().isdisjoint(school.subjects)
    if named == (entry.teacher_mark == NAMED) or (not named and entry.teacher_mark != NAMED):
        return entry
    register().make_teacher(entry.id, NAMED if named else "")
    return replace(entry, teacher_mark=NAMED if named else "")


def is_teacher(entry: Entry) -> bool:
    """Whether somebody who may not be here just now is a teacher, as far as the register tells."""
    key = teacher_key()
    return entry.teacher_mark == NAMED or (
        bool(key) and hmac.compare_digest(entry.teacher_mark, _mark(key))
    )


def become_teacher(key: str) -> None:
    """Make the person of this session a teacher, for as long as the server has this key. Raises
    WrongKey.
    """
    person = who()
    if not person.id:
        raise WrongKey("who you are cannot be told just now; try again in a moment")
    if not _attempts.begin(person.id):
        raise WrongKey("too many wrong keys; wait a minute, then try again")
    if not teacher_key() or not hmac.compare_digest(_mark(key.strip()), _mark(teacher_key())):
        raise WrongKey("this is not the teacher's key of this server")
    _attempts.take_back(person.id)
    register().make_teacher(person.id, _mark(teacher_key()))


def stop_being_teacher() -> None:
    register().make_teacher(who().id, "")


def _mark(key: str) -> str:
    """What is kept of a key: without the server's secret nobody can try keys on it."""
    return hmac.new(person_cookie().secret, key.encode(), "sha256").hexdigest()
