"""The roll: everybody, and how their runs stand."""

from dataclasses import replace

from explorer.classroom.register import Entry
from explorer.classroom.roll import call_the_roll
from explorer.runs.run import Status
from explorer.runs.run_summary import RunSummary
from tests.runs.test_eta import NARROW, snapshot


def person(id: str) -> Entry:
    return Entry(id, id.capitalize(), True, "", 0.0, 0.0)


def run(id: str, owner: str, status: str, position: int | None = None) -> RunSummary:
    found = snapshot(NARROW, 1.0)
    return replace(
        found,
        run=replace(found.run, id=id, owner=owner),
        status=Status(status),
        position=position,
    )


def test_everybody_has_their_own_runs_in_order() -> None:
    runs = [run("3", "ann", "finished"), run("2", "gone", "finished"), run("1", "ann", "failed")]
    ann, ben = call_the_roll([person("ann"), person("ben")], runs)
    assert [each.run.id for each in ann.runs] == ["3", "1"]
    assert ann.active == ()
    assert ann.current == runs[0]
    assert (ben.entry.name, ben.runs, ben.current) == ("Ben", (), None)


def test_somebody_is_at_what_trains_else_at_what_waits_else_at_the_newest() -> None:
    finished, waiting = run("4", "ann", "finished"), run("3", "ann", "queued", 1)
    training = run("2", "ann", "running")
    (ann,) = call_the_roll([person("ann")], [finished, waiting, training])
    assert ann.current == training
    assert ann.active == (waiting, training)
    (ann,) = call_the_roll([person("ann")], [finished, waiting])
    assert ann.current == waiting
    (ann,) = call_the_roll([person("ann")], [finished])
    assert ann.current == finished
