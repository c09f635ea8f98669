"""Files as one zip."""

import zipfile
from collections.abc import Iterable
from typing import BinaryIO

TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold: the same files make the same zip


def write_zip(files: Iterable[tuple[str, bytes]], folder: str, target: BinaryIO) -> None:
    """A zip of files given by path and content, each written as it comes.

    All of them lie in one top folder.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(f"{folder}/{name}", TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
