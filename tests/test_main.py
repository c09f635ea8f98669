"""The command line, whose forms others rely on."""

import io
import json
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from explorer.__main__ import main
from explorer.exports.notebook import notebook_json
from explorer.exports.pytorch import python_source
from explorer.exports.summary_text import summary_table
from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture, to_json
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.presets import load_presets
from explorer.runs.manager import JobManager
from explorer.runs.store import Store
from explorer.training.recipe import parse_recipe
from tests.people.shared import SOMEBODY

ROOT = Path(__file__).resolve().parents[1]
PRESETS = [id for id, preset in load_presets().items() if preset.documented]


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_presets(capsys):
    status, out, _ = run(capsys, "presets", "--json")
    rows = {row["id"]: row for row in json.loads(out)}
    assert status == 0
    assert list(rows) == list(load_presets())
    assert (rows["gap-17k"]["params"], rows["gap-17k"]["documented_best"]) == (17_498, 0.9957)
    assert run(capsys, "presets")[1].count("\n") == len(rows)


def test_analyze(capsys, tmp_path):
    file = tmp_path / "network.json"
    file.write_text(to_json(load_presets()["gap-17k"].architecture))
    status, out, err = run(capsys, "analyze", str(file), "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["total_params"] == 17_498
    assert run(capsys, "analyze", "gap-17k", "--json")[1] == out
    assert "17,498 parameters" in run(capsys, "analyze", "gap-17k")[1]


def test_analyze_names_the_layer_that_does_not_fit(capsys, tmp_path):
    file = tmp_path / "network.json"
    file.write_text('{"layers": [{"kind": "ReLU"}, {"kind": "Linear", "out_features": 2}]}')
    status, out, err = run(capsys, "analyze", str(file), "--json")
    assert status == 1
    assert [row["kind"] for row in json.loads(out)["rows"]] == ["ReLU"]
    assert json.loads(out)["problem"]["index"] == 1
    assert err.startswith("error: layer 1 (Linear): Linear takes a vector")


def test_receptive_field(capsys):
    status, out, _ = run(
        capsys, "receptive-field", "strided-20k", "--layer", "0", "--unit", "0,3", "--json"
    )
    found = json.loads(out)
    assert status == 0
    assert {name: found[name] for name in ("theoretical", "rows", "columns", "pixels_seen")} == {
        "theoretical": [5, 5],
        "rows": [0, 3],
        "columns": [2, 6],
        "pixels_seen": 20,
    }
    assert sum(map(sum, found["mask"])) == 20
    assert (len(found["mask"]), len(found["mask"][0])) == (28, 28)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["analyze", "gap-18k"],
            "error: “gap-18k” is neither a preset nor a file; the presets are adaptive-pool-16k, ",
        ),
        (
            ["receptive-field", "gap-17k", "--layer", "99", "--unit", "0,0"],
            "error: no layer 99: the layers are counted from 0 to 29",
        ),
        (
            ["receptive-field", "gap-17k", "--layer", "0", "--unit", "28,0"],
            "error: no unit 28,0: this layer has 28×28 units",
        ),
        (
            ["train", "gap-17k", "--epochs", "0"],
            "error: epochs must be a whole number from 1 to 1000; this has 0",
        ),
        (
            ["train", "gap-17k", "--device", "abacus"],
            'error: device must be "auto" or "cpu" or "cuda" or "mps"; this has "abacus"',
        ),
    ],
)
def test_refusals(capsys, arguments, message):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (1, "")
    assert err.startswith(message)


def test_train_prints_events_and_repeats_them(capsys):
    command = [
        "train",
        "bias-free-12k",
        "--dataset",
        "digits",
        "--epochs",
        "1",
        "--seed",
        "3",
        "--device",
        "cpu",
        "--json",
    ]
    runs = [[json.loads(line) for line in run(capsys, *command)[1].splitlines()] for _ in range(2)]
    assert [event["kind"] for event in runs[0]][:2] == ["started", "step"]
    assert [event["kind"] for event in runs[0]][-2:] == ["epoch", "finished"]
    times = {"seconds", "iterations_per_second"}
    plain = [
        [
            (e["kind"], e["step"], {k: v for k, v in e["metrics"].items() if k not in times})
            for e in events
        ]
        for events in runs
    ]
    assert plain[0] == plain[1]


def test_a_network_that_cannot_learn_the_images_is_refused(capsys, tmp_path):
    file = tmp_path / "network.json"
    file.write_text('{"layers": [{"kind": "Flatten"}, {"kind": "Linear", "out_features": 7}]}')
    status, _, err = run(capsys, "train", str(file), "--epochs", "1")
    assert status == 1
    assert "the network ends in 7 values; Digits needs 10 outputs" in err


def test_a_named_recipe_is_the_presets_and_its_epochs_become_a_table(capsys, tmp_path):
    file = tmp_path / "epochs.csv"
    status, out, _ = run(
        capsys,
        "train",
        "bias-free-12k",
        "--recipe",
        "tuned",
        "--dataset",
        "digits",
        "--epochs",
        "2",
        "--csv",
        str(file),
        "--json",
    )
    events = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    rates = [event["metrics"]["lr"] for event in events if event["kind"] == "step"]
    assert max(rates) == pytest.approx(
        load_presets()["bias-free-12k"].tuned.recipe.scheduler.max_lr, rel=0.01
    )
    lines = file.read_text().splitlines()
    header, *values = (line.split(",") for line in lines)
    epochs = [event for event in events if event["kind"] == "epoch"]
    assert [int(row[0]) for row in values] == [1, 2]
    for row, event in zip(values, epochs, strict=True):
        assert {
            name: float(value) for name, value in zip(header[1:], row[1:], strict=True)
        } == event["metrics"]


@pytest.mark.parametrize("arch", ["blank", "FILE"])
def test_a_recipe_that_does_not_exist_is_said(capsys, tmp_path, arch):
    file = tmp_path / "network.json"
    file.write_text(to_json(load_presets()["gap-17k"].architecture))
    status, _, err = run(
        capsys, "train", str(file) if arch == "FILE" else arch, "--recipe", "tuned"
    )
    assert status == 1
    assert "has no recipe “tuned”; it has none" in err


@pytest.mark.parametrize("id", PRESETS)
def test_the_exported_summary_is_the_documents_table(capsys, id):
    """tests/exports/test_summary_text.py compares every line; this that the command prints that
    table.
    """
    status, out, _ = run(capsys, "export", id, "--format", "summary")
    assert status == 0
    assert out == summary_table(analyze(load_presets()[id].architecture)) + "\n"


@pytest.mark.slow
def test_in_a_process_of_its_own():
    """Standard input as ARCH, and an end of the pipe that closes early."""
    architecture = to_json(load_presets()["strided-20k"].architecture)
    command = f"{sys.executable} -m explorer analyze - --json | head -c 20"
    done = subprocess.run(
        command,
        shell=True,
        input=architecture,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.stdout == '{"input_shape": [1, '
    assert done.stderr == ""
    assert parse_architecture(architecture).name


@pytest.mark.slow
def test_gap_17k_learns_mnist(capsys):
    """The second epoch passes 98 % of the real test images."""
    from explorer.training.dataset_files import sample_images
    from explorer.training.datasets import DatasetError

    try:
        sample_images("mnist", 1)
    except DatasetError:
        pytest.skip("MNIST's files are not here; EXPLORER_DATA names their folder")
    command = [
        "train",
        "gap-17k",
        "--dataset",
        "mnist",
        "--epochs",
        "2",
        "--seed",
        "0",
        "--device",
        "cpu",
        "--json",
    ]
    status, out, _ = run(capsys, *command)
    finished = json.loads(out.splitlines()[-1])
    assert status == 0
    assert finished["metrics"]["test_accuracy"] > 0.98


# --- runs that are kept ---------------------------------------------------------------------------

SMALL = """{"name": "small", "layers": [{"kind": "MaxPool2d", "kernel_size": 4}, {"kind": "Flatten"},
            {"kind": "Dropout", "p": 0.1}, {"kind": "Linear", "out_features": 10}]}"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    (tmp_path / "small.json").write_text(SMALL)
    return tmp_path


def kept(capsys) -> list[dict]:
    status, out, _ = run(capsys, "runs", "--json")
    assert status == 0
    return json.loads(out)


def test_a_training_is_kept_continued_and_listed(capsys, home):
    assert run(capsys, "runs") == (0, f"no runs in {home / 'home'}\n", "")
    status, out, err = run(
        capsys, "train", str(home / "small.json"), "--epochs", "2", "--device", "cpu", "--json"
    )
    assert status == 0
    (row,) = kept(capsys)
    assert err == f"run {row['id']} is kept in {home / 'home'}\n"
    assert (row["name"], row["status"], row["epoch"], row["epochs"], row["dataset"]) == (
        "small",
        "finished",
        2,
        2,
        "digits",
    )
    assert row["test_accuracy"] == json.loads(out.splitlines()[-1])["metrics"]["test_accuracy"]

    status, out, err = run(capsys, "continue", row["id"], "--epochs", "3", "--json")
    assert (status, err) == (0, f"run {row['id']} goes on after epoch 2 of 5\n")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["epoch"] for event in events if event["kind"] == "epoch"] == [3, 4, 5]
    assert events[-1]["kind"] == "finished"
    assert (kept(capsys)[0]["epoch"], kept(capsys)[0]["epochs"]) == (5, 5)
    listed = run(capsys, "runs")[1]
    assert re.fullmatch(
        rf"{row['id']}  20\d\d-\d\d-\d\d \d\d:\d\d  finished +5/5 +\d+\.\d\d% +\d+ kB  small "
        r"on digits\n1 run, \d+ kB of checkpoints\n",
        listed,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resume", "guess"), "error: there is no run “guess” here; it may have been deleted"),
        (("continue", "guess", "--epochs", "1"), "error: there is no run “guess” here"),
        (
            ("continue", "ID", "--epochs", "0"),
            "error: a run is continued for 1 to 1000 epochs; this is 0",
        ),
        (
            ("resume", "ID"),
            (
                "error: run ID is finished; only one that is paused, interrupted, stopped, "
                "failed or queued can be"
            ),
        ),
    ],
)
def test_what_is_not_resumed(capsys, home, arguments, message):
    run(capsys, "train", str(home / "small.json"), "--epochs", "1", "--device", "cpu")
    (row,) = kept(capsys)
    status, out, err = run(capsys, *(row["id"] if word == "ID" else word for word in arguments))
    assert (status, out) == (1, "")
    assert err.startswith(message.replace("ID", row["id"]))


def test_a_failed_training_is_kept_and_can_be_resumed(capsys, home, monkeypatch):
    """Once what was wrong is right."""
    from explorer.training.datasets import DATASETS, DatasetError

    def gone(root, progress):
        raise DatasetError("its files are gone")

    whole = DATASETS["digits"]
    monkeypatch.setitem(DATASETS, "digits", replace(whole, read=gone))
    monkeypatch.setattr("explorer.training.dataset_files._loaded", {})
    status, _, err = run(
        capsys, "train", str(home / "small.json"), "--epochs", "1", "--device", "cpu"
    )
    (row,) = kept(capsys)
    assert (status, row["status"]) == (1, "failed")
    assert "its files are gone" in row["message"]
    assert f"error: {row['message']}\n" in err
    monkeypatch.setitem(DATASETS, "digits", whole)
    assert run(capsys, "resume", row["id"])[0] == 0
    assert kept(capsys)[0]["status"] == "finished"


def test_where_nothing_can_be_kept_a_training_is_refused_unless_nothing_is_to_be_kept(
    capsys, home, monkeypatch
):
    (home / "home").write_text("a file in the way")
    training = ["train", str(home / "small.json"), "--epochs", "1", "--device", "cpu", "--json"]
    status, out, err = run(capsys, *training)
    assert (status, out) == (1, "")
    assert err.startswith(f"error: {home / 'home'} cannot be written: ")
    status, out, err = run(capsys, *training, "--in-memory")
    assert status == 0
    assert json.loads(out.splitlines()[-1])["kind"] == "finished"
    assert err == "note: Runs are kept in memory only, and end with this process\n"
    status, out, err = run(capsys, "runs")
    assert (status, out) == (1, "")
    assert err.startswith(f"error: {home / 'home'} cannot be written")


def test_a_backup_holds_all_runs_and_is_one_file(capsys, home, monkeypatch):
    run(capsys, "train", str(home / "small.json"), "--epochs", "2", "--device", "cpu")
    (row,) = kept(capsys)
    assert row["bytes"] > 1000
    store = Store(home / "home")  # a server that runs: what it wrote lies in the -wal file still
    status, out, err = run(capsys, "backup", str(home / "saved.sqlite"), "--json")
    assert (status, json.loads(out), err) == (
        0,
        {"file": str(home / "saved.sqlite"), "runs": 1},
        "",
    )
    store.close()
    assert not [*home.glob("saved.sqlite-*")]
    status, _, err = run(capsys, "backup", str(home / "saved.sqlite"))
    assert (status, "is there already" in err) == (1, True)
    assert run(capsys, "backup", str(home / "nowhere" / "saved.sqlite"))[0] == 1
    for file in (home / "home").glob("runs.sqlite*"):
        file.unlink()
    assert kept(capsys) == []
    for file in (home / "home").glob("runs.sqlite*"):
        file.unlink()
    (home / "saved.sqlite").rename(home / "home" / "runs.sqlite")
    assert kept(capsys) == [row]
    assert run(capsys, "continue", row["id"], "--epochs", "1")[0] == 0


def test_a_training_whose_checkpoints_would_fill_the_disk_is_refused(capsys, home, monkeypatch):
    monkeypatch.setenv("EXPLORER_RESERVE_MB", str(10**9))
    status, out, err = run(
        capsys, "train", str(home / "small.json"), "--epochs", "1", "--device", "cpu"
    )
    assert (status, out) == (1, "")
    assert err.startswith("error: the checkpoints of this run do not fit: ")
    assert "delete runs that are no longer needed, or make room" in err
    assert kept(capsys) == []


@pytest.mark.slow
def test_an_interrupted_training_says_how_to_go_on(capsys, home):
    command = [
        sys.executable,
        "-m",
        "explorer",
        "train",
        str(home / "small.json"),
        "--epochs",
        "1000",
        "--device",
        "cpu",
    ]
    statuses, told = {signal.SIGINT: 130, signal.SIGTERM: 143}, []
    with ExitStack() as trainings:  # side by side, as importing torch takes some seconds
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started = {
            number: trainings.enter_context(subprocess.Popen(command, cwd=ROOT, **pipes))
            for number in statuses
        }
        for number, process in started.items():
            while not process.stdout.readline().startswith("epoch   2"):
                assert process.poll() is None
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
            assert process.returncode == statuses[number]
            told.append(err.splitlines())
    rows = kept(capsys)
    assert all(row["status"] == "interrupted" and row["epoch"] >= 2 for row in rows)
    expected = [
        [
            f"run {row['id']} is kept in {home / 'home'}",
            f"interrupted after epoch {row['epoch']} of 1000; to go on: "
            f"python -m explorer resume {row['id']}",
        ]
        for row in rows
    ]
    assert sorted(told) == sorted(expected)


@pytest.mark.slow
def test_a_training_whose_reader_leaves_is_interrupted(capsys, home):
    command = (
        f"{sys.executable} -m explorer train {home / 'small.json'} --epochs 1000 --device cpu | "
        "head -3"
    )
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.stdout.count("\n") == 3
    assert "Traceback" not in done.stderr
    assert kept(capsys)[0]["status"] == "interrupted"


def test_a_shell_trains_beside_a_server(capsys, home):
    """Both keep their runs in one place; each sees the other's, and neither trains what the other
    has.
    """
    with JobManager(store=Store(home / "home")) as server:
        recipe = parse_recipe({"epochs": 1000, "batch_size": 2, "device": "cpu"})
        theirs = server.submit(parse_architecture(SMALL), recipe, SOMEBODY)
        waiting = server.submit(parse_architecture(SMALL), recipe, SOMEBODY)
        while server.snapshot(theirs).status != "running":
            time.sleep(0.01)
        assert (
            run(capsys, "train", str(home / "small.json"), "--epochs", "1", "--device", "cpu")[0]
            == 0
        )
        ours, *others = kept(capsys)
        assert (ours["status"], [row["status"] for row in others]) == (
            "finished",
            ["queued", "running"],
        )
        assert server.snapshot(ours["id"]).status == "finished"
        status, _, err = run(capsys, "resume", theirs)
        assert status == 1
        assert err.startswith(
            f"error: run {theirs} is being trained already, by this or another process"
        )
        assert server.snapshot(theirs).status == "running"
        assert server.snapshot(waiting).position == 1
    server.store.close()
    assert [row["status"] for row in kept(capsys)] == ["finished", "queued", "interrupted"]


# --- in and out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("id", PRESETS)
def test_a_summary_in_a_readme_comes_back(capsys, tmp_path, id):
    table = run(capsys, "export", id, "--format", "summary")[1]
    file = tmp_path / "README.md"
    file.write_text(f"# What we built\n\nThe summary:\n\n```\n{table}```\n\nIt reached 99 %.\n")
    status, out, err = run(capsys, "import-summary", str(file))
    assert status == 0
    assert "note: the table has no dropout rates" in err or id == "strided-20k"
    read, original = parse_architecture(out), load_presets()[id].architecture
    assert [row.output_shape for row in analyze(read).rows] == [
        row.output_shape for row in analyze(original).rows
    ]
    assert analyze(read).total_params == analyze(original).total_params
    assert run(capsys, "import-summary", str(file), "--json")[1].count("\n") == 1


def test_one_dropout_rate_is_given_to_all_dropout_layers_of_a_table(capsys, tmp_path):
    file = tmp_path / "table.txt"
    file.write_text(run(capsys, "export", "gap-17k", "--format", "summary")[1])
    status, out, _ = run(capsys, "import-summary", str(file), "--dropout", "0.05")
    assert status == 0
    rates = [layer.p for layer in parse_architecture(out).layers if layer.kind == "Dropout"]
    assert rates
    assert set(rates) == {0.05}
    with pytest.raises(SystemExit):
        main(["import-summary", str(file), "--dropout", "2"])
    assert "a dropout rate is a number from 0 to 1" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_a_table_in_a_file_of_any_encoding(capsys, tmp_path, encoding):
    file = tmp_path / "table.txt"
    file.write_bytes(run(capsys, "export", "gap-17k", "--format", "summary")[1].encode(encoding))
    status, out, _ = run(capsys, "import-summary", str(file))
    assert status == 0
    assert len(parse_architecture(out).layers) == len(load_presets()["gap-17k"].architecture.layers)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ("python", "this is PyTorch code"),
        ("notebook", "this is PyTorch code"),
        ("onnx", "this is an ONNX file"),
    ],
)
def test_our_own_exports_are_named_where_a_table_was_meant(capsys, tmp_path, form, sentence):
    file = tmp_path / "exported"
    assert run(capsys, "export", "gap-17k", "--format", form, "--output", str(file))[0] == 0
    status, out, err = run(capsys, "import-summary", str(file))
    assert (status, out) == (1, "")
    assert sentence in err


FORMS_BY_EXPORT = {  # what --json calls the form, and what is said of it
    "python": ("code", "PyTorch code"),
    "notebook": ("notebook", "the code of a notebook"),
    "summary": ("table", "a summary table"),
    "onnx": ("onnx", "an ONNX file"),
}


@pytest.mark.parametrize("form", FORMS_BY_EXPORT)
def test_our_own_exports_are_imported(capsys, tmp_path, form):
    file = tmp_path / "exported"
    run(capsys, "export", "gap-17k", "--format", form, "--output", str(file))
    status, out, err = run(capsys, "import", str(file))
    assert status == 0
    original = load_presets()["gap-17k"].architecture
    assert analyze(parse_architecture(out)).total_params == analyze(original).total_params
    short, name = FORMS_BY_EXPORT[form]
    assert f"read as {name}" in err
    status, out, _ = run(capsys, "import", str(file), "--json")
    data = json.loads(out)
    assert data["form"] == short
    assert parse_architecture(data["architecture"]).input_shape == (1, 28, 28)
    assert data["problem"] is None
    assert all(isinstance(note, str) for note in data["notes"])


CODE = """
import torch.nn as nn
class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Conv2d(3, width, 3)
        self.head = nn.LSTM(8, 8)
    def forward(self, x):
        return self.head(self.body(x))
class Whole(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(1, 8, 3), nn.ReLU())
"""


def test_what_code_does_not_say_is_said_beside_it(capsys, tmp_path):
    file = tmp_path / "net.py"
    file.write_text(CODE)
    status, out, err = run(capsys, "import", str(file), "--class", "Net")
    assert (status, out) == (1, "")
    assert "error: line 3: Net needs a value for width" in err
    asked = ("--class", "Net", "--value", "width=5", "--input-shape", "3,40,50")
    status, out, err = run(capsys, "import", str(file), *asked)
    assert status == 1
    assert "error: line 7: nn.LSTM is none of the layers here; what was read is kept" in err
    read = parse_architecture(out)
    assert (read.input_shape, analyze(read).total_params) == ((3, 40, 50), 5 * 28)
    data = json.loads(run(capsys, "import", str(file), *asked, "--json")[1])
    assert data["problem"] == {"place": "line 7", "message": "nn.LSTM is none of the layers here"}
    assert data["networks"] == ["Net", "Whole"]
    assert run(capsys, "import", str(file))[0] == 0  # the last of several


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--input-shape", "3,40"), "an image's shape is channels, rows and columns"),
        (("--input-shape", "0,1,1"), "an image's shape is channels, rows and columns"),
        (("--value", "3"), "a value is given as NAME=VALUE"),
        (("--form", "poem"), "invalid choice"),
    ],
)
def test_what_is_said_beside_code_is_checked(capsys, arguments, message):
    with pytest.raises(SystemExit):
        main(["import", "net.py", *arguments])
    assert message in capsys.readouterr().err


def test_code_is_imported_from_standard_input(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CODE.encode())))
    status, out, _ = run(capsys, "import", "-", "--class", "Whole")
    assert status == 0
    assert [layer.kind for layer in parse_architecture(out).layers] == ["Conv2d", "ReLU"]


def test_a_guess_is_told_on_standard_error_on_its_row_alone(capsys, tmp_path):
    file = tmp_path / "table.txt"
    rows = [
        ("Conv2d", (64, 96, 96), 6464),
        ("ReLU", (64, 96, 96), 0),
        ("MaxPool2d", (64, 48, 48), 0),
    ]
    lines = [
        f"{kind}-{place} [-1, {shape[0]}, {shape[1]}, {shape[2]}] {params}"
        for place, (kind, shape, params) in enumerate(rows, 1)
    ]
    file.write_text("\n".join([*lines, "Input size (MB): 0.04"]))
    status, _, err = run(capsys, "import-summary", str(file))
    assert status == 0
    assert [line for line in err.splitlines() if "guess" in line] == [
        line for line in err.splitlines() if "Conv2d-1" in line
    ]
    assert "Conv2d-1 is a guess" in err


def test_a_table_of_which_a_part_is_read(capsys, tmp_path):
    table = run(capsys, "export", "adaptive-pool-16k", "--format", "summary")[1].splitlines()
    spoilt = [
        line.replace("Conv2d-4", "Wavelet-4") if "Conv2d-4" in line else line for line in table
    ]
    assert spoilt != table
    file = tmp_path / "table.txt"
    file.write_text("\n".join(spoilt))
    status, out, err = run(capsys, "import-summary", str(file))
    assert status == 1
    assert parse_architecture(out).layers
    assert "error: line 7, Wavelet-4: " in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("import-summary", "no-such-file"),
            "“no-such-file” cannot be read: No such file or directory",
        ),
        (("import-summary", __file__), "error: "),
        (
            ("export", "gap-17k", "--format", "onnx", "--output", "/no/such/folder/net.onnx"),
            "cannot be written",
        ),
        (("export", "blank", "--format", "notebook"), "Digits needs 10 outputs"),
    ],
)
def test_what_cannot_come_in_or_go_out(capsys, arguments, message):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (1, "")
    assert message in err


def test_exports_are_what_the_forms_give(capsys, tmp_path):
    preset = load_presets()["gap-17k"]
    assert run(capsys, "export", "gap-17k", "--format", "python")[1] == python_source(
        preset.architecture
    )
    assert run(capsys, "export", "gap-17k", "--format", "notebook")[1] == notebook_json(
        preset.architecture, preset.recipe
    )
    file = tmp_path / "network.onnx"
    assert run(capsys, "export", "gap-17k", "--format", "onnx", "--output", str(file)) == (
        0,
        "",
        "",
    )
    onnx = pytest.importorskip("onnx")
    onnx.checker.check_model(onnx.load(file))


def test_onnx_does_not_go_to_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    status, _, err = run(capsys, "export", "strided-20k", "--format", "onnx")
    assert status == 1
    assert "name a file with --output" in err


@pytest.mark.slow
def test_out_and_in_by_a_pipe():
    """The summary of one process is the other's input."""
    explorer = f"{sys.executable} -W error -m explorer"
    command = f"{explorer} export gap-17k --format summary | {explorer} import-summary - --json"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0
    assert len(parse_architecture(done.stdout).layers) == 30
    assert "Traceback" not in done.stderr


LONG = "a" * 5000
PATHS = [  # a command whose path no system can open
    ("analyze", LONG),
    ("analyze", "a\0b"),
    ("import-summary", LONG),
    ("export", LONG, "--format", "python"),
    ("export", "gap-17k", "--format", "python", "--output", LONG),
    ("export", "gap-17k", "--format", "python", "--output", "a\0b"),
    ("export", "gap-17k", "--format", "python", "--output", "/"),
    ("receptive-field", LONG, "--layer", "0", "--unit", "0,0"),
    ("train", LONG),
    ("train", "gap-17k", "--dataset", "digits", "--csv", LONG),
    ("train", "gap-17k", "--dataset", "digits", "--csv", "/"),
    ("train", "gap-17k", "--dataset", "digits", "--csv", "/nosuchfolder/epochs.csv"),
]


@pytest.mark.parametrize(
    "arguments", PATHS, ids=lambda arguments: " ".join(word[:30] for word in arguments)
)
def test_a_path_that_cannot_be_used_is_told_in_a_sentence(capsys, arguments):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (1, "")
    assert re.fullmatch(
        r"error: “.{1,60}” (cannot be (read|written): .+|is neither a preset nor a file; .+)\n", err
    ), err


FULL = Path("/dev/full")  # Linux: whatever is written to it meets a full disk


@pytest.mark.skipif(not FULL.is_char_device(), reason="no device here is always full")
@pytest.mark.parametrize(
    "arguments",
    [
        # Small: written when the file is closed.
        ("export", "gap-17k", "--format", "python", "--output"),
        ("export", "gap-17k", "--format", "onnx", "--output"),  # large: written at once
        ("train", "-", "--epochs", "1", "--csv"),
    ],
    ids=lambda arguments: arguments[-2],
)
def test_a_full_disk_is_told_in_a_sentence(capsys, monkeypatch, arguments):
    small = {
        "input_shape": [1, 28, 28],
        "layers": [{"kind": "Flatten"}, {"kind": "Linear", "out_features": 10}],
    }
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(small).encode())))
    status, _, err = run(capsys, *arguments, str(FULL))
    assert status == 1
    assert err.endswith("error: “/dev/full” cannot be written: No space left on device\n")


def test_a_training_that_is_refused_or_fails_leaves_the_last_table_as_it_was(capsys, tmp_path):
    table, network = tmp_path / "epochs.csv", tmp_path / "network.json"
    table.write_text("last night's")
    network.write_text('{"layers": [{"kind": "Flatten"}, {"kind": "Linear", "out_features": 7}]}')
    for arguments in (
        (str(network),),
        ("gap-17k", "--dataset", "mnist", "--data", str(tmp_path / "nothing" / "here")),
    ):
        if "mnist" in arguments:
            (tmp_path / "nothing").write_text("no folder")
        status, _, _ = run(capsys, "train", *arguments, "--epochs", "1", "--csv", str(table))
        assert status == 1
        assert table.read_text() == "last night's"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".explorer-")] == []


def test_a_table_replaces_the_last_one_only_at_the_end_and_keeps_its_mode(capsys, tmp_path):
    table, network = tmp_path / "epochs.csv", tmp_path / "network.json"
    table.write_text("last night's")
    table.chmod(0o640)
    network.write_text('{"layers": [{"kind": "Flatten"}, {"kind": "Linear", "out_features": 10}]}')
    status, _, _ = run(capsys, "train", str(network), "--epochs", "1", "--csv", str(table))
    assert status == 0
    assert table.read_text().startswith("epoch,")
    assert table.stat().st_mode & 0o777 == 0o640


def test_analyze_names_torchinfos_count_beside_ours(capsys):
    analysis = analyze(load_presets()["gap-17k"].architecture)
    _, out, _ = run(capsys, "analyze", "gap-17k")
    ours, theirs = analysis.total_mult_adds, analysis.torchinfo_mult_adds
    assert f"{ours:,} mult-adds for one image (torchinfo's count: {theirs:,})" in out
    assert MULT_ADDS_RULE in " ".join(out.split())
    assert ours != theirs
    data = json.loads(run(capsys, "analyze", "gap-17k", "--json")[1])
    assert (data["total_mult_adds"], data["torchinfo_mult_adds"]) == (ours, theirs)


@pytest.mark.parametrize("why", ["the network ends in 784 values", "takes about"])
def test_a_training_that_could_only_fail_is_refused_and_leaves_no_run(
    capsys, home, monkeypatch, why
):
    file = home / "small.json"
    if why == "takes about":
        monkeypatch.setattr("explorer.training.problems.free_memory", lambda device: 1_000_000)
    else:
        file.write_text('{"layers": [{"kind": "Flatten"}]}')
    status, out, err = run(capsys, "train", str(file), "--epochs", "1", "--device", "cpu", "--json")
    assert (status, out) == (1, "")
    assert err.startswith("error: ")
    assert why in err
    assert json.loads(run(capsys, "runs", "--json")[1]) == []
