"""grade.json and grade.py of a report: in an empty folder, without the explorer, the script gives
the verdict of the page, and tells where the report was changed.
"""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from safetensors.torch import load, save

from explorer.assignment.assignment import Assignment, Part, to_data
from explorer.assignment.clauses import SIGNS, Clause, clauses, verdict
from explorer.assignment.results import Result
from explorer.exports.report.reading import read_trained, up_to_epoch
from explorer.exports.report.run_report import Files, Trained, run_report
from explorer.exports.report.seeds_report import seed_folder, seeds_report
from explorer.network.architecture_json import to_data as architecture_to_data
from explorer.network.spec import Architecture
from explorer.presets import preset
from explorer.runs.manager import JobManager
from tests.exports.report.conftest import BLOCKS, RECIPE, SMALL
from tests.people.shared import SOMEBODY
from tests.runs.shared import wait

EASY = Assignment(
    dataset="digits",
    max_params=20_000,
    max_epochs=2,
    min_accuracy=0.01,
    min_field=5,
    max_layers=50,
    max_mult_adds=10**9,
    max_poolings=3,
    required=(Part.BATCH_NORM,),
    forbidden=(Part.DROPOUT,),
)
HARD = Assignment(
    dataset="mnist",
    max_params=10,
    max_epochs=1,
    min_accuracy=1.0,
    min_field=500,
    max_layers=1,
    max_mult_adds=10,
    min_poolings=20,
    required=(Part.DROPOUT,),
    forbidden=(Part.LINEAR,),
)
# The script as somebody runs it who has no explorer: nothing is importable but what is installed
# and what lies in the folder.
ALONE = (
    "import runpy, sys; sys.modules['explorer'] = None; sys.path.insert(0, '.'); "
    "runpy.run_path('grade.py', run_name='__main__')"
)


class Graded(NamedTuple):
    status: int
    lines: list[str]
    errors: str
    result: dict[str, Any] | None


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory) -> Iterator[Callable[..., Trained]]:
    """Each network trained once for all tests here."""
    known: dict[tuple[Architecture, str], Trained] = {}
    with JobManager() as jobs:

        def train(architecture: Architecture = SMALL, precision: str = "fp32") -> Trained:
            if (architecture, precision) not in known:
                run_id = jobs.submit(
                    architecture, RECIPE.model_copy(update={"precision": precision}), SOMEBODY
                )
                wait(jobs, run_id)
                folder = tmp_path_factory.mktemp("weights")
                known[architecture, precision] = read_trained(jobs, run_id, folder)
            return known[architecture, precision]

        yield train


def report(trained: Trained, assignment: Assignment = EASY) -> Files:
    return run_report(trained, assignment, (), {})


@pytest.fixture
def graded(tmp_path, monkeypatch, capsys) -> Callable[[Files], Graded]:
    """What the script does of a report, in this process: it takes seconds to import torch."""

    def grade(files: Files) -> Graded:
        unpack(files, tmp_path)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "model", raising=False)
        status = runpy.run_path(str(tmp_path / "grade.py"), run_name="graded")["main"]()
        monkeypatch.delitem(sys.modules, "model", raising=False)
        printed = capsys.readouterr()
        return Graded(status, printed.out.splitlines(), printed.err, result_in(tmp_path))

    return grade


def unpack(files: Files, folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def result_in(folder: Path) -> dict[str, Any] | None:
    path = folder / "grade-result.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def graded_alone(files: Files, folder: Path) -> Graded:
    unpack(files, folder)
    before = {path.name for path in folder.iterdir()}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", ALONE],
        cwd=folder,
        env=environment | {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert {path.name for path in folder.iterdir()} - before <= {"grade-result.json"}
    return Graded(done.returncode, done.stdout.splitlines(), done.stderr, result_in(folder))


def judged(trained: Trained, assignment: Assignment) -> tuple[Clause, ...]:
    final = trained.epochs[-1]
    result = Result(final.epoch, final.metrics["test_accuracy"])
    return clauses(assignment, trained.run.architecture, trained.run.recipe, result)


def with_changed_json(files: Files, file: str, /, **changes: object) -> Files:
    data = json.loads(files[file]) | changes
    return files | {file: json.dumps(data).encode()}


def without(name: str) -> Callable[[Files], Files]:
    return lambda files: {each: content for each, content in files.items() if each != name}


def changes_told(found: Graded) -> list[str]:
    return [line for line in found.lines if line.startswith("this report was changed: ")]


# --- grade.json -----------------------------------------------------------------------------------


@pytest.mark.parametrize("assignment", [EASY, HARD], ids=["easy", "hard"])
def test_what_grade_json_says(trained_once, assignment):
    trained = trained_once()
    told = json.loads(report(trained, assignment)["grade.json"])
    expected = judged(trained, assignment)
    assert told["assignment"] == to_data(assignment)
    assert told["verdict"] == verdict(expected)
    assert [Clause(**each) for each in told["clauses"]] == list(expected)
    assert told["accuracy"] == trained.epochs[-1].metrics["test_accuracy"]
    assert told["epochs"] == 2


# --- grade.py -------------------------------------------------------------------------------------


def assert_as_the_page(found: Graded, trained: Trained, assignment: Assignment) -> None:
    expected = judged(trained, assignment)
    assert found.lines == [
        *(f"{SIGNS[clause.state]} {clause.text}" for clause in expected),
        f"verdict: {verdict(expected)}",
    ], found.errors
    assert found.status == {"holds": 0, "fails": 3}[verdict(expected)]
    assert found.result["accuracy"] == trained.epochs[-1].metrics["test_accuracy"]
    assert found.result["changed"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "assignment", "status"),
    [
        pytest.param(SMALL, EASY, 0, id="small"),
        pytest.param(BLOCKS, HARD, 3, id="blocks"),
    ],
)
def test_alone_in_a_folder_it_gives_the_pages_clauses(
    trained_once, tmp_path, architecture, assignment, status
):
    trained = trained_once(architecture)
    found = graded_alone(report(trained, assignment), tmp_path)
    assert_as_the_page(found, trained, assignment)
    assert found.status == status


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["bias-free-12k", "mini-resnet", "mini-inception", "mini-mobilenet", "mini-senet"]
)
def test_it_gives_the_pages_clauses_of_networks_of_each_family(trained_once, graded, name):
    trained = trained_once(preset(name).architecture)
    for assignment in (EASY, HARD):
        assert_as_the_page(graded(report(trained, assignment)), trained, assignment)


def test_a_run_in_bf16(trained_once, graded):
    trained = trained_once(SMALL, "bf16")
    found = graded(report(trained))
    assert found.result["accuracy"] == trained.epochs[-1].metrics["test_accuracy"]
    assert found.result["changed"] == []


def test_a_run_that_has_not_gone_to_its_end_is_open(trained_once, graded):
    whole = trained_once()
    snapshot, events = up_to_epoch(whole.snapshot, whole.events, 1)
    files = report(replace(whole, snapshot=snapshot, events=events))
    told = json.loads(files["grade.json"])
    assert (told["verdict"], told["accuracy"], told["epochs"]) == ("unknown", None, None)
    found = graded(files)
    assert found.status == 4
    assert "○ 1 % test accuracy: no finished run yet" in found.lines
    assert changes_told(found) == []


def test_a_run_with_more_epochs_since_counts_as_reported(trained_once, graded):
    """The weights are those of a later epoch than the result."""
    whole = trained_once()
    ended = next(event for event in whole.events if event.kind == "finished")
    before = [event for event in whole.events if event.epoch <= 1]
    early = ended.model_copy(update={"epoch": 1, "step": before[-1].step})
    events = (*before, early, *(e for e in whole.events if e.epoch == 2 and e.kind != "finished"))
    files = report(replace(whole, events=events))
    found = graded(files)
    accuracy = next(line for line in found.lines if "test accuracy" in line)
    assert accuracy.startswith("✓")
    assert accuracy.endswith("(as reported: the weights are those after epoch 2)")


def test_several_seeds_cannot_be_judged_by_one(trained_once, graded):
    assignment = EASY.model_copy(update={"seeds": 3})
    found = graded(report(trained_once(), assignment))
    assert "○ 1 % test accuracy, mean of 3 seeds: 1 of 3 so far" in found.lines
    assert found.status == 4


# --- several seeds --------------------------------------------------------------------------------


SEEDED = EASY.model_copy(update={"seeds": 2})


@pytest.fixture(scope="module")
def seeds(tmp_path_factory) -> dict[int, Trained]:
    """Runs that differ in the seed alone."""
    with JobManager() as jobs:
        runs = {
            seed: jobs.submit(SMALL, RECIPE.model_copy(update={"seed": seed}), SOMEBODY)
            for seed in (3, 11)
        }
        for run_id in runs.values():
            wait(jobs, run_id)
        folder = tmp_path_factory.mktemp("seeds")
        return {seed: read_trained(jobs, run_id, folder) for seed, run_id in runs.items()}


def seeds_files(seeds: dict[int, Trained], assignment: Assignment) -> Files:
    accuracies = {
        seed: trained.epochs[-1].metrics["test_accuracy"] for seed, trained in seeds.items()
    }
    files = dict(seeds_report(SMALL, RECIPE, assignment, 2, accuracies))
    for seed, trained in seeds.items():
        for name, content in report(trained, assignment).items():
            files[f"{seed_folder(seed)}/{name}"] = content
    return files


def mean_of(seeds: dict[int, Trained]) -> float:
    reached = [trained.epochs[-1].metrics["test_accuracy"] for trained in seeds.values()]
    return sum(reached) / len(reached)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("assignment", "seeds_asked_for", "status"),
    [(EASY, 2, 0), (HARD, 2, 3), (EASY, 3, 4)],
    ids=["easy", "hard", "too few"],
)
def test_the_mean_over_seeds_is_graded_alone_in_a_folder(
    seeds, tmp_path, assignment, seeds_asked_for, status
):
    asked = assignment.model_copy(update={"seeds": seeds_asked_for})
    found = graded_alone(seeds_files(seeds, asked), tmp_path)
    expected = clauses(asked, SMALL, RECIPE, Result(2, mean_of(seeds), seeds=2))
    assert found.lines == [
        *(f"{SIGNS[clause.state]} {clause.text}" for clause in expected),
        f"verdict: {verdict(expected)}",
    ], found.errors
    assert found.status == status
    assert found.result["accuracy"] == pytest.approx(mean_of(seeds))
    assert found.result["changed"] == []
    told = json.loads((tmp_path / "grade.json").read_text())
    assert told["verdict"] == verdict(expected)
    assert told["accuracy"] == pytest.approx(mean_of(seeds))


def test_what_the_readme_of_several_seeds_says(seeds):
    readme = seeds_files(seeds, SEEDED)["README.md"].decode()
    reached = {seed: trained.epochs[-1].metrics["test_accuracy"] for seed, trained in seeds.items()}
    for seed, accuracy in reached.items():
        shown = f"{accuracy:.2%}".replace("%", " %")
        assert f"| [seed-{seed}](seed-{seed}/README.md) | {shown} |" in readme
    assert "| **Mean** | **" + f"{mean_of(seeds):.2%}".replace("%", " %") in readme
    assert "test accuracy, mean of 2 seeds (the mean over seeds 3, 11" in readme


def of_another_recipe(files: Files) -> Files:
    run = json.loads(files["seed-3/run.json"])
    run["recipe"]["batch_size"] = 7
    return files | {"seed-3/run.json": json.dumps(run).encode()}


def of_another_assignment(files: Files) -> Files:
    return with_changed_json(files, "grade.json", assignment=to_data(EASY))


def twice_the_same_seed(files: Files) -> Files:
    run = json.loads(files["seed-3/run.json"])
    run["recipe"]["seed"] = 11
    return files | {"seed-3/run.json": json.dumps(run).encode()}


def twice_the_same_weights(files: Files) -> Files:
    return files | {"seed-3/weights.safetensors": files["seed-11/weights.safetensors"]}


def of_another_network(files: Files) -> Files:
    layers = architecture_to_data(SMALL)["layers"]
    return with_changed_json(files, "seed-3/architecture.json", layers=layers[:-1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (of_another_recipe, "are of two recipes: they differ in ['batch_size']"),
        (of_another_assignment, "hold different assignments"),
        (twice_the_same_seed, "have the same seed; a seed counts once"),
        (twice_the_same_weights, "have the same weights, and so are one run"),
        (of_another_network, "are of two networks"),
        (without("seed-3/run.json"), "there are no folders seed-N with a report here"),
        (
            without("seed-3/weights.safetensors"),
            "seed-3 has no weights.safetensors that can be read",
        ),
    ],
)
def test_seeds_that_are_none_are_refused(seeds, graded, change, message):
    found = graded(change(seeds_files(seeds, SEEDED)))
    assert (found.status, found.lines) == (1, [])
    assert message in found.errors
    assert found.errors.count("\n") == 1


def test_a_seed_of_a_renamed_network_is_one(seeds, graded):
    files = seeds_files(seeds, SEEDED)
    found = graded(with_changed_json(files, "seed-3/architecture.json", name="another"))
    assert found.status == 0
    # Which its own grade.py tells: it is not the file that was handed in.
    assert [line.split(":")[1] for line in changes_told(found)] == [" seed-3"]


def test_a_mean_that_was_changed_is_told(seeds, graded):
    files = seeds_files(seeds, SEEDED)
    changed = with_changed_json(files, "grade.json", accuracy=0.999, parameters=7, epochs=1)
    told = changes_told(graded(changed))
    assert [line.split(", found")[0] for line in told] == [
        f"this report was changed: grade.json says {said} as {name}"
        for said, name in ((0.999, "accuracy"), (7, "parameters"), (1, "epochs"))
    ]


def test_a_seed_with_other_weights_than_those_of_its_end_is_not_measured(seeds, graded):
    files = seeds_files(seeds, SEEDED)
    run = json.loads(files["seed-3/run.json"]) | {"epochs": 3}
    found = graded(files | {"seed-3/run.json": json.dumps(run).encode()})
    assert found.status == 4
    assert "○ 1 % test accuracy: not every run's accuracy at its end can be measured" in found.lines


# --- a report that was changed --------------------------------------------------------------------


def other_accuracy(files: Files) -> Files:
    return with_changed_json(files, "grade.json", accuracy=0.999)


def other_parameters(files: Files) -> Files:
    return with_changed_json(files, "grade.json", parameters=7)


def other_weights(files: Files) -> Files:
    weights = {name: -tensor for name, tensor in load(files["weights.safetensors"]).items()}
    return files | {"weights.safetensors": save(weights)}


def other_name(files: Files) -> Files:
    return with_changed_json(files, "architecture.json", name="another")


def other_epochs(files: Files) -> Files:
    return files | {"epochs.csv": b"\n".join(files["epochs.csv"].splitlines()[:-1]) + b"\n"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (other_accuracy, "grade.json says 99.9 %, measured "),
        (other_parameters, "grade.json says 7 parameters, counted "),
        (other_weights, "weights.safetensors is not the file that grade.json tells of"),
        (other_weights, "grade.json says "),
        (other_name, "architecture.json is not the file that grade.json tells of"),
        (other_epochs, "epochs.csv does not end with epoch 2"),
    ],
)
def test_a_changed_report_is_told(trained_once, graded, change, told):
    found = graded(change(report(trained_once())))
    assert any(told in line for line in changes_told(found)), found
    assert found.result["changed"]


def other_layers(files: Files) -> Files:
    layers = architecture_to_data(SMALL)["layers"]
    return with_changed_json(files, "architecture.json", layers=[layers[0], *layers[2:]])


def other_shapes(files: Files) -> Files:
    weights = load(files["weights.safetensors"])
    name = next(name for name, each in weights.items() if each.ndim)
    return files | {"weights.safetensors": save(weights | {name: weights[name][:1].clone()})}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other_layers, "architecture.json is not the network of model.py"),
        (other_shapes, "weights.safetensors is not of model.py's network"),
        (lambda files: files | {"weights.safetensors": b"?"}, "weights.safetensors is not of"),
        (lambda files: files | {"grade.json": b"{"}, "grade.json is no JSON"),
        (lambda files: files | {"grade.json": b"{}"}, "a file of the report was changed"),
        (without("events.csv"), "events.csv cannot be read: unpack the whole report"),
    ],
)
def test_what_cannot_be_graded_is_refused_in_a_sentence(trained_once, graded, change, message):
    found = graded(change(report(trained_once())))
    assert found.status == 1
    assert found.errors.startswith("error: ")
    assert found.errors.count("\n") == 1
    assert message in found.errors
    assert found.result is None


@pytest.mark.parametrize("name", ["Row", "measured", "refused", "Fraction", "network"])
def test_a_network_may_be_called_as_something_in_the_script(trained_once, graded, name):
    trained = trained_once(SMALL.model_copy(update={"name": name}))
    assert_as_the_page(graded(report(trained)), trained, EASY)
