"""The files of all runs' checkpoints, and the lock of the process that trains a run.

A file is written under another name, brought to the disk and then renamed, so that it is there
whole or not at all. Which of a run are kept, kept_epochs.py says. What is in a file is the concern
of checkpoint_format.py, so that nothing here needs torch.

    checkpoints/RUN/epoch-00007.safetensors
    checkpoints/RUN/lock       held by the process that trains the run: the system lets go of it
    when that process ends,
                               however it ends
"""

import os
import re
import shutil
import threading
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from explorer.files import retried, sweep_parts, take_lock, unfinished_files, write_whole
from explorer.runs.database import StoreError
from explorer.runs.disk import room_problem
from explorer.runs.kept_epochs import kept_epochs

# Of checkpoints in memory in all; the newest run's are kept whatever their size.
IN_MEMORY_BYTES = 256_000_000


class CheckpointError(Exception):
    """A checkpoint is missing or damaged; the message says which."""


class CheckpointFile(Protocol):
    """A checkpoint to be written."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""

    def write(self, path: Path) -> None:
        """Raises OSError."""

    def to_bytes(self) -> bytes: ...


class Lock(Protocol):
    """The lock of the process that trains a run."""

    def release(self) -> object: ...


class Checkpoints(Protocol):
    """The checkpoints of all runs. Every method may be called from any thread."""

    def lock(self, run: str) -> Lock | None:
        """The run's lock, or None if somebody else holds it. Raises StoreError."""

    def write(self, run: str, epoch: int, file: CheckpointFile) -> None:
        """On the disk when this returns.

        Raises StoreError, and then the ones before are as they were.
        """

    def epochs(self, run: str) -> list[int]:
        """The epochs of which there are checkpoints, the newest first."""

    def find(self, run: str, epoch: int) -> Path | bytes:
        """The path of a checkpoint, or its content if it is in memory. Raises CheckpointError if
        there is none.
        """

    def trim(self, run: str, epoch: int, outstanding: Collection[int] = ()) -> None:
        """Delete the checkpoints that are not kept after this epoch, see kept_epochs. Those of
        epochs after it are left from before a run was rewound.
        """

    def delete(self, run: str) -> None:
        """Delete all checkpoints of a run."""

    def sizes(self, runs: Iterable[str] | None = None) -> dict[str, int]:
        """Bytes of the checkpoints of these runs, or of all, by the run's id, for runs that have
        any.
        """

    def newest(self) -> dict[str, int]:
        """The epoch of each run's newest checkpoint, by the run's id."""

    def sweep(self) -> int:
        """Delete what killed processes left half written in runs that nobody trains.

        Returns the number of files.
        """


class CheckpointFolder:
    """Checkpoints on the disk. Whoever writes holds the run's lock."""

    def __init__(self, root: Path):
        self.root = root

    def lock(self, run: str) -> Lock | None:
        try:
            folder = self.root / run
            folder.mkdir(parents=True, exist_ok=True)
            return retried(lambda: take_lock(folder / "lock"))
        except OSError as error:
            raise StoreError(f"{self.root / run} cannot be written: {error.strerror}") from None

    def write(self, run: str, epoch: int, file: CheckpointFile) -> None:
        path = self._path(run, epoch)
        if problem := room_problem(self.root, file.size):
            raise StoreError(
                f"the checkpoint of epoch {epoch} was not written: {problem}; then resume the run"
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            retried(lambda: write_whole(path, file.write))
        except OSError as error:
            raise StoreError(
                f"the checkpoint of epoch {epoch} cannot be written to {path.parent}: "
                f"{error.strerror}; make that right and resume the run"
            ) from None

    def epochs(self, run: str) -> list[int]:
        try:
            names = os.listdir(self.root / run)
        except OSError:
            return []
        found = (re.fullmatch(r"epoch-(\d+)\.safetensors", name) for name in names)
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def find(self, run: str, epoch: int) -> Path | bytes:
        return self._path(run, epoch)

    def trim(self, run: str, epoch: int, outstanding: Collection[int] = ()) -> None:
        epochs = self.epochs(run)
        size = max((_size(self._path(run, each)) for each in epochs if each <= epoch), default=0)
        for old in _superfluous(epochs, epoch, outstanding, size):
            with suppress(OSError):
                self._path(run, old).unlink()

    def delete(self, run: str) -> None:
        shutil.rmtree(self.root / run, ignore_errors=True)

    def sizes(self, runs: Iterable[str] | None = None) -> dict[str, int]:
        sizes = {}
        for folder in self._folders() if runs is None else [self.root / run for run in runs]:
            with suppress(OSError), os.scandir(folder) as files:  # it may be deleted just now
                sizes[folder.name] = sum(_bytes_of(file) for file in files)
        return {run: size for run, size in sizes.items() if size}

    def newest(self) -> dict[str, int]:
        epochs = {folder.name: self.epochs(folder.name) for folder in self._folders()}
        return {run: found[0] for run, found in epochs.items() if found}

    def sweep(self) -> int:
        swept = 0
        for folder in self._folders():
            if not unfinished_files(folder):
                continue
            with suppress(StoreError):
                if lock := self.lock(folder.name):
                    swept += sweep_parts(folder, 0)
                    lock.release()
        return swept

    def _folders(self) -> list[Path]:
        """The folders of all runs."""
        try:
            with os.scandir(self.root) as found:
                return [Path(each.path) for each in found if each.is_dir(follow_symlinks=False)]
        except OSError:
            return []

    def _path(self, run: str, epoch: int) -> Path:
        return self.root / run / f"epoch-{epoch:05d}.safetensors"


class CheckpointMemory:
    """Checkpoints in memory. Those of the oldest runs are dropped when there is no more room.

    `behind` are checkpoints on the disk that are read for runs without any in memory, and never
    changed.
    """

    def __init__(self, behind: Checkpoints | None = None) -> None:
        self._behind = behind
        self._lock = threading.Lock()
        self._locked: set[str] = set()  # runs; set's own methods are atomic
        self._kept: dict[str, dict[int, bytes]] = {}  # by run, the one saved last at the end

    def lock(self, run: str) -> Lock | None:
        with self._lock:
            if run in self._locked:
                return None
            self._locked.add(run)
        return _MemoryLock(self._locked, run)

    def write(self, run: str, epoch: int, file: CheckpointFile) -> None:
        data = file.to_bytes()
        with self._lock:
            self._kept[run] = {**self._kept.pop(run, {}), epoch: data}
            room = IN_MEMORY_BYTES
            for other, files in reversed(list(self._kept.items())):
                room -= sum(map(len, files.values()))
                if room < 0 and other != run:
                    del self._kept[other]

    def epochs(self, run: str) -> list[int]:
        with self._lock:
            ours = set(self._kept.get(run, ()))
        return sorted(ours.union(self._behind.epochs(run) if self._behind else ()), reverse=True)

    def find(self, run: str, epoch: int) -> Path | bytes:
        with self._lock:
            data = self._kept.get(run, {}).get(epoch)
        if data is not None:
            return data
        if self._behind and epoch in self._behind.epochs(run):
            return self._behind.find(run, epoch)
        raise CheckpointError(f"the checkpoint of epoch {epoch} was forgotten")

    def trim(self, run: str, epoch: int, outstanding: Collection[int] = ()) -> None:
        epochs = self.epochs(run)
        with self._lock:
            size = max(map(len, self._kept.get(run, {}).values()), default=0)
            for old in _superfluous(epochs, epoch, outstanding, size):
                self._kept.get(run, {}).pop(old, None)

    def delete(self, run: str) -> None:
        with self._lock:
            self._kept.pop(run, None)

    def sizes(self, runs: Iterable[str] | None = None) -> dict[str, int]:
        with self._lock:
            wanted = self._kept if runs is None else [run for run in runs if run in self._kept]
            sizes = {run: sum(map(len, self._kept[run].values())) for run in wanted}
        return {run: size for run, size in sizes.items() if size}

    def newest(self) -> dict[str, int]:
        with self._lock:
            return {run: max(files) for run, files in self._kept.items() if files}

    def sweep(self) -> int:
        return 0


def _bytes_of(file: os.DirEntry[str]) -> int:
    try:
        return file.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _superfluous(
    epochs: list[int], epoch: int, outstanding: Collection[int], size: int
) -> set[int]:
    """The epochs whose checkpoints are to be deleted, given those that exist."""
    return set(epochs) - kept_epochs([each for each in epochs if each <= epoch], outstanding, size)


class _MemoryLock:
    def __init__(self, locked: set[str], run: str):
        self._locked, self._run = locked, run

    def release(self) -> None:
        self._locked.discard(self._run)
