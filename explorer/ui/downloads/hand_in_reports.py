"""Makes the reports of what was handed in, one after the other, in the line of all downloads.

What a server did not come to is made by the next one: the hand-in itself was kept at once.
"""

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from explorer.assignment.assignment import to_data as assignment_to_data
from explorer.classroom.hand_ins import HandIn, HandIns
from explorer.exports.pytorch import class_name
from explorer.refusal import Refusal
from explorer.runs.disk import room_problem
from explorer.runs.run import RunError
from explorer.ui.downloads.preparing import Busy, Preparer, Stage

LOOK_EVERY = 0.2  # seconds between two looks at how far a report is
AGAIN = 5.0  # seconds until a full line is tried again

log = logging.getLogger(__name__)


class _Ending(Exception):
    """The server ends before the report is made."""


class HandInReports:
    """The thread that sees to it. `look` may be called from any thread."""

    def __init__(self, hand_ins: Callable[[], HandIns], line: Preparer):
        self._hand_ins, self._line = hand_ins, line
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked, self._ending = threading.Event(), threading.Event()

    def look(self) -> None:
        """Have the reports made that are still to be made."""
        with self._lock:
            self._asked.set()
            if self._thread is None or not self._thread.is_alive():
                self._ending.clear()
                self._thread = threading.Thread(
                    target=self._work, name="hand-in reports", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """End; `look` begins anew."""
        with self._lock:
            self._ending.set()
            self._asked.set()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while not self._ending.is_set():
            self._asked.wait()
            self._asked.clear()
            try:
                for handed in self._hand_ins().waiting():
                    self._hand_ins().make_report(handed, self._make)
            except _Ending:
                return
            except RunError as error:  # the file of runs cannot be read just now
                log.warning("reports of what was handed in are not made: %s", error)

    def _make(self, handed: HandIn, path: Path) -> None:
        """Write the report of a hand-in to `path`. Raises Refusal, and _Ending."""
        wanted = {
            "what": "hand-in",
            "runs": list(handed.result.run_ids),
            "epoch": handed.result.epochs,
            "assignment": assignment_to_data(handed.shared.assignment),
            "folder": class_name(handed.shared.architecture),
        }
        while True:
            if self._ending.is_set():
                raise _Ending
            try:
                preparation = self._line.ask(wanted)
                break
            except Busy:
                self._ending.wait(AGAIN)
        while not preparation.stage.is_over:
            if self._ending.wait(LOOK_EVERY):
                raise _Ending
        if preparation.stage is Stage.FAILED:
            if self._ending.is_set():
                raise _Ending
            raise Refusal(preparation.note)
        if problem := room_problem(path.parent, preparation.path.stat().st_size):
            raise Refusal(problem)
        shutil.copyfile(preparation.path, path)
