"""Makes long files off the page's thread: few at once, the others waiting in a line that has an
end.

A page asks with `Preparer.ask`, keeps the Preparation that it gets in the visitor's session, and
looks at it now and then. The file lies on the disk until the Preparation is forgotten, or until
newer ones need the room.
"""

import json
import logging
import os
import queue
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any

from explorer.files import take_lock
from explorer.runs.manager import JobManager
from explorer.runs.run import RunError
from explorer.ui.downloads.child_process import ChildError, ChildProcess

AT_ONCE = 2
MOST_WAITING = 40
MOST_BYTES = 2_000_000_000  # of prepared files in all; the newest is kept whatever its size
SECONDS = 600.0  # for one file
IDLE_SECONDS = 120.0  # after which a process that has nothing to do ends, and gives its memory back

# Of the folder's name, and the file in it that is locked.
PREFIX, LOCK = "explorer-downloads-", "lock"
NEW_SECONDS = 3600.0  # a folder may be about to be locked

log = logging.getLogger(__name__)

Wanted = dict[str, Any]
Make = Callable[[Wanted, Path], str]


class Stage(Enum):
    """How far a file is."""

    WAITING = "waiting"
    """Others are made first."""
    WORKING = "working"
    """It is being made."""
    READY = "ready"
    """It can be had."""
    FAILED = "failed"
    """It could not be made; the note says why."""

    @property
    def is_over(self) -> bool:
        """Has it come to an end, good or bad?"""
        return self in (Stage.READY, Stage.FAILED)


class Busy(RunError):
    """Too many downloads wait to be prepared."""


class Preparation:
    """A download being prepared. The thread that makes it sets its fields, `stage` last."""

    def __init__(self, wanted: Wanted, folder: Path, number: int):
        """`number` counts the requests: a lower one comes first."""
        self.wanted, self.path, self.number = wanted, folder / f"{number}", number
        self.note = ""  # what is to be said about the file, or why there is none
        self.stage = Stage.WAITING
        weakref.finalize(self, self.path.unlink, missing_ok=True)

    def read(self) -> bytes:
        """The content of the file. Raises RunError if it is gone."""
        try:
            return self.path.read_bytes()
        except OSError:
            raise RunError("the file was prepared too long ago; prepare it again") from None


class Preparer:
    """The line of requested downloads and the threads that make them. Every method may be called
    from any thread.
    """

    def __init__(
        self,
        make: Make,
        stop_making: Callable[[], None] = lambda: None,
        at_once: int = AT_ONCE,
        most_waiting: int = MOST_WAITING,
        most_bytes: int = MOST_BYTES,
    ):
        """`make` writes a download to the path, and returns what to say about it; it raises
        RunError.

        `stop_making` has it fail at once. It is called when the line is closed.
        """
        self._make, self._stop_making = make, stop_making
        self._at_once, self._most_waiting, self._most_bytes = at_once, most_waiting, most_bytes
        self._lock = threading.Lock()  # of all that follows
        self._line: queue.SimpleQueue[weakref.ref[Preparation] | None] = queue.SimpleQueue()
        self._waiting: weakref.WeakSet[Preparation] = weakref.WeakSet()
        self._kept: list[weakref.ref[Preparation]] = []  # finished, the oldest first
        self._threads: list[threading.Thread] = []
        self._folder: _Folder | None = None
        self._count = 0

    def ask(self, wanted: Wanted) -> Preparation:
        """Request a download. If nobody keeps the Preparation, it is not made. Raises Busy."""
        with self._lock:
            waiting = len(self._waiting)
            if waiting >= self._most_waiting:
                raise Busy(
                    f"{waiting} other downloads are being prepared; try again in a few minutes"
                )
            if self._folder is None:
                self._folder = _Folder()
            self._count += 1
            preparation = Preparation(wanted, self._folder.path, self._count)
            self._waiting.add(preparation)
            self._line.put(weakref.ref(preparation))
            if len(self._threads) < self._at_once:
                thread = threading.Thread(
                    target=self._work, args=[self._line], name="preparing", daemon=True
                )
                self._threads.append(thread)
                thread.start()
        return preparation

    def ahead_of(self, preparation: Preparation) -> int:
        """How many requests before this one still wait."""
        with self._lock:
            return sum(each.number < preparation.number for each in self._waiting)

    def close(self) -> None:
        """Stop what is being made, and delete the files. Later requests begin a new line."""
        with self._lock:
            line, folder, threads = self._line, self._folder, len(self._threads)
            for waiting in self._waiting:
                waiting.note, waiting.stage = "the server is shutting down", Stage.FAILED
            self._line, self._waiting, self._threads, self._folder = (
                queue.SimpleQueue(),
                weakref.WeakSet(),
                [],
                None,
            )
        for _ in range(threads):
            line.put(None)
        self._stop_making()  # first, so that nothing writes there any more
        if folder:
            folder.delete()

    def _work(self, line: "queue.SimpleQueue[weakref.ref[Preparation] | None]") -> None:
        while (reference := line.get()) is not None:
            preparation = reference()
            if preparation and not preparation.stage.is_over:
                self._see_to(preparation)
            del preparation  # else the thread would keep it until the next one comes

    def _see_to(self, preparation: Preparation) -> None:
        with self._lock:
            self._waiting.discard(preparation)
        preparation.stage = Stage.WORKING
        try:
            preparation.note = self._make(preparation.wanted, preparation.path)
            self._make_room(preparation)
            stage = Stage.READY
        except RunError as error:
            preparation.note, stage = str(error), Stage.FAILED
        except Exception:
            log.exception("%r could not be prepared", preparation.wanted.get("what"))
            preparation.note, stage = (
                "it could not be made; the server's log has the reason",
                Stage.FAILED,
            )
        preparation.stage = stage

    def _make_room(self, newest: Preparation) -> None:
        """Delete the oldest files until all together are within the bound."""
        with self._lock:
            self._kept = [*(each for each in self._kept if each() is not None), weakref.ref(newest)]
            room = self._most_bytes
            for reference in reversed(self._kept):
                each = reference()
                with suppress(OSError):
                    room -= os.path.getsize(each.path) if each else 0
                if each and each is not newest and room < 0:
                    each.path.unlink(missing_ok=True)


class _Folder:
    """The folder of prepared files. A lock in it tells other servers whether this one is still
    there.
    """

    def __init__(self) -> None:
        sweep_abandoned(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = take_lock(self.path / LOCK)

    def delete(self) -> None:
        if self._lock:
            self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)


def sweep_abandoned(root: Path) -> None:
    """Delete the folders of servers that were killed, whose locks nobody holds."""
    for folder in root.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's
            is_new = time.time() - folder.stat().st_mtime < NEW_SECONDS
            if not is_new and (lock := take_lock(folder / LOCK)):
                lock.release()
                shutil.rmtree(folder, ignore_errors=True)


# --- in processes of their own --------------------------------------------------------------------


class ReportProcesses:
    """Makes downloads in child processes, one for each that is made at the same time."""

    def __init__(self, jobs: Callable[[], JobManager]):
        self._jobs = jobs
        self._lock = threading.Lock()
        self._free: list[ChildProcess] = []
        self._all: list[ChildProcess] = []

    def make(self, wanted: Wanted, path: Path) -> str:
        """Write a download to `path`, and return what to say about it. Raises RunError."""
        home = self._jobs().store.folder
        if home is None:  # nothing is on the disk that another process could read
            # Which the process imports that starts here.
            from explorer.ui.downloads.report_files import make

            return make(wanted, self._jobs(), path)
        environment = {
            name: os.environ[name]
            for name in ("EXPLORER_DATA", "OMP_NUM_THREADS")
            if name in os.environ
        }
        request = {
            "wanted": wanted,
            "home": str(home),
            "path": str(path),
            "environment": environment,
        }
        child = self._take()
        try:
            return str(json.loads(child.ask(request, SECONDS)))
        except ChildError as error:
            raise RunError(str(error)) from None
        finally:
            with self._lock:
                self._free.append(child)

    def close(self) -> None:
        """End the processes, whatever they make."""
        with self._lock:
            children = list(self._all)
        for child in children:
            child.close()

    def _take(self) -> ChildProcess:
        with self._lock:
            if self._free:
                return self._free.pop()
            child = ChildProcess("explorer.ui.downloads.report_worker", IDLE_SECONDS)
            self._all.append(child)
            return child
