"""The event file, read back by TensorBoard itself."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from explorer.exports.tensorboard import event_file, file_name
from explorer.training.event import Event

SUBMITTED = 1_700_000_000.25
EVENTS = [
    Event(kind="started", metrics={"epochs": 2}),
    Event(kind="step", time=1.5, epoch=1, step=10, metrics={"loss": 0.5, "accuracy": 0.75}),
    Event(kind="step", time=2.5, epoch=1, step=20, metrics={"loss": 0.25, "accuracy": 0.875}),
    Event(kind="epoch", time=3.0, epoch=1, step=20, metrics={"test_accuracy": 0.9375, "lr": 0.01}),
    Event(kind="finished", time=3.0, epoch=1, step=20, metrics={"test_accuracy": 0.9375}),
]


def read(folder: Path, data: bytes) -> EventAccumulator:
    (folder / file_name("abc", SUBMITTED)).write_bytes(data)
    return EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()


def test_every_scalar_at_its_step_and_time(tmp_path: Path):
    found = read(tmp_path, event_file(EVENTS, SUBMITTED))
    assert set(found.Tags()["scalars"]) == {
        "step/loss",
        "step/accuracy",
        "epoch/test_accuracy",
        "epoch/lr",
    }
    assert [(e.wall_time, e.step, e.value) for e in found.Scalars("step/loss")] == [
        (SUBMITTED + 1.5, 10, 0.5),
        (SUBMITTED + 2.5, 20, 0.25),
    ]
    (accuracy,) = found.Scalars("epoch/test_accuracy")
    assert (accuracy.step, accuracy.value) == (20, 0.9375)
    assert found.Scalars("epoch/lr")[0].value == pytest.approx(0.01)
    assert found.FirstEventTimestamp() == SUBMITTED


def test_a_real_run(trained, tmp_path: Path):
    run = trained()
    found = read(tmp_path, event_file(run.events, run.run.submitted))
    for kind in ("step", "epoch"):
        events = [event for event in run.events if event.kind == kind]
        assert len(events) >= 2
        for name in events[0].metrics:
            values = [(each.step, each.value) for each in found.Scalars(f"{kind}/{name}")]
            assert values == [
                (event.step, pytest.approx(event.metrics[name], rel=1e-6)) for event in events
            ]
