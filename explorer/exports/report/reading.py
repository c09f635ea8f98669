"""Reads what a report needs of a run, all of it as it was after one and the same epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from explorer.exports.report.run_report import Trained
from explorer.runs.checkpoint_format import weights_to_bytes
from explorer.runs.manager import JobManager, NoWeights
from explorer.runs.run import RunError, Snapshot, Status
from explorer.training.event import Event

POINTS = 2000  # step events of a picture: more than it has pixels across
TRIES = 5


def read_trained(jobs: JobManager, run_id: str, folder: Path, after: int | None = None) -> Trained:
    """The run after the newest epoch whose weights can be read; what came later is left out. With
    `after` as it was when it had finished with this epoch, if its weights are still kept.

    The weights are written to `folder` and read from there as they are needed, so that several
    runs' take no more memory than one's. The folder must outlast the answer. Where all weights are
    lost, the run is as it is now, without any.

    Raises:
        UnknownRun: there is no such run.
        RunError: it has no whole epoch, or goes on faster than it can be read.
    """
    for _ in range(TRIES):
        weights: Mapping[str, Tensor] | None = None
        try:
            found = jobs.weights(run_id, after)
        except NoWeights as error:
            snapshot = jobs.snapshot(run_id, POINTS)
            done = len(snapshot.epochs)
            epoch, precision, note = min(after or done, done), jobs.precision(run_id), str(error)
            environment = snapshot.run.environment
        else:
            epoch, precision, note = found.epoch, found.precision, found.note
            weights = _on_disk(found.weights, folder / f"{run_id}-{epoch}.safetensors")
            snapshot = jobs.snapshot(run_id, POINTS)
            environment = found.environment or snapshot.run.environment
            snapshot = replace(snapshot, run=replace(snapshot.run, environment=environment))
        cut = up_to_epoch(snapshot, jobs.events(run_id), epoch)
        if cut is not None:
            snapshot, events = cut
            if epoch == after:
                snapshot = _as_finished(snapshot, epoch)
            return Trained(
                snapshot,
                events,
                weights,
                precision,
                environment.threads or torch.get_num_threads(),
                note,
            )
    raise RunError(
        f"run {run_id} has no whole epoch to report, or was taken back just now; try again"
    )


def _as_finished(snapshot: Snapshot, epoch: int) -> Snapshot:
    """The run before anything was added to it."""
    run = replace(snapshot.run, more_epochs=max(0, epoch - snapshot.run.recipe.epochs))
    started = snapshot.started
    if started is not None:
        started = started.model_copy(update={"metrics": {**started.metrics, "epochs": epoch}})
    return replace(snapshot, run=run, status=Status.FINISHED, started=started)


def up_to_epoch(
    snapshot: Snapshot, events: Sequence[Event], epoch: int
) -> tuple[Snapshot, tuple[Event, ...]] | None:
    """The run as it was when this epoch had ended; None where it has no such epoch (any more)."""
    epochs = tuple(event for event in snapshot.epochs if event.epoch <= epoch)
    kept = tuple(event for event in events if event.epoch <= epoch)
    last = [event for event in kept if event.kind == "epoch"]
    if not epochs or not last or epochs[-1] != last[-1] or last[-1].epoch != epoch:
        return None
    steps = tuple(event for event in snapshot.steps if event.epoch <= epoch)
    return replace(snapshot, epochs=epochs, steps=steps, latest=kept[-1]), kept


def _on_disk(weights: dict[str, Tensor], path: Path) -> Mapping[str, Tensor]:
    """Write weights to a file, and give them as tensors that are read from it when used."""
    path.write_bytes(weights_to_bytes(weights))
    found: dict[str, Tensor] = load_file(path)
    return found
