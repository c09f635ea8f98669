"""What a teacher sets for everybody's runs, and what follows."""

from pathlib import Path
from typing import Any

import pytest

from explorer.network.analysis import analyze
from explorer.network.spec import Architecture, Conv2d, Flatten, Linear
from explorer.people.permissions import NotAllowed
from explorer.runs.answers_format import answers_bytes
from explorer.runs.checkpoint_size import checkpoint_bytes
from explorer.runs.class_rules import (
    MAX_MESSAGE,
    PAUSED,
    AgainstTheRules,
    ClassRules,
    Taken,
    check_disk,
    check_rules,
    check_time,
    check_turn,
    checked_rules,
    parse_rules,
)
from explorer.runs.health_format import health_bytes
from explorer.runs.kept_epochs import most_kept
from explorer.runs.manager import JobManager, QueueFull
from explorer.runs.run import RunError
from explorer.runs.run_loop import RunLoop
from explorer.runs.store import EVENT_BYTES, RULES, Store
from explorer.training.datasets import DATASETS
from explorer.training.event import Event
from tests.people.shared import ANN, BEN, SOMEBODY, TEACHER
from tests.runs.shared import ENDLESS, has_steps, opened_file, recipe, wait, wait_until
from tests.runs.test_taking_turns import turns

__all__ = ["turns"]


def test_without_a_teacher_there_is_one_limit(tmp_path: Path) -> None:
    rules = Store(tmp_path).rules()
    assert rules == ClassRules()
    assert rules.most_waiting == 3
    check_rules(rules, epochs=1000, parameters=10**9)
    check_time(rules, 10**9)


def test_rules_outlive_the_server_and_broken_ones_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path)
    rules = ClassRules(message="hello", most_epochs=5, is_paused=True)
    store.set_rules(rules)
    store.close()
    store = Store(tmp_path)
    assert store.rules() == rules
    with opened_file(store) as connection:
        connection.execute(
            "UPDATE settings SET value = '{\"most_epochs\": 0}' WHERE name = ?", (RULES,)
        )
    assert store.rules() == ClassRules()
    assert "cannot be read and are left out" in caplog.text


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"more": 1}', '{"most_waiting": null}', '{"is_paused": 1}']
)
def test_what_is_no_rules(text: str) -> None:
    assert parse_rules(text) == ClassRules()


def test_a_message_is_one_line_and_not_a_novel() -> None:
    assert checked_rules(ClassRules(message=" eyes \n up\u202e ")).message == "eyes up"
    with pytest.raises(RunError, match="at most 200 characters"):
        checked_rules(ClassRules(message="a" * (MAX_MESSAGE + 1)))


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"most_epochs": 4}, "a run has at most 4 epochs in this class; this has 5"),
        ({"most_parameters": 999}, "at most 999 parameters in this class; this has 1,000"),
    ],
)
def test_a_limit_says_what_it_is(rules: dict[str, Any], words: str) -> None:
    with pytest.raises(AgainstTheRules, match=words):
        check_rules(ClassRules(**rules), epochs=5, parameters=1000)
    check_rules(ClassRules(**{name: value + 1 for name, value in rules.items()}), 5, 1000)


MB = 1_000_000
RUNS = [
    Taken("a", "wide", 200 * MB),
    Taken("b", "", 90 * MB),
    Taken("c", "deep", 120 * MB),
    Taken("d", "small", MB),
    Taken("e", "old", 30 * MB, is_binned=True),
]


@pytest.mark.parametrize(
    ("most", "size", "words"),
    [
        (None, 10**12, ""),
        (500 * MB, 59 * MB, ""),
        (
            500 * MB,
            60 * MB,
            "your runs take 441 MB of the 500 MB that one person's runs may take in this class, "
            "and this run takes up to 60 MB. The largest are wide 200 MB, deep 120 MB, b 90 MB; "
            "1 run in the bin 30 MB. Delete runs that you no longer need, and their weights in the bin",
        ),
        (
            500 * MB,
            501 * MB,
            "this run takes up to 501 MB, more than the 500 MB that one person's runs may take in "
            "this class: try a network with fewer parameters",
        ),
    ],
)
def test_a_full_disk_says_what_takes_how_much(most: int | None, size: int, words: str) -> None:
    rules = ClassRules(most_disk=most)
    if not words:
        check_disk(rules, RUNS, size)
        return
    with pytest.raises(AgainstTheRules) as refused:
        check_disk(rules, RUNS, size)
    assert str(refused.value).startswith(words)


# --- in the manager -------------------------------------------------------------------------------


def rule(manager: JobManager, **rules: Any) -> None:
    manager.set_rules(ClassRules(**rules), TEACHER)


@pytest.mark.parametrize(
    "ask",
    [
        lambda manager, by: manager.set_rules(ClassRules(is_paused=True), by),
        lambda manager, by: manager.stop_all(by),
        lambda manager, by: manager.move_to_front("run", by),
    ],
)
def test_only_a_teacher_manages_the_class(ask: Any, manager: JobManager) -> None:
    with pytest.raises(NotAllowed, match="only a teacher can manage the class"):
        ask(manager, ANN)
    assert manager.store.rules() == ClassRules()


def test_limits_hold_for_students(manager: JobManager, small: Architecture) -> None:
    rule(manager, most_epochs=2, most_parameters=10_000)
    run_id = manager.submit(small, recipe(epochs=2), ANN)
    with pytest.raises(AgainstTheRules, match="at most 2 epochs"):
        manager.submit(small, recipe(epochs=3), ANN)
    wait(manager, run_id)
    with pytest.raises(AgainstTheRules, match="at most 2 epochs in this class; this has 3"):
        manager.continue_run(run_id, 1, ANN)
    manager.submit(small, recipe(epochs=3), TEACHER)
    rule(manager, most_parameters=10)
    with pytest.raises(AgainstTheRules, match="at most 10 parameters"):
        manager.submit(small, recipe(seed=1), ANN)


def test_how_many_may_wait_is_a_teachers_choice(manager: JobManager, small: Architecture) -> None:
    rule(manager, most_waiting=1)
    wait(manager, manager.submit(small, recipe(**ENDLESS), TEACHER), has_steps)
    manager.submit(small, recipe(), ANN)
    with pytest.raises(QueueFull, match="1 of your runs waits already"):
        manager.submit(small, recipe(seed=1), ANN)
    manager.stop_all(TEACHER)


def test_a_run_that_has_trained_as_long_as_is_allowed_stops_after_its_epoch(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(manager, most_seconds=1)
    run_id = manager.submit(small, recipe(**ENDLESS), ANN)
    stopped = wait(manager, run_id)
    assert stopped.status == "stopped"
    assert stopped.message.startswith("a run trains for at most 1 s in this class, and this one")
    assert stopped.epochs
    assert stopped.latest is not None
    assert stopped.latest.step == stopped.epochs[-1].step  # nothing was lost
    with pytest.raises(AgainstTheRules, match="a run trains for at most 1 s"):
        manager.resume(run_id, ANN)


def test_eyes_up_every_run_waits_after_its_epoch_and_goes_on_when_it_is_over(
    manager: JobManager, small: Architecture
) -> None:
    run_id = manager.submit(small, recipe(**ENDLESS), ANN)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 0)
    rule(manager, is_paused=True)
    waiting = wait(manager, run_id, lambda snapshot: snapshot.status == "queued")
    assert waiting.message == PAUSED
    assert waiting.starts_in is None
    other = manager.submit(small, recipe(), BEN)
    wait_until(lambda: not manager._workers)
    assert manager.snapshot(other).message == PAUSED
    assert manager.snapshot(run_id).epochs == waiting.epochs
    rule(manager, is_paused=False)
    assert wait(manager, other).status == "finished"
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > len(waiting.epochs))
    manager.stop(run_id, ANN)


def test_a_server_that_starts_while_all_is_paused_waits_too(
    tmp_path: Path, small: Architecture, tiny: Any
) -> None:
    store = Store(tmp_path)
    store.set_rules(ClassRules(is_paused=True))
    with JobManager(store=store) as manager:
        run_id = manager.submit(small, recipe(), ANN)
        wait_until(lambda: not manager._workers)
        assert manager.snapshot(run_id).status == "queued"
        manager.set_rules(ClassRules(), TEACHER)
        assert wait(manager, run_id).status == "finished"
    store.close()


def test_stop_all_stops_all(manager: JobManager, small: Architecture) -> None:
    ids = [
        manager.submit(small, recipe(**ENDLESS, seed=number), person)
        for number, person in enumerate((ANN, BEN, ANN))
    ]
    assert manager.stop_all(TEACHER) == 3
    assert {wait(manager, run_id).status for run_id in ids} == {"stopped"}
    assert manager.stop_all(TEACHER) == 0


def test_a_run_that_is_moved_to_the_front_has_the_next_turn_once(
    manager: JobManager, small: Architecture, turns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = manager.submit(small, recipe(**ENDLESS), ANN)
    wait(manager, first, lambda snapshot: snapshot.status == "running")
    rule(manager, is_paused=True)
    wait(manager, first, lambda snapshot: snapshot.status == "queued")
    wait_until(lambda: not manager._workers)
    ids = [
        manager.submit(small, recipe(seed=1), BEN),
        manager.submit(small, recipe(seed=2), SOMEBODY),
        manager.submit(small, recipe(seed=3), SOMEBODY),
    ]
    last = ids[-1]
    assert manager.snapshot(last).position == 4
    manager.move_to_front(last, TEACHER)
    assert manager.snapshot(last).position == 1
    manager.move_to_front(first, TEACHER)
    assert [manager.snapshot(each).position for each in (first, last)] == [1, 2]
    del turns[:]
    rule(manager, is_paused=False)
    for run_id in ids:
        assert wait(manager, run_id).status == "finished"
    assert turns[:2] == [first, last]
    with pytest.raises(RunError, match="does not wait any more"):
        manager.move_to_front(last, TEACHER)
    manager.stop(first, ANN)


def test_the_reason_of_a_stop_is_the_first_one(manager: JobManager, small: Architecture) -> None:
    """Whoever stopped it is heard before the limit is."""
    run_id = manager.submit(small, recipe(**ENDLESS), ANN)
    wait(manager, run_id, has_steps)
    manager.pause(run_id, ANN)
    loop = RunLoop.__new__(RunLoop)
    loop.writer = manager._live.get(run_id) or pytest.skip("it has ended already")
    loop.stop("too long")
    assert wait(manager, run_id).status == "paused"


# --- the disk -------------------------------------------------------------------------------------


def test_what_a_students_runs_take_of_the_disk_is_bounded(
    manager_on_disk: JobManager, small: Architecture
) -> None:
    manager = manager_on_disk
    size = checkpoint_bytes(small, recipe()) + answers_bytes(DATASETS["tiny"].test_images)
    size += health_bytes(len(analyze(small).rows))
    first = manager.submit(small, recipe(epochs=2), ANN)
    wait(manager, first)
    (taken,) = manager.store.taken_by(ANN.id)
    events = len(manager.events(first))
    answers = [manager.store.answers(first, epoch) for epoch in (1, 2)]
    kept = sum(len(each) for each in answers if each)
    kept += sum(map(len, manager.store.health(first).values()))
    assert kept > 0
    assert taken.size == manager.store.sizes()[first] + EVENT_BYTES * events + kept
    assert manager.store.taken_by(BEN.id) == []

    rule(manager, most_disk=taken.size + size - 1)
    manager.submit(small, recipe(epochs=1), BEN)  # each their own
    with pytest.raises(AgainstTheRules, match=r"your runs take .* this run takes up to"):
        manager.submit(small, recipe(epochs=1), ANN)
    wait(manager, manager.submit(small, recipe(epochs=1), TEACHER))
    rule(manager, most_disk=taken.size + size)
    second = manager.submit(small, recipe(epochs=1), ANN)
    wait(manager, second)

    # Of the four epochs that it has then, beside the log of the other.
    rule(manager, most_disk=4 * size + EVENT_BYTES * events)
    with pytest.raises(AgainstTheRules, match="to make room"):
        manager.continue_run(second, 3, ANN)
    manager.delete(first, ANN)
    with pytest.raises(AgainstTheRules, match="1 run in the bin"):
        manager.continue_run(second, 3, ANN)
    for by, method in ((BEN, manager.delete_weights), (ANN, manager.delete_for_good)):
        with pytest.raises(NotAllowed):
            method(first, by)
    manager.delete_weights(first, ANN)
    assert manager.store.checkpoints.epochs(first) == []
    manager.continue_run(second, 3, ANN)
    wait(manager, second)
    manager.restore(first, ANN)
    assert len(manager.snapshot(first).epochs) == 2
    manager.delete(first, ANN)
    manager.delete_for_good(first, TEACHER)
    assert manager.store.owned_by(ANN.id) == [second]


def test_of_runs_that_wait_or_train_what_they_will_take_counts(
    manager_on_disk: JobManager, small: Architecture
) -> None:
    manager = manager_on_disk
    foreseen = most_kept(size := checkpoint_bytes(small, recipe()), 100) * size
    rule(manager, most_disk=2 * foreseen)
    running = manager.submit(small, recipe(epochs=100, batch_size=2), ANN)
    wait(manager, running, has_steps)
    manager.pause(running, ANN)
    wait(manager, running)
    waiting = manager.submit(small, recipe(epochs=100, batch_size=2), ANN)
    rule(manager, most_disk=2 * foreseen - size)
    with pytest.raises(AgainstTheRules, match="to make room"):
        manager.resume(running, ANN)
    manager.stop(waiting, ANN)


def test_where_nothing_is_kept_on_a_disk_there_is_no_such_limit(
    manager: JobManager, small: Architecture
) -> None:
    rule(manager, most_disk=1)
    assert wait(manager, manager.submit(small, recipe(epochs=1), ANN)).status == "finished"


SLOW = Architecture(
    name="slow",
    layers=(
        Conv2d(out_channels=128, kernel_size=3),
        Conv2d(out_channels=128, kernel_size=3),
        Flatten(),
        Linear(out_features=10),
    ),
)


def test_an_epoch_that_takes_longer_than_a_turn_ends_once_somebody_else_waits(
    manager: JobManager, small: Architecture
) -> None:
    rule(manager, most_turn=1)
    gently = {"kind": "SGD", "lr": 1e-6}
    slow = manager.submit(SLOW, recipe("digits", epochs=1, batch_size=8, optimizer=gently), ANN)
    began = wait(manager, slow, lambda snapshot: snapshot.status == "running")
    assert began.epochs == ()
    own = manager.submit(small, recipe(epochs=1), ANN)  # for whom she would not make way
    wait(
        manager,
        slow,
        lambda snapshot: snapshot.ended or (snapshot.latest or Event(kind="step")).time > 2.5,
    )
    assert manager.snapshot(slow).status == "running"
    other = manager.submit(small, recipe(epochs=1), BEN)
    stopped = wait(manager, slow)
    assert stopped.status == "stopped"
    assert stopped.message == (
        "one epoch takes longer than 1 s, the longest turn while others wait: train on a smaller "
        "share of the images, or a smaller network"
    )
    for run_id in (other, own):
        assert wait(manager, run_id).status == "finished"


def test_without_a_limit_a_turn_takes_as_long_as_its_epoch() -> None:
    check_turn(ClassRules(most_turn=None), 10**9)
    check_turn(ClassRules(most_turn=60), 59.9)
    with pytest.raises(AgainstTheRules, match="longer than 1 min"):
        check_turn(ClassRules(most_turn=60), 60)
