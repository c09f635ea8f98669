"""How much of the disk is kept free.

A disk that is full stops everything on its machine, and a training can fill one: a network of 50
million parameters leaves some 600 MB after each epoch. So a run is refused, or ended with a
sentence, while there is still room for other things.
"""

import os
import shutil
from pathlib import Path

from explorer.text import bytes_text

RESERVE_BYTES = 1_000_000_000  # kept free; EXPLORER_RESERVE_MB says otherwise
RESERVE_SHARE = 0.05  # of a disk so small that this is less


def reserve(folder: Path) -> int:
    """Bytes that stay free on the disk of this folder. Raises OSError."""
    given = os.environ.get("EXPLORER_RESERVE_MB", "")
    if given.isdecimal():
        return int(given) * 1_000_000
    return min(RESERVE_BYTES, int(RESERVE_SHARE * shutil.disk_usage(folder).total))


def room_problem(folder: Path, needed: int) -> str:
    """Why so many bytes more are too many for the disk of this folder, "" if they are not."""
    try:
        free, kept = shutil.disk_usage(folder).free, reserve(folder)
    except OSError:  # the write itself will say
        return ""
    if needed <= free - kept:
        return ""
    return (
        f"{bytes_text(needed)} more on the disk of the runs would leave less than the "
        f"{bytes_text(kept)} that are kept free there ({bytes_text(free)} are free now): "
        "delete runs that are no longer needed, or make room"
    )
