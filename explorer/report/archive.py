"""Files as one zip."""

import io
import zipfile
from collections.abc import Mapping

TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold: the same files make the same zip


def zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    """A zip with all files in one folder, so that unpacking it strews nothing about."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}", TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()
