"""The lr-find command: the curve and the suggestion, in the form that others rely on."""

import json
from pathlib import Path

import pytest

from explorer.__main__ import main
from explorer.network.architecture_json import parse_architecture
from explorer.training.dataset_files import load_dataset
from explorer.training.learning_rate_finder import find_rates, try_rates
from explorer.training.recipe import parse_recipe

FIELDS = {"field", "suggested", "steepest", "tenth_of_minimum", "why", "steps"}


@pytest.fixture
def run(capsys):
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["lr-find", *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def small(tmp_path):
    file = tmp_path / "small.json"
    file.write_text(
        '{"name": "small", "layers": [{"kind": "MaxPool2d", "kernel_size": 4}, '
        '{"kind": "Flatten"}, {"kind": "Linear", "out_features": 10}]}'
    )
    return str(file)


def test_it_prints_what_the_finder_finds(run, small):
    status, out, _ = run(small, "--seed", "3", "--device", "cpu", "--json")
    data = json.loads(out)
    assert status == 0
    assert set(data) == FIELDS
    architecture = parse_architecture(Path(small).read_text())
    recipe = parse_recipe({"dataset": "digits", "seed": 3, "device": "cpu"})
    found = find_rates(list(try_rates(architecture, recipe, load_dataset("digits"))), recipe)
    assert [step["lr"] for step in data["steps"]] == list(found.lrs)
    assert data["suggested"] == found.suggested
    assert data["field"] == found.field == "lr"
    assert found.suggested is not None


def test_in_words(run, small):
    status, out, _ = run(small, "--device", "cpu")
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "small on Digits, SGD"
    assert lines[1].split() == ["learning", "rate", "smoothed", "loss"]
    assert lines[-1].startswith("suggested lr: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nosuch",), "error: "),
        (("blank",), "error: this network cannot be trained on Digits: "),
        (("gap-17k", "--device", "abacus"), "error: "),
        (
            ("gap-17k", "--dataset", "own-k7f2m4qa-10-1x28x28"),
            "error: this network cannot be trained on Own images: the images are somebody's own",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused_in_a_sentence(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert err.startswith(message)


def test_images_that_there_are_none_of_are_wrong_usage(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run("gap-17k", "--dataset", "imagenet")
    assert ended.value.code == 2
    assert "imagenet" in capsys.readouterr().err
