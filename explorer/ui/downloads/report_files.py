"""Makes the files that take long: reports, event files, weights, and the test of two networks on
the same images.

Nothing here knows a session or a page: it runs in a process of its own, see report_worker.py. What
is wanted is data that JSON can hold.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.assignment.assignment import Assignment, parse_assignment
from explorer.classroom.assignments import Assignments
from explorer.classroom.hand_ins import HandIns
from explorer.classroom.register import Register
from explorer.classroom.roll import call_the_roll
from explorer.compare.chosen import Chosen
from explorer.compare.comparison import Comparison
from explorer.compare.learning import Record
from explorer.compare.mcnemar import Right, mcnemar, right_answers, verdict_text
from explorer.exports import tensorboard
from explorer.exports.class_archive import class_files
from explorer.exports.hand_ins import hand_in_files
from explorer.exports.report.archive import write_zip
from explorer.exports.report.comparison_report import Column, comparison_report, representatives
from explorer.exports.report.reading import read_trained
from explorer.exports.report.run_report import Files, Trained, result_of, run_report
from explorer.exports.report.seeds_report import seed_folder, seeds_report
from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.architecture_json import to_json as architecture_to_json
from explorer.presets import load_presets
from explorer.runs.checkpoint_format import weights_to_bytes
from explorer.runs.manager import JobManager, NoWeights
from explorer.runs.run import RunError, Snapshot
from explorer.runs.run_summary import summary_of
from explorer.text import quoted, sentence
from explorer.training.dataset_files import load_present_dataset
from explorer.training.datasets import DatasetError
from explorer.training.devices import available_devices
from explorer.training.event import events_csv
from explorer.training.recipe import parse_recipe
from explorer.training.recipe import to_json as recipe_to_json
from explorer.ui.charts import run_charts as charts
from explorer.ui.charts.chart import Chart
from explorer.ui.charts.comparison import computation_charts, learning_chart, trade_off_charts
from explorer.ui.charts.documents import documented_beside
from explorer.ui.downloads import pictures

MOST_WORK = 3_000_000_000_000  # mult-adds to test one network: minutes on two cores

Wanted = dict[str, Any]


def make(wanted: Wanted, jobs: JobManager, path: Path) -> str:
    """Write a download to `path`, and return what to say about it, "" for nothing.

    Raises RunError, whose message says why it cannot be made.
    """
    return MAKERS[wanted["what"]](wanted, jobs, path)


# --- of one run -----------------------------------------------------------------------------------


def _run_report(wanted: Wanted, jobs: JobManager, path: Path) -> str:
    with _folder_beside(path) as folder:
        trained = read_trained(jobs, wanted["run"], Path(folder))
        files = _files(trained, wanted)
        with path.open("wb") as target:
            write_zip(files.items(), wanted["folder"], target)
    return trained.note


def _hand_in(wanted: Wanted, jobs: JobManager, path: Path) -> str:
    """The reports of all runs that a hand-in is judged by, each in a folder of its own."""
    with _folder_beside(path) as folder, path.open("wb") as target:
        write_zip(_reports(wanted, jobs, Path(folder)), wanted["folder"], target)
    return ""


def _hand_ins(wanted: Wanted, jobs: JobManager, path: Path) -> str:
    """All that was handed in for an assignment."""
    database = jobs.store.database
    hand_ins = HandIns(database, jobs.store.folder)
    handed = hand_ins.newest(wanted["assignment"])
    names = Register(database).names(each.person for each in handed)
    files = hand_in_files(handed, names, hand_ins.read_report)
    with path.open("wb") as target:
        write_zip(files, wanted["folder"], target)
    return ""


def _class_archive(wanted: Wanted, jobs: JobManager, path: Path) -> str:
    """All that a class has done."""
    database = jobs.store.database
    hand_ins = HandIns(database, jobs.store.folder)
    handed = {given: hand_ins.newest(given.id) for given in Assignments(database).all()}
    everybody = sorted(Register(database).all(), key=lambda entry: entry.name.casefold())
    files = class_files(
        call_the_roll(everybody, jobs.runs()),
        handed,
        hand_ins.read_report,
    )
    with path.open("wb") as target:
        write_zip(files, wanted["folder"], target)
    return ""


def _reports(wanted: Wanted, jobs: JobManager, folder: Path) -> Iterator[tuple[str, bytes]]:
    accuracies: dict[int, float] = {}
    for run_id in wanted["runs"]:
        trained = read_trained(jobs, run_id, folder, wanted["epoch"])
        run, seed = trained.run, trained.recipe.seed
        place = f"{seed_folder(seed)}/" if len(wanted["runs"]) > 1 else ""
        for name, content in _files(trained, wanted).items():
            yield f"{place}{name}", content
        if result := result_of(trained):
            accuracies[seed] = result.test_accuracy
    if len(accuracies) == len(wanted["runs"]) > 1:  # else they have no mean
        yield from seeds_report(
            run.architecture, run.recipe, _assignment(wanted), wanted["epoch"], accuracies
        ).items()


def _files(trained: Trained, wanted: Wanted) -> Files:
    presets = tuple(load_presets().values())
    return run_report(trained, _assignment(wanted), presets, _run_pictures(trained))


def _events(wanted: Wanted, jobs: JobManager, path: Path) -> str:
    path.write_text(events_csv(jobs.events(wanted["run"])), encoding="utf-8")
    return ""


def _tensorboard(wanted: Wanted, jobs: JobManager, path: Path) -> str:
    path.write_bytes(tensorboard.event_file(jobs.events(wanted["run"]), wanted["submitted"]))
    return ""


def _weights(wanted: Wanted, jobs: JobManager, path: Path) -> str:
    found = jobs.weights(wanted["run"])
    path.write_bytes(
        weights_to_bytes(found.weights, {"run": wanted["run"], "epoch": str(found.epoch)})
    )
    return found.note


def _run_pictures(trained: Trained) -> dict[str, bytes]:
    return pictures.files(charts.run_charts(trained.snapshot, documented_beside(trained.snapshot)))


def _folder_beside(path: Path) -> "tempfile.TemporaryDirectory[str]":
    """A temporary folder beside the download, which is deleted with it if this process is
    killed.
    """
    return tempfile.TemporaryDirectory(dir=path.parent)


def _assignment(wanted: Wanted) -> Assignment:
    return parse_assignment(wanted["assignment"])


# --- of a comparison ------------------------------------------------------------------------------


def _comparison_report(wanted: Wanted, jobs: JobManager, path: Path) -> str:
    with _folder_beside(path) as folder:
        comparison, trained = _read_comparison(wanted, jobs, Path(folder))
        files = comparison_report(
            [Column(each.title, each.architecture) for each in comparison.chosen],
            comparison.groups,
            {run_id: (found, _run_pictures(found)) for run_id, found in trained.items()},
            Answers(jobs, trained),
            _assignment(wanted),
            tuple(load_presets().values()),
            pictures.files(_all_charts(comparison)),
        )
        with path.open("wb") as target:
            write_zip(files, wanted["folder"], target)
    return " ".join(
        f"{quoted(found.run.name)}: {sentence(found.note)}"
        for found in trained.values()
        if found.note
    )


def _read_comparison(
    wanted: Wanted, jobs: JobManager, folder: Path
) -> tuple[Comparison, dict[str, Trained]]:
    """What is compared, and the runs that are reported whole. Tables, charts and runs are of the
    same epochs.
    """
    chosen = [_chosen(each) for each in wanted["chosen"]]
    seen = Seen({snapshot.run.id: snapshot for snapshot in jobs.snapshots(wanted["runs"])})
    trained: dict[str, Trained] = {}
    while True:
        runs = [summary_of(snapshot) for snapshot in seen.by_id.values()]
        comparison = Comparison.of(chosen, runs, seen).on(wanted["dataset"])
        whole = [
            record.run_id
            for record in representatives(comparison.groups, comparison.chosen_runs)
            if record.run_id
        ]
        missing = [run_id for run_id in whole if run_id not in trained]
        if not missing:
            return comparison, {run_id: trained[run_id] for run_id in whole}
        for run_id in missing:
            trained[run_id] = read_trained(jobs, run_id, folder)
            seen.by_id[run_id] = trained[run_id].snapshot


@dataclass(frozen=True)
class Seen:
    """Runs as they were read once, so that what is compared does not change while it is written."""

    by_id: dict[str, Snapshot]

    def snapshots(self, run_ids: Iterable[str]) -> tuple[Snapshot, ...]:
        return tuple(self.by_id[run_id] for run_id in run_ids if run_id in self.by_id)


def chosen_as_data(each: Chosen) -> dict[str, Any]:
    """One of the things compared, as JSON."""
    return {
        "key": each.key,
        "title": each.title,
        "architecture": architecture_to_json(each.architecture),
        "recipe": recipe_to_json(each.recipe),
        "preset": each.preset.id if each.preset else "",
        "run": each.run,
    }


def _chosen(data: Mapping[str, Any]) -> Chosen:
    preset = load_presets().get(data["preset"])
    architecture, recipe = parse_architecture(data["architecture"]), parse_recipe(data["recipe"])
    return Chosen(data["key"], data["title"], architecture, recipe, preset, data["run"])


def _all_charts(comparison: Comparison) -> list[Chart]:
    found = [*computation_charts(comparison), *trade_off_charts(comparison)]
    if comparison.groups or comparison.documents:
        found += [
            learning_chart(comparison, "test accuracy", zoom="all"),
            learning_chart(comparison, "test accuracy", zoom="last percent"),
            learning_chart(comparison, "train accuracy", zoom="all"),
            learning_chart(comparison, "test loss"),
        ]
    return found


# --- two networks on the same images --------------------------------------------------------------


class Answers:
    """Which test images runs get right. Each run is tested once."""

    def __init__(self, jobs: JobManager, trained: Mapping[str, Trained] | None = None):
        """`trained` are runs whose weights have been read."""
        self._jobs, self._trained = jobs, trained or {}
        self._known: dict[str, Right] = {}

    def __call__(self, record: Record) -> Right:
        """Which test images the record's run gets right. Raises LookupError, which says why that
        cannot be told.
        """
        assert record.run_id is not None
        try:
            return self.after(record.run_id, len(record.epochs))
        except (DatasetError, RunError) as error:
            raise LookupError(str(error)) from None

    def after(self, run_id: str, epoch: int) -> Right:
        """Which test images the run gets right after this epoch.

        If the run was trained on a device of this machine, their share is the accuracy that it
        reported. Raises RunError, and DatasetError without its images.
        """
        if run_id in self._known:
            return self._known[run_id]
        run = self._jobs.snapshot(run_id, 4).run
        weights, precision = self._weights(run_id, epoch)
        dataset = load_present_dataset(run.recipe.dataset)
        images = len(dataset.test.labels)
        work = analyze(run.architecture).total_mult_adds * images
        if work > MOST_WORK:
            raise RunError(
                f"{quoted(run.name)} is too large to be tested again here: "
                f"{work:,} mult-adds on {images:,} images, and at most {MOST_WORK:,} are done"
            )
        device = torch.device(run.device if run.device in available_devices() else "cpu")
        self._known[run_id] = right_answers(run.architecture, weights, dataset, precision, device)
        return self._known[run_id]

    def _weights(self, run_id: str, epoch: int) -> tuple[Mapping[str, Tensor], str]:
        trained = self._trained.get(run_id)
        if trained and trained.weights is not None and trained.epochs[-1].epoch == epoch:
            return trained.weights, trained.precision
        found = self._jobs.weights(run_id)
        if found.epoch != epoch:
            raise NoWeights(found.note or f"run {run_id} has just ended another epoch; test again")
        return found.weights, found.precision


def _pair(wanted: Wanted, jobs: JobManager, path: Path) -> str:
    """McNemar's test of two runs. The sentence on it is all that is made."""
    answers = Answers(jobs)
    try:
        right = [
            answers.after(run_id, epoch)
            for run_id, epoch in zip(wanted["runs"], wanted["epochs"], strict=True)
        ]
    except DatasetError as error:
        raise RunError(str(error)) from None
    seeds = " and ".join(f"seed {seed}" for seed in wanted["seeds"])
    text = verdict_text(mcnemar(*right), *wanted["labels"])
    note = f"{seeds}; McNemar's test, exact, on {len(right[0]):,} images"
    return f"{text.removesuffix('.')} ({note})"


MAKERS: dict[str, Callable[[Wanted, JobManager, Path], str]] = {
    "run report": _run_report,
    "hand-in": _hand_in,
    "hand-ins": _hand_ins,
    "class": _class_archive,
    "events": _events,
    "tensorboard": _tensorboard,
    "weights": _weights,
    "comparison report": _comparison_report,
    "pair": _pair,
}
