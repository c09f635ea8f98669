"""Who is asking: by the school's log-in, by the browser's cookie, and who of them is a teacher."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explorer.people.cookie import PersonCookie
from explorer.people.person import Person
from explorer.runs.database import StoreError
from explorer.ui import people, process
from explorer.ui.server import reach
from tests.ui.pages import opened, page_of

KEY = "open sesame"
LOCAL = {"Host": "localhost:8501"}


class User(dict[str, Any]):
    """What Streamlit tells of a user."""

    def to_dict(self) -> dict[str, Any]:
        return dict(self)

    def __getattr__(self, name: str) -> Any:
        return self[name]


@pytest.fixture(autouse=True)
def a_class(monkeypatch: pytest.MonkeyPatch, runs_of_its_own: None) -> None:
    """A server that others reach, without a teacher, and a browser without cookies."""
    for name in ("EXPLORER_TEACHER_KEY", "EXPLORER_TEACHERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(st, "context", SimpleNamespace(cookies={}, headers={}, url="http://a/"))
    monkeypatch.setattr(people, "sits_at_it", reach.sits_at_it)
    monkeypatch.setattr(people, "others_reach_it", lambda: True)
    monkeypatch.setattr(reach, "others_reach_it", lambda: True)
    monkeypatch.setattr(people, "_attempts", people.Attempts(5, 60, 60.0))


def script() -> None:
    import streamlit as st

    from explorer.ui.people import who

    st.session_state["seen"] = who()


def seen(app: AppTest | None = None) -> Person:
    """Who a new session is, or one that goes on."""
    if app is None:
        app = AppTest.from_function(script, default_timeout=60)
    app.run()
    assert not app.exception
    person: Person = app.session_state["seen"]
    return person


def with_cookie(monkeypatch: pytest.MonkeyPatch, person_id: str, value: str = "") -> PersonCookie:
    cookie = people.person_cookie()
    monkeypatch.setattr(st.context, "cookies", {cookie.name: value or cookie.value(person_id)})
    return cookie


# --- who ------------------------------------------------------------------------------------------


def test_a_session_without_a_cookie_is_one_person_until_it_ends() -> None:
    app = AppTest.from_function(script, default_timeout=60)
    first, again, other = seen(app), seen(app), seen()
    assert first == again
    assert other.id != first.id
    assert len(first.name.split()) == 2
    assert not first.is_teacher


def test_by_its_cookie_a_browser_is_the_same_in_every_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_cookie(monkeypatch, "a" * 16)
    first, second = seen(), seen()
    assert first == second
    assert first.id == "a" * 16
    process.stop()  # and after a restart
    assert seen() == first


def test_what_this_server_did_not_sign_is_somebody_new(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = PersonCookie(b"b" * 32)
    for value in ("a" * 16, "", theirs.value("a" * 16)):
        with_cookie(monkeypatch, "", value)
        assert seen().id != "a" * 16


def test_somebody_who_is_forgotten_is_somebody_new_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_cookie(monkeypatch, "a" * 16)
    app = AppTest.from_function(script, default_timeout=60)
    before = seen(app)
    people.register().forget(before.id)
    after = seen(app)
    assert after.id != before.id
    assert seen(app) == after
    assert seen() == after  # after a reload too


def test_where_the_register_cannot_be_read_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise StoreError("locked")

    monkeypatch.setattr(people.Register, "arrive", broken)
    assert seen() == people.NOBODY


# --- a school's log-in ----------------------------------------------------------------------------

ANN = {"is_logged_in": True, "iss": "https://login.example", "sub": "7", "name": "Ann Smith"}


def test_whom_the_school_names_is_the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cookie(monkeypatch, "a" * 16)
    monkeypatch.setattr(st, "user", User(ANN))
    ann = seen()
    assert ann.name == "Ann Smith"
    assert ann.id != "a" * 16
    monkeypatch.setattr(st.context, "cookies", {})
    assert seen() == ann
    monkeypatch.setattr(st, "user", User(ANN | {"iss": "https://other.example"}))
    assert seen().id != ann.id


@pytest.mark.parametrize("named", ["7", "x, 7", "ann@school.example"])
def test_a_list_names_the_teachers(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_TEACHERS", named)
    monkeypatch.setattr(st, "user", User(ANN | {"email": "ann@school.example"}))
    assert seen().is_teacher
    monkeypatch.setattr(st, "user", User(ANN | {"sub": "8", "email": "ben@school.example"}))
    assert not seen().is_teacher
    # A name is what somebody calls themselves.
    monkeypatch.setattr(st, "user", User(ANN | {"sub": "8", "name": named}))
    assert not seen().is_teacher


def test_before_the_log_in_there_is_nothing_but_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "user", User(is_logged_in=False))
    app = opened()
    assert people.register().all() == ()
    assert [each.label for each in app.button] == ["Log in"]
    assert not app.get("bidi_component")


def test_where_a_proxy_names_the_user_nobody_comes_past_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = st.get_option
    monkeypatch.setattr(
        st,
        "get_option",
        lambda name: {"X-User": "email"} if name == "server.trustedUserHeaders" else options(name),
    )
    monkeypatch.setattr(st, "user", User())
    app = opened()
    assert not app.button
    assert "nothing says who you are" in " ".join(each.proto.body for each in app.get("html"))
    monkeypatch.setattr(st, "user", User(email="ann@school.example"))
    assert seen().name == "ann@school.example"


# --- teachers -------------------------------------------------------------------------------------


def test_whoever_sits_at_a_server_of_their_own_is_the_teacher(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(st.context, "headers", LOCAL)
    assert not seen().is_teacher  # others reach it
    monkeypatch.setattr(people, "others_reach_it", lambda: False)
    monkeypatch.setattr(reach, "others_reach_it", lambda: False)
    assert seen().is_teacher
    monkeypatch.setattr(st.context, "headers", {"Host": "evil.example"})
    assert not seen().is_teacher
    monkeypatch.setattr(st.context, "headers", LOCAL)
    monkeypatch.setenv("EXPLORER_TEACHER_KEY", KEY)  # then the key decides
    assert not seen().is_teacher


def test_the_key_makes_a_teacher_as_long_as_it_is_the_servers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EXPLORER_TEACHER_KEY", KEY)
    with_cookie(monkeypatch, "a" * 16)
    app = page_of().run()
    app.session_state["person-menu"] = True
    app.run()
    (box,) = (each for each in app.text_input if each.label == "Teacher's key")
    box.set_value("open barley").run()
    assert [each.value for each in app.toast] == ["This is not the teacher's key of this server."]
    assert not seen().is_teacher
    (box,) = (each for each in app.text_input if each.label == "Teacher's key")
    assert box.value == ""
    box.set_value(f" {KEY} ").run()
    assert seen().is_teacher
    process.stop()
    assert seen().is_teacher
    monkeypatch.setenv("EXPLORER_TEACHER_KEY", "another")
    assert not seen().is_teacher
    monkeypatch.setenv("EXPLORER_TEACHER_KEY", KEY)
    with_cookie(monkeypatch, "b" * 16)
    assert not seen().is_teacher


def test_a_teacher_can_be_a_student_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_TEACHER_KEY", KEY)
    with_cookie(monkeypatch, "a" * 16)
    app = page_of().run()
    app.session_state["person-menu"] = True
    app.run()
    (box,) = (each for each in app.text_input if each.label == "Teacher's key")
    box.set_value(KEY).run()
    app.session_state["person-menu"] = True
    app.run()
    (button,) = (each for each in app.button if each.label == "Be a student again")
    button.click().run()
    assert not seen().is_teacher


def test_guessing_a_key_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_TEACHER_KEY", KEY)
    with_cookie(monkeypatch, "a" * 16)

    def guess() -> None:
        from explorer.ui import people

        for key in ["wrong"] * 5 + ["open sesame"]:
            try:
                people.become_teacher(key)
            except people.WrongKey as error:
                told = str(error)
        import streamlit as st

        st.session_state["told"] = told

    app = AppTest.from_function(guess, default_timeout=60).run()
    assert app.session_state["told"] == "too many wrong keys; wait a minute, then try again"
    assert not seen().is_teacher


def test_without_a_key_no_key_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    def guess() -> None:
        import streamlit as st

        from explorer.ui import people

        try:
            people.become_teacher("")
        except people.WrongKey as error:
            st.session_state["told"] = str(error)

    app = AppTest.from_function(guess, default_timeout=60).run()
    assert app.session_state["told"] == "this is not the teacher's key of this server"
    assert not seen().is_teacher


def test_the_file_holds_neither_key_nor_what_could_be_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EXPLORER_TEACHER_KEY", KEY)
    with_cookie(monkeypatch, "a" * 16)

    def become() -> None:
        from explorer.ui import people

        people.become_teacher("open sesame")

    AppTest.from_function(become, default_timeout=60).run()
    assert seen().is_teacher
    process.stop()
    assert KEY.encode() not in (tmp_path / "home" / "runs.sqlite").read_bytes()


# --- the name -------------------------------------------------------------------------------------


def labels(app: AppTest) -> list[str]:
    return [each.label for each in (*app.text_input, *app.button)]


def test_the_name_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cookie(monkeypatch, "a" * 16)
    app = opened()
    (box,) = (each for each in app.text_input if each.label == "What shall the class call you?")
    box.set_value("Ann")
    (button,) = (each for each in app.button if each.label == "Use this name")
    button.click().run()
    assert [each.value for each in app.toast] == ["The class sees you as “Ann”."]
    assert "What shall the class call you?" not in labels(app)
    assert "What shall the class call you?" not in labels(opened())
    assert seen().name == "Ann"


@pytest.mark.parametrize("how", ["skipped", "left empty"])
def test_it_need_not_be_told(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_cookie(monkeypatch, "a" * 16)
    app = opened()
    name = seen().name
    label = f"Stay {name}" if how == "skipped" else "Use this name"
    (button,) = (each for each in app.button if each.label == label)
    button.click().run()
    assert "What shall the class call you?" not in labels(app)
    assert seen().name == name


def test_a_name_that_somebody_has_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    people.register().arrive("b" * 16)
    people.register().rename("b" * 16, "Ann")
    with_cookie(monkeypatch, "a" * 16)
    app = opened()
    (box,) = (each for each in app.text_input if each.label == "What shall the class call you?")
    box.set_value("ann")
    (button,) = (each for each in app.button if each.label == "Use this name")
    button.click().run()
    (toast,) = app.toast
    assert toast.value.startswith("Somebody here is called “ann” already")
    assert "What shall the class call you?" in labels(app)


def test_who_is_alone_here_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "others_reach_it", lambda: False)
    app = opened()
    assert "What shall the class call you?" not in labels(app)
    assert "person-menu" not in app.session_state


def test_the_code_for_another_device_is_this_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cookie(monkeypatch, "a" * 16)
    app = page_of().run()
    app.session_state["person-menu"] = True
    app.run()
    (button,) = (each for each in app.button if each.label == "Show a code")
    button.click().run()
    (shown,) = (each.proto.body for each in app.get("html") if "device-code" in each.proto.body)
    code = shown.partition("<b>")[2].partition("</b>")[0]
    found = people.register().redeem(code)
    assert found is not None
    assert found.id == "a" * 16
    assert "http://a/explorer-device" in shown


def test_whom_the_school_names_a_teacher_is_noted_and_no_longer_once_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = User(sub="42", email="tess@school.example", name="Tess", is_logged_in=True)
    monkeypatch.setattr(st, "user", user)
    monkeypatch.setenv("EXPLORER_TEACHERS", "tess@school.example")
    tess = seen()
    assert tess.is_teacher
    entry = people.register().find(tess.id)
    assert entry is not None
    assert people.is_teacher(entry)
    monkeypatch.setenv("EXPLORER_TEACHERS", "else@school.example")
    assert not seen().is_teacher
    entry = people.register().find(tess.id)
    assert entry is not None
    assert not people.is_teacher(entry)


def test_the_mark_of_a_former_key_makes_nobody_a_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_TEACHER_KEY", KEY)
    people.register().arrive("ann")
    people.register().make_teacher("ann", people._mark(KEY))
    entry = people.register().find("ann")
    assert entry is not None
    assert people.is_teacher(entry)
    monkeypatch.setenv("EXPLORER_TEACHER_KEY", "another")
    assert not people.is_teacher(entry)
