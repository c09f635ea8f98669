"""Run and Snapshot: what was asked for, and how it stands.

status       what it means                                                        what can be asked for
queued       waits for a slot                                                     stop, pause
preparing    has a slot; its data are read or downloaded, as `note` says          stop, pause
running      trains                                                               stop, pause
stopping     somebody stopped it; the batch in progress ends first
pausing      somebody paused it; the batch in progress ends first
paused       waits for `resume`                                                   resume
interrupted  the process that trained it ended                                    resume
stopped      somebody stopped it                                                  resume
failed       it could not go on; its last event says why                          resume, once the cause is gone; where it
                                                                                  diverged, nothing but what offers.py offers
finished     went through all its epochs                                          continue

A run that was continued and is stopped is finished again, with as many epochs as are whole. One that is paused, interrupted
or fails in between still has its `finished` event, and with it what it had reached.

A run that is resumed goes on after its last whole epoch; what came after that is forgotten then.
"""

import platform
import secrets
import time
from dataclasses import dataclass
from typing import Literal

import torch

from explorer.network.spec import Architecture
from explorer.text import printable
from explorer.training.devices import choose_device, describe_device
from explorer.training.event import Event, has_diverged
from explorer.training.memory import free_memory, oom_kills
from explorer.training.recipe import Recipe

ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for another
ID_LENGTH = 12  # 59 bits: nobody guesses another's run
MAX_NAME = 100

Status = Literal[
    "queued", "preparing", "running", "stopping", "pausing", "paused", "interrupted", "stopped", "failed", "finished"
]
Wish = Literal["", "stop", "pause", "interrupt"]  # what somebody wants of a run that is being trained

TRAINED_NOW: tuple[Status, ...] = ("preparing", "running")  # some process has it in hand
ENDED: tuple[Status, ...] = (
    "paused",
    "interrupted",
    "stopped",
    "failed",
    "finished",
)  # nothing more comes unless somebody asks for it
RESUMABLE: tuple[Status, ...] = ("paused", "interrupted", "stopped", "failed")


class RunError(Exception):
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
    oom_kills: int | None = None  # processes that the system had ended for lack of memory until then
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
    more_epochs: int = 0  # those that were added once it had finished

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
    starts_in: float | None = None  # about how many seconds it will still wait in the queue, where that can be told

    @property
    def ended(self) -> bool:
        """Nothing more comes unless somebody asks for it."""
        return self.status in ENDED

    @property
    def resumable(self) -> bool:
        """Whether going on may succeed; a run that diverged would diverge again."""
        return self.status in RESUMABLE and not has_diverged(self.latest)


def new_run(architecture: Architecture, recipe: Recipe, owner: str = "", name: str = "") -> Run:
    """A run of its own id, on the device that the recipe's choice means here. Raises DeviceError."""
    device = choose_device(recipe.device)
    environment = environment_here(device)
    run_id = "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))
    return Run(run_id, owner, architecture, recipe, device.type, environment, time.time(), name or architecture.name)


def environment_here(device: torch.device) -> Environment:
    """The environment of this process, in the thread that trains."""
    return Environment(
        torch=torch.__version__,
        python=platform.python_version(),
        device=describe_device(device),
        threads=torch.get_num_threads(),
        host=platform.node(),
        free_memory=free_memory(device),
        oom_kills=oom_kills(),
    )


def checked_name(name: str) -> str:
    """The name without what cannot be seen. Raises RunError where nothing is left, or too much."""
    name = printable(name)
    if not name or len(name) > MAX_NAME:
        raise RunError(f"a run's name has 1 to {MAX_NAME} characters that can be seen")
    return name


def shown_status(status: Status, wish: Wish) -> Status:
    """The status of a run that is being trained, as what somebody wants of it makes it."""
    wished: dict[Wish, Status] = {"stop": "stopping", "pause": "pausing", "interrupt": "stopping"}
    return wished.get(wish, status) if status in TRAINED_NOW else status
