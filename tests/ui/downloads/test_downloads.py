"""What a page offers to download: quick things at once, long ones prepared beside the page."""

import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.runs.run import RunError
from explorer.ui import process
from explorer.ui.downloads import progress
from explorer.ui.downloads.preparing import Preparer
from tests.people.shared import TEACHER
from tests.runs.shared import wait_until


def downloads(run_id: str) -> None:
    from explorer.ui.downloads.run_downloads import run_downloads

    run_downloads(run_id, "here")


def opened(run: str) -> AppTest:
    app = AppTest.from_function(downloads, args=(run,), default_timeout=60)
    app.session_state[f"download-here-{run}"] = True
    app.run()
    assert not app.exception
    return app


def labels(app: AppTest) -> str:
    return " ".join(
        [
            *(button.label for button in app.button),
            *(each.label for each in app.get("download_button")),
        ]
    )


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if label in button.label).click().run()
    assert not app.exception


class Held:
    """Makes nothing until it is let go, and then what it is told to."""

    def __init__(self, wrong: str = ""):
        self.go, self.wrong, self.threads = threading.Event(), wrong, []

    def __call__(self, wanted: dict, path: Path) -> str:
        self.threads.append(threading.current_thread())
        assert self.go.wait(60)
        if self.wrong:
            raise RunError(self.wrong)
        path.write_bytes(b"x" * 2048)
        return "the weights are of epoch 1"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    made = Held()
    preparer = Preparer(made)
    monkeypatch.setattr(process, "_downloads", preparer)
    yield made
    made.go.set()
    preparer.close()


def test_the_page_goes_on_while_a_report_is_made_beside_it(small_run, held):
    app = opened(small_run)
    press(app, "**Report**")  # returns though nothing is made yet
    assert any("Preparing: Report…" in caption.value for caption in app.caption)
    assert "Save" not in labels(app)
    wait_until(lambda: len(held.threads) == 1)
    assert held.threads[0].name == "preparing"
    held.go.set()
    wait_until(lambda: "Save: Report" in labels(app.run()))
    assert "2.0 KB" in labels(app)
    assert any("The weights are of epoch 1" in caption.value for caption in app.caption)


def test_why_there_is_no_report_is_said_and_it_can_be_asked_for_again(small_run, held):
    held.wrong = "the process that makes it was ended by signal 9"
    app = opened(small_run)
    press(app, "**Report**")
    held.go.set()
    wait_until(lambda: any("could not be made" in caption.value for caption in app.run().caption))
    assert "The process that makes it was ended by signal 9." in " ".join(
        caption.value for caption in app.caption
    )
    held.wrong = ""
    press(app, "**Report**")
    wait_until(lambda: "Save: Report" in labels(app.run()))


def test_a_report_of_before_can_be_had_and_made_anew(small_run, held):
    held.go.set()
    app = opened(small_run)
    press(app, "**Report**")
    wait_until(lambda: "Save: Report" in labels(app.run()))
    assert "**Report**" not in labels(app)
    process.jobs().rename(small_run, "renamed", TEACHER)
    app.run()
    assert "Save: Report" in labels(app)
    assert "**Report** · there is more to report now" in labels(app)


def test_a_report_that_made_room_for_newer_ones_can_be_asked_for_again(small_run, held):
    held.go.set()
    app = opened(small_run)
    press(app, "**Report**")
    wait_until(lambda: "Save: Report" in labels(app.run()))
    app.session_state[f"prepared-here-{small_run}-Small-{small_run}.zip"][1].path.unlink()
    app.run()
    assert any("is no longer kept" in caption.value for caption in app.caption)
    press(app, "**Report**")
    wait_until(lambda: "Save: Report" in labels(app.run()))


def test_only_what_takes_long_is_prepared(small_run, monkeypatch):
    app = opened(small_run)
    assert [button.label.split("**")[1] for button in app.button] == ["Report"]
    monkeypatch.setattr("explorer.ui.downloads.run_downloads.QUICK_EPOCHS", 1)
    monkeypatch.setattr("explorer.ui.downloads.run_downloads.QUICK_PARAMS", 1)
    app = opened(small_run)
    assert [button.label.split("**")[1] for button in app.button] == [
        "Report",
        "Weights",
        "Events",
        "TensorBoard",
    ]


def test_a_full_line_is_said(small_run, held, monkeypatch):
    monkeypatch.setattr(held, "go", threading.Event())
    monkeypatch.setattr(process._downloads, "_most_waiting", 0)
    app = opened(small_run)
    press(app, "**Report**")
    assert "downloads are being prepared; try again" in app.toast[0].value


@pytest.mark.slow
def test_a_process_of_its_own_makes_the_whole_report(small_run):
    app = opened(small_run)
    press(app, "**Report**")
    wait_until(lambda: "Save: Report" in labels(app.run()))
    _, preparation = app.session_state[f"prepared-here-{small_run}-Small-{small_run}.zip"]
    with zipfile.ZipFile(preparation.path) as archive:
        names = {Path(name).name for name in archive.namelist()}
    assert {
        "README.md",
        "evaluate.py",
        "grade.py",
        "grade.json",
        "weights.safetensors",
        "accuracy.svg",
        "loss.png",
        "events.csv",
    } <= names
    assert process._processes._all  # a child made it
    assert progress.LOOK_EVERY < 2
