"""The people of a server: names, another device, teachers, forgetting."""

import threading
import time
from pathlib import Path

import pytest

from explorer.classroom import register as module
from explorer.classroom.register import CODE_LETTERS, NameTaken, Register, name_key
from explorer.runs.database import Database, StoreError


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(Database(tmp_path / "runs.sqlite"))


def arrived(register: Register, *names: str) -> list[str]:
    """The ids of people who are here under these names."""
    for name in names:
        register.arrive(name.lower())
        register.rename(name.lower(), name)
    return [name.lower() for name in names]


def test_somebody_new_has_a_made_up_name_until_they_choose(register: Register) -> None:
    assert register.find("ann") is None
    before = time.time()
    new = register.arrive("ann")
    assert new is not None
    assert len(new.name.split()) == 2
    assert not new.is_chosen
    assert before <= new.first_seen == new.last_seen
    register.rename("ann", "  Ann \n B. ")
    again = register.arrive("ann")
    assert again is not None
    assert (again.name, again.is_chosen, again.first_seen) == ("Ann B.", True, new.first_seen)
    register.arrive("ben")
    register.keep_name("ben")
    ben = register.find("ben")
    assert ben is not None
    assert ben.is_chosen


def test_a_made_up_name_can_be_kept_or_typed(register: Register) -> None:
    ann = register.arrive("ann")
    assert ann is not None
    register.rename("ann", ann.name)
    register.arrive("ben")
    with pytest.raises(NameTaken):
        register.rename("ben", ann.name.lower())


@pytest.mark.parametrize("taken", ["Ann", "ANN", " ann ", "Ａnn", "a.n-n", "Ann 🦊"])
def test_no_two_have_the_same_name(taken: str, register: Register) -> None:
    arrived(register, "Ann", "Ben")
    with pytest.raises(NameTaken, match=r"is called .* already; add a letter of your surname"):
        register.rename("ben", taken)
    assert register.names(["ben"]) == {"ben": "Ben"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "1 to 40 characters"),
        ("  ", "1 to 40 characters"),
        ("\u200b", "1 to 40 characters"),
        ("🦊", "at least one of them a letter"),
        ("a" * 41, "1 to 40 characters"),
        ("You", "nobody can be called “You” here"),
        ("TEACHER", "nobody can be called"),
        ("command line", "nobody can be called"),
    ],
)
def test_names_that_will_not_do(name: str, words: str, register: Register) -> None:
    (ann,) = arrived(register, "Ann")
    with pytest.raises(NameTaken, match=words):
        register.rename(ann, name)
    assert register.names([ann]) == {ann: "Ann"}


def test_names_of_every_script_are_told_apart() -> None:
    assert name_key("किरण") != name_key("कीरण")
    assert name_key("Анна") != name_key("Анно")
    assert name_key("李雷") == name_key(" 李 雷 ")


def test_whom_a_school_names_twice_gets_a_number(register: Register) -> None:
    names = []
    for number in range(3):
        entry = register.arrive(f"s{number}", "Ann Smith")
        assert entry is not None
        names.append(entry.name)
        assert entry.is_chosen
    assert names == ["Ann Smith", "Ann Smith 2", "Ann Smith 3"]
    nameless = register.arrive("s4", "🦊")
    assert nameless is not None
    assert len(nameless.name.split()) == 2


def test_names_are_found_together(register: Register) -> None:
    ids = arrived(register, "Ann", "Ben")
    assert register.names([*ids, "nobody", "", "ann"]) == {"ann": "Ann", "ben": "Ben"}
    assert register.names([]) == {}


def test_windows_that_arrive_at_once_are_one_person(tmp_path: Path) -> None:
    registers = [Register(Database(tmp_path / "runs.sqlite")) for _ in range(4)]
    names: list[object] = []

    def arrive(register: Register) -> None:
        for number in range(20):
            names.append((number, register.arrive(f"person{number}").name))  # type: ignore[union-attr]

    threads = [threading.Thread(target=arrive, args=[register]) for register in registers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 80
    assert len(set(names)) == 20


def test_when_somebody_was_last_here(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    first = register.arrive("ann")
    assert register.arrive("ann") == first
    later = time.time() + 601
    monkeypatch.setattr(module.time, "time", lambda: later)
    seen = register.arrive("ann")
    assert seen is not None
    assert seen.last_seen == later


def test_a_file_that_cannot_be_written_changes_nobody(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is not tried again with each page."""
    first, tried = register.arrive("ann"), []

    def locked(durable: bool = False) -> None:
        tried.append(durable)
        raise StoreError("locked")

    monkeypatch.setattr(register.database, "write", locked)
    later = time.time() + 601
    monkeypatch.setattr(module.time, "time", lambda: later)
    assert [register.arrive("ann") for _ in range(3)] == [first] * 3
    assert len(tried) == 1


# --- another device -------------------------------------------------------------------------------


def test_a_code_is_good_once(register: Register) -> None:
    (ann,) = arrived(register, "Ann")
    code = register.new_code(ann)
    assert len(code) == 6
    assert set(code) <= set(CODE_LETTERS)
    found = register.redeem(f" {code[:3].lower()} {code[3:]}\n")
    assert found is not None
    assert found.id == ann
    assert register.redeem(code) is None


def test_a_new_code_takes_the_place_of_the_old(register: Register) -> None:
    (ann,) = arrived(register, "Ann")
    old, new = register.new_code(ann), register.new_code(ann)
    assert register.redeem(old) is None
    assert register.redeem(new) is not None


def test_a_code_does_not_last(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    (ann,) = arrived(register, "Ann")
    code = register.new_code(ann)
    later = time.time() + module.CODE_SECONDS
    monkeypatch.setattr(module.time, "time", lambda: later)
    assert register.redeem(code) is None


@pytest.mark.parametrize("code", ["", "AAAAAA", "' OR 1=1 --", "A" * 10_000, "ẞ", "\x00"])
def test_other_codes_are_nobodys(code: str, register: Register) -> None:
    register.new_code(*arrived(register, "Ann"))
    assert register.redeem(code) is None


# --- teachers and forgetting ----------------------------------------------------------------------


def test_a_teachers_mark_is_kept(register: Register) -> None:
    (ann,) = arrived(register, "Ann")
    for mark in ("mark", ""):
        register.make_teacher(ann, mark)
        found = register.find(ann)
        assert found is not None
        assert found.teacher_mark == mark


def test_a_forgotten_person_does_not_come_back(register: Register) -> None:
    ann, ben = arrived(register, "Ann", "Ben")
    code = register.new_code(ann)
    register.forget(ann)
    assert register.find(ann) is None
    assert register.is_forgotten(ann)
    assert not register.is_forgotten(ben)
    assert register.arrive(ann) is None
    assert register.redeem(code) is None
    register.rename(ben, "Ann")  # the name is free again
    named = register.arrive(ann, "Ann of the school")
    assert named is not None
    assert named.name == "Ann of the school"
