"""What takes long is made off the page's thread, few at once, by processes that may die."""

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer.files import take_lock
from explorer.runs.run import RunError
from explorer.ui import process
from explorer.ui.downloads import report_files
from explorer.ui.downloads.preparing import (
    LOCK,
    NEW_SECONDS,
    PREFIX,
    Busy,
    Preparation,
    Preparer,
    Stage,
    sweep_abandoned,
)
from tests.runs.shared import wait_until


class Maker:
    """Writes a file when it is let go, and counts how many it writes at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.lock = threading.Lock()
        self.now = self.most = 0
        self.threads: set[str] = set()
        self.made: list[str] = []

    def __call__(self, wanted: dict[str, str], path: Path) -> str:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.threads.add(threading.current_thread().name)
        try:
            assert self.go.wait(60)
            if wanted["what"] == "wrong":
                raise RunError("the run is gone")
            if wanted["what"] == "bug":
                raise KeyError("unforeseen")
            path.write_text(wanted["what"])
            self.made.append(wanted["what"])
            return f"note of {wanted['what']}"
        finally:
            with self.lock:
                self.now -= 1


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def preparer(maker: Maker) -> Iterator[Preparer]:
    found = Preparer(maker, at_once=2, most_waiting=5, most_bytes=20)
    yield found
    maker.go.set()
    found.close()


def finished(preparation: Preparation) -> Preparation:
    wait_until(lambda: preparation.stage.is_over)
    return preparation


def test_six_at_once_are_made_two_at_a_time_and_all_come(preparer, maker):
    asked = []
    for number in range(6):
        # Answers at once: nothing is made on this thread.
        asked.append(preparer.ask({"what": f"{number}"}))
        if number < 2:
            wait_until(lambda number=number: maker.now == number + 1)
    assert [each.stage for each in asked] == [Stage.WORKING] * 2 + [Stage.WAITING] * 4
    assert [preparer.ahead_of(each) for each in asked] == [0, 0, 0, 1, 2, 3]
    maker.go.set()
    assert [finished(each).stage for each in asked] == [Stage.READY] * 6
    assert maker.most == 2
    assert threading.current_thread().name not in maker.threads
    assert [each.note for each in asked] == [f"note of {number}" for number in range(6)]


def test_a_line_that_is_full_says_so(preparer, maker):
    asked = [preparer.ask({"what": "first"}) for _ in range(2)]
    wait_until(lambda: maker.now == 2)
    asked += [preparer.ask({"what": "later"}) for _ in range(5)]
    with pytest.raises(
        Busy, match="5 other downloads are being prepared; try again in a few minutes"
    ):
        preparer.ask({"what": "one too many"})
    maker.go.set()
    assert all(finished(each).stage is Stage.READY for each in asked)


@pytest.mark.parametrize(
    ("what", "note"),
    [
        ("wrong", "the run is gone"),
        ("bug", "it could not be made; the server's log has the reason"),
    ],
)
def test_what_cannot_be_made_is_said_and_the_next_comes(preparer, maker, what, note):
    maker.go.set()
    assert finished(preparer.ask({"what": what})).note == note
    assert finished(preparer.ask({"what": "good"})).read() == b"good"


def test_what_nobody_waits_for_is_not_made_and_what_nobody_keeps_is_deleted(preparer, maker):
    first = [preparer.ask({"what": "first"}) for _ in range(2)]
    wait_until(lambda: maker.now == 2)
    preparer.ask({"what": "of a visitor who left"})
    gc.collect()
    last = preparer.ask({"what": "last"})
    assert preparer.ahead_of(last) == 0
    maker.go.set()
    finished(last)
    assert maker.made.count("of a visitor who left") == 0
    path = finished(first[0]).path
    assert path.exists()
    first.clear()
    gc.collect()
    wait_until(lambda: not path.exists())


def test_the_oldest_files_make_room_for_new_ones(preparer, maker):
    maker.go.set()
    asked = [finished(preparer.ask({"what": "ten bytes."})) for _ in range(3)]
    wait_until(lambda: not asked[0].path.exists())
    with pytest.raises(RunError, match="prepared too long ago; prepare it again"):
        asked[0].read()
    assert [each.read() for each in asked[1:]] == [b"ten bytes."] * 2


def test_how_many_are_ahead_goes_down_as_they_are_made(maker):
    preparer = Preparer(maker, at_once=1)
    asked = [preparer.ask({"what": "x"}) for _ in range(4)]
    wait_until(lambda: maker.now == 1)
    assert preparer.ahead_of(asked[3]) == 2
    del asked[1]  # whoever wanted it has left
    gc.collect()
    assert preparer.ahead_of(asked[2]) == 1
    maker.go.set()
    finished(asked[2])
    assert preparer.ahead_of(asked[2]) == 0
    preparer.close()


def test_what_a_killed_server_left_is_deleted_by_the_next(tmp_path, monkeypatch):
    long_ago = time.time() - 2 * NEW_SECONDS
    folders = [tmp_path / f"{PREFIX}{name}" for name in ("killed", "running", "new")]
    for folder in folders:
        folder.mkdir()
        (folder / "1").write_text("a report")
    held = take_lock(folders[1] / LOCK)
    for folder in folders[:2]:
        os.utime(folder, (long_ago, long_ago))
    sweep_abandoned(tmp_path)
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert (folders[1] / "1").exists()
    held.release()


def test_nothing_is_made_any_more_when_the_files_are_deleted(maker):
    order: list[str] = []
    preparer = Preparer(maker, stop_making=lambda: order.append(f"{asked.path.parent.exists()}"))
    asked = preparer.ask({"what": "x"})
    preparer.close()
    assert order == ["True"]
    assert not asked.path.parent.exists()
    maker.go.set()


@pytest.mark.parametrize("what", ["run report", "comparison report"])
def test_what_is_read_on_the_way_lies_with_the_files(what, tmp_path, monkeypatch):
    """So that it is deleted with them, where the process that makes them is killed."""
    folders: list[Path] = []

    def read(*given: Any) -> None:
        folders.extend(each for each in given if isinstance(each, Path))
        raise RunError("enough")

    monkeypatch.setattr(report_files, "read_trained", read)
    monkeypatch.setattr(report_files, "_read_comparison", read)
    with pytest.raises(RunError, match="enough"):
        report_files.make({"what": what, "run": "abcd"}, None, tmp_path / "1")
    assert [folder.parent for folder in folders] == [tmp_path]
    assert not folders[0].exists()


def test_closing_leaves_no_file_and_tells_who_waits(preparer, maker):
    asked = [preparer.ask({"what": "x"}) for _ in range(3)]
    wait_until(lambda: maker.now == 2)
    folder = asked[0].path.parent
    preparer.close()
    assert (asked[2].stage, asked[2].note) == (Stage.FAILED, "the server is shutting down")
    assert not folder.exists()
    maker.go.set()
    assert finished(preparer.ask({"what": "after"})).read() == b"after"


@pytest.mark.slow
def test_a_process_that_is_killed_in_the_middle_is_told_and_the_next_report_comes(
    tmp_path, small_run
):
    processes = process._processes
    wanted = {"what": "events", "run": small_run}
    processes.make(wanted, tmp_path / "first")
    (child,) = processes._all
    caught: list[Exception] = []

    def ask() -> None:
        try:
            processes.make(wanted, tmp_path / "second")
        except RunError as error:
            caught.append(error)

    os.kill(child.pid, signal.SIGSTOP)
    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(child._turn.locked)  # the child that does not answer has been asked
    child.close()  # kills it, as the system would where memory ends
    asking.join()
    assert "ended by signal 9" in str(caught[0])
    processes.make(wanted, tmp_path / "third")
    assert (tmp_path / "third").read_bytes() == (tmp_path / "first").read_bytes()
