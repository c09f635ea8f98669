"""The images to look at a network with: the built-in digits are there however busy the machine
is.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import sleep

import pytest

from explorer.runs.store import Store
from explorer.training import dataset_files
from explorer.training.dataset_files import Split
from explorer.training.datasets import DATASETS, Progress
from explorer.ui import process
from explorer.ui.components.field_view.samples import IMAGES, _read, samples


@pytest.fixture(autouse=True)
def _nothing_read_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path))
    monkeypatch.setattr(dataset_files, "_loaded", {})
    _read.cache_clear()
    yield
    _read.cache_clear()


def test_a_server_that_has_started_has_read_the_digits():
    assert not dataset_files.is_loaded("digits")
    try:
        process.start(Store())
        assert dataset_files.is_loaded("digits")
    finally:
        process.stop()


@pytest.mark.parametrize("dataset", ["digits", "mnist"])
def test_digits_that_are_read_late_are_waited_for(dataset: str, monkeypatch: pytest.MonkeyPatch):
    """As on a busy machine; of the others no files are here."""
    kind = DATASETS["digits"]

    def read_slowly(root: Path, progress: Progress) -> tuple[Split, Split]:
        sleep(0.5)
        return kind.read(root, progress)

    monkeypatch.setitem(DATASETS, "digits", replace(kind, read=read_slowly))
    monkeypatch.setattr(dataset_files, "PATIENCE", 0.1)
    found = samples(dataset, 28, 28)
    assert (found.dataset, len(found.images)) == ("digits", IMAGES)
