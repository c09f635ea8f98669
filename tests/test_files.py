"""Files that are whole or not there, and locks that the system lets go of."""

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from explorer import files
from explorer.files import retried, sweep_parts, take_lock, write_whole


def test_a_file_takes_its_name_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, lambda part: part.write_bytes(b"one"))

    def see(part: Path) -> None:
        part.write_bytes(b"t")
        assert path.read_bytes() == b"one"
        part.write_bytes(b"two")

    write_whole(path, see)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a.json": b"two"}


@pytest.mark.parametrize("fails", ["write", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_file_as_it_was(
    fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"one")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    if fails != "write":
        monkeypatch.setattr(files.os, fails, fail)
    with pytest.raises(OSError, match="full"):
        write_whole(path, fail if fails == "write" else lambda part: part.write_bytes(b"two"))
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a.json": b"one"}


@pytest.mark.parametrize(
    ("code", "tries"), [(errno.EMFILE, 3), (errno.EINTR, 3), (errno.ENOSPC, 1), (errno.EROFS, 1)]
)
def test_what_passes_by_itself_is_tried_again(
    code: int, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WAIT", 0.001)
    calls = []

    def work() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise OSError(code, os.strerror(code))
        return "done"

    if tries == 3:
        assert retried(work) == "done"
    else:
        with pytest.raises(OSError, match=os.strerror(code)):
            retried(work)
    assert len(calls) == tries


def test_what_does_not_pass_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WAIT", 0.001)

    def work() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with pytest.raises(OSError, match="Too many"):
        retried(work)


def test_one_holds_a_lock_at_a_time(tmp_path: Path) -> None:
    held = take_lock(tmp_path / "lock")
    assert held
    assert take_lock(tmp_path / "lock") is None
    found = []
    thread = threading.Thread(target=lambda: found.append(take_lock(tmp_path / "lock")))
    thread.start()
    thread.join()
    assert found == [None]
    thread = threading.Thread(target=held.release)  # another thread than took it
    thread.start()
    thread.join()
    again = take_lock(tmp_path / "lock")
    assert again
    began = time.monotonic()
    assert take_lock(tmp_path / "lock", wait=0.3) is None
    assert time.monotonic() - began >= 0.3
    again.release()


HOLD = """
import sys, time
from pathlib import Path
from explorer.files import take_lock
held = take_lock(Path(sys.argv[1]))
print(held is not None, flush=True)
time.sleep(600)
"""


def test_a_process_that_is_killed_holds_no_lock(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        assert take_lock(tmp_path / "lock") is None
        process.kill()
    taken = take_lock(tmp_path / "lock")
    assert taken
    taken.release()


def test_a_lock_that_cannot_be_made_is_an_error_and_no_wait(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        take_lock(tmp_path / "file" / "lock")


def test_half_written_files_are_swept_once_they_are_old(tmp_path: Path) -> None:
    for name, age in (("old.part", 100), (".tmpX1y2z3", 100), ("new.part", 0), ("whole.json", 100)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    assert sweep_parts(tmp_path, older_than=50) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["new.part", "whole.json"]
    assert sweep_parts(tmp_path / "nowhere", older_than=0) == 0
