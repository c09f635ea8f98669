"""ClassRules: what a teacher has set for everybody's runs.

What a teacher or the shell starts may have more epochs and parameters, and more of it may wait.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from explorer.runs.run import RunError
from explorer.text import bytes_text, counted, duration, printable

MAX_MESSAGE = 200
# Seconds of one turn, where no teacher says otherwise: an epoch of what a class trains takes one to
# sixty.
MOST_TURN = 600
MOST_WAITING = 3  # single runs of a person's that wait at once, where no teacher says otherwise
MOST_DISK = 500_000_000  # bytes of one person's runs, where no teacher says otherwise
NAMED = 3  # runs in a message, the largest

log = logging.getLogger(__name__)


class ClassRules(BaseModel):
    """What a teacher has set. None is no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_paused: StrictBool = Field(False, description="whether nobody's training goes on")
    message: str = Field("", description="what everybody reads above each page")
    most_waiting: Annotated[StrictInt, Field(ge=1, le=100)] = Field(
        MOST_WAITING, description="runs of one person that wait at once"
    )
    most_epochs: Annotated[StrictInt, Field(ge=1, le=1000)] | None = Field(
        None, description="epochs of a run"
    )
    most_parameters: Annotated[StrictInt, Field(ge=1)] | None = Field(
        None, description="parameters of a network that is trained"
    )
    most_seconds: Annotated[StrictInt, Field(ge=1)] | None = Field(
        None, description="seconds for which a run trains; it is stopped after the epoch then"
    )
    most_turn: Annotated[StrictInt, Field(ge=1)] | None = Field(
        MOST_TURN,
        description="seconds of one turn while others wait; a run that is within an epoch then "
        "is stopped",
    )
    most_disk: Annotated[StrictInt, Field(ge=1)] | None = Field(
        MOST_DISK, description="bytes that the runs of one person take on the disk"
    )


@dataclass(frozen=True)
class Taken:
    """What a run takes of the disk, or will take at most while it waits or trains."""

    id: str
    name: str  # "" where it has none
    size: int  # bytes
    is_binned: bool = False


PAUSED = "a teacher has paused training for the class"


class AgainstTheRules(RunError):
    """A run that the class's rules do not allow; the message names the limit."""


def checked_rules(rules: ClassRules) -> ClassRules:
    """The rules with a message of one line. Raises RunError where it is too long."""
    message = printable(rules.message)
    if len(message) > MAX_MESSAGE:
        raise RunError(f"a message for the class has at most {MAX_MESSAGE} characters")
    return rules.model_copy(update={"message": message})


def parse_rules(text: str | None) -> ClassRules:
    """The rules of their JSON form; those without limits where there are none, or none that can be
    read, which the log says.
    """
    if text is None:
        return ClassRules()
    try:
        return ClassRules.model_validate_json(text)
    except ValidationError as error:
        log.warning("the class's rules cannot be read and are left out: %s", error.errors()[0])
        return ClassRules()


def check_time(rules: ClassRules, seconds: float) -> None:
    """Raises AgainstTheRules where a run has trained as long as is allowed."""
    if rules.most_seconds is not None and seconds >= rules.most_seconds:
        raise AgainstTheRules(
            f"a run trains for at most {duration(rules.most_seconds)} in this class, "
            f"and this one has trained for {duration(seconds)}"
        )


def check_turn(rules: ClassRules, seconds: float) -> None:
    """Raises AgainstTheRules where a turn has taken as long as is allowed while others wait."""
    if rules.most_turn is not None and seconds >= rules.most_turn:
        raise AgainstTheRules(
            f"one epoch takes longer than {duration(rules.most_turn)}, the longest turn while "
            "others wait: train on a smaller share of the images, or a smaller network"
        )


def check_rules(rules: ClassRules, epochs: int, parameters: int) -> None:
    """Raises AgainstTheRules where a run of so many epochs of such a network is not allowed."""
    if rules.most_epochs is not None and epochs > rules.most_epochs:
        raise AgainstTheRules(
            f"a run has at most {rules.most_epochs:,} epochs in this class; this has {epochs:,}"
        )
    if rules.most_parameters is not None and parameters > rules.most_parameters:
        raise AgainstTheRules(
            f"a network has at most {rules.most_parameters:,} parameters in this class; "
            f"this has {parameters:,}"
        )


def check_disk(rules: ClassRules, others: Sequence[Taken], size: int) -> None:
    """Raises AgainstTheRules where a run that takes up to `size` bytes is too much beside the
    person's other runs.
    """
    taken = sum(each.size for each in others)
    if rules.most_disk is None or taken + size <= rules.most_disk:
        return
    wanted = f"this run takes up to {bytes_text(size)}"
    most = f"{bytes_text(rules.most_disk)} that one person's runs may take in this class"
    if size > rules.most_disk:
        raise AgainstTheRules(
            f"{wanted}, more than the {most}: try a network with fewer parameters"
        )
    largest = sorted((each for each in others if not each.is_binned), key=lambda each: -each.size)
    named = ", ".join(f"{each.name or each.id} {bytes_text(each.size)}" for each in largest[:NAMED])
    binned = [each for each in others if each.is_binned]
    in_bin = (
        f"{counted(len(binned), 'run')} in the bin {bytes_text(sum(each.size for each in binned))}"
        if binned
        else ""
    )
    raise AgainstTheRules(
        f"your runs take {bytes_text(taken)} of the {most}, and {wanted}. "
        f"The largest are {'; '.join(filter(None, (named, in_bin)))}. "
        "Delete runs that you no longer need, and their weights in the bin on the page Runs, to "
        "make room"
    )
