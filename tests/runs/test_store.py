"""Runs on disk: what is written is what is read, by this version and by others, by this process and
by others.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from explorer import files
from explorer.home_folder import home_folder
from explorer.runs import database, kept_epochs, rows
from explorer.runs.answers_format import answers_from_bytes
from explorer.runs.checkpoint_files import (
    CheckpointError,
    CheckpointFolder,
    CheckpointMemory,
    Checkpoints,
)
from explorer.runs.checkpoint_format import (
    from_bytes,
    newest_checkpoint,
    read_checkpoint,
    save_checkpoint,
    to_bytes,
)
from explorer.runs.database import MIGRATIONS, Database, StoreError
from explorer.runs.health_format import health_from_bytes
from explorer.runs.home import open_store
from explorer.runs.rows import UnreadableRun
from explorer.runs.run import UnknownRun
from explorer.runs.store import Missing, Store
from explorer.training.checkpoint import Checkpoint
from explorer.training.event import Event, downsample, parse_event
from tests.runs.fixtures.make_runs import (
    FINISHED,
    FIXTURE_ANSWERS,
    FIXTURE_HEALTH,
    fixture_events,
    fixture_run,
)
from tests.runs.shared import opened_file
from tests.runs.test_answers_format import same_answers

ROOT = Path(__file__).parents[2]
FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(params=["on disk", "in memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path if request.param == "on disk" else None)
    yield made
    made.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    made.close()


def trained(store: Store, number: int, events: list[Event], status: str = "") -> str:
    """A run with these events; ended where a status is given, else still being trained, its lock
    free.
    """
    run = fixture_run(number)
    claim = store.begin(run)
    store.append(run.id, 0, events)
    if status:
        store.end(run.id, status, "", len(events), [FINISHED] if status == "finished" else [])
    claim.lock.release()
    return run.id


# --- runs and events ------------------------------------------------------------------------------


def test_an_old_run_whose_name_cannot_be_seen_whole_is_readable(kept: Store) -> None:
    run_id = trained(kept, 1, fixture_events(1), "finished")
    with opened_file(kept) as connection:
        old = json.loads(connection.execute("SELECT architecture FROM runs").fetchone()[0]) | {
            "name": "n\x08e\ufffet"
        }
        connection.execute(
            "UPDATE runs SET name = ?, architecture = ?", ("\u202erun\x00", json.dumps(old))
        )
    run = kept.stored_run(run_id).run
    assert (run.name, run.architecture.name) == ("run", "net")
    with opened_file(kept) as connection:
        connection.execute("UPDATE runs SET name = ?", ("\x00",))
    assert kept.stored_run(run_id).run.name == "net"


def test_what_is_written_is_what_is_read(store: Store) -> None:
    events = fixture_events(2)
    run_id = trained(store, 1, events, "finished")
    kept = store.stored_run(run_id)
    assert (kept.run, kept.status, kept.request, kept.message) == (
        fixture_run(1),
        "finished",
        "",
        "",
    )
    assert store.events(run_id) == (*events, FINISHED)
    history = store.history(run_id, 100)
    assert (history.started, history.latest, history.count) == (events[0], FINISHED, 8)
    assert history.steps == tuple(event for event in events if event.kind == "step")
    assert history.epochs == tuple(event for event in events if event.kind == "epoch")
    assert store.history(run_id, 0).steps == ()
    assert store.last_epoch(run_id) == 2


def test_a_revision_grows_with_every_change(store: Store) -> None:
    run = fixture_run(1)
    claim = store.begin(run)
    changes = [
        lambda: store.append(run.id, 0, fixture_events(1)),
        lambda: store.running(run.id, ""),
        lambda: store.rename(run.id, "other"),
        lambda: store.ask_to_stop(run.id, "stop"),
        lambda: store.end(run.id, "stopped"),
        lambda: store.enqueue(run.id, ["stopped"]),
        lambda: store.withdraw(run.id, "paused", Event(kind="paused")),
    ]
    claim.lock.release()
    for change in changes:
        before = store.revision(run.id)
        change()
        assert store.revision(run.id) > before
        assert store.revisions() == {run.id: store.revision(run.id)}


def test_an_unknown_run(store: Store) -> None:
    asks = [
        store.stored_run,
        store.events,
        store.revision,
        store.last_epoch,
        store.delete,
        lambda run: store.rename(run, "x"),
    ]
    for ask in [*asks, lambda run: store.history(run, 10), lambda run: store.append(run, 0, [])]:
        with pytest.raises(UnknownRun, match="there is no run “guess” here"):
            ask("guess")
    assert store.claim("guess", ["queued"]) is None


def test_images_are_named_by_runs_in_the_bin_too(kept: Store) -> None:
    run = fixture_run(1)
    kept.add(run)
    named = run.recipe.dataset
    assert kept.names_images(named)
    assert not kept.names_images("cifar100")
    with kept.database.write() as connection:
        connection.execute("UPDATE runs SET deleted = 1.0")
    assert kept.names_images(named)
    with kept.database.write() as connection:
        connection.execute("UPDATE runs SET recipe = 'noise'")
    assert not kept.names_images(named)


def test_a_deleted_run_lies_in_the_bin_until_it_is_restored(kept: Store) -> None:
    first, second = (trained(kept, number, fixture_events(number), "finished") for number in (1, 2))
    save_checkpoint(kept.checkpoints, first, checkpoint(1))
    before = kept.stored_run(first), kept.events(first)
    version, now = kept.version(), time.time()
    assert kept.delete(first)
    assert kept.version() != version
    assert list(kept.revisions()) == [second]
    (binned,) = kept.binned()
    assert (binned.id, binned.owner, binned.name) == (first, "ann", "number 1")
    assert now <= binned.deleted <= time.time()
    for ask in (kept.stored_run, kept.events, kept.delete, lambda run: kept.history(run, 10)):
        with pytest.raises(UnknownRun, match="run1 was deleted; it lies in the bin on the Runs"):
            ask(first)
    assert kept.claim(first, ["finished"]) is None
    assert not kept.enqueue(first, ["finished"])
    assert kept.owner(first) == "ann"
    assert kept.missing() == Missing((), ())

    kept.restore(first)
    assert kept.binned() == ()
    assert list(kept.revisions()) == [second, first]
    assert (kept.stored_run(first), kept.events(first)) == before
    assert kept.checkpoints.epochs(first) == [1]
    for ask in (kept.restore, kept.delete_for_good):
        with pytest.raises(UnknownRun, match="run run1 is not in the bin"):
            ask(first)


def test_a_run_deleted_for_good_leaves_nothing(kept: Store, tmp_path: Path) -> None:
    run_id = trained(kept, 1, fixture_events(2), "finished")
    save_checkpoint(kept.checkpoints, run_id, checkpoint(2))
    assert kept.delete(run_id)
    kept.delete_for_good(run_id)
    assert kept.revisions() == {}
    assert kept.binned() == ()
    with sqlite3.connect(tmp_path / "runs.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)
    connection.close()
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_what_is_trained_is_not_deleted(store: Store) -> None:
    claim = store.begin(fixture_run(1))
    store.add(fixture_run(2))
    assert not store.delete("run1")
    assert not store.delete("run2")
    claim.lock.release()


def test_a_row_that_cannot_be_read_leaves_the_others(kept: Store, tmp_path: Path) -> None:
    spoilt, whole = (
        trained(kept, 1, fixture_events(2), "finished"),
        trained(kept, 2, fixture_events(1), "stopped"),
    )
    for change, words in [
        ("architecture = '{\"layers\": 7}'", "run run1 cannot be read: layers"),
        ("architecture = '{'", "not JSON"),
        ("recipe = '{\"epochs\": 0}'", "epochs must be a whole number"),
        ("environment = '{}'", "missing"),
    ]:
        with opened_file(kept) as connection:
            row = tuple(
                connection.execute(
                    "SELECT architecture, recipe, environment FROM runs WHERE id = 'run1'"
                ).fetchone()
            )
            connection.execute(f"UPDATE runs SET {change} WHERE id = 'run1'")
        with pytest.raises(UnreadableRun, match=words):
            kept.stored_run(spoilt)
        assert kept.stored_run(whole).run == fixture_run(2)
        with opened_file(kept) as connection:
            connection.execute(
                "UPDATE runs SET architecture = ?, recipe = ?, environment = ? WHERE id = 'run1'",
                row,
            )
    with opened_file(kept) as connection:
        connection.execute("UPDATE events SET event = '{}' WHERE run = 1 AND seq = 1")
    assert kept.events(spoilt) == (fixture_events(2)[0], *fixture_events(2)[2:], FINISHED)


def test_an_unreadable_run_does_not_hold_up_the_queue(kept: Store) -> None:
    for number in (1, 2):
        kept.add(fixture_run(number))
    with opened_file(kept) as connection:
        connection.execute("UPDATE runs SET recipe = '[]' WHERE id = 'run1'")
    claim = kept.claim_next()
    assert claim is not None
    assert claim.run.id == "run2"
    claim.lock.release()
    with opened_file(kept) as connection:
        row = connection.execute("SELECT status, message FROM runs WHERE id = 'run1'").fetchone()
    assert row["status"] == "failed"
    assert row["message"].startswith("run run1 cannot be read: a recipe is a JSON object")


# --- many events ----------------------------------------------------------------------------------


def many(count: int) -> list[Event]:
    """Steps with a spike at every 1,000th, and an epoch's event after each 500."""
    events = [fixture_events(1)[0]]
    for step in range(1, count + 1):
        epoch, spike = 1 + (step - 1) // 500, 50.0 if step % 1000 == 77 else 0.0
        metrics = {
            "loss": 1 / step + spike,
            "accuracy": 0.5,
            "lr": 0.01,
            "iterations_per_second": 100.0,
        }
        events.append(Event(kind="step", time=step / 100, epoch=epoch, step=step, metrics=metrics))
        if step % 500 == 0:
            events.append(fixture_events(1)[-1].model_copy(update={"epoch": epoch, "step": step}))
    return events


@pytest.mark.parametrize("limit", [4, 20, 399, 400])
def test_steps_are_thinned_out_as_in_memory(store: Store, limit: int) -> None:
    events = many(5000)
    run_id = trained(store, 1, events)
    thin = store.history(run_id, limit).steps
    steps = [event for event in events if event.kind == "step"]
    assert len(thin) <= limit
    assert set(thin) <= set(steps)
    assert list(thin) == sorted(thin, key=lambda event: event.step)
    assert (thin[0], thin[-1]) == (steps[0], steps[-1])
    spikes = {event.step for event in steps if event.metrics["loss"] > 10}
    shown = {event.step for event in thin} & spikes
    assert (
        len(shown)
        == len({event.step for event in downsample(steps, limit)} & spikes)
        == min(len(spikes), (limit - 2) // 2)
    )


@pytest.mark.slow
def test_of_a_hundred_thousand_steps_only_those_shown_are_read(
    kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, read = trained(kept, 1, many(100_000), "stopped"), []
    monkeypatch.setattr(rows, "parse_event", lambda text: read.append(text) or parse_event(text))
    history = kept.history(run_id, 400)
    assert (len(history.steps), len(history.epochs)) == (400, 200)
    assert len(read) == 400 + 200 + 2  # and the first and the last


# --- the queue ------------------------------------------------------------------------------------


def test_a_run_is_taken_once(store: Store) -> None:
    store.add(fixture_run(1))
    first = store.claim_next()
    assert first is not None
    assert first.run == fixture_run(1)
    assert store.stored_run("run1").status == "preparing"
    assert store.claim_next() is None
    assert store.claim("run1", ["queued"]) is None
    first.lock.release()


@pytest.mark.parametrize(
    ("status", "events", "left"),
    [
        ("stopped", fixture_events(2)[:-1], fixture_events(1)),
        ("failed", fixture_events(1)[:-1], []),
        ("paused", fixture_events(2), fixture_events(2)),
        ("finished", fixture_events(2), [*fixture_events(2), FINISHED]),
    ],
)
def test_a_run_taken_again_is_at_its_last_whole_epoch(
    store: Store, status: str, events: list[Event], left: list[Event]
) -> None:
    run_id = trained(store, 1, events, status)
    assert store.enqueue(run_id, [status], 3)
    assert not store.enqueue(run_id, [status])
    assert len(store.events(run_id)) >= len(left)
    claim = store.claim_next()
    assert claim is not None
    assert claim.run.more_epochs == 3
    assert list(store.events(run_id)) == left
    claim.lock.release()


def test_a_run_goes_back_to_any_epoch(store: Store) -> None:
    run_id = trained(store, 1, fixture_events(2), "finished")
    store.rewind(run_id, 1)
    assert list(store.events(run_id)) == fixture_events(1)
    store.rewind(run_id, 0)
    assert store.events(run_id) == ()


# --- what is left behind by a process that ended --------------------------------------------------


def test_what_nobody_trains_any_more_was_interrupted(store: Store) -> None:
    dropped, whole = (
        trained(store, 1, fixture_events(2)[:-1]),
        trained(store, 2, fixture_events(2), "finished"),
    )
    store.add(fixture_run(3))
    held = store.begin(fixture_run(4))
    store.recover()
    assert {run: store.stored_run(run).status for run in store.revisions()} == {
        dropped: "interrupted",
        whole: "finished",
        "run3": "queued",
        "run4": "preparing",
    }
    assert store.stored_run(dropped).message == "the process that trained it ended"
    assert list(store.events(dropped)) == fixture_events(1)
    held.lock.release()


HOLD = """
import sys, time
from pathlib import Path
from explorer.runs.store import Store
store = Store(Path(sys.argv[1]))
claim = store.claim_next()
print(claim.run.id, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_another_process_holds_its_run_until_it_is_killed(kept: Store, tmp_path: Path) -> None:
    for number in (1, 2):
        kept.add(fixture_run(number))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "run1\n"
        kept.recover()
        assert kept.stored_run("run1").status == "preparing"
        assert kept.checkpoints.lock("run1") is None
        ours = kept.claim_next()
        assert ours is not None
        assert ours.run.id == "run2"
        assert kept.ask_to_stop("run1", "stop")  # what one process wants of another
        assert kept.stop_request("run1") == "stop"
        process.kill()
    kept.recover()
    assert [kept.stored_run(run).status for run in ("run1", "run2")] == ["interrupted", "preparing"]
    ours.lock.release()


# --- versions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_runs_of_every_version_can_be_read(version: int, tmp_path: Path) -> None:
    shutil.copy(FIXTURES / f"runs-v{version}.sqlite", tmp_path / "runs.sqlite")
    store = Store(tmp_path)
    assert list(store.revisions()) == ["run3", "run2", "run1"]
    assert [store.stored_run(run).run for run in ("run1", "run2", "run3")] == [
        fixture_run(number) for number in (1, 2, 3)
    ]
    assert list(store.events("run1")) == [*fixture_events(2), FINISHED]
    store.recover()
    assert [store.stored_run(run).status for run in ("run1", "run2", "run3")] == [
        "finished",
        "interrupted",
        "queued",
    ]
    assert list(store.events("run2")) == fixture_events(1)
    assert store.waiting() == ["run3"]
    # Answers are kept since version 4.
    assert store.answered_epochs("run1") == ([2] if version >= 4 else [])
    data = store.answers("run1", 2)
    assert (data is not None) == (version >= 4)
    if data:
        assert same_answers(answers_from_bytes(data), FIXTURE_ANSWERS)
    # How layers fared, since version 5.
    kept = {epoch: health_from_bytes(each, 2) for epoch, each in store.health("run1").items()}
    assert repr(kept) == repr({2: FIXTURE_HEALTH} if version >= 5 else {})
    store.close()


def test_an_older_database_is_migrated_and_a_newer_one_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).close()
    future = (
        *MIGRATIONS,
        (
            "ALTER TABLE runs ADD COLUMN stars TEXT NOT NULL DEFAULT '';\nCREATE TABLE stars (name "
            "TEXT)"
        ),
    )
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", future)
        newer = Store(tmp_path)
        newer.add(fixture_run(1))
        assert newer.stored_run("run1").status == "queued"
        newer.close()
    with pytest.raises(
        StoreError,
        match=r"runs\.sqlite was written by a newer version of the program "
        rf"\(its format is {len(future)},",
    ):
        Store(tmp_path)
    store = open_store(tmp_path, keep_nothing=True)
    assert store.notice == "Runs are kept in memory only, and end with this process"
    assert store.revisions() == {}
    store.close()


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).close()
    monkeypatch.setattr(
        database,
        "MIGRATIONS",
        (*MIGRATIONS, "CREATE TABLE tags (name TEXT);\nCREATE TABLE runs (id TEXT)"),
    )
    with pytest.raises(StoreError, match="already exists"):
        Store(tmp_path)
    monkeypatch.setattr(database, "MIGRATIONS", MIGRATIONS)
    Store(tmp_path).close()


def test_a_transaction_is_whole_or_nothing(tmp_path: Path) -> None:
    data = Database(tmp_path / "runs.sqlite")
    with data.write(durable=True) as connection:
        connection.execute("CREATE TABLE kept (number)")

    def leave_midway() -> None:
        with data.write() as connection:
            connection.execute("DROP TABLE kept")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        leave_midway()
    with data.read() as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone()[0] == 0
    data.close()


def test_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_HOME", "~/runs")
    assert home_folder() == Path.home() / "runs"
    monkeypatch.delenv("EXPLORER_HOME")
    assert home_folder() == Path.home() / ".local" / "share" / "architecture-explorer"


# --- checkpoints ----------------------------------------------------------------------------------


def checkpoint(epoch: int) -> Checkpoint:
    draw = torch.Generator().manual_seed(epoch)
    tensors = {
        "network.0.weight": torch.rand(4, 1, 3, 3, generator=draw),
        "network.1.num_batches_tracked": torch.tensor(epoch),
        "optimizer.0.step": torch.tensor(float(epoch)),
        "optimizer.0.exp_avg": torch.rand(0, 3),
        "network.half": torch.rand(5, generator=draw).bfloat16(),
        "chance.order": draw.get_state(),
    }
    facts = {
        "groups": [{"lr": 0.1, "betas": [0.9, 0.999]}],
        "schedule": {},
        "best": [0.5, -1],
        "seconds": 1.5 + epoch,
    }
    return Checkpoint(epoch, 10 * epoch, tensors, facts)


def same(one: Checkpoint, other: Checkpoint) -> bool:
    tensors = one.tensors.keys() == other.tensors.keys() and all(
        torch.equal(tensor, other.tensors[name]) and tensor.dtype == other.tensors[name].dtype
        for name, tensor in one.tensors.items()
    )
    return tensors and (one.epoch, one.step, one.facts) == (other.epoch, other.step, other.facts)


@pytest.fixture(params=["on disk", "in memory"])
def checkpoints(request: pytest.FixtureRequest, tmp_path: Path) -> Checkpoints:
    return CheckpointFolder(tmp_path) if request.param == "on disk" else CheckpointMemory()


def test_a_checkpoint_comes_back_bit_for_bit(checkpoints: Checkpoints) -> None:
    for epoch in range(1, 8):
        save_checkpoint(checkpoints, "run", checkpoint(epoch))
        checkpoints.trim("run", epoch, {min(epoch, 3)})
        assert same(read_checkpoint(checkpoints, "run", epoch), checkpoint(epoch))
    assert checkpoints.epochs("run") == [7, 6, 5, 4, 3, 2, 1]
    for epoch in range(1, 8):
        assert same(read_checkpoint(checkpoints, "run", epoch), checkpoint(epoch))
    assert checkpoints.epochs("other") == []
    checkpoints.delete("run")
    assert checkpoints.epochs("run") == []


def test_of_large_checkpoints_the_newest_and_the_best_are_kept(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_epochs, "KEPT_BYTES", 3 * len(to_bytes(checkpoint(1))))
    for epoch in range(1, 8):
        save_checkpoint(checkpoints, "run", checkpoint(epoch))
        checkpoints.trim("run", epoch, {min(epoch, 3)})
    assert checkpoints.epochs("run") == [7, 6, 3]
    assert checkpoints.sizes()["run"] == 3 * len(to_bytes(checkpoint(1)))


def test_what_lies_after_the_epoch_is_trimmed_too(checkpoints: Checkpoints) -> None:
    for epoch in (1, 2, 5):
        save_checkpoint(checkpoints, "run", checkpoint(epoch))
    # That of epoch 5 was never recorded.
    assert newest_checkpoint(checkpoints, "run", 2)[0].epoch == 2
    checkpoints.trim("run", 2)
    assert checkpoints.epochs("run") == [2, 1]


def test_a_lock_is_held_by_one(checkpoints: Checkpoints) -> None:
    lock = checkpoints.lock("run")
    assert lock is not None
    assert checkpoints.lock("run") is None
    other = checkpoints.lock("other")
    assert other is not None
    lock.release()
    again = checkpoints.lock("run")
    assert again is not None
    again.release()
    other.release()


def damage(position: float, data: bytes) -> bytes:
    place = int(position * (len(data) - 1))
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize("position", [0, 0.001, 0.01, 0.1, 0.2, 0.5, 0.9, 1])
def test_any_changed_bit_is_found(position: float) -> None:
    data = to_bytes(checkpoint(1))
    with pytest.raises(CheckpointError):
        from_bytes(damage(position, data))


@pytest.mark.parametrize("share", [0, 0.0005, 0.1, 0.5, 0.99])
def test_a_cut_file_is_found(share: float) -> None:
    data = to_bytes(checkpoint(1))
    with pytest.raises(CheckpointError):
        from_bytes(data[: int(share * len(data))])


def test_a_damaged_newest_gives_way_to_the_one_before(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    for epoch in (1, 2):
        save_checkpoint(folder, "run", checkpoint(epoch))
    path = tmp_path / "run" / "epoch-00002.safetensors"
    path.write_bytes(damage(0.9, path.read_bytes()))
    found, wrong = newest_checkpoint(folder, "run", 2)
    assert same(found, checkpoint(1))
    assert wrong == "the checkpoint of epoch 2 is damaged (its checksum is wrong)"
    (tmp_path / "run" / "epoch-00001.safetensors").write_bytes(b"")
    with pytest.raises(
        CheckpointError, match=r"epoch 2 is damaged .*; the checkpoint of epoch 1 is damaged"
    ):
        newest_checkpoint(folder, "run", 2)
    with pytest.raises(CheckpointError, match="there is no checkpoint of epoch 3"):
        newest_checkpoint(folder, "elsewhere", 3)


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = CheckpointFolder(tmp_path)
    save_checkpoint(folder, "run", checkpoint(1))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(
        StoreError,
        match=r"the checkpoint of epoch 2 cannot be written to .*run: No space left on device",
    ):
        save_checkpoint(folder, "run", checkpoint(2))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["epoch-00001.safetensors"]


def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path) -> None:
    """It is JSON and numbers: a pickle in its place is refused, not run."""
    folder = CheckpointFolder(tmp_path)
    (tmp_path / "run").mkdir()
    marker = tmp_path / "executed"
    torch.save({"x": _Evil(str(marker))}, tmp_path / "run" / "epoch-00001.safetensors")
    with pytest.raises(CheckpointError):
        read_checkpoint(folder, "run", 1)
    assert not marker.exists()
    save_checkpoint(folder, "run", checkpoint(1))
    with safe_open(tmp_path / "run" / "epoch-00001.safetensors", "pt") as file:
        assert json.loads(file.metadata()["checkpoint"])["epoch"] == 1


class _Evil:
    def __init__(self, path: str):
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (self.path, "w")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is asked of Linux")
def test_saving_and_reading_take_no_memory_beside_the_tensors(tmp_path: Path) -> None:
    """In a process of its own: what it has taken at its highest, and the tensors' 200 MB."""
    script = f"""
import psutil, torch
from pathlib import Path
from explorer.training.checkpoint import Checkpoint
from explorer.runs.checkpoint_files import CheckpointFolder
from explorer.runs.checkpoint_format import read_checkpoint, save_checkpoint

def peak(work):
    Path("/proc/self/clear_refs").write_text("5")
    before = psutil.Process().memory_info().rss
    result = work()
    lines = Path("/proc/self/status").read_text().splitlines()
    highest = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    return result, highest - before

folder, size = CheckpointFolder(Path({str(tmp_path)!r})), 50_000_000
whole = Checkpoint(1, 1, {{f"network.{{i}}": torch.ones(size // 10) for i in range(10)}}, {{}})
save_checkpoint(folder, "warm", Checkpoint(1, 1, {{"network.a": torch.ones(3)}}, {{}}))
_, saving = peak(lambda: save_checkpoint(folder, "run", whole))
print(saving)
read, reading = peak(lambda: read_checkpoint(folder, "run", 1))
print(reading)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    saving, reading = map(int, done.stdout.split())
    assert saving < 30_000_000
    # The tensors, and the file's pages, which the system takes back when it needs them.
    assert reading < 450_000_000
