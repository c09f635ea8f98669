"""Files as one zip."""

import io
import zipfile

from explorer.report.archive import zipped


def test_all_files_in_one_folder_and_the_same_files_make_the_same_zip():
    files = {"README.md": "é".encode(), "charts/loss.svg": b"<svg/>"}
    packed = zipped(files, "report")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"report/{name}": content for name, content in files.items()
        }
    assert zipped(files, "report") == packed
