"""`python -m explorer grade`: a run or a report's zip judged from its weights, of which nothing is
executed; and zips that somebody made for another purpose.
"""

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from explorer.__main__ import main
from explorer.assignment.assignment import Assignment, to_data
from explorer.assignment.clauses import SIGNS
from explorer.exports.report import opening
from explorer.exports.report.archive import write_zip
from explorer.exports.report.reading import read_trained
from explorer.exports.report.run_report import Files, run_report
from explorer.network.architecture_json import to_json
from explorer.runs.manager import JobManager
from explorer.runs.store import Store
from tests.exports.report.conftest import BLOCKS, RECIPE, SMALL
from tests.people.shared import SOMEBODY, TEACHER
from tests.runs.shared import wait

ONE = Assignment(dataset="digits", min_accuracy=0.01)
THREE = ONE.model_copy(update={"seeds": 3})
SEEDS = (0, 1, 2)


class Home:
    """A folder of runs, and their reports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs: dict[str, str] = {}
        self.reports: dict[str, Files] = {}
        with JobManager(store=Store(folder)) as jobs:
            for name, architecture, changes in (
                *((f"seed {seed}", SMALL, {"seed": seed}) for seed in SEEDS),
                ("blocks", BLOCKS, {}),
                ("longer", SMALL, {"seed": 3, "epochs": 3}),
                ("in other batches", SMALL, {"seed": 4, "batch_size": 32}),
            ):
                run_id = jobs.submit(architecture, RECIPE.model_copy(update=changes), SOMEBODY)
                wait(jobs, run_id)
                self.runs[name] = run_id
                self.reports[name] = run_report(read_trained(jobs, run_id, folder), ONE, (), {})
            jobs.continue_run(self.runs["longer"], 500, TEACHER)
            wait(jobs, self.runs["longer"], lambda snapshot: len(snapshot.epochs) >= 4)
            jobs.pause(self.runs["longer"], TEACHER)
            wait(jobs, self.runs["longer"])
        jobs.store.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def grade(home, tmp_path, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """The command in this home; status, output and errors."""
    monkeypatch.setenv("EXPLORER_HOME", str(home.folder))

    def run(*arguments: object, by: Assignment | None = None) -> tuple[int, str, str]:
        given = list(map(str, arguments))
        if by:
            file = tmp_path / "assignment.json"
            file.write_text(json.dumps(to_data(by)))
            given += ["--assignment", str(file)]
        status = main(["grade", *given])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def zipped(files: Files, path: Path, folder: str = "report") -> Path:
    with path.open("wb") as target:
        write_zip(files.items(), folder, target)
    return path


# --- a run, and a report --------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["run", "zip"])
@pytest.mark.parametrize("name", ["seed 0", "blocks"])
def test_a_run_is_judged_by_what_its_weights_do(grade, home, tmp_path, form, name):
    files = home.reports[name]
    told = json.loads(files["grade.json"])
    run = home.runs[name] if form == "run" else zipped(files, tmp_path / "report.zip")
    status, out, err = grade(run, by=ONE)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        *(f"{SIGNS[each['state']]} {each['text']} ({each['note']})" for each in told["clauses"]),
        "verdict: holds",
    ]
    status, out, _ = grade(run, "--json", by=ONE)
    found = json.loads(out)
    assert found["verdict"] == "holds"
    assert found["accuracy"] == found["claimed_accuracy"] == told["accuracy"]
    assert found["clauses"] == told["clauses"]
    assert found["remarks"] == []


def test_the_status_says_the_verdict(grade, home, tmp_path):
    run = home.runs["seed 0"]
    assert grade(run, by=ONE.model_copy(update={"max_params": 10}))[0] == 3
    assert grade(run, by=ONE.model_copy(update={"seeds": 2}))[0] == 4
    assert grade(run)[::2] == (
        1,
        "error: name the assignment's file by --assignment; only a report's zip has one\n",
    )
    report = zipped(home.reports["seed 0"], tmp_path / "report.zip")
    assert grade(report)[0] == 0  # by its own assignment
    status, out, _ = grade(report, by=ONE.model_copy(update={"max_params": 10}))
    assert status == 3
    assert "note: the report was judged by another assignment than this" in out
    with pytest.raises(SystemExit) as left:
        grade()
    assert left.value.code == 2


def test_an_assignment_from_standard_input(grade, home, monkeypatch):
    text = io.TextIOWrapper(io.BytesIO(json.dumps(to_data(ONE)).encode()))
    monkeypatch.setattr("sys.stdin", text)
    assert grade(home.runs["seed 0"], "--assignment", "-")[0] == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no assignment: not JSON"),
        ('{"max_prams": 3}', "is no assignment: unknown limit"),
        ("[]", "is no assignment: an assignment is an object"),
    ],
)
def test_what_is_no_assignment(grade, home, tmp_path, text, message):
    file = tmp_path / "a.json"
    file.write_text(text)
    status, _, err = grade(home.runs["seed 0"], "--assignment", file)
    assert status == 1
    assert message in err


def test_reports_of_different_assignments(grade, home, tmp_path):
    files = home.reports["seed 1"]
    told = json.loads(files["grade.json"]) | {"assignment": to_data(THREE)}
    other = zipped(files | {"grade.json": json.dumps(told).encode()}, tmp_path / "1.zip")
    report = zipped(home.reports["seed 0"], tmp_path / "0.zip")
    assert "the reports were judged by different assignments" in grade(report, other)[2]


def test_a_run_that_is_not_there(grade, tmp_path):
    assert "there is no run “nosuch”" in grade("nosuch", by=ONE)[2]
    assert grade(tmp_path / "nosuch.zip", by=ONE)[2].startswith("error: “nosuch.zip”: it cannot be")


def test_the_measured_accuracy_counts(grade, home, tmp_path):
    files = home.reports["seed 0"]
    data = json.loads(files["grade.json"]) | {"accuracy": 0.999}
    changed = files | {"grade.json": json.dumps(data).encode()}
    status, out, _ = grade(
        zipped(changed, tmp_path / "report.zip"), by=ONE.model_copy(update={"min_accuracy": 0.995})
    )
    assert status == 3
    assert "note: the report says 99.9 %, measured " in out


def test_changed_files_are_told(grade, home, tmp_path):
    files = home.reports["seed 0"]
    weights = {name: -tensor for name, tensor in load(files["weights.safetensors"]).items()}
    changed = files | {
        "weights.safetensors": save(weights),
        "architecture.json": to_json(SMALL.model_copy(update={"name": "x"})).encode(),
    }
    out = grade(zipped(changed, tmp_path / "report.zip"))[1]
    assert "this report was changed: weights.safetensors is not the file" in out
    assert "this report was changed: architecture.json is not the file" in out
    assert "note: the report says " in out


def test_nothing_of_the_zip_is_executed(grade, home, tmp_path):
    mark = tmp_path / "executed"
    code = f"open({str(mark)!r}, 'w')".encode()
    names = ("model.py", "evaluate.py", "grade.py", "notebook.ipynb", "sitecustomize.py")
    changed = home.reports["seed 0"] | dict.fromkeys(names, code)
    assert grade(zipped(changed, tmp_path / "report.zip"))[0] == 0
    assert not mark.exists()


def test_a_continued_run_is_graded_as_it_had_first_finished(grade, home):
    status, out, _ = grade(home.runs["longer"], "--json", by=ONE)
    told = json.loads(home.reports["longer"]["grade.json"])
    assert (status, json.loads(out)["accuracy"], told["epochs"]) == (0, told["accuracy"], 3)


def test_weights_of_another_epoch_tell_nothing_of_the_end(grade, home):
    (checkpoint,) = home.folder.glob(f"checkpoints/{home.runs['longer']}/epoch-*3.safetensors")
    aside = checkpoint.rename(home.folder / "aside")
    status, out, _ = grade(home.runs["longer"], by=ONE)
    aside.rename(checkpoint)
    assert status == 4
    assert "○ 1 % test accuracy: cannot be measured" in out
    assert "and its result is that after epoch 3: it cannot be measured" in out


# --- several seeds --------------------------------------------------------------------------------


def test_the_mean_over_seeds(grade, home, tmp_path):
    reports = [zipped(home.reports[f"seed {seed}"], tmp_path / f"{seed}.zip") for seed in SEEDS[1:]]
    status, out, _ = grade(home.runs["seed 0"], *reports, "--json", by=THREE)
    found = json.loads(out)
    each = [json.loads(home.reports[f"seed {seed}"]["grade.json"])["accuracy"] for seed in SEEDS]
    assert status == 0
    assert found["accuracy"] == pytest.approx(sum(each) / 3)
    assert [run["accuracy"] for run in found["runs"]] == each
    accuracy = next(clause for clause in found["clauses"] if clause["limit"] == "min_accuracy")
    assert accuracy["text"].endswith("≥ 1 % test accuracy, mean of 3 seeds")
    assert accuracy["note"].startswith("the mean over seeds 0, 1, 2")
    status, out, _ = grade(*reports, by=THREE)
    assert status == 4
    assert "○ 1 % test accuracy, mean of 3 seeds: 2 of 3 so far" in out


def test_a_hand_in_of_several_seeds_is_one_zip(grade, home, tmp_path):
    files = {
        f"seed-{seed}/{name}": content
        for seed in SEEDS
        for name, content in home.reports[f"seed {seed}"].items()
    }
    status, out, _ = grade(zipped(files, tmp_path / "hand-in.zip"), by=THREE)
    assert status == 0
    assert "mean of 3 seeds" in out
    assert "seed 2: " in out


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("seed 0", "blocks"), "are of two networks"),
        (("seed 0", "in other batches"), "they differ in batch_size"),
        (("seed 0", "seed 0"), "both have seed 0; a seed counts once"),
    ],
)
def test_runs_that_are_not_seeds_of_one_recipe(grade, home, names, message):
    status, out, err = grade(*(home.runs[name] for name in names), by=THREE)
    assert (status, out) == (1, "")
    assert message in err


def test_one_run_under_two_seeds(grade, home, tmp_path):
    files = home.reports["seed 0"]
    facts = json.loads(files["run.json"])
    facts["recipe"]["seed"] = 7
    copy = zipped(files | {"run.json": json.dumps(facts).encode()}, tmp_path / "7.zip")
    assert "have the same weights, and so are one run" in grade(home.runs["seed 0"], copy)[2]


# --- zips for another purpose ---------------------------------------------------------------------


def raw(entries: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packing) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


def in_folder(files: Files) -> dict[str, bytes]:
    return {f"report/{name}": content for name, content in files.items()}


def bomb(files: Files) -> bytes:
    return raw(in_folder(files | {"weights.safetensors": bytes(200_000_000)}))


def lying_size(files: Files) -> bytes:
    """A file that unpacks to more than the zip says."""
    data = bytearray(raw(in_folder(files | {"run.json": bytes(3_000_000)})))
    for place in range(len(data) - 30):
        header = data[place : place + 4]
        if header not in (b"PK\x03\x04", b"PK\x01\x02"):
            continue
        sizes, name = (22, 30) if header == b"PK\x03\x04" else (24, 46)
        if data[place + name :].startswith(b"report/run.json"):
            data[place + sizes : place + sizes + 4] = struct.pack("<I", 100)
    return bytes(data)


def twice(files: Files) -> bytes:
    target = io.BytesIO(raw(in_folder(files)))
    with warnings.catch_warnings(), zipfile.ZipFile(target, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("report/run.json", "{}")
    return target.getvalue()


def with_weights(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]):
    def made(files: Files) -> bytes:
        weights = change(load(files["weights.safetensors"]))
        return raw(in_folder(files | {"weights.safetensors": save(weights)}))

    return made


def with_file(name: str, content: bytes) -> Callable[[Files], bytes]:
    return lambda files: raw(in_folder(files | {name: content}))


def with_facts(**changes: object) -> Callable[[Files], bytes]:
    def made(files: Files) -> bytes:
        facts = json.loads(files["run.json"]) | changes
        return raw(in_folder(files | {"run.json": json.dumps(facts).encode()}))

    return made


def beside(name: str) -> Callable[[Files], bytes]:
    return lambda files: raw(in_folder(files) | {name: b"?"})


HUGE = json.dumps(
    {
        "layers": [
            {"kind": "Flatten"},
            *({"kind": "Linear", "out_features": 65_536} for _ in range(3)),
        ]
    }
).encode()
HOSTILE: dict[str, tuple[Callable[[Files], bytes], str]] = {
    "no zip": (lambda files: b"no zip at all", "it is no zip of a report"),
    "nothing": (lambda files: b"", "it is no zip of a report"),
    "half a zip": (lambda files: raw(in_folder(files))[:-400], "it is no zip of a report"),
    "an empty zip": (lambda files: raw({}), "it has no run.json"),
    "a bomb of weights": (bomb, "weights.safetensors has more than"),
    "a bomb of JSON": (with_file("run.json", bytes(50_000_000)), "run.json has more than"),
    "a bomb that is no file of ours": (with_file("other.bin", bytes(300_000_000)), ""),
    "a size that is a lie": (lying_size, "run.json is damaged"),
    "too many files": (
        lambda files: raw(in_folder(files) | {f"report/{n}": b"" for n in range(2_500)}),
        "it has too many files",
    ),
    "a way out": (beside("report/../../x"), "leads out of its folder"),
    "an absolute path": (beside("/etc/passwd"), "leads out of its folder"),
    "a path of Windows": (beside("report\\..\\x"), "leads out of its folder"),
    "a drive": (beside("C:/x"), "leads out of its folder"),
    "two folders": (beside("other/x"), "a report has one folder at its top; this has 2"),
    "a file beside the folder": (beside("x"), "a report has one folder at its top; this has 2"),
    "one name twice": (twice, "it has two files called “report/run.json”"),
    "another packing": (
        lambda files: raw(in_folder(files), zipfile.ZIP_LZMA),
        "is packed as no report packs its files",
    ),
    "no weights": (
        lambda files: raw(
            in_folder({name: files[name] for name in files if not name.startswith("weights")})
        ),
        "it has no weights.safetensors",
    ),
    "no safetensors": (
        with_file("weights.safetensors", b"\x80\x04pickle"),
        "is no safetensors file",
    ),
    "a tensor less": (
        with_weights(lambda weights: dict(list(weights.items())[1:])),
        "weights.safetensors lacks",
    ),
    "a tensor more": (
        with_weights(lambda weights: weights | {"extra": torch.zeros(1)}),
        "weights.safetensors has “extra”, which the network has not",
    ),
    "another shape": (
        with_weights(lambda weights: {name: each[None] for name, each in weights.items()}),
        "and in the network",
    ),
    "another type": (
        with_weights(lambda weights: {name: each.double() for name, each in weights.items()}),
        "of torch.float64, and in the network",
    ),
    "another network": (with_file("architecture.json", to_json(BLOCKS).encode()), "lacks"),
    "a huge network": (
        with_file("architecture.json", HUGE),
        "the network is too large to be trained here",
    ),
    "a network that does not fit": (
        with_file("architecture.json", b'{"layers": [{"kind": "Linear", "out_features": 3}]}'),
        "layer 0 (Linear) of architecture.json: Linear takes a vector",
    ),
    "no network": (with_file("architecture.json", b"[]"), "an architecture is a JSON object"),
    "deep JSON": (with_file("run.json", b"[" * 100_000), "brackets are nested too deeply"),
    "facts that are a list": (with_file("run.json", b"[]"), "run.json is no JSON object"),
    "facts that are missing": (with_file("run.json", b"{}"), "run.json: recipe is missing"),
    "a recipe that is none": (with_facts(recipe={"epochs": -1}), "epochs"),
    "another precision": (with_facts(precision="fp4"), "precision is fp32 or bf16"),
    "epochs that are no number": (with_facts(epochs="2"), "run.json: epochs is missing"),
    "events that are none": (with_file("events.csv", b"\xff\x00"), "events.csv is no table"),
    "an accuracy that is no number": (
        with_file("events.csv", b"kind,epoch,test_accuracy\nfinished,2,very high\n"),
        "events.csv is no table",
    ),
    **{
        f"an accuracy of {accuracy}": (
            with_file("events.csv", f"kind,epoch,test_accuracy\nfinished,2,{accuracy}\n".encode()),
            "events.csv is no table",
        )
        for accuracy in ("nan", "inf", "-1", "1.0001")
    },
    "an assignment that is none": (
        with_file("grade.json", b'{"assignment": {"max_params": "many"}}'),
        "max_params",
    ),
    "a grade of huge numbers": (
        with_file("grade.json", b'{"accuracy": 1' + b"0" * 4000 + b"}"),
        "name the assignment's file",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_zip_is_refused_in_words(grade, home, tmp_path, kind):
    make, message = HOSTILE[kind]
    path = tmp_path / "report.zip"
    path.write_bytes(make(home.reports["seed 0"]))
    status, out, err = grade(path)
    if not message:  # what is not read does no harm
        assert (status, err) == (0, "")
        return
    assert (status, out) == (1, "")
    assert message in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_a_file_that_is_too_long_is_not_opened(grade, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "MAX_ZIP_BYTES", 1_000)
    path = tmp_path / "report.zip"
    path.write_bytes(bytes(1_001))
    assert "a report has at most" in grade(path, by=ONE)[2]
