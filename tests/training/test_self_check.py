"""A recording is used only where it was seen to do what the plain step does, and faster; trying it
leaves no trace.

The recordings are played on the CPU, see test_steps.py.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from cachetools import LRUCache

from explorer.network.spec import Architecture
from explorer.training import engine, self_check
from explorer.training import steps as steps_module
from explorer.training.dataset_files import Dataset
from explorer.training.event import Event
from tests.training.cpu_player import TUNED, Recorder, assert_close, run

USED = "steps run as a CUDA graph, which was checked against eager steps on this device"
Replay = Callable[[], None]


@pytest.fixture(autouse=True)
def nothing_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps_module, "_faults", LRUCache(256))


@pytest.fixture
def any_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What plays a recording here is slower than the plain step."""
    monkeypatch.setattr(self_check, "FASTER", float("inf"))


class Played(Recorder):
    """Replays are made wrong by `spoil`, which gets the right one and everything that the step
    draws from or moves.
    """

    def __init__(self, spoil: Callable[[Replay], Replay]) -> None:
        super().__init__()
        self.spoil = spoil

    def __call__(self, work: Replay, generators: Sequence[torch.Generator]) -> Replay:
        return self.spoil(super().__call__(work, generators))


def record(monkeypatch: pytest.MonkeyPatch, recorder: Any) -> Any:
    monkeypatch.setattr(engine, "find_capture", lambda device: recorder)
    return recorder


def generators(monkeypatch: pytest.MonkeyPatch) -> list[torch.Generator]:
    """Those of the runs that are made from here on."""
    made: list[torch.Generator] = []
    original = engine.RandomStreams.of

    def of(seed: int, device: torch.device) -> Any:
        chance = original(seed, device)
        made.extend((chance.augmentation, chance.dropout))
        return chance

    monkeypatch.setattr(engine.RandomStreams, "of", of)
    return made


@pytest.mark.usefixtures("any_speed")
@pytest.mark.parametrize(
    "fields", [{}, TUNED, {"optimizer": {"kind": "Adam"}}, {"precision": "bf16"}], ids=str
)
def test_a_right_recording_is_used_and_the_check_changes_nothing(
    fields: dict[str, Any], small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit: the second run is not checked again."""
    recorder = record(monkeypatch, Recorder())
    checked = run(small, tiny, **fields)
    assert checked[0].message == USED
    replayed = recorder.replayed
    assert replayed > 3 * 2
    assert run(small, tiny, **fields) == checked
    assert recorder.replayed - replayed == 3 * 2  # three epochs of two whole batches


def test_every_plain_epochs_recording_is_checked_too(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(
        steps_module, "find_fault", lambda trial, state, done, plain: seen.append(plain) or ""
    )
    record(monkeypatch, Recorder())
    run(small, tiny, plain_epochs=1)
    assert seen == [False, True]


def nothing(replay: Replay) -> Replay:
    return lambda: None


def twice(replay: Replay) -> Replay:
    def replayed() -> None:
        replay()
        replay()

    return replayed


def refused(replay: Replay) -> Replay:
    def replayed() -> None:
        raise RuntimeError(
            "an illegal memory access was encountered\nCUDA kernel errors might be reported later"
        )

    return replayed


@pytest.mark.usefixtures("any_speed")
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (nothing, "the CUDA graph gave other losses than eager steps"),
        (twice, "the CUDA graph gave other "),
        (refused, "replaying the CUDA graph failed: an illegal memory access was encountered"),
    ],
)
def test_a_wrong_recording_is_not_used_and_the_run_is_the_plain_one(
    spoil: Any, words: str, small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, *plain = run(small, tiny, **TUNED)
    recorder = record(monkeypatch, Played(spoil))
    said, *found = run(small, tiny, **TUNED)
    assert found == plain
    assert said.message.startswith(f"steps run eagerly: {words}")
    assert said == started.model_copy(update={"message": said.message})
    recorded = recorder.recorded
    assert run(small, tiny, **TUNED)[0].message == said.message
    assert recorder.recorded == recorded  # it is known, and not tried again


@pytest.mark.usefixtures("any_speed")
def test_a_recording_that_draws_the_same_numbers_again_is_not_used(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run(small, tiny)[1:]
    made = generators(monkeypatch)

    def stuck(replay: Replay) -> Replay:
        first: list[torch.Tensor] = []

        def replayed() -> None:
            first[:] = first or [generator.get_state() for generator in made[-2:]]
            for generator, state in zip(made[-2:], first, strict=True):
                generator.set_state(state)
            replay()

        return replayed

    record(monkeypatch, Played(stuck))
    said, *found = run(small, tiny)
    assert found == plain
    assert "the CUDA graph gave other " in said.message


def slow(replay: Replay) -> Replay:
    def replayed() -> None:
        time.sleep(0.05)
        replay()

    return replayed


def test_a_slower_recording_is_not_used(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run(small, tiny)[1:]
    record(monkeypatch, Played(slow))
    said, *found = run(small, tiny)
    assert found == plain
    assert "the CUDA graph is no faster (" in said.message


def test_losses_that_are_no_numbers_cannot_be_checked(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(monkeypatch, Recorder())
    monkeypatch.setattr(
        engine.Numerics, "run", lambda self, network, images: network(images) * float("nan")
    )
    started, *rest = run(small, tiny)
    assert "the first losses are not finite" in started.message
    assert [event.kind for event in rest] == ["failed"]


@pytest.mark.usefixtures("any_speed")
def test_a_resumed_run_is_checked_where_it_goes_on(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its last epoch, after which its schedule takes no further step."""
    kept: list[Any] = []
    whole = run(small, tiny, keep=kept.append, **TUNED)
    recorder = record(monkeypatch, Recorder())
    rest = run(small, tiny, resume=kept[1], **TUNED)
    assert_close(rest, whole[-len(rest) :])
    assert recorder.replayed > 2


@pytest.fixture
def lasting_steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps each way took, with a clock on which each lasts a second."""
    counts: list[int] = []
    take = self_check._take

    def counted(trial: Any, steps: Any, state: Any, count: int, *rest: Any) -> Any:
        counts.append(count)
        outcome = take(trial, steps, state, count, *rest)
        return self_check._Outcome(outcome.losses, outcome.parameters, 1.0)

    monkeypatch.setattr(self_check, "_take", counted)
    return counts


def test_where_a_step_takes_long_few_are_tried(
    lasting_steps: list[int], small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(monkeypatch, Recorder())
    events: list[Event] = run(small, tiny, batch_size=5)
    assert lasting_steps == [3, 3, 3, 3]
    assert "the CUDA graph is no faster (1000.00 ms a step, 1000.00 ms eager)" in events[0].message
