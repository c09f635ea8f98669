"""What belongs to the server's process and outlives every session: the runs, and what was saved under a name."""

import logging
import threading
from functools import cache
from pathlib import Path

import altair  # noqa: F401  # imported with the server, so that no visitor waits for it

from explorer.network.analysis import analyze
from explorer.network.layers import LAYERS
from explorer.network.spec import Architecture, Flatten, new_layer
from explorer.presets import load_presets
from explorer.saved import SavedStore
from explorer.training.devices import training_slots
from explorer.training.jobs import JobManager
from explorer.training.store import home_folder, open_store
from explorer.ui import pictures
from explorer.ui.preparing import Preparer, ReportProcesses

log = logging.getLogger(__name__)
_lock = threading.Lock()
_jobs: JobManager | None = None
STOP_SECONDS = 20.0  # a training stops within a batch; a download or a large batch may take longer


def start() -> None:
    """Once, before the first page: a broken preset stops the server here, not a visitor."""
    for preset in load_presets().values():
        analyze(preset.architecture)
    _warm_up()
    jobs()


def _warm_up() -> None:
    """Torch imports large parts of itself when the meta device is first used for a kind of layer: now, not in an edit."""
    for kind, row in LAYERS.items():
        before = (Flatten(),) if row.takes == "vector" else ()
        analyze(Architecture(layers=(*before, new_layer(kind))))


def jobs() -> JobManager:
    """The process's one job manager, over the runs in home_folder(). Made on first use, for hosts that run the page script
    without app.py. Where the folder cannot be written, its `notices` say so."""
    global _jobs
    with _lock:
        if _jobs is None:
            _jobs = JobManager(training_slots(), store=open_store(home_folder()))
            for notice in _jobs.notices:
                log.warning(notice)
        return _jobs


def saved() -> SavedStore:
    """What visitors saved."""
    return _saved(home_folder() / "architectures")


@cache
def _saved(folder: Path) -> SavedStore:
    return SavedStore(folder)


def downloads() -> Preparer:
    """Where a page has made what takes long."""
    return _downloads


_processes = ReportProcesses(jobs)
_downloads = Preparer(_processes.make)


def stop() -> None:
    """Interrupt what is being trained, and wait for its thread: it can be resumed once the server is there again."""
    global _jobs
    _downloads.close()
    _processes.close()
    pictures.close()
    with _lock:
        manager, _jobs = _jobs, None
    if manager is not None and manager.shutdown(STOP_SECONDS):
        manager.store.close()
