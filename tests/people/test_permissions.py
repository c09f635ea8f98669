"""Who may do what: every cell of the one table."""

from itertools import product

import pytest

from explorer.people.permissions import (
    ALLOWED,
    THE_CLASS,
    Action,
    Kind,
    NotAllowed,
    Thing,
    Who,
    check,
    may,
    refusal_text,
)
from explorer.people.person import SHELL, Person, Role

OWNER, OTHER = Person("ann", "Ann"), Person("ben", "Ben")
TEACHER, OWNING_TEACHER = (
    Person("tess", "Tess", Role.TEACHER),
    Person("ann", "Ann", Role.TEACHER),
)

NOTHING = dict.fromkeys(map(str, Action), (False, False, False))
# Who may do each, written out once more: the owner, another student, a teacher.
EXPECTED = {
    Kind.RUN: {
        "look at": (True, True, True),
        "open a copy of": (True, True, True),
        "compare": (True, True, True),
        "start": (True, False, False),
        "save": (False, False, False),
        "pause": (True, False, True),
        "stop": (True, False, True),
        "resume": (True, False, True),
        "continue": (True, False, True),
        "rename": (True, False, True),
        "write a note on": (True, False, True),
        "delete": (True, False, True),
        "restore": (True, False, True),
        "erase": (False, False, True),
        "replace": (False, False, False),
        "manage": (False, False, False),
        "forget": (False, False, False),
        "hand in": (False, False, False),
    },
    Kind.SAVED: {
        "look at": (True, True, True),
        "open a copy of": (True, True, True),
        "compare": (True, True, True),
        "save": (True, False, False),
        "start": (False, False, False),
        "replace": (True, False, False),
        "delete": (True, False, True),
        "pause": (False, False, False),
        "stop": (False, False, False),
        "resume": (False, False, False),
        "continue": (False, False, False),
        "rename": (False, False, False),
        "write a note on": (False, False, False),
        "restore": (False, False, False),
        "erase": (False, False, False),
        "manage": (False, False, False),
        "forget": (False, False, False),
        "hand in": (False, False, False),
    },
    Kind.CLASS: {**NOTHING, "manage": (False, False, True)},
    Kind.PERSON: {**NOTHING, "forget": (True, False, True)},
    Kind.HAND_IN: {**NOTHING, "hand in": (True, False, False), "look at": (True, False, True)},
    Kind.IMAGES: {
        **NOTHING,
        "look at": (True, False, True),
        "save": (True, False, False),
        "delete": (True, False, True),
    },
}


def test_every_cell_is_written_out() -> None:
    assert {kind: set(row) for kind, row in EXPECTED.items()} == {
        kind: set(Action) for kind in Kind
    }
    assert all(action in Action for _, action in ALLOWED)


@pytest.mark.parametrize(("kind", "action"), list(product(Kind, Action)))
def test_may(kind: Kind, action: Action) -> None:
    thing = Thing(kind, "ann")
    owner, other, teacher = EXPECTED[kind][action]
    assert may(OWNER, action, thing) is owner
    assert may(OTHER, action, thing) is other
    assert may(TEACHER, action, thing) is teacher
    assert may(OWNING_TEACHER, action, thing) is (owner or teacher)
    assert may(SHELL, action, thing) is teacher


@pytest.mark.parametrize("owner", ["", "2a8d91c0", "shell"])
@pytest.mark.parametrize(("kind", "action"), list(product(Kind, Action)))
def test_what_is_nobodys_here_can_be_looked_at(kind: Kind, action: Action, owner: str) -> None:
    """What was made before people had names, or by the command line."""
    thing = Thing(kind, owner)
    everyones = ALLOWED.get((kind, action)) is Who.EVERYONE
    assert may(OTHER, action, thing) is everyones
    assert may(Person("", ""), action, thing) is everyones
    assert may(TEACHER, action, thing) is EXPECTED[kind][action][2]


@pytest.mark.parametrize(
    "person", [OWNER, OTHER, TEACHER, Person("", "")], ids=lambda each: each.name
)
@pytest.mark.parametrize(("kind", "action"), list(product(Kind, Action)))
def test_what_may_not_be_done_is_refused(kind: Kind, action: Action, person: Person) -> None:
    thing = Thing(kind, "ann")
    if may(person, action, thing):
        check(person, action, thing)
        return
    with pytest.raises(NotAllowed) as told:
        check(person, action, thing)
    assert str(told.value) == refusal_text(action, thing)


def test_a_refusal_says_what_can_be_done_instead() -> None:
    assert refusal_text(Action.STOP, Thing(Kind.RUN, "ann")) == (
        "this run belongs to somebody else, and only they or a teacher can stop it; "
        "you can look at, open a copy of or compare it"
    )
    assert refusal_text(Action.ERASE, Thing(Kind.RUN, "ann")) == (
        "only a teacher can erase the run"
    )
    assert refusal_text(Action.HAND_IN, Thing(Kind.HAND_IN, "ann")) == (
        "only they themselves can hand in a hand-in"
    )
    assert refusal_text(Action.MANAGE, THE_CLASS) == "only a teacher can manage the class"
    unknown = "who you are cannot be told just now; try again in a moment"
    assert refusal_text(Action.START, Thing(Kind.RUN, "")) == unknown
    assert refusal_text(Action.HAND_IN, Thing(Kind.HAND_IN, "")) == unknown
    assert refusal_text(Action.FORGET, Thing(Kind.PERSON, "ann")) == (
        "only they themselves or a teacher can forget a person"
    )
