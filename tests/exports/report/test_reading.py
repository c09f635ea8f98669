"""A report is of one epoch: figures, events and weights."""

import csv
import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from explorer.assignment.assignment import Assignment
from explorer.compare.mcnemar import right_answers
from explorer.exports.report.reading import read_trained, up_to_epoch
from explorer.exports.report.run_report import run_report
from explorer.presets import load_presets
from explorer.runs.checkpoint_format import read_checkpoint
from explorer.runs.manager import JobManager
from explorer.runs.run import RunError
from explorer.runs.store import Store
from explorer.training.dataset_files import load_dataset
from tests.exports.report.conftest import RECIPE, SMALL
from tests.people.shared import SOMEBODY, TEACHER
from tests.runs.shared import wait

PRESETS = tuple(load_presets().values())


class OneEpochBehind:
    """A job manager as it answers while an epoch ends: the weights are read before, everything else
    after.
    """

    def __init__(self, jobs: JobManager, run_id: str):
        self._jobs = jobs
        last = jobs.weights(run_id).epoch
        checkpoint = read_checkpoint(jobs.store.checkpoints, run_id, last - 1)
        weights = {
            name.removeprefix("network."): tensor for name, tensor in checkpoint.tensors.items()
        }
        known = jobs.weights(run_id)
        self.before = known._replace(
            epoch=last - 1, weights={name: weights[name] for name in known.weights}
        )

    def weights(self, run_id: str, after: int | None = None):
        return self.before

    def __getattr__(self, name: str):
        return getattr(self._jobs, name)


def accuracy_of(trained) -> float:
    """As the weights have it."""
    dataset = load_dataset(trained.recipe.dataset)
    return right_answers(
        trained.run.architecture, trained.weights, dataset, "fp32", torch.device("cpu")
    ).mean()


def test_an_epoch_that_ends_between_the_reads_is_left_out_everywhere(jobs, trained, tmp_path):
    whole = trained(epochs=3)
    found = read_trained(OneEpochBehind(jobs, whole.run.id), whole.run.id, tmp_path)
    final = whole.epochs[1]
    assert [event.epoch for event in found.epochs] == [1, 2]
    assert (
        accuracy_of(found)
        == final.metrics["test_accuracy"]
        != whole.epochs[2].metrics["test_accuracy"]
    )
    easy = Assignment(max_params=None, max_epochs=None, min_accuracy=0.01)
    assert "- ✓" in run_report(whole, easy, PRESETS, {})["README.md"].decode()
    files = run_report(found, easy, PRESETS, {})
    readme = files["README.md"].decode()
    assert (
        f"after the final epoch, 2 | **{final.metrics['test_accuracy']:.2%}".replace("%", " %")
        in readme
    )
    assert "- ✓" not in readme  # it is not the run's result
    assert json.loads(files["run.json"])["epochs"] == 2
    assert len(list(csv.DictReader(io.StringIO(files["epochs.csv"].decode())))) == 2
    events = list(csv.DictReader(io.StringIO(files["events.csv"].decode())))
    assert max(int(event["epoch"]) for event in events) == 2
    assert {event["kind"] for event in events} == {"started", "step", "epoch"}


def test_a_continued_run_that_was_paused_still_has_its_result(jobs, trained, tmp_path):
    finished = trained(epochs=2)
    jobs.continue_run(finished.run.id, 500, TEACHER)
    wait(jobs, finished.run.id, lambda snapshot: len(snapshot.epochs) >= 4)
    jobs.pause(finished.run.id, TEACHER)
    wait(jobs, finished.run.id)
    paused = read_trained(jobs, finished.run.id, tmp_path)
    assert paused.snapshot.status == "paused"
    accuracy = finished.epochs[-1].metrics["test_accuracy"]
    reached = f"{accuracy:.2%}".replace("%", " %")
    readme = run_report(
        paused, Assignment(max_params=None, max_epochs=2, min_accuracy=0.01), PRESETS, {}
    )["README.md"].decode()
    assert (
        f"| Test accuracy at the end of its first 2 epochs, before more were added | {reached} |"
        in readme
    )
    section = readme.split("## The assignment")[1].split("##")[0]
    assert section.count("- ✓") == 2
    assert f"{math.floor(10_000 * accuracy) / 100:.4g} % ≥ 1 % test accuracy" in section
    assert "2 ≤ 2 epochs" in section


def test_a_continued_run_is_read_as_it_was_when_it_had_finished(jobs, trained, tmp_path):
    """Which is what an assignment is judged by."""
    finished = trained(epochs=3)  # no power of two: kept for what it is
    run_id = finished.run.id
    jobs.continue_run(run_id, 4, TEACHER)
    wait(jobs, run_id)
    found = read_trained(jobs, run_id, tmp_path, 3)
    final = finished.epochs[-1].metrics["test_accuracy"]
    assert [event.epoch for event in found.epochs] == [1, 2, 3]
    assert accuracy_of(found) == final
    assert (found.snapshot.status, found.run.more_epochs, found.note) == ("finished", 0, "")
    files = run_report(found, Assignment(max_epochs=3, min_accuracy=0.01), PRESETS, {})
    told = json.loads(files["grade.json"])
    assert (told["epochs"], told["accuracy"], told["verdict"]) == (3, final, "holds")
    assert "epochs more" not in files["README.md"].decode()
    assert found.snapshot.started.metrics["epochs"] == 3  # as far as its charts reach


def test_where_those_weights_are_no_longer_kept_the_report_says_so(jobs, trained, tmp_path):
    run_id = trained(epochs=7).run.id
    jobs.store.checkpoints._kept[run_id].pop(5)
    found = read_trained(jobs, run_id, tmp_path, 5)
    assert found.epochs[-1].epoch == 7
    assert found.note == (
        "its weights after epoch 5 are no longer kept; these are those after epoch 7"
    )


def test_where_no_earlier_weights_are_left_those_that_are_left_are_reported(
    jobs, trained, tmp_path
):
    run_id = trained(epochs=3).run.id
    jobs.continue_run(run_id, 4, TEACHER)
    wait(jobs, run_id)
    for epoch in (1, 2, 3):
        jobs.store.checkpoints._kept[run_id].pop(epoch, None)
    found = read_trained(jobs, run_id, tmp_path, 3)
    assert found.weights is not None
    assert found.note.startswith("its weights after epoch 3 are no longer kept")
    told = json.loads(run_report(found, Assignment(max_epochs=3), PRESETS, {})["grade.json"])
    assert told["epochs"] == 3  # by its first end, whatever was added


def test_what_comes_before_the_weights_is_all_there(trained):
    whole = trained(epochs=2)
    assert up_to_epoch(whole.snapshot, whole.events, 2) == (whole.snapshot, whole.events)
    snapshot, events = up_to_epoch(whole.snapshot, whole.events, 1)
    assert snapshot.latest == events[-1] == whole.epochs[0]
    assert up_to_epoch(whole.snapshot, whole.events, 3) is None
    assert up_to_epoch(replace(whole.snapshot, epochs=()), (), 0) is None


@pytest.fixture
def on_disk(tmp_path: Path):
    with JobManager(store=Store(tmp_path / "home")) as manager:
        yield manager


def finished_run(jobs: JobManager) -> str:
    run = jobs.submit(SMALL, RECIPE.model_copy(update={"epochs": 3}), SOMEBODY)
    wait(jobs, run)
    return run


def test_weights_of_an_earlier_epoch_are_said_and_damage_that_is_mended_is_forgotten(
    on_disk, tmp_path
):
    run = finished_run(on_disk)
    newest = max((tmp_path / "home" / "checkpoints" / run).glob("epoch-*"))
    whole = newest.read_bytes()
    newest.write_bytes(whole[: len(whole) // 2])
    with JobManager(slots=0, store=on_disk.store) as other:  # remembers nothing
        found = read_trained(other, run, tmp_path)
        assert [event.epoch for event in found.epochs] == [1, 2]
        readme = (
            run_report(found, Assignment(), PRESETS, {})["README.md"].decode().replace("\\", "")
        )
        assert re.search(
            r"\*\*Note:\*\* The checkpoint of epoch 3 is damaged.*weights after epoch 2", readme
        )
        assert accuracy_of(found) == found.epochs[-1].metrics["test_accuracy"]
        newest.write_bytes(whole)
        again = read_trained(other, run, tmp_path)
        assert ([event.epoch for event in again.epochs], again.note) == ([1, 2, 3], "")


def test_without_any_weights_the_figures_are_reported_and_the_loss_is_said(on_disk, tmp_path):
    run = finished_run(on_disk)
    on_disk.store.checkpoints.delete(run)
    with JobManager(slots=0, store=on_disk.store) as other:
        found = read_trained(other, run, tmp_path)
    assert found.weights is None
    assert len(found.epochs) == 3
    assert "are lost" in run_report(found, Assignment(), PRESETS, {})["README.md"].decode()


def test_a_run_without_a_whole_epoch_is_refused(jobs, tmp_path):
    blocking = jobs.submit(SMALL, RECIPE.model_copy(update={"epochs": 1000}), SOMEBODY)
    waiting = jobs.submit(SMALL, RECIPE, SOMEBODY)
    with pytest.raises(RunError, match="has no whole epoch"):
        read_trained(jobs, waiting, tmp_path)
    for run in (waiting, blocking):
        jobs.stop(run, TEACHER)


def test_a_report_names_what_its_epoch_was_computed_with_and_not_who_asks(
    jobs, trained, tmp_path, monkeypatch
):
    before = torch.get_num_threads()
    whole = trained(epochs=1)
    # Here, and of a leg that begins later.
    monkeypatch.setattr("explorer.runs.new_run.torch.get_num_threads", lambda: 77)
    found = read_trained(jobs, whole.run.id, tmp_path)
    assert found.threads == before
    files = run_report(found, Assignment(), PRESETS, {})
    assert f"torch.set_num_threads({before})" in files["evaluate.py"].decode()
    environment = json.loads(files["run.json"])["environment"]
    assert (environment["threads"], environment["host"]) == (before, whole.run.environment.host)
