"""The templates of exported code run as they stand, and are taken apart without loss."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from explorer.assignment.assignment import Assignment, to_data
from explorer.exports.code_template import FOLDER, choose, fill, import_lines, parts, template
from explorer.exports.notebook import TRAINED_WEIGHTS, WEIGHTS

TEMPLATES = sorted(path.name for path in FOLDER.glob("*.py"))


# What grade.py reads beside the weights, of a run of the network that stands in model.py.
REPORT = {
    "architecture.json": '{"input_shape": [1, 28, 28], "layers": [{"kind": "Flatten"}, '
    '{"kind": "Linear", "out_features": 10}]}',
    "run.json": '{"recipe": {"dataset": "digits", "epochs": 2}, "epochs": 2}',
    "epochs.csv": "epoch\n1\n2\n",
    "events.csv": "kind,epoch,test_accuracy\nfinished,2,0.9\n",
    "grade.json": json.dumps(
        {
            "assignment": to_data(Assignment(min_accuracy=0.01)),
            "accuracy": 0.9,
            "parameters": 7_850,
            "epochs": 2,
            "sha256": {},
        }
    ),
}


def run(script: str, folder: Path) -> str:
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        [sys.executable, script], cwd=folder, env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_they_run_as_they_stand(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    shutil.copytree(FOLDER, folder)
    trained = run("model.py", folder)
    assert [line.split(",")[0] for line in trained.splitlines()[:2]] == ["epoch 1", "epoch 2"]
    save_file(torch.load(folder / WEIGHTS, weights_only=True), folder / TRAINED_WEIGHTS)
    final = trained.split()[-1]
    assert f"test accuracy: {final} of 360 images" in run("evaluate.py", folder)
    for name, content in REPORT.items():
        (folder / name).write_text(content)
    graded = run("grade.py", folder).splitlines()
    assert graded[:2] == ["✓ 7,850 < 20,000 parameters", "✓ 2 ≤ 20 epochs"]
    assert graded[-1] == "verdict: holds"
    assert "best test accuracy" in run("notebook.py", folder)


@pytest.mark.parametrize("name", TEMPLATES)
def test_they_are_formatted_as_what_users_get(name: str) -> None:
    ruff = str(Path(sysconfig.get_path("scripts"), "ruff"))
    text = template(name)
    done = subprocess.run(
        [ruff, "format", "--isolated", "-"], input=text, capture_output=True, encoding="utf-8"
    )
    assert done.stdout == text


def test_every_part_is_known_by_its_name() -> None:
    data = {
        f"data of {name}" for name in ("MNIST", "CIFAR10", "EMNIST", "SVHN", "own images", "digits")
    }
    assert set(parts("model.py")) == {
        "model",
        "recipe",
        *data,
        "augmentation",
        "evaluation",
        "training",
        "main",
    }
    assert set(parts("notebook.py")) == {"use data", "use training", "result", "curves"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "x = 0\nx = 2\ny = 3"),
        (["a"], "x = 0\n    x = 1\ny = 3"),
        (["a", "of b"], "x = 0\n    x = 1\nz = 4\ny = 3"),
    ],
)
def test_an_option_keeps_one_side(options: list[str], expected: str) -> None:
    code = "x = 0\n# if a\n    x = 1\n# else\nx = 2\n# end\n# if of b\nz = 4\n# end\ny = 3"
    assert choose(code, options) == expected


def test_a_value_takes_the_place_of_the_templates_and_its_comment_stays() -> None:
    assert (
        fill("    A = f(1)  # of all\nB = 2", {"A": "g(\n    3\n)"})
        == "    A = g(\n    3\n)  # of all\nB = 2"
    )


@pytest.mark.parametrize("code", ["B = 1", "A = 1\nA = 2"])
def test_a_value_that_has_no_one_place_is_an_error(code: str) -> None:
    with pytest.raises(ValueError, match=r"^A is assigned \d times"):
        fill(code, {"A": "3"})


def test_only_what_is_used_is_imported() -> None:
    assert import_lines("model.py", "x = F.relu(torch.ones(1))") == [
        "import torch",
        "import torch.nn.functional as F",
    ]
    assert import_lines("model.py", '"""torch. math.pi"""') == []
