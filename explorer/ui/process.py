"""What belongs to the server's process and outlives every session: the runs, and what was saved
under a name.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import altair  # noqa: F401  # imported with the server, so that no visitor waits for it

from explorer.classroom.assignments import Assignments
from explorer.classroom.hand_ins import HandIns
from explorer.home_folder import home_folder
from explorer.insight.trained import Trained, TrainedNetworks
from explorer.kept_work import KeptWork
from explorer.network.analysis import analyze
from explorer.network.layers import LAYERS
from explorer.network.spec import Architecture, Flatten, new_layer
from explorer.own_images import OwnImages
from explorer.presets import load_presets
from explorer.runs.home import in_memory, open_store
from explorer.runs.manager import JobManager
from explorer.runs.rate_searches import RateSearches
from explorer.runs.run import RunError
from explorer.runs.store import RUNS, Missing, Store
from explorer.saved import SavedStore
from explorer.text import counted
from explorer.training.dataset_files import load_present_dataset, sweep_downloads
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import BUILT_IN, DatasetError
from explorer.training.devices import training_slots
from explorer.training.own_images.kept import own_folder
from explorer.ui.downloads import pictures
from explorer.ui.downloads.hand_in_reports import HandInReports
from explorer.ui.downloads.preparing import Preparer, ReportProcesses

log = logging.getLogger(__name__)
_lock = threading.Lock()
_jobs: JobManager | None = None
_stopped = False
NAMED = 5  # runs in a message; the others are counted
STOP_SECONDS = 20.0  # a training stops within a batch; a download or a large batch may take longer


class Stopping(RunError):
    """The server is shutting down."""


def start(store: Store | None = None) -> None:
    """Start what outlives every session, before the first page. A broken preset stops the server
    here. Raises StoreError.
    """
    for preset in load_presets().values():
        analyze(preset.architecture)
    _warm_up()
    load_present_dataset(BUILT_IN)  # what a page shows where no other images are here
    _make_jobs(store)
    jobs().runs()  # read once, so that no visitor waits for it
    _hand_in_reports.look()  # what a server before this one did not come to


def _warm_up() -> None:
    """Run each kind of layer once: torch imports large parts of itself then, and not in a visitor's
    edit.
    """
    for kind, row in LAYERS.items():
        before = (Flatten(),) if row.takes == "vector" else ()
        analyze(Architecture(layers=(*before, new_layer(kind))))


def jobs() -> JobManager:
    """The process's one job manager, over the runs in home_folder().

    Created on first use, for hosts that run the page script without app.py. Raises StoreError if
    the runs cannot be opened, and Stopping once the server shuts down.
    """
    return _jobs or _make_jobs(None)


def _make_jobs(store: Store | None) -> JobManager:
    global _jobs
    with _lock:
        if _stopped:
            raise Stopping(
                "the server is shutting down; what was trained is kept, "
                "and can be resumed once it runs again"
            )
        if _jobs is None:
            opened = store or open_store(home_folder(), in_memory())
            missing = opened.missing()
            lost = len(missing.runs) + len(missing.epochs)
            told = (
                [
                    (
                        f"{counted(lost, 'run')} or their last epochs are missing here; "
                        "the server's log says why"
                    )
                ]
                if lost
                else []
            )
            # Before anything trains: a run whose folder is being swept is locked, and would be
            # passed over.
            swept = opened.checkpoints.sweep() + sweep_downloads()
            _jobs = JobManager(training_slots(), store=opened, notices=told)
            half_written = (
                [f"deleted {counted(swept, 'file')} that a killed process had left half written"]
                if swept
                else []
            )
            for notice in (*_jobs.notices, *_missing_texts(opened, missing), *half_written):
                log.warning("%s", notice)
        return _jobs


def _missing_texts(store: Store, missing: Missing) -> Iterator[str]:
    """What the file of runs has lost, and what to do, for whoever runs the server."""
    because = f"{RUNS} in {store.folder} or its -wal file was lost, damaged or replaced"
    if missing.runs:
        yield (
            f"{because}: the checkpoints of {counted(len(missing.runs), 'run')} lie there, "
            "and it does not list them. Put a backup in its place, or delete their folders: "
            f"{_some(missing.runs)}"
        )
    if missing.epochs:
        yield (
            f"{because}: the last epochs of {counted(len(missing.epochs), 'run')} are gone from "
            "it, though their checkpoints are there. Put a backup in its place, "
            f"if there is one: {_some(missing.epochs)}"
        )


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:NAMED]) + (
        f" and {counted(len(ids) - NAMED, 'other')}" if len(ids) > NAMED else ""
    )


def saved() -> SavedStore:
    """The work that visitors saved under a name."""
    return _saved(home_folder() / "architectures")


@cache
def _saved(folder: Path) -> SavedStore:
    return SavedStore(folder)


def own_images() -> OwnImages:
    """The images that visitors uploaded."""
    return _own_images(own_folder())


@cache
def _own_images(folder: Path) -> OwnImages:
    return OwnImages(folder)


def kept_work() -> KeptWork:
    """The work that is too long for an address."""
    return KeptWork(home_folder() / "links")


def assignments() -> Assignments:
    """What teachers gave out. Raises StoreError."""
    return Assignments(jobs().store.database)


def hand_ins() -> HandIns:
    """What people handed in. Raises StoreError."""
    return HandIns(jobs().store.database, jobs().store.folder)


def hand_in_reports() -> HandInReports:
    """What makes the reports of it."""
    return _hand_in_reports


def trained(run_id: str, after: int | None = None) -> Trained:
    """The run's network after this epoch where its weights are kept, else after its newest one;
    its `note` says where it is another.

    Raises UnknownRun, NoWeights before the first epoch has ended or if all are lost, and
    DatasetError where it is not known how its images are normalised.
    """
    found, run = jobs().weights(run_id, after), jobs().snapshot(run_id, 0).run
    kind = find_dataset(run.recipe.dataset)
    if not kind.mean:
        raise DatasetError(f"this network cannot be asked: {kind.absent}")
    return _networks.of(run, found)


def downloads() -> Preparer:
    """The line of downloads that are prepared beside the pages."""
    return _downloads


def rate_searches() -> RateSearches:
    """The line of searches for a learning rate."""
    return _rate_searches


_rate_searches = RateSearches(lambda: jobs().store.rules())
_networks = TrainedNetworks()
_processes = ReportProcesses(jobs)
_downloads = Preparer(_processes.make, _processes.close)
_hand_in_reports = HandInReports(hand_ins, _downloads)


def stop(for_good: bool = False) -> None:
    """Interrupt what is in training, and wait for its thread. It can be resumed by the next server.

    With `for_good`, `jobs` raises Stopping from now on, so that no page starts another manager.
    """
    global _jobs, _stopped
    _hand_in_reports.close()
    _downloads.close()
    pictures.close()
    _rate_searches.close(STOP_SECONDS)
    with _lock:
        manager, _jobs, _stopped = _jobs, None, for_good
    if manager is not None and manager.shutdown(STOP_SECONDS):
        manager.store.close()
