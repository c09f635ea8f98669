"""Files as one zip."""

import io
import zipfile
from collections.abc import Mapping

from explorer.exports.report.archive import write_zip


def zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    target = io.BytesIO()
    write_zip(files.items(), folder, target)
    return target.getvalue()


def test_all_files_in_one_folder_and_the_same_files_make_the_same_zip():
    files = {"README.md": "é".encode(), "charts/loss.svg": b"<svg/>"}
    packed = zipped(files, "report")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"report/{name}": content for name, content in files.items()
        }
    assert zipped(files, "report") == packed
