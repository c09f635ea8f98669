"""Whether a run may be queued, resumed or continued: decided at once, so that what cannot succeed
leaves no failed run.
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from explorer.network.spec import Architecture
from explorer.runs.checkpoint_files import CheckpointFolder, Checkpoints
from explorer.runs.checkpoint_size import checkpoint_bytes
from explorer.runs.kept_epochs import most_kept
from explorer.runs.offers import offered_rate
from explorer.runs.run import IN_TRAINING, Run, RunError, Status
from explorer.training.dataset_files import is_loaded
from explorer.training.dataset_lookup import find_dataset
from explorer.training.devices import DeviceError, choose_device
from explorer.training.event import Event
from explorer.training.memory import free_memory
from explorer.training.problems import find_problem, memory_problem
from explorer.training.recipe import Recipe, find_misfit

MAX_MORE_EPOCHS = 1000
# Times the memory that was free when a training was ended for lack of it: then it may be tried
# again.
MORE_ROOM = 1.25


class CannotTrain(RunError):
    """The network does not fit the images, the recipe's fields do not go together, or the training
    would need more memory than there is.

    The message says what to try.
    """


def check_trainable(
    architecture: Architecture,
    recipe: Recipe,
    device: torch.device,
    checkpoints: Checkpoints,
    room: int | None = None,
    data_root: Path | None = None,
) -> None:
    """Raises CannotTrain if the training would end before its first step, as far as can be told
    now.

    Args:
        checkpoints: where they are kept; in memory, they take some of it.
        room: bytes that the training may take; without it, those that are free on the device.
        data_root: the folder of the data sets.
    """
    if obstacle := find_problem(architecture, find_dataset(recipe.dataset)):
        raise CannotTrain(
            f"this network cannot be trained on {find_dataset(recipe.dataset).title}: "
            f"{obstacle.message}"
        )
    if misfit := find_misfit(recipe):  # it could be kept, and never be read again
        raise CannotTrain(misfit.message)
    kept = 0
    if not isinstance(checkpoints, CheckpointFolder):  # with the one that is being written
        kept = most_kept(checkpoint_bytes(architecture, recipe)) + 1
    if problem := memory_problem(
        architecture, recipe, device, room, kept, not is_loaded(recipe.dataset, data_root)
    ):
        raise CannotTrain(problem)


def check_resumable(
    run: Run,
    latest: Event | None,
    checkpoints: Checkpoints,
    room: int | None = None,
    data_root: Path | None = None,
) -> None:
    """Raises RunError if the run would only end again as it did."""
    rate = offered_rate(run.recipe, latest)
    if rate is not None:
        raise RunError(
            f"run {run.id} would diverge again: start a new run with a learning rate of {rate:g}"
        )
    try:
        device = choose_device(run.device)
    except DeviceError as error:
        raise RunError(f"run {run.id} cannot go on: {error}") from None
    then = run.environment.free_memory
    if run.environment.out_of_memory and then is not None:
        free = free_memory(device) if room is None else room
        if free is not None and free < MORE_ROOM * then:
            raise RunError(
                f"the system ended run {run.id} for lack of memory when {then / 1e9:.1f} GB were "
                f"free, and {free / 1e9:.1f} GB are free now: end other programs first, "
                "or start a new run with a smaller batch size or fewer parameters"
            )
    try:
        check_trainable(run.architecture, run.recipe, device, checkpoints, room, data_root)
    except CannotTrain as error:
        raise RunError(f"run {run.id} cannot go on: {error}") from None


def check_more_epochs(epochs: int) -> None:
    """Raises RunError if so many epochs cannot be added."""
    if not 1 <= epochs <= MAX_MORE_EPOCHS:
        raise RunError(f"a run is continued for 1 to {MAX_MORE_EPOCHS} epochs; this is {epochs}")


def added_epochs(run: Run, done: int, epochs: int) -> int:
    """By how many epochs to lengthen a run that has `done` so many, for it to train `epochs` more.

    Negative for one that stopped early and so does not come to all that it was to have.
    """
    return done + epochs - run.epochs


def refusal_message(run_id: str, status: Status, allowed: Sequence[Status], done: str) -> str:
    """Why a run of this status is not resumed or continued."""
    if status in IN_TRAINING:
        return (
            f"run {run_id} is being trained already, by this or another process; "
            f"it can be {done} once it has ended"
        )
    statuses = " or ".join(filter(None, (", ".join(allowed[:-1]), allowed[-1])))
    return f"run {run_id} is {status}; only one that is {statuses} can be {done}"
