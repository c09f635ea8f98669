"""Events: their JSON form, comparing them without times, and thinning them out."""

import math
import random

import pytest
from pydantic import ValidationError

from explorer.training.event import Event, EventError, downsample, parse_event, row, to_json
from tests.runs.shared import without_times

STEP = Event(
    kind="step",
    time=1.5,
    epoch=1,
    step=3,
    metrics={"loss": 0.5, "iterations_per_second": 30.0},
    message="×",
)


def test_json_form_is_one_line_and_comes_back() -> None:
    assert "\n" not in to_json(STEP)
    assert parse_event(to_json(STEP)) == STEP
    assert hash(parse_event(to_json(STEP))) == hash(STEP)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        '{"kind": "jumped"}',
        '{"kind": "step", "metrics": {"loss": "NaN"}}',
        '{"kind": "step", "x": 1}',
    ],
)
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(EventError, match="not an event"):
        parse_event(line)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_metric_is_a_number(value: float) -> None:
    with pytest.raises(ValidationError):
        Event(kind="step", metrics={"loss": value})


def test_without_times_keeps_the_rest() -> None:
    assert without_times(STEP) == Event(
        kind="step", epoch=1, step=3, metrics={"loss": 0.5}, message="×"
    )


def test_row_is_flat() -> None:
    expected = {
        "kind": "step",
        "time": 1.5,
        "epoch": 1,
        "step": 3,
        "message": "×",
        "loss": 0.5,
        "iterations_per_second": 30.0,
    }
    assert row(STEP) == expected


def losses(values: list[float]) -> list[Event]:
    return [Event(kind="step", step=i, metrics={"loss": value}) for i, value in enumerate(values)]


@pytest.mark.parametrize("limit", [4, 5, 10, 99, 400])
@pytest.mark.parametrize("count", [0, 1, 4, 5, 401, 3000])
def test_downsample_keeps_order_ends_and_extremes(count: int, limit: int) -> None:
    draw = random.Random(count)
    events = losses([draw.random() for _ in range(count)])
    kept = downsample(events, limit)
    assert len(kept) <= limit
    assert len(kept) >= min(count, limit // 2)
    assert [event.step for event in kept] == sorted({event.step for event in kept})
    if events:
        assert (kept[0], kept[-1]) == (events[0], events[-1])
        assert min(events, key=lambda e: e.metrics["loss"]) in kept
        assert max(events, key=lambda e: e.metrics["loss"]) in kept
    if count <= limit:
        assert list(kept) == events


def test_downsample_needs_room_for_ends_and_extremes() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        downsample(losses([1, 2]), 3)
