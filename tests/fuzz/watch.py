"""What one case costs and says: CPU time, memory, its message, and whatever reaches the log or
standard error.
"""

import io
import logging
import re
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path

from explorer.text import printable

CHARACTERS = 1_000  # of a message; nobody reads more
# What only a program would say: Python's and pydantic's own words.
INTERNAL = re.compile(
    r"Traceback|Exception ignored|NoneType|<class |<function | object at 0x|pydantic|validation "
    r"error"
    r"|[Ii]nput should|[Ff]ield required|[Ee]xtra inputs|unable to parse string|Value error"
    r"|a valid (integer|string|dictionary|number|boolean|list|tuple)"
    r"|recursion depth|codec can't|\b[A-Z]\w+Error\b"
)
ALLOWED = " \n\u200c\u200d"  # the last two join letters, where `printable` lets them
CLEAR_REFS, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def faults_of_a_message(message: str) -> Iterator[str]:
    """Why this is no sentence for a reader; nothing where it is one."""
    if not message.strip():
        yield "says nothing"
    if len(message) > CHARACTERS:
        yield f"has {len(message):,} characters"
    if odd := {each for each in message if not printable(each) and each not in ALLOWED}:
        yield f"has characters that cannot be printed: {sorted(odd)[:5]!r}"
    if internal := INTERNAL.search(message):
        yield f"speaks of the program: {internal[0]!r}"


@dataclass
class Watch:
    """What reached the log, standard error and Python's report of ignored exceptions."""

    errors: io.StringIO = field(default_factory=io.StringIO)
    logged: list[str] = field(default_factory=list)

    def faults(self) -> Iterator[str]:
        """Why the case that has just been tried said too much; a line in the log is allowed, if it
        is a sentence.
        """
        logged, told = self.logged[:], self.errors.getvalue()
        self.logged.clear()
        if told:
            self.errors.seek(0)
            self.errors.truncate()
            yield f"standard error: {told:.300}"
        if len(logged) > 1:
            yield f"{len(logged)} lines in the log, the first: {logged[0]:.200}"
        for line in logged:
            yield from (
                f"a line in the log {fault}: {line[:300]!r}" for fault in faults_of_a_message(line)
            )
            if "\n" in line:
                yield f"several lines in the log at once: {line[:300]!r}"


@contextmanager
def watching() -> Iterator[Watch]:
    """While it lasts, the log, standard error and the exceptions that Python ignores go to the
    Watch.
    """
    watch = Watch()
    handler = logging.Handler()
    handler.emit = lambda record: watch.logged.append(  # type: ignore[method-assign]
        record.getMessage() + ("\nTraceback" if record.exc_info else "")
    )
    root, hook = logging.getLogger(), sys.unraisablehook
    root.addHandler(handler)
    sys.unraisablehook = lambda ignored: watch.logged.append(
        f"Exception ignored: {ignored.exc_type}"
    )
    try:
        with redirect_stderr(watch.errors):
            yield watch
    finally:
        sys.unraisablehook = hook
        root.removeHandler(handler)


def peak_memory() -> float:
    """The most memory that the process has held since the last call of `forget_peak`, in MB."""
    if STATUS.exists():
        found = re.search(rb"VmHWM:\s*(\d+)", STATUS.read_bytes())
        assert found
        return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> float:
    """Have the peak begin at what the process holds now, in MB.

    Elsewhere than on Linux it stays the whole life's.
    """
    if CLEAR_REFS.exists():
        CLEAR_REFS.write_bytes(b"5")
    return peak_memory()
