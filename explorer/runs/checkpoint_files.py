"""Checkpoints as files, and the lock of the process that trains a run.

A file is safetensors: the checkpoint's tensors, and in its metadata the facts as JSON and a checksum over both. Nothing in
it is ever executed. It is written under another name, brought to the disk and then renamed, so that it is there whole or
not at all. The newest of a run is kept and the one before it, should the newest be damaged.

    checkpoints/RUN/epoch-00007.safetensors
    checkpoints/RUN/lock       held by the process that trains the run: the system lets go of it when that process ends,
                               however it ends
"""

import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from explorer.files import retried, sweep_parts, take_lock, unfinished_files, write_whole
from explorer.runs.database import StoreError
from explorer.runs.disk import room_problem
from explorer.training.checkpoint import Checkpoint

KEPT = 2  # checkpoints of a run
IN_MEMORY_BYTES = 256_000_000  # of checkpoints in memory in all; the newest run's are kept whatever their size


class CheckpointError(Exception):
    """A checkpoint that is not there or is damaged; the message says which."""


# What reading bytes that are no checkpoint may raise.
UNREADABLE = (SafetensorError, ValueError, LookupError, TypeError, RuntimeError)

# --- a checkpoint as bytes ------------------------------------------------------------------------------------------


def to_bytes(checkpoint: Checkpoint) -> bytes:
    return safetensors.torch.save(checkpoint.tensors, _new_metadata(checkpoint))


def _new_metadata(checkpoint: Checkpoint) -> dict[str, str]:
    facts = json.dumps({"epoch": checkpoint.epoch, "step": checkpoint.step, "facts": checkpoint.facts})
    return {"checkpoint": facts, "sha256": _checksum(facts, checkpoint.tensors)}


def from_bytes(data: bytes) -> Checkpoint:
    """Raises CheckpointError, which says what is wrong."""
    try:
        return _checked(_metadata(data), safetensors.torch.load(data))
    except UNREADABLE as error:
        raise _damage(error) from None


def _from_file(path: Path) -> Checkpoint:
    """Like `from_bytes`, tensor by tensor, so that the file is never in memory beside what is read from it."""
    try:
        with safe_open(path, "pt") as file:
            # Copies: the tensors that safe_open gives lie in the file itself, which may be deleted.
            return _checked(file.metadata() or {}, {name: file.get_tensor(name).clone() for name in file.keys()})  # noqa: SIM118
    except UNREADABLE as error:
        raise _damage(error) from None


def _damage(error: Exception) -> CheckpointError:
    if isinstance(error, SafetensorError):
        return CheckpointError("its parts do not fit together")
    # In torch's own words, as where there is no memory for it.
    if isinstance(error, RuntimeError) and not isinstance(error, RecursionError):
        return CheckpointError(f"torch cannot read it: {str(error).partition(chr(10))[0]}")
    return CheckpointError("it does not hold what a checkpoint holds")


def _checked(metadata: Mapping[str, str], tensors: dict[str, Tensor]) -> Checkpoint:
    facts, checksum = metadata["checkpoint"], metadata["sha256"]
    if _checksum(facts, tensors) != checksum:
        raise CheckpointError("its checksum is wrong")
    return Checkpoint(**json.loads(facts), tensors=tensors)


def weights_to_bytes(weights: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """A network's state_dict as a safetensors file."""
    return safetensors.torch.save(weights, metadata)


def _metadata(data: bytes) -> dict[str, str]:
    """Of a safetensors file: its length in 8 bytes, then a JSON object, then the tensors."""
    length = int.from_bytes(data[:8], "little")
    found: dict[str, str] = json.loads(data[8 : 8 + length])["__metadata__"]
    return found


def _facts(metadata: Mapping[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(metadata["checkpoint"])["facts"]
    return facts


def _checksum(facts: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(facts.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b"")
    return digest.hexdigest()


# --- where they are kept --------------------------------------------------------------------------------------------


class Lock(Protocol):
    """Held by whoever trains a run."""

    def release(self) -> object: ...


class Checkpoints(Protocol):
    """Those of all runs. Every method may be called from any thread."""

    def lock(self, run: str) -> Lock | None:
        """The run's lock, or None where somebody else holds it. Raises StoreError."""

    def save(self, run: str, checkpoint: Checkpoint) -> None:
        """On the disk when this returns. Raises StoreError, and then the ones before are as they were."""

    def epochs(self, run: str) -> list[int]:
        """After which epochs there are checkpoints, the newest first."""

    def read(self, run: str, epoch: int) -> Checkpoint:
        """Raises CheckpointError."""

    def read_facts(self, run: str, epoch: int) -> dict[str, Any]:
        """The facts of a checkpoint alone, without its tensors and unchecked. Raises CheckpointError."""

    def trim(self, run: str, epoch: int) -> None:
        """Delete all but the newest KEPT of those up to `epoch`."""

    def delete(self, run: str) -> None:
        """All of a run."""

    def sizes(self) -> dict[str, int]:
        """Bytes of each run's checkpoints, by the run; without those that have none."""

    def newest(self) -> dict[str, int]:
        """The newest checkpoint's epoch of every run that has one."""

    def sweep(self) -> int:
        """Delete what killed writes left of runs that nobody trains; how many files these were."""


class CheckpointFolder:
    """On disk. Whoever saves holds the run's lock."""

    def __init__(self, root: Path):
        self.root = root

    def lock(self, run: str) -> Lock | None:
        try:
            folder = self.root / run
            folder.mkdir(parents=True, exist_ok=True)
            return retried(lambda: take_lock(folder / "lock"))
        except OSError as error:
            raise StoreError(f"{self.root / run} cannot be written: {error.strerror}") from None

    def save(self, run: str, checkpoint: Checkpoint) -> None:
        path = self._path(run, checkpoint.epoch)
        if problem := room_problem(self.root, sum(tensor.nbytes for tensor in checkpoint.tensors.values())):
            raise StoreError(f"the checkpoint of epoch {checkpoint.epoch} was not written: {problem}; then resume the run")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            retried(lambda: write_whole(path, lambda part: _save_file(checkpoint, part)))
        except OSError as error:
            raise StoreError(
                f"the checkpoint of epoch {checkpoint.epoch} cannot be written to {path.parent}: {error.strerror}; "
                "make that right and resume the run"
            ) from None

    def epochs(self, run: str) -> list[int]:
        try:
            names = os.listdir(self.root / run)
        except OSError:
            return []
        found = (re.fullmatch(r"epoch-(\d+)\.safetensors", name) for name in names)
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def read(self, run: str, epoch: int) -> Checkpoint:
        try:
            checkpoint = _from_file(self._path(run, epoch))
        except (OSError, CheckpointError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            raise CheckpointError(f"the checkpoint of epoch {epoch} is damaged ({reason})") from None
        if checkpoint.epoch != epoch:
            raise CheckpointError(f"the checkpoint of epoch {epoch} is damaged (it holds epoch {checkpoint.epoch})")
        return checkpoint

    def read_facts(self, run: str, epoch: int) -> dict[str, Any]:
        try:
            with safe_open(self._path(run, epoch), "pt") as file:
                return _facts(file.metadata() or {})
        except (OSError, SafetensorError, ValueError, LookupError) as error:
            raise CheckpointError(f"the checkpoint of epoch {epoch} is damaged ({error})") from None

    def trim(self, run: str, epoch: int) -> None:
        for old in _superfluous(self.epochs(run), epoch):
            with suppress(OSError):
                self._path(run, old).unlink()

    def delete(self, run: str) -> None:
        shutil.rmtree(self.root / run, ignore_errors=True)

    def sizes(self) -> dict[str, int]:
        sizes = {}
        for folder in self._folders():
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
        """One a run."""
        try:
            with os.scandir(self.root) as found:
                return [Path(each.path) for each in found if each.is_dir(follow_symlinks=False)]
        except OSError:
            return []

    def _path(self, run: str, epoch: int) -> Path:
        return self.root / run / f"epoch-{epoch:05d}.safetensors"


class CheckpointMemory:
    """In memory, where nothing can be written: those of the oldest runs go when there is no more room.

    `behind` are checkpoints on disk that are read where there are none of a run in memory, and never changed.
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

    def save(self, run: str, checkpoint: Checkpoint) -> None:
        data = to_bytes(checkpoint)
        with self._lock:
            self._kept[run] = {**self._kept.pop(run, {}), checkpoint.epoch: data}
            room = IN_MEMORY_BYTES
            for other, files in reversed(list(self._kept.items())):
                room -= sum(map(len, files.values()))
                if room < 0 and other != run:
                    del self._kept[other]

    def epochs(self, run: str) -> list[int]:
        with self._lock:
            ours = set(self._kept.get(run, ()))
        return sorted(ours.union(self._behind.epochs(run) if self._behind else ()), reverse=True)

    def read(self, run: str, epoch: int) -> Checkpoint:
        with self._lock:
            data = self._kept.get(run, {}).get(epoch)
        if data is not None:
            return from_bytes(data)
        if self._behind and epoch in self._behind.epochs(run):
            return self._behind.read(run, epoch)
        raise CheckpointError(f"the checkpoint of epoch {epoch} was forgotten")

    def read_facts(self, run: str, epoch: int) -> dict[str, Any]:
        return self.read(run, epoch).facts

    def trim(self, run: str, epoch: int) -> None:
        superfluous = _superfluous(self.epochs(run), epoch)
        with self._lock:
            for old in superfluous:
                self._kept.get(run, {}).pop(old, None)

    def delete(self, run: str) -> None:
        with self._lock:
            self._kept.pop(run, None)

    def sizes(self) -> dict[str, int]:
        with self._lock:
            return {run: sum(map(len, files.values())) for run, files in self._kept.items() if files}

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


def newest_checkpoint(checkpoints: Checkpoints, run: str, up_to: int) -> tuple[Checkpoint, str]:
    """The newest that can be read of those after at most `up_to` epochs, and what is wrong with newer ones ("" where
    nothing is). Raises CheckpointError where there is none."""
    wrong: list[str] = []
    for epoch in checkpoints.epochs(run):
        if epoch > up_to:  # written just before the process ended, its events were not
            continue
        if epoch < up_to and not wrong:
            wrong.append(f"the checkpoint of epoch {up_to} is missing")
        try:
            return checkpoints.read(run, epoch), "; ".join(wrong)
        except CheckpointError as error:
            wrong.append(str(error))
    raise CheckpointError("; ".join(wrong) or f"there is no checkpoint of epoch {up_to}")


def _superfluous(epochs: list[int], epoch: int) -> list[int]:
    """Of those that there are, the newest first. What lies above `epoch` is left from a run that was taken further back."""
    return [one for one in epochs if one > epoch] + [one for one in epochs if one <= epoch][KEPT:]


def _save_file(checkpoint: Checkpoint, path: Path) -> None:
    """Writes from the tensors themselves, as `to_bytes` would take twice their memory beside them. Raises OSError."""
    try:
        safetensors.torch.save_file(checkpoint.tensors, path, _new_metadata(checkpoint))
    except SafetensorError as error:  # "Error while serializing: I/O error: No space left on device (os error 28)"
        number = re.search(r"\(os error (\d+)\)", str(error))
        raise (OSError(int(number[1]), os.strerror(int(number[1]))) if number else OSError(0, str(error))) from None


class _MemoryLock:
    def __init__(self, locked: set[str], run: str):
        self._locked, self._run = locked, run

    def release(self) -> None:
        self._locked.discard(self._run)
