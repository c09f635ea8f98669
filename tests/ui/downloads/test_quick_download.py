"""A download that cannot be made: one line in the log, and words on the page."""

import logging

import pytest
from streamlit.runtime import backend_operation_handler
from streamlit.testing.v1 import AppTest

from explorer.runs.manager import NoWeights, UnknownRun
from explorer.runs.store import StoreError
from explorer.ui.downloads import quick_download
from explorer.ui.downloads.pictures import PictureError
from explorer.ui.downloads.quick_download import NotMade, quick, reason_not_made


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    session: dict[str, object] = {}
    monkeypatch.setattr(quick_download.st, "session_state", session)
    return session


def log_as_streamlit_does(make, caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    log = logging.getLogger(backend_operation_handler.__name__)
    log.addHandler(caplog.handler)
    try:
        make()
    except Exception:
        log.exception("Error executing deferred callable for file_id %s", "some-id")
    finally:
        log.removeHandler(caplog.handler)
    return caplog.records


@pytest.mark.parametrize(
    "error", [UnknownRun("no run xyz"), NoWeights("lost"), StoreError("full"), PictureError("died")]
)
def test_what_can_be_expected_is_one_line_and_a_reason(error, caplog):
    def make() -> bytes:
        raise error

    (record,) = log_as_streamlit_does(quick(make, "csv"), caplog)
    assert record.getMessage() == f"a download could not be made: {error}"
    assert record.exc_info is None
    assert reason_not_made("csv") == str(error)
    assert reason_not_made("svg") == ""


def test_a_fault_of_the_program_keeps_its_traceback(caplog):
    def make() -> bytes:
        raise ZeroDivisionError

    (record,) = log_as_streamlit_does(quick(make, "csv"), caplog)
    assert record.exc_info
    assert reason_not_made("csv") == ""


def test_the_reason_goes_with_the_next_file_that_is_made():
    answers = iter([UnknownRun("gone"), b"data"])

    def make() -> bytes:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    made = quick(make, "csv")
    with pytest.raises(NotMade, match="gone"):
        made()
    assert made() == b"data"
    assert reason_not_made("csv") == ""


def menu() -> None:
    from explorer.ui.charts.chart import Chart
    from explorer.ui.downloads.download_menu import Item, chart_items, items

    def make() -> bytes:
        return b""

    items([Item("Events", "all", "x.csv", "text/csv", make)], "here")
    chart_items({"loss": "Loss"}, lambda name: Chart(name, name, {}, None), "here", "x")  # type: ignore[arg-type]


def test_the_menu_says_why_a_file_and_a_chart_were_not_made(monkeypatch):
    monkeypatch.undo()  # a session of its own
    app = AppTest.from_function(menu, default_timeout=60)
    app.session_state[quick_download._KEY] = {
        "here-x.csv": "no run *xyz*",
        "here-loss-png": "it died",
    }
    app.run()
    assert not app.exception
    said = [caption.value for caption in app.caption]
    assert said == [
        "Events could not be made: No run \\*xyz\\*.",
        "Loss as PNG could not be made: It died.",
    ]
