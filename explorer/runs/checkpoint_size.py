"""How much room a run's checkpoints take on the disk."""

from pathlib import Path

from explorer.network.analysis import BYTES_PER_VALUE, analyze
from explorer.network.spec import Architecture
from explorer.runs.answers_format import answers_bytes
from explorer.runs.database import StoreError
from explorer.runs.disk import room_problem
from explorer.runs.health_format import health_bytes
from explorer.runs.kept_epochs import most_kept
from explorer.runs.run import Run
from explorer.training.dataset_lookup import find_dataset
from explorer.training.memory import moments_per_parameter
from explorer.training.recipe import OneCycleLR, Recipe

OVERHEAD_BYTES = 20_000  # of a checkpoint: names, facts, the states of the random generators


def checkpoint_bytes(architecture: Architecture, recipe: Recipe) -> int:
    """Bytes of a checkpoint of this training on the disk."""
    moments = moments_per_parameter(recipe.optimizer, isinstance(recipe.scheduler, OneCycleLR))
    return OVERHEAD_BYTES + BYTES_PER_VALUE * analyze(architecture).total_params * (1 + moments)


def kept_bytes(architecture: Architecture, recipe: Recipe) -> int:
    """Bytes that the checkpoints of this training take at most, with one that is being written."""
    size = checkpoint_bytes(architecture, recipe)
    return (most_kept(size) + 1) * size


def foreseen_bytes(run: Run, more_epochs: int = 0) -> int:
    """Bytes that the checkpoints of this run, and what is noted beside them, take at most, once it
    has all its epochs.
    """
    epochs = run.epochs + more_epochs
    checkpoint = checkpoint_bytes(run.architecture, run.recipe)
    noted = answers_bytes(find_dataset(run.recipe.dataset).test_images)
    noted += health_bytes(len(analyze(run.architecture).rows))
    return sum(most_kept(size, epochs) * size for size in (checkpoint, noted))


def check_room(folder: Path | None, architecture: Architecture, recipe: Recipe) -> None:
    """Raises StoreError if the checkpoints of such a run would take room that is kept free on the
    disk.

    Without a folder, where checkpoints are kept in memory, there is nothing to check.
    """
    if folder:
        problem = room_problem(folder, kept_bytes(architecture, recipe))
        if problem:
            raise StoreError(f"the checkpoints of this run do not fit: {problem}")
