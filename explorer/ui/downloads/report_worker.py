"""The process that makes reports: `python -m explorer.ui.downloads.report_worker`, started by
preparing.py.

A long report takes the interpreter's lock for seconds and hundreds of megabytes; here neither is
taken from the server. It reads the same store, and trains nothing.
"""

import json
import os
from pathlib import Path

from explorer.cores import limit_threads

limit_threads()  # before torch

from explorer.refusal import Refusal
from explorer.runs.manager import JobManager
from explorer.runs.store import Store
from explorer.ui.downloads.child_process import Request, serve
from explorer.ui.downloads.report_files import make

MOST_MEMORY = 1_500_000_000  # bytes in use, after which another process goes on
NICENESS = 10  # the server and training come first


def _answer(request: Request) -> bytes:
    """Make what a request asks for. Raises Refusal."""
    os.environ |= request["environment"]
    try:
        store = Store(Path(request["home"]))
        try:
            with JobManager(slots=0, store=store) as jobs:
                return json.dumps(make(request["wanted"], jobs, Path(request["path"]))).encode()
        finally:
            store.close()
    except MemoryError:
        raise Refusal("there is not enough memory for it") from None
    except OSError as error:
        raise Refusal(f"it cannot be written: {error.strerror}") from None


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    serve(_answer, MOST_MEMORY)
