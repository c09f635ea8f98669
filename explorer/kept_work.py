"""Work that is too long for an address, kept by the server under a short id that the address can
hold.

One JSON file each in one folder, the newest MAX_KEPT of them. An id is random, so that only who has
the address finds the work. Every session writes under an id of its own: two windows that were
opened from one address do not disturb each other.
"""

import json
import logging
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from explorer.files import PART
from explorer.json_reading import decode_json
from explorer.link import MAX_BYTES, LinkError, Shared, parse_shared, to_data

MAX_KEPT = 2_000
_ID = re.compile(r"[A-Za-z0-9_-]{12}")

log = logging.getLogger(__name__)


def new_id() -> str:
    return secrets.token_urlsafe(9)


class KeptWork:
    """The folder of work that is too long for an address. For any thread, and several servers at
    once.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def keep(self, id: str, shared: Shared) -> bool:
        """Keep the work under this id, in place of what was kept under it before.

        Returns False if it is too large or cannot be written.
        """
        data = json.dumps(to_data(shared), ensure_ascii=False, separators=(",", ":")).encode()
        if len(data) > MAX_BYTES:
            return False
        path = self._path(id)
        part = path.with_name(f"{path.name}{PART}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            is_new = not path.exists()
            part.write_bytes(data)  # not synced: an edit shall not wait for the disk
            os.replace(part, path)
            if is_new:
                self._forget_oldest()
        except OSError as error:
            log.warning("%s cannot be written: %s", self.folder, error)
            return False
        return True

    def find(self, id: str) -> Shared:
        """The work kept under this id. Raises LinkError if there is none or it cannot be read."""
        if not _ID.fullmatch(id):
            raise LinkError("the link is not one of this program's, or it is cut off")
        try:
            data = self._path(id).read_bytes()
        except FileNotFoundError:
            raise LinkError("what it leads to is not kept on this server any more") from None
        except OSError as error:
            log.warning("%s cannot be read: %s", self.folder, error)
            raise LinkError("what it leads to cannot be read on this server") from None
        return parse_shared(decode_json(data, "the work", MAX_BYTES, LinkError))

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.json"

    def _forget_oldest(self) -> None:
        """Delete all but the newest MAX_KEPT files. Another server may do the same at the same
        time.
        """
        files = []
        for path in self.folder.glob("*.json"):
            with suppress(FileNotFoundError):
                files.append((path.stat().st_mtime_ns, path))
        for _, path in sorted(files, reverse=True)[MAX_KEPT:]:
            path.unlink(missing_ok=True)
