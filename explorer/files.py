"""Files that are there whole or not at all, on every system that Python runs on."""

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

T = TypeVar("T")

PART = ".part"  # ends the name of what is still being written
# The names of such files; safetensors writes to the latter first.
UNFINISHED = (f"*{PART}", ".tmp*")
# What passes by itself: too many open files, interrupted, busy; and on Windows what it says while
# somebody reads the file.
PASSING = {errno.EMFILE, errno.ENFILE, errno.EINTR, errno.EAGAIN, errno.EBUSY}
PASSING |= {errno.EACCES, errno.EPERM} if os.name == "nt" else set()
TRIES = 5
WAIT = 0.1  # seconds before the second try; twice as long before each further one


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that it is there whole or not at all.

    `write` gets another path to write to; the file takes its own name once it is on the disk. A
    reader sees the old content or the new, even if the process or the machine ends meanwhile.
    Raises OSError, and leaves nothing behind then.
    """
    part = path.with_name(f"{path.name}{PART}")
    try:
        write(part)
        _sync(part)
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    sync_folder(path.parent)  # the name is on the disk only when its folder is


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a folder's list of files to the disk, on systems that let a folder be opened."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def retried(work: Callable[[], T]) -> T:
    """Call `work`, a few times if it fails by what may pass by itself. Raises OSError."""
    for attempt in range(TRIES):
        try:
            return work()
        except OSError as error:
            if error.errno not in PASSING or attempt == TRIES - 1:
                raise
        time.sleep(WAIT * 2**attempt)
    raise AssertionError("the last try returns or raises")


def take_lock(path: Path, wait: float = 0.0) -> FileLock | None:
    """The lock of this file, or None if somebody else still holds it after `wait` seconds.

    The system releases it when the process ends, however it ends. Any thread may release it. Raises
    OSError.
    """
    lock = FileLock(path, timeout=wait, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def unfinished_files(folder: Path) -> list[Path]:
    """The files in this folder that are being written, or were when their process was killed.
    Raises OSError.
    """
    return [path for pattern in UNFINISHED for path in folder.glob(pattern)]


def sweep_parts(folder: Path, older_than: float) -> int:
    """Delete half-written files in this folder that nobody has touched for so many seconds.

    Returns the number of files.
    """
    swept = 0
    with suppress(OSError):
        for part in unfinished_files(folder):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime >= older_than:
                    part.unlink()
                    swept += 1
    return swept
