"""Where this process keeps its runs, as the environment says."""

import logging
import os
from pathlib import Path

from explorer.runs.database import StoreError
from explorer.runs.store import Store

IN_MEMORY = "--in-memory"  # the option of the server and of `train` for keeping nothing

HAND_INS = "hand-ins"  # the folder of the reports of what was handed in

log = logging.getLogger(__name__)


def in_memory() -> bool:
    """Whether EXPLORER_IN_MEMORY asks for a store that keeps nothing."""
    return os.environ.get("EXPLORER_IN_MEMORY", "") not in ("", "0")


def open_store(folder: Path, keep_nothing: bool = False) -> Store:
    """The store in this folder; with `keep_nothing` one in memory, whose `notice` says so.

    The latter shows what can be read of the folder's runs, and changes nothing there. Raises
    StoreError.
    """
    if not keep_nothing:
        return Store(folder)
    store = Store(notice="Runs are kept in memory only, and end with this process", behind=folder)
    try:
        store.show_kept(folder)
    except StoreError as error:
        log.warning("the runs that are kept cannot be shown: %s", error)
    return store
