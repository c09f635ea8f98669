"""RunList: all runs of a store as summaries, kept in memory and brought up to date by what has
changed.

A look costs one question where nothing has changed since the last. Where something has, the runs'
ids and revisions are read, and the events of those alone whose revision is another. So the cost
does not depend on how many epochs the runs have or how many pages ask, and no number of runs makes
a cache turn over.
"""

import threading
from collections.abc import Mapping
from types import MappingProxyType

from explorer.runs.run_summary import RunSummary
from explorer.runs.store import Store


class RunList:
    """Summaries of all runs. Every method may be called from any thread, and raises StoreError if
    the store cannot be read.
    """

    def __init__(self, store: Store):
        self._store = store
        self._lock = threading.Lock()  # one thread reads, the others wait for what it finds
        self._version: object = None
        self._revisions: Mapping[str, int] = {}
        self._summaries: dict[str, RunSummary] = {}
        self._unreadable: dict[str, str] = {}
        self._runs: tuple[RunSummary, ...] = ()

    def runs(self) -> tuple[RunSummary, ...]:
        """All runs that can be read, the newest first. The same tuple if nothing has changed."""
        with self._lock:
            self._refresh()
            return self._runs

    def revisions(self) -> Mapping[str, int]:
        """The revision of each run by id, the newest run first. It grows with every change to the
        run.
        """
        with self._lock:
            self._refresh()
            return self._revisions

    def unreadable(self) -> dict[str, str]:
        """Why runs were left out of the last look, by id."""
        with self._lock:
            return dict(self._unreadable)

    def _refresh(self) -> None:
        # Before the look, so that what comes in between is seen by the next.
        version = self._store.version()
        if version == self._version:
            return
        revisions = self._store.revisions()
        changed = [
            run_id
            for run_id, revision in revisions.items()
            if self._revisions.get(run_id) != revision
        ]
        found, wrong = self._store.summaries(changed)
        known, unread = {**self._summaries, **found}, {**self._unreadable, **wrong}
        self._summaries = {
            run_id: known[run_id] for run_id in revisions if run_id in known and run_id not in wrong
        }
        self._unreadable = {
            run_id: unread[run_id]
            for run_id in revisions
            if run_id in unread and run_id not in found
        }
        self._runs = tuple(self._summaries.values())
        self._revisions = MappingProxyType(revisions)
        self._version = version
