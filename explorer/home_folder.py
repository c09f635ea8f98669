"""The folder in which everything is kept."""

import os
from pathlib import Path


def home_folder() -> Path:
    """The folder in which everything is kept: EXPLORER_HOME, or a default in the user's home."""
    given = os.environ.get("EXPLORER_HOME")
    return (
        Path(given).expanduser()
        if given
        else Path.home() / ".local" / "share" / "architecture-explorer"
    )
