"""How long a run will take, by what is known of it and of others."""

from dataclasses import replace
from typing import Any

import pytest

from explorer.network.spec import Architecture
from explorer.runs.eta import Pace
from explorer.runs.run import Environment, Run, Snapshot, Status
from explorer.runs.run_summary import RunSummary, summary_of
from explorer.training.event import Event
from tests.runs.shared import recipe
from tests.tiny import linear, network

WIDE = network("Flatten", linear(6), linear())
NARROW = network("Flatten", linear())
ENVIRONMENT = Environment("2.15.0", "3.11", "cpu")


def snapshot(
    architecture: Architecture, *seconds: float, step: int | None = None, **fields: Any
) -> RunSummary:
    """A run of ten epochs of four steps, of which these took so many seconds."""
    device = fields.pop("device", "cpu")
    run = Run(
        "id",
        "ann",
        architecture,
        recipe(**{"dataset": "digits", "epochs": 10, **fields}),
        device,
        ENVIRONMENT,
        0.0,
    )
    started = Event(kind="started", metrics={"steps_per_epoch": 4.0, "epochs": 10.0})
    epochs = tuple(
        Event(kind="epoch", epoch=number, step=4 * number, metrics={"seconds": each})
        for number, each in enumerate(seconds, 1)
    )
    latest = Event(
        kind="step", epoch=len(seconds) + 1, step=4 * len(seconds) if step is None else step
    )
    begun = bool(epochs or step)
    known = Snapshot(
        run,
        Status("running"),
        None,
        "",
        started if begun else None,
        (),
        epochs,
        latest if begun else None,
    )
    return summary_of(known)


def seconds_left(pace: Pace, asked: RunSummary) -> float | None:
    work = pace.work_left(asked)
    return None if work.seconds_an_epoch is None else work.epochs * work.seconds_an_epoch


@pytest.mark.parametrize(
    ("asked", "others", "left"),
    [
        (snapshot(NARROW), [], None),
        (snapshot(NARROW, 2.0, 2.0), [], 16.0),
        (snapshot(NARROW, 9.0, 2.0, 2.0, 2.0), [], 12.0),  # the last three tell
        (snapshot(NARROW, 2.0, 2.0, step=10), [], 15.0),
        (snapshot(NARROW), [snapshot(NARROW, 3.0)], 30.0),
        (snapshot(NARROW, step=2), [snapshot(NARROW, 3.0)], 28.5),
        (snapshot(NARROW), [snapshot(NARROW, 3.0), snapshot(NARROW, 5.0)], 30.0),  # the newest
        (snapshot(NARROW), [snapshot(NARROW), snapshot(NARROW, 5.0)], 50.0),
        (
            snapshot(NARROW),
            [snapshot(NARROW, 3.0, dataset="mnist"), snapshot(NARROW, 3.0, device="cuda")],
            None,
        ),
        (snapshot(NARROW, 2.0), [snapshot(NARROW, 300.0)], 18.0),  # what it did itself tells more
    ],
)
def test_seconds_left(asked: RunSummary, others: list[RunSummary], left: float | None) -> None:
    assert seconds_left(Pace(others), asked) == pytest.approx(left)


def test_a_larger_network_takes_longer() -> None:
    pace = Pace([snapshot(NARROW, 1.0)])
    wide, narrow = (seconds_left(pace, snapshot(architecture)) for architecture in (WIDE, NARROW))
    assert wide is not None
    assert narrow == pytest.approx(10.0)
    assert wide > 1.9 * narrow


def test_a_part_of_the_images_takes_a_part_of_the_time() -> None:
    whole, part = (snapshot(NARROW, 1.0), snapshot(NARROW, images_share=0.1))
    assert seconds_left(Pace([whole]), part) == pytest.approx(1.0)
    told = snapshot(NARROW, 0.5, images_share=0.1)
    assert seconds_left(Pace([told]), snapshot(NARROW)) == pytest.approx(50.0)


def test_epochs_that_were_added_count() -> None:
    asked = snapshot(NARROW, *[2.0] * 10)
    assert seconds_left(Pace([]), asked) == 0
    longer = replace(asked, run=replace(asked.run, more_epochs=5))
    assert seconds_left(Pace([]), longer) == 10.0
