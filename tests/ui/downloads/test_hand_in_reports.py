"""The reports of what was handed in: each is made, later if it must be, and by the next server."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from explorer.classroom.assignments import Assignments
from explorer.classroom.hand_ins import MADE, WAITING, HandIns, Notes
from explorer.runs.database import Database
from explorer.runs.run import RunError
from explorer.ui.downloads import hand_in_reports as module
from explorer.ui.downloads.hand_in_reports import HandInReports
from explorer.ui.downloads.preparing import Busy, Preparer
from tests.classroom.test_hand_ins import TASK, WORK, runs
from tests.people.shared import ANN, BEN, TEACHER
from tests.runs.shared import wait_until


@pytest.fixture
def hand_ins(tmp_path: Path) -> HandIns:
    return HandIns(Database(tmp_path / "runs.sqlite"), tmp_path)


def hand_in(hand_ins: HandIns, *people: Any) -> None:
    given = Assignments(hand_ins.database).give_out(TASK, TEACHER)
    for person in people:
        hand_ins.hand_in(given, WORK, runs(0.95), Notes(), person)


def reports(hand_ins: HandIns) -> list[str]:
    return [hand_ins.look_at(number, TEACHER).report for number in (1, 2)]


def test_one_after_the_other_is_made(hand_ins: HandIns) -> None:
    asked = []

    def make(wanted: dict[str, Any], path: Path) -> str:
        asked.append(wanted["runs"])
        path.write_bytes(b"zip")
        return ""

    line = Preparer(make)
    keeper = HandInReports(lambda: hand_ins, line)
    hand_in(hand_ins, ANN, BEN)
    keeper.look()
    wait_until(lambda: reports(hand_ins) == [MADE, MADE])
    assert asked == [["run0"], ["run0"]]
    assert hand_ins.report_path(2).read_bytes() == b"zip"
    keeper.close()
    line.close()


def test_why_one_cannot_be_made_is_kept_and_the_next_is_made(hand_ins: HandIns) -> None:
    tries = []

    def make(wanted: dict[str, Any], path: Path) -> str:
        tries.append(path)
        if len(tries) == 1:
            raise RunError("all checkpoints are lost")
        path.write_bytes(b"zip")
        return ""

    line = Preparer(make)
    keeper = HandInReports(lambda: hand_ins, line)
    hand_in(hand_ins, ANN, BEN)
    keeper.look()
    wait_until(lambda: reports(hand_ins) == ["all checkpoints are lost", MADE])
    keeper.close()
    line.close()


def test_what_a_server_did_not_come_to_is_made_by_the_next(hand_ins: HandIns) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(wanted: dict[str, Any], path: Path) -> str:
        started.set()
        go_on.wait(30)
        raise RunError("the server is shutting down")

    line = Preparer(slow, go_on.set)
    keeper = HandInReports(lambda: hand_ins, line)
    hand_in(hand_ins, ANN, BEN)
    keeper.look()
    assert started.wait(30)
    keeper.close()
    line.close()
    assert reports(hand_ins) == [WAITING, WAITING]
    quick = Preparer(lambda wanted, path: str(path.write_bytes(b"zip")))
    again = HandInReports(lambda: hand_ins, quick)
    again.look()
    wait_until(lambda: reports(hand_ins) == [MADE, MADE])
    again.close()
    quick.close()


def test_a_line_that_is_full_is_tried_again(
    hand_ins: HandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN", 0.01)
    line = Preparer(lambda wanted, path: str(path.write_bytes(b"zip")))
    refused = []

    def ask(wanted: dict[str, Any]) -> Any:
        if len(refused) < 3:
            refused.append(wanted)
            raise Busy("40 other downloads are being prepared")
        return line.ask(wanted)

    keeper = HandInReports(lambda: hand_ins, SimpleNamespace(ask=ask))  # type: ignore[arg-type]
    hand_in(hand_ins, ANN, BEN)
    keeper.look()
    wait_until(lambda: reports(hand_ins) == [MADE, MADE])
    assert len(refused) == 3
    keeper.close()
    line.close()
