"""What a run's network answered after each epoch is kept beside its events."""

from pathlib import Path

import pytest
import torch

from explorer.network.analysis import analyze
from explorer.network.spec import Architecture
from explorer.runs import rows
from explorer.runs.kept_epochs import kept_epochs
from explorer.runs.manager import JobManager
from explorer.training.dataset_files import Dataset
from tests.people.shared import SOMEBODY
from tests.runs.shared import recipe, wait


def trained(manager: JobManager, network: Architecture, epochs: int = 3) -> str:
    run_id = manager.submit(network, recipe(epochs=epochs), SOMEBODY)
    assert wait(manager, run_id).status == "finished"
    return run_id


def test_every_epochs_answers_give_its_accuracy(manager, small, tiny: Dataset):
    run_id = trained(manager, small)
    assert manager.answered_epochs(run_id) == [1, 2, 3]
    for event in manager.snapshot(run_id, 0).epochs:
        answers = manager.answers(run_id, event.epoch)
        right = (answers.predicted == tiny.test.labels).sum().item()
        assert right / len(tiny.test.labels) == event.metrics["test_accuracy"]
        assert answers.loss.mean().item() == pytest.approx(event.metrics["test_loss"], rel=1e-3)
    assert manager.answers(run_id, 4) is None


def test_they_outlive_the_server(manager_on_disk, small, tmp_path: Path):
    run_id = trained(manager_on_disk, small)
    before = manager_on_disk.answers(run_id, 3)
    with JobManager(store=type(manager_on_disk.store)(tmp_path / "home")) as other:
        again = other.answers(run_id, 3)
        assert torch.equal(again.predicted, before.predicted)
        assert torch.equal(again.loss, before.loss)
        other.store.close()


def test_of_many_epochs_no_more_are_kept_than_of_checkpoints(manager, small, monkeypatch):
    asked = []

    def few(epochs, outstanding, size):
        asked.append(size)
        return frozenset(sorted(epochs)[-2:])

    monkeypatch.setattr(rows, "kept_epochs", few)
    run_id = trained(manager, small, epochs=5)
    assert manager.answered_epochs(run_id) == [4, 5]
    assert len(asked) == 5
    health = manager.store.health(run_id)
    assert list(health) == [4, 5]
    assert asked[-1] == len(manager.store.answers(run_id, 5)) + len(health[5])


def test_epochs_that_are_forgotten_take_their_answers_with_them(manager, small):
    run_id = trained(manager, small)
    manager.store.rewind(run_id, 1)
    assert manager.answered_epochs(run_id) == [1]


def test_a_continued_run_adds_to_them(manager, small):
    run_id = trained(manager, small)
    manager.continue_run(run_id, 2, SOMEBODY)
    assert wait(manager, run_id).status == "finished"
    size = len(manager.store.answers(run_id, 5)) + len(manager.store.health(run_id)[5])
    assert manager.answered_epochs(run_id) == sorted(kept_epochs(range(1, 6), (), size))


def test_how_its_layers_fared_is_kept_beside_them(manager, small, caplog):
    run_id = trained(manager, small)
    found = manager.health(run_id)
    assert list(found) == [1, 2, 3]
    layers = [row for row in analyze(small).rows if row.kind != "Branches"]
    assert {len(health) for health in found.values()} == {len(layers)}
    assert any(layer.update > 0 for layer in found[3])
    with manager.store.database.write() as connection:
        connection.execute("UPDATE insight SET health = ? WHERE epoch = 2", (b"noise",))
        connection.execute("UPDATE insight SET health = NULL WHERE epoch = 1")  # of older versions
    assert list(manager.health(run_id)) == [3]
    assert "damaged" in caplog.text


def test_damaged_ones_are_as_if_not_kept(manager, small, caplog):
    run_id = trained(manager, small)
    with manager.store.database.write() as connection:
        connection.execute("UPDATE insight SET answers = ? WHERE epoch = 2", (b"noise",))
    assert manager.answers(run_id, 2) is None
    assert "damaged" in caplog.text
    assert manager.answers(run_id, 3) is not None


def test_they_go_with_the_weights_and_with_the_run(manager, small):
    run_id, other = trained(manager, small), trained(manager, small, epochs=2)
    manager.delete(run_id, SOMEBODY)
    manager.delete_weights(run_id, SOMEBODY)
    manager.restore(run_id, SOMEBODY)
    assert manager.answered_epochs(run_id) == []
    manager.delete(other, SOMEBODY)
    manager.store.delete_for_good(other)
    with manager.store.database.read() as connection:
        assert connection.execute("SELECT count(*) FROM insight").fetchone()[0] == 0
