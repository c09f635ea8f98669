"""What the tests of the pages share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.ui import people, process
from tests.exports.report.conftest import RECIPE, SMALL
from tests.people.shared import SOMEBODY
from tests.runs.shared import wait


@pytest.fixture
def runs_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Neither runs nor images of other tests: the server's folders are this test's, and it ends
    with it. Whoever opens its pages sits at it.
    """
    monkeypatch.setattr(people, "others_reach_it", lambda: False)
    monkeypatch.setattr(people, "sits_at_it", lambda headers: True)
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    process.stop()  # what an earlier test may have opened
    yield
    process.stop()


@pytest.fixture
def small_run(runs_of_its_own: None) -> str:
    """The id of a run of a small network that has finished."""
    run = process.jobs().submit(SMALL, RECIPE, SOMEBODY)
    wait(process.jobs(), run)
    return run
