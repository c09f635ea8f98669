"""Architectures that were saved under a name: one JSON file each in one folder, with the recipe and
the assignment.

Everyone who uses the server sees all of them: a class shows its work so. Whoever saved one can
replace or delete it, and so can a teacher.
"""

import hashlib
import json
import logging
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from explorer.files import sweep_parts, take_lock, write_whole
from explorer.json_reading import decode_json
from explorer.link import MAX_BYTES, LinkError, Shared, parse_shared, to_data
from explorer.people.permissions import Action, Kind, Thing, check, may
from explorer.people.person import Person
from explorer.refusal import Refusal
from explorer.text import printable

MAX_SAVED = 500
MOST_OF_A_PERSON = 50  # that is no teacher
MAX_NAME = 60
LOCK_SECONDS = 5.0  # that a save waits for another server's
ABANDONED = 60.0  # seconds after which a half-written file is nobody's any more

log = logging.getLogger(__name__)


class SaveError(Refusal):
    """The name cannot be used, or the folder cannot be written; the message says which and what to
    do.
    """


@dataclass(frozen=True)
class Saved:
    """Work saved under a name."""

    name: str
    owner: str
    shared: Shared


class SavedStore:
    """The folder of saved work. Every method may be called from any thread.

    Other programs may change the files at any time.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        sweep_parts(folder, older_than=ABANDONED)
        self._lock = threading.Lock()
        # By file name: when it was written, and what is in it.
        self._read: dict[str, tuple[int, Saved | None]] = {}

    def all(self) -> tuple[Saved, ...]:
        """All saved work, sorted by name. Files of others are left out."""
        with self._lock:
            return tuple(
                sorted(
                    self._entries().values(), key=lambda saved: (saved.name.casefold(), saved.name)
                )
            )

    def save(self, name: str, shared: Shared, by: Person) -> Saved:
        """Save the work under a name, in place of what the same person saved under it. Raises
        SaveError and NotAllowed.
        """
        name = printable(name)
        check(by, Action.SAVE, Thing(Kind.SAVED, by.id))
        if not name or len(name) > MAX_NAME:
            raise SaveError(f"enter a name of 1 to {MAX_NAME} characters")
        file = file_name(name)
        with self._lock, self._alone():
            entries = self._entries()
            there = self._owner_of(file)
            if there is not None and not may(by, Action.REPLACE, Thing(Kind.SAVED, there)):
                raise SaveError(f"“{name}” is already in use; choose another name")
            if file not in entries and len(entries) >= MAX_SAVED:
                log.warning(
                    "%d networks are saved in %s, which is the limit", MAX_SAVED, self.folder
                )
                raise SaveError(
                    f"{MAX_SAVED} networks are saved here, which is the limit; "
                    "delete one of yours, or ask whoever runs this server to make room"
                )
            own = sum(each.owner == by.id for each in entries.values())
            if file not in entries and own >= MOST_OF_A_PERSON and not by.is_teacher:
                raise SaveError(
                    f"you have saved {own} networks, and {MOST_OF_A_PERSON} is the most for one "
                    "person; delete one of yours, or save this in place of one, under its name"
                )
            saved = Saved(name, by.id, shared)
            self._write(file, saved)
        return saved

    def delete(self, name: str, by: Person) -> None:
        """Delete saved work. Does nothing if there is none. Raises SaveError and NotAllowed."""
        with self._lock, self._alone():
            # By its name as it is shown: a file that was written by hand may hold more than can be
            # seen.
            file, found = next(
                (entry for entry in self._entries().items() if entry[1].name == name), ("", None)
            )
            if found is None:
                return
            check(by, Action.DELETE, Thing(Kind.SAVED, found.owner))
            try:
                (self.folder / file).unlink(missing_ok=True)
            except OSError as error:
                raise self._cannot_write(error) from None

    def delete_all_of(self, owner: str, by: Person) -> int:
        """Delete all that this owner saved. Returns how many those were. Raises SaveError and
        NotAllowed.
        """
        own = [saved.name for saved in self.all() if saved.owner == owner]
        for name in own:
            self.delete(name, by)
        return len(own)

    # --- under the lock ---------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other servers from changing the folder meanwhile, so that what was found is still
        true when it is written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = take_lock(self.folder / ".lock", LOCK_SECONDS)
        except OSError as error:
            raise self._cannot_write(error) from None
        if lock is None:
            raise SaveError("another server is saving just now; try again in a moment")
        try:
            yield
        finally:
            lock.release()

    def _owner_of(self, file: str) -> str | None:
        """Whose this file is; None where there is none, "" where it cannot be read."""
        path = self.folder / file
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return None
        except OSError:
            return ""
        found = _parse(path, size)
        return found.owner if found else ""

    def _entries(self) -> dict[str, Saved]:
        """The saved work by file name. Only new and changed files are read."""
        read: dict[str, tuple[int, Saved | None]] = {}
        for name, stat in self._files()[: 2 * MAX_SAVED]:
            before = self._read.get(name)
            known = before if before and before[0] == stat.st_mtime_ns else None
            read[name] = known or (stat.st_mtime_ns, _parse(self.folder / name, stat.st_size))
        self._read = read
        return {name: saved for name, (_, saved) in read.items() if saved}

    def _files(self) -> list[tuple[str, os.stat_result]]:
        """The files by name. One that is being deleted is left out."""
        found = []
        try:
            with os.scandir(self.folder) as files:
                for file in files:
                    if file.name.endswith(".json"):
                        with suppress(OSError):
                            found.append((file.name, file.stat()))
        except FileNotFoundError:  # nothing was saved yet
            return []
        except OSError as error:
            log.warning("what is saved in %s cannot be listed: %s", self.folder, error)
        return sorted((name, stat) for name, stat in found if S_ISREG(stat.st_mode))

    def _write(self, file: str, saved: Saved) -> None:
        """Write a file whole or not at all, so that no reader sees half of it."""
        text = json.dumps(
            {"name": saved.name, "owner": saved.owner, **to_data(saved.shared)},
            ensure_ascii=False,
            indent=1,
        )
        try:
            write_whole(self.folder / file, lambda part: part.write_bytes(text.encode()))
        except OSError as error:
            raise self._cannot_write(error) from None

    def _cannot_write(self, error: OSError) -> SaveError:
        """A message for visitors, which does not name the folder; the log does."""
        log.warning("%s cannot be written: %s", self.folder, error)
        return SaveError(
            f"what is saved on this server cannot be written: {error.strerror}; "
            "tell whoever runs it"
        )


def file_name(name: str) -> str:
    """A file name that every file system takes. Two names give two file names unless only capitals
    differ.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold())[:40].strip("-")
    return f"{plain}-{hashlib.sha256(name.casefold().encode()).hexdigest()[:12]}.json".lstrip("-")


def _parse(path: Path, size: int) -> Saved | None:
    try:
        data = (
            decode_json(path.read_bytes(), "a saved network", 2 * MAX_BYTES, LinkError)
            if size <= 2 * MAX_BYTES
            else None
        )
        if not isinstance(data, dict):
            raise LinkError("not a saved network")
        name, owner = data.pop("name", None), data.pop("owner", None)
        if not isinstance(name, str) or not isinstance(owner, str) or file_name(name) != path.name:
            raise LinkError("its name is not its file's")
        if not printable(name):
            raise LinkError("its name has no printable character")
        return Saved(printable(name), owner, parse_shared(data))
    except (OSError, LinkError) as error:
        log.warning("%s is left out: %s", path, error)
        return None
