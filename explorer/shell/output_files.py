"""Files that a command writes: whole or not at all."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from explorer.refusal import Refusal
from explorer.text import quoted


def write_file(path: Path, data: bytes) -> None:
    with replaced_file(path) as write:
        write(data)


@contextmanager
def replaced_file(path: Path) -> Iterator[Callable[[bytes], None]]:
    """What writes to a new file, which takes the place of `path` at the end: what stood there is
    lost only then.

    Made before anything else is done, so that it shows now, not after hours, where it cannot be
    written. What is no plain file, such as a pipe or /dev/null, is written as it is.
    """
    with _telling_why_unwritten(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        whole = path.resolve()  # of a link, the file that it stands for
        there = whole.exists()
        if there and not os.access(whole, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        is_plain = not there or whole.is_file()
        mode = whole.stat().st_mode if there else 0o666 & ~_umask()
        file: IO[bytes]
        if is_plain:
            file = NamedTemporaryFile(dir=whole.parent, prefix=".explorer-", delete=False)  # noqa: SIM115
        else:
            file = path.open("wb")  # closed below, as the other is

    def write(data: bytes) -> None:
        with _telling_why_unwritten(path):
            file.write(data)

    try:
        yield write
        with _telling_why_unwritten(path):
            file.close()  # before it is renamed, which Windows does with no open file
            if is_plain:
                os.chmod(file.name, mode)
                os.replace(file.name, whole)
    finally:
        with suppress(OSError):  # a failure has been told already
            file.close()
        if is_plain:
            Path(file.name).unlink(missing_ok=True)  # where it hasn't taken the other's place


@contextmanager
def _telling_why_unwritten(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
        raise Refusal(f"{quoted(str(path))} cannot be written: {reason}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
