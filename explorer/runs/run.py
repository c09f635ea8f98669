"""Run and Snapshot: what was asked for, and how it stands."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from explorer.network.spec import Architecture
from explorer.refusal import Refusal
from explorer.text import printable
from explorer.training.event import Event, has_diverged
from explorer.training.recipe import Recipe

MAX_NAME = 100
MAX_NOTE = 1000
MAX_TAG, MOST_TAGS = 30, 8

StopRequest = Literal["", "stop", "pause", "interrupt"]
"""What somebody asks of a run that is being trained; "" where nobody asks for anything."""


class Status(StrEnum):
    """How a run stands.

    A run that is resumed goes on after its last whole epoch; what came after that is forgotten
    then. A run that was continued for more epochs and is stopped is finished again, with as many
    epochs as are whole. One that is paused, interrupted or fails in between still has its
    `finished` event, and with it what it had reached.
    """

    QUEUED = "queued"
    """Waits for a slot: for its first turn, or for the next one, as others have theirs between its
    epochs. Can be stopped or paused.
    """
    PREPARING = "preparing"
    """Has a slot; its images are read or downloaded, as `note` says. Can be stopped or paused."""
    RUNNING = "running"
    """Trains. Can be stopped or paused."""
    STOPPING = "stopping"
    """Somebody stopped it; the batch in progress ends first."""
    PAUSING = "pausing"
    """Somebody paused it; the batch in progress ends first."""
    PAUSED = "paused"
    """Somebody paused it. Can be resumed."""
    INTERRUPTED = "interrupted"
    """The process that trained it ended. Can be resumed."""
    STOPPED = "stopped"
    """Somebody stopped it. Can be resumed."""
    FAILED = "failed"
    """It could not go on; its last event says why. Can be resumed once the cause is gone; a run
    that diverged cannot, see offers.py for what it can do instead."""
    FINISHED = "finished"
    """Went through all its epochs, or stopped early as its recipe says. Can be continued for more
    epochs."""

    @property
    def is_in_training(self) -> bool:
        """Does some process have the run in hand?"""
        return self in IN_TRAINING

    @property
    def has_ended(self) -> bool:
        """Will nothing more come unless somebody asks for it?"""
        return self in ENDED

    @property
    def is_resumable(self) -> bool:
        """Can the run be resumed, as far as its status tells?"""
        return self in RESUMABLE


IN_TRAINING = (Status.PREPARING, Status.RUNNING)  # as the store has it
RESUMABLE = (Status.PAUSED, Status.INTERRUPTED, Status.STOPPED, Status.FAILED)
ENDED = (*RESUMABLE, Status.FINISHED)


class RunError(Refusal):
    """What was asked for cannot be done with this run; the message says why."""


class UnknownRun(RunError, LookupError):
    """No run has this id, or it was deleted."""


@dataclass(frozen=True)
class Environment:
    """What a run is computed with, from the moment on at which it last began or went on.

    Runs of older versions know only the first three.
    """

    torch: str
    python: str
    device: str  # as describe_device says it
    threads: int | None = None  # of torch, on a CPU
    host: str = ""  # the machine's name
    free_memory: int | None = None  # bytes on the device just before
    # Processes that the system had ended for lack of memory until then.
    oom_kills: int | None = None
    out_of_memory: bool = False  # whether this one has been, too


@dataclass(frozen=True)
class Run:
    """What was asked for. How it goes follows from its events."""

    id: str
    owner: str
    architecture: Architecture
    recipe: Recipe
    device: str  # "cuda", "mps" or "cpu": the recipe's, once chosen
    environment: Environment
    submitted: float  # seconds since 1970
    name: str = ""
    # Those that were added once it had finished; negative where it had stopped early and with them
    # does not come to its recipe's.
    more_epochs: int = 0
    batch: str = ""  # of the runs that were queued together, "" for a single one
    note: str = ""  # what its owner wrote about it
    tags: tuple[str, ...] = ()

    @property
    def epochs(self) -> int:
        return self.recipe.epochs + self.more_epochs


@dataclass(frozen=True)
class Snapshot:
    """A run at one moment. Nothing in it changes afterwards."""

    run: Run
    status: Status
    position: int | None  # place in the queue, from 1; None once it has a slot
    note: str  # what it is busy with before it trains: "downloading …, 3.1 of 9.9 MB"
    started: Event | None  # its `epochs` are all, those that were added too
    steps: tuple[Event, ...]  # downsampled
    epochs: tuple[Event, ...]  # all
    latest: Event | None  # of any kind; of a run that failed, its message says why
    message: str = ""  # what there is to say about how it stands, as why it was interrupted
    # About how many seconds it will still wait in the queue, where that can be told.
    starts_in: float | None = None
    # About how many seconds until it has done all its epochs, with the turns of others between
    # them, where others wait and that can be told.
    ends_in: float | None = None

    @property
    def ended(self) -> bool:
        """Nothing more comes unless somebody asks for it."""
        return self.status.has_ended

    @property
    def resumable(self) -> bool:
        """Whether going on may succeed; a run that diverged would diverge again."""
        return self.status.is_resumable and not has_diverged(self.latest)


def checked_name(name: str) -> str:
    """The name without what cannot be seen. Raises RunError where nothing is left, or too much."""
    name = printable(name)
    if not name or len(name) > MAX_NAME:
        raise RunError(f"a run's name has 1 to {MAX_NAME} printable characters")
    return name


def checked_note(note: str) -> str:
    """The note without what cannot be seen, line by line. Raises RunError where it is too long."""
    note = "\n".join(printable(line) for line in note.splitlines()).strip()
    if len(note) > MAX_NOTE:
        raise RunError(f"a note has at most {MAX_NOTE} characters; this has {len(note):,}")
    return note


def checked_tags(text: str) -> tuple[str, ...]:
    """The tags of a text with commas between them, each once. Raises RunError where one is too
    long, or they are too many.
    """
    found = {tag.casefold(): tag for part in reversed(text.split(",")) if (tag := printable(part))}
    tags = tuple(reversed(found.values()))
    if any(len(tag) > MAX_TAG for tag in tags) or len(tags) > MOST_TAGS:
        raise RunError(
            f"a run has at most {MOST_TAGS} tags of up to {MAX_TAG} characters each, "
            "with commas between them"
        )
    return tags


def shown_status(status: Status, request: StopRequest) -> Status:
    """The status as people see it: a run that trains and was asked to stop is stopping."""
    requested: dict[StopRequest, Status] = {
        "stop": Status.STOPPING,
        "pause": Status.PAUSING,
        "interrupt": Status.STOPPING,
    }
    return requested.get(request, status) if status.is_in_training else status
