"""A run's report: what README.md says, and that its code and its weights do what it says in an
empty folder.
"""

import ast
import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from safetensors.torch import load

from explorer.assignment.assignment import Assignment, Part
from explorer.exports.notebook import training_script
from explorer.exports.report.archive import write_zip
from explorer.exports.report.reading import read_trained
from explorer.exports.report.run_report import Files, Trained, run_report
from explorer.exports.summary_text import summary_table
from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.network.spec import count_layers
from explorer.own_images import OwnImages
from explorer.presets import load_presets, preset
from explorer.training.event import Event
from explorer.training.own_images.making import Options, make_own_images
from explorer.training.recipe import Recipe
from tests.exports.exported import exported_class
from tests.exports.report.conftest import BLOCKS, SMALL
from tests.people.shared import ANN
from tests.runs.shared import wait
from tests.tiny import linear, network
from tests.training.own_images.zips import good_zip

PRESETS = tuple(load_presets().values())
PICTURES = {"loss.svg": b"<svg/>", "loss.png": b"png", "loss.csv": b"epoch\n"}


def report(run: Trained, assignment: Assignment = Assignment(), pictures=PICTURES) -> Files:
    return run_report(run, assignment, PRESETS, pictures)


def unpacked(files: Files, folder: Path) -> Path:
    with (folder / "report.zip").open("wb") as target:
        write_zip(files.items(), "report", target)
    zipfile.ZipFile(folder / "report.zip").extractall(folder)
    return folder / "report"


def python(folder: Path, script: str, **environment: str) -> str:
    # -E -s: no PYTHONPATH, no packages of the user's
    done = subprocess.run(
        [sys.executable, "-E", "-s", script],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_its_files(trained):
    files = report(trained())
    assert [name for name in files if not name.startswith("tensorboard/")] == [
        "README.md",
        "model.py",
        "notebook.ipynb",
        "architecture.json",
        "run.json",
        "epochs.csv",
        "events.csv",
        "evaluate.py",
        "grade.py",
        "weights.safetensors",
        "grade.json",
        "charts/loss.svg",
        "charts/loss.png",
        "charts/loss.csv",
    ]
    assert parse_architecture(files["architecture.json"]) == SMALL
    listed = set(re.findall(r"^- `([\w.]+?)/?`:", files["README.md"].decode(), re.MULTILINE))
    assert listed | {"README.md"} == {name.split("/")[0] for name in files}


def test_of_own_images_that_are_not_known_here_there_is_no_code_and_the_readme_says_so(
    jobs, tmp_path, monkeypatch
):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    made = make_own_images(good_zip(), Options((1, 8, 8)))
    name = OwnImages().add(made, "Colours", ANN).name
    recipe = Recipe(dataset=name, epochs=1, images_share=0.5, device="cpu", precision="fp32")
    run_id = jobs.submit(network("Flatten", linear(3)), recipe, ANN)
    wait(jobs, run_id)
    run = read_trained(jobs, run_id, tmp_path)
    code = {"model.py", "notebook.ipynb", "evaluate.py", "grade.py"}
    whole = report(run)
    assert code < whole.keys()

    # Deleted, their description stays, and with it all that the code says of them.
    OwnImages().delete(name, ANN, keep_description=True)
    assert report(run).keys() == whole.keys()

    OwnImages().delete_all_of(ANN.id, ANN)
    files = report(run)
    assert files.keys() == whole.keys() - code
    text = files["README.md"].decode().replace("\\", "")
    assert (
        "**Note:** There is no code in this report: code cannot name these images: the images are "
        "somebody's own, and they are not on this server"
    ) in text
    assert "trained on the first 50 % of its training images alone" in text
    listed = set(re.findall(r"^- `([\w.]+?)/?`:", text, re.MULTILINE))
    assert listed | {"README.md"} == {name.split("/")[0] for name in files}


@pytest.mark.parametrize(
    "title", ['""" + __import__("os").system("id") + """', "\\N", "![](http://x.example/p) <b>"]
)
def test_the_title_of_own_images_stays_a_title(jobs, tmp_path, monkeypatch, title):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    made = make_own_images(good_zip(), Options((1, 8, 8)))
    name = OwnImages().add(made, title, ANN).name
    recipe = Recipe(dataset=name, epochs=1, device="cpu", precision="fp32")
    run_id = jobs.submit(network("Flatten", linear(3)), recipe, ANN)
    wait(jobs, run_id)
    files = report(read_trained(jobs, run_id, tmp_path))
    top, *others = ast.parse(files["model.py"].decode()).body
    assert isinstance(top, ast.Expr)
    assert isinstance(top.value, ast.Constant)  # the docstring, and not what is computed
    assert "__import__" not in "".join(map(ast.unparse, others))
    readme = files["README.md"].decode()
    notebook = json.loads(files["notebook.ipynb"])
    texts = [
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    ]
    assert all("![](" not in text and "<b>" not in text for text in (readme, *texts))


def test_what_the_readme_says(trained):
    run = trained(epochs=3)
    text = report(run)["README.md"].decode()
    assert text.startswith("# small\n")
    assert summary_table(analyze(SMALL)) in text
    accuracies = [event.metrics["test_accuracy"] for event in run.epochs]
    assert (
        f"| Test accuracy after the final epoch, 3 | **{accuracies[-1]:.2%}".replace("%", " %")
        in text
    )
    best = max(accuracies)
    assert f"after epoch {accuracies.index(best) + 1} | {best:.2%}".replace("%", " %") in text
    rows = [line for line in text.splitlines() if re.match(r"\| \d+ \| \d\.", line)]
    assert [row.split(" | ")[4] for row in rows] == [
        f"{accuracy:.2%}".replace("%", " %") for accuracy in accuracies
    ]
    assert "- Training: 3 epochs in batches of 64, seed 0, fp32" in text
    assert MULT_ADDS_RULE in text
    assert "- the last" not in text
    assert "![loss](charts/loss.svg)" in text
    assert f"Run {run.run.id}" in text
    assert f"{analyze(SMALL).total_params:,} < 20,000 parameters" in text.replace("\\", "")
    assert "✗" in text  # three epochs on digits fall short of 99.4 %
    assert "What the author's log reports" not in text


def test_a_network_with_blocks(trained):
    run = trained(BLOCKS, epochs=1)
    files = report(run)
    text = files["README.md"].decode()
    assert text.startswith("# blocks\n")
    assert f"{count_layers(BLOCKS.layers)} layers with" in text
    assert summary_table(analyze(BLOCKS)) in text
    assert "| 1.0.0 | Conv2d | 4×7×7 |" in text
    assert "| 1 | add of 2 | 4×7×7 |" in text
    weights = load(files["weights.safetensors"])
    assert "residual1.conv1.weight" in weights
    exported_class(BLOCKS)().load_state_dict(weights)


def test_figures_are_also_there_for_programs(trained):
    run = trained()
    files = report(run)
    facts = json.loads(files["run.json"])
    assert (facts["id"], facts["precision"], facts["status"]) == (run.run.id, "fp32", "finished")
    assert facts["recipe"]["epochs"] == 2
    rows = list(csv.DictReader(io.StringIO(files["epochs.csv"].decode())))
    assert [float(row["test_accuracy"]) for row in rows] == [
        event.metrics["test_accuracy"] for event in run.epochs
    ]
    assert len(files["events.csv"].splitlines()) == len(run.events) + 1


def test_limits_of_the_assignment(trained):
    run = trained()
    text = report(
        run,
        Assignment(max_params=100, max_epochs=None, min_accuracy=None, required=(Part.DROPOUT,)),
    )["README.md"].decode()
    section = text.split("## The assignment")[1].split("##")[0]
    assert section.count("- ✗") == 2
    text = report(run, Assignment(max_params=None))["README.md"].decode()
    section = text.split("## The assignment")[1].split("##")[0]
    assert section.count("(of this run") == 2  # its epochs and its accuracy
    assert "best" not in section.replace("choosing the best epoch", "")
    none = Assignment(max_params=None, max_epochs=None, min_accuracy=None)
    assert "No limits were set." in report(run, none)["README.md"].decode()


def test_a_documented_network_stands_beside_its_document(trained):
    found = preset("bias-free-12k")
    text = report(trained(found.architecture, epochs=1))["README.md"].decode()
    section = text.split("## What the author's log reports")[1]
    assert "99.42 % at best, after epoch 12" in section
    assert "it is of other images than this run's" in section


def test_without_weights_nothing_promises_them(trained):
    run = trained()
    lost = Trained(run.snapshot, run.events, None, run.precision, run.threads)
    files = report(lost)
    assert "evaluate.py" not in files
    assert "weights.safetensors" not in files
    assert "evaluate.py" not in files["README.md"].decode()
    assert "grade.py" not in files
    assert "grade.py" not in files["README.md"].decode()
    assert set(json.loads(files["grade.json"])["sha256"]) == {"architecture.json", "model.py"}


def test_a_chart_that_could_not_be_drawn_is_said_in_its_place(trained):
    pictures = {
        "loss.txt": b"The loss could not be drawn.\n",
        "loss.csv": b"epoch\n",
        "accuracy.svg": b"<svg/>",
    }
    files = report(trained(epochs=1), pictures=pictures)
    text = files["README.md"].decode()
    assert "The loss could not be drawn." in text
    assert "![accuracy](charts/accuracy.svg)" in text
    assert files["charts/loss.csv"] == b"epoch\n"


def test_any_name_stays_a_name(trained):
    run = trained(SMALL.model_copy(update={"name": '"""\nimport os # <script> | `x`'}), epochs=1)
    files = report(run)
    compile(files["evaluate.py"], "evaluate.py", "exec")
    assert "<script>" not in files["README.md"].decode().splitlines()[0].replace("\\<", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "precision"),
    [
        pytest.param(preset("bias-free-12k").architecture, "fp32", id="fp32"),
        pytest.param(preset("bias-free-12k").architecture, "bf16", id="bf16"),
        pytest.param(BLOCKS, "fp32", id="blocks"),
    ],
)
def test_in_an_empty_folder_its_weights_give_the_reported_accuracy(
    trained, tmp_path, architecture, precision
):
    run = trained(architecture, precision=precision, epochs=1)
    folder = unpacked(report(run), tmp_path)
    final: Event = run.epochs[-1]
    printed = python(folder, "evaluate.py")
    assert float(re.search(r"test loss: (\S+)", printed)[1]) == pytest.approx(
        final.metrics["test_loss"], rel=1e-5
    )
    accuracy = f"{final.metrics['test_accuracy']:.2%}"
    assert f"test accuracy: {accuracy} of 360 images" in printed
    assert accuracy.replace("%", " %") in (folder / "README.md").read_text()
    # What model.py does when it is run is tried in tests/exports/test_notebook.py.
    assert (folder / "model.py").read_text() == training_script(run.run.architecture, run.recipe)
