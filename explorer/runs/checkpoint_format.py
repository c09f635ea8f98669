"""Checkpoints that are kept: written to their files, read again, and checked.

A file is safetensors: the checkpoint's tensors, and in its metadata the facts as JSON and a
checksum over both. Nothing in it is ever executed. Where the files lie is the concern of
checkpoint_files.py.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from explorer.runs.checkpoint_files import CheckpointError, Checkpoints
from explorer.training.checkpoint import Checkpoint

# What reading bytes that are no checkpoint may raise.
UNREADABLE = (SafetensorError, ValueError, LookupError, TypeError, RuntimeError)


# --- those of a run -------------------------------------------------------------------------------


def save_checkpoint(checkpoints: Checkpoints, run: str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint. It is on the disk when this returns.

    Raises StoreError, and the checkpoints before are as they were then.
    """
    checkpoints.write(run, checkpoint.epoch, _Unwritten(checkpoint))


def read_checkpoint(checkpoints: Checkpoints, run: str, epoch: int) -> Checkpoint:
    """The checkpoint after this epoch, its checksum compared. Raises CheckpointError."""
    found = checkpoints.find(run, epoch)
    if isinstance(found, bytes):
        return from_bytes(found)
    try:
        checkpoint = _from_file(found)
    except (OSError, CheckpointError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise CheckpointError(f"the checkpoint of epoch {epoch} is damaged ({reason})") from None
    if checkpoint.epoch != epoch:
        raise CheckpointError(
            f"the checkpoint of epoch {epoch} is damaged (it holds epoch {checkpoint.epoch})"
        )
    return checkpoint


def read_facts(checkpoints: Checkpoints, run: str, epoch: int) -> dict[str, Any]:
    """The facts in a checkpoint, without reading its tensors from the disk.

    Raises CheckpointError.
    """
    found = checkpoints.find(run, epoch)
    if isinstance(found, bytes):
        return from_bytes(found).facts
    try:
        with safe_open(found, "pt") as file:
            return _facts(file.metadata() or {})
    except (OSError, SafetensorError, ValueError, LookupError) as error:
        raise CheckpointError(f"the checkpoint of epoch {epoch} is damaged ({error})") from None


def newest_checkpoint(checkpoints: Checkpoints, run: str, up_to: int) -> tuple[Checkpoint, str]:
    """The newest readable checkpoint of an epoch up to `up_to`, and what is wrong with newer ones.

    The latter is "" if nothing is. Raises CheckpointError if none can be read.
    """
    wrong: list[str] = []
    for epoch in checkpoints.epochs(run):
        if epoch > up_to:  # written just before the process ended, its events were not
            continue
        if epoch < up_to and not wrong:
            wrong.append(f"the checkpoint of epoch {up_to} is missing")
        try:
            return read_checkpoint(checkpoints, run, epoch), "; ".join(wrong)
        except CheckpointError as error:
            wrong.append(str(error))
    raise CheckpointError("; ".join(wrong) or f"there is no checkpoint of epoch {up_to}")


@dataclass(frozen=True)
class _Unwritten:
    """A checkpoint as checkpoint_files.py takes it."""

    checkpoint: Checkpoint

    @property
    def size(self) -> int:
        return sum(tensor.nbytes for tensor in self.checkpoint.tensors.values())

    def write(self, path: Path) -> None:
        _save_file(self.checkpoint, path)

    def to_bytes(self) -> bytes:
        return to_bytes(self.checkpoint)


# --- one checkpoint -------------------------------------------------------------------------------


def to_bytes(checkpoint: Checkpoint) -> bytes:
    return safetensors.torch.save(checkpoint.tensors, _new_metadata(checkpoint))


def _new_metadata(checkpoint: Checkpoint) -> dict[str, str]:
    facts = json.dumps(
        {"epoch": checkpoint.epoch, "step": checkpoint.step, "facts": checkpoint.facts}
    )
    return {"checkpoint": facts, "sha256": _checksum(facts, checkpoint.tensors)}


def from_bytes(data: bytes) -> Checkpoint:
    """The checkpoint in the bytes of its file. Raises CheckpointError, which says what is wrong."""
    try:
        return _checked(_metadata(data), safetensors.torch.load(data))
    except UNREADABLE as error:
        raise _damage(error) from None


def _from_file(path: Path) -> Checkpoint:
    """Like `from_bytes`, tensor by tensor, so that the file is never in memory beside its
    tensors.
    """
    try:
        with safe_open(path, "pt") as file:
            # Copies: the tensors that safe_open gives lie in the file itself, which may be deleted.
            names = list(file.keys())
            tensors = {name: file.get_tensor(name).clone() for name in names}
            return _checked(file.metadata() or {}, tensors)
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
        digest.update(
            tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data
            if tensor.numel()
            else b""
        )
    return digest.hexdigest()


def _save_file(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint from the tensors themselves, as `to_bytes` would need their memory twice
    more.

    Raises OSError.
    """
    try:
        safetensors.torch.save_file(checkpoint.tensors, path, _new_metadata(checkpoint))
    except SafetensorError as error:
        # "Error while serializing: I/O error: No space left on device (os error 28)".
        number = re.search(r"\(os error (\d+)\)", str(error))
        raise (
            OSError(int(number[1]), os.strerror(int(number[1])))
            if number
            else OSError(0, str(error))
        ) from None
