"""Who may do what: one table, asked by whatever changes something.

The pages ask it too, so that they offer only what is allowed, but nothing rests on that: a browser
can send whatever it likes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from explorer.people.person import Person
from explorer.refusal import Refusal


class Kind(StrEnum):
    """What something is that a person may do something with."""

    RUN = "run"
    SAVED = "saved network"
    CLASS = "class"  # the rules for all, and the order of the queue
    PERSON = "person"  # with all that they have here
    HAND_IN = "hand-in"  # the work that somebody handed in
    IMAGES = "set of images"  # that somebody uploaded


class Action(StrEnum):
    """What a person may do with it."""

    LOOK = "look at"
    COPY = "open a copy of"
    COMPARE = "compare"
    START = "start"
    SAVE = "save"
    PAUSE = "pause"
    STOP = "stop"
    RESUME = "resume"
    CONTINUE = "continue"
    RENAME = "rename"
    ANNOTATE = "write a note on"
    REPLACE = "replace"
    DELETE = "delete"
    RESTORE = "restore"
    ERASE = "erase"
    MANAGE = "manage"
    FORGET = "forget"
    HAND_IN = "hand in"


class Who(Enum):
    """Who may do it."""

    EVERYONE = "everyone"
    OWNER = "its owner, and a teacher"
    OWNER_ALONE = "its owner, and nobody else"
    TEACHER = "a teacher"


@dataclass(frozen=True)
class Thing:
    """What a person may do something with, and whose it is.

    The owners of runs and saved work from before there were names are nobody who could ask.
    """

    kind: Kind
    owner: str  # the id of a person


ALLOWED: Mapping[tuple[Kind, Action], Who] = {
    (Kind.RUN, Action.LOOK): Who.EVERYONE,
    (Kind.RUN, Action.COPY): Who.EVERYONE,
    (Kind.RUN, Action.COMPARE): Who.EVERYONE,
    # Everybody their own; of nobody, where who asks cannot be told, there is none.
    (Kind.RUN, Action.START): Who.OWNER_ALONE,
    (Kind.RUN, Action.PAUSE): Who.OWNER,
    (Kind.RUN, Action.STOP): Who.OWNER,
    (Kind.RUN, Action.RESUME): Who.OWNER,
    (Kind.RUN, Action.CONTINUE): Who.OWNER,
    (Kind.RUN, Action.RENAME): Who.OWNER,
    (Kind.RUN, Action.ANNOTATE): Who.OWNER,
    (Kind.RUN, Action.DELETE): Who.OWNER,
    (Kind.RUN, Action.RESTORE): Who.OWNER,
    # An assignment is judged by all runs of a person's, also by those that they would rather lose.
    (Kind.RUN, Action.ERASE): Who.TEACHER,
    (Kind.SAVED, Action.LOOK): Who.EVERYONE,
    (Kind.SAVED, Action.COPY): Who.EVERYONE,
    (Kind.SAVED, Action.COMPARE): Who.EVERYONE,
    (Kind.SAVED, Action.SAVE): Who.OWNER_ALONE,
    # A teacher who saves under a student's name has hit it by chance; what is in the way can be
    # deleted first.
    (Kind.SAVED, Action.REPLACE): Who.OWNER_ALONE,
    (Kind.SAVED, Action.DELETE): Who.OWNER,
    # To look at them is also to train on them. Their title and classes everybody sees with a run.
    (Kind.IMAGES, Action.LOOK): Who.OWNER,
    (Kind.IMAGES, Action.SAVE): Who.OWNER_ALONE,
    (Kind.IMAGES, Action.DELETE): Who.OWNER,
    (Kind.CLASS, Action.MANAGE): Who.TEACHER,
    (Kind.PERSON, Action.FORGET): Who.OWNER,
    (Kind.HAND_IN, Action.HAND_IN): Who.OWNER_ALONE,
    # With notes and report; whether it met the assignment stands on the board.
    (Kind.HAND_IN, Action.LOOK): Who.OWNER,
}


THE_CLASS = Thing(Kind.CLASS, "")


class NotAllowed(Refusal):
    """Somebody asked for what they may not do; the message says who may."""


def check(person: Person, action: Action, thing: Thing) -> None:
    """Raises NotAllowed where this person may not do that."""
    if not may(person, action, thing):
        raise NotAllowed(refusal_text(action, thing))


def may(person: Person, action: Action, thing: Thing) -> bool:
    """Whether this person may do that. What the table does not name, nobody may."""
    is_owner = bool(thing.owner) and person.id == thing.owner
    match ALLOWED.get((thing.kind, action)):
        case Who.EVERYONE:
            return True
        case Who.OWNER:
            return is_owner or person.is_teacher
        case Who.OWNER_ALONE:
            return is_owner
        case Who.TEACHER:
            return person.is_teacher
    return False


def refusal_text(action: Action, thing: Thing) -> str:
    """Why somebody may not do that, and what they can do instead."""
    if not thing.owner and ALLOWED.get((thing.kind, action)) is Who.OWNER_ALONE:
        return "who you are cannot be told just now; try again in a moment"
    if ALLOWED.get((thing.kind, action)) is Who.TEACHER:
        return f"only a teacher can {action} the {thing.kind}"
    open_to_all = [
        str(each)
        for each in (Action.LOOK, Action.COPY, Action.COMPARE)
        if ALLOWED.get((thing.kind, each)) is Who.EVERYONE
    ]
    if not open_to_all and ALLOWED.get((thing.kind, action)) is Who.OWNER_ALONE:
        return f"only they themselves can {action} a {thing.kind}"
    if not open_to_all:
        return f"only they themselves or a teacher can {action} a {thing.kind}"
    instead = f"; you can {', '.join(open_to_all[:-1])} or {open_to_all[-1]} it"
    return (
        f"this {thing.kind} belongs to somebody else, and only they or a teacher can {action} it"
        f"{instead}"
    )
