"""A comparison's report: the networks, what they reached, and each run whole."""

import csv
import io
from statistics import fmean

import numpy as np
import pytest

from explorer.assignment.assignment import Assignment
from explorer.compare.learning import group, record_of, records_of
from explorer.compare.mcnemar import mcnemar, verdict_text
from explorer.exports.report.comparison_report import Column, comparison_report, representatives
from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.spec import Branches
from explorer.network.tree import with_instead
from explorer.presets import load_presets, preset
from tests.exports.report.conftest import BLOCKS, SMALL
from tests.exports.trees import conv

PRESETS = tuple(load_presets().values())
WIDER = SMALL.model_copy(
    update={
        "name": "wider",
        "layers": (SMALL.layers[0].model_copy(update={"out_channels": 6}), *SMALL.layers[1:]),
    }
)
COLUMNS = [Column("small", SMALL), Column("wider", WIDER)]


def right(record):
    draw = np.random.default_rng(
        len(record.architecture.layers[0].model_dump_json())
        + record.architecture.layers[0].out_channels
    )
    return draw.random(360) < 0.8


def report(columns, groups, trained=(), answers=right, pictures=None):
    whole = {found.run.id: (found, {"loss.svg": b"<svg/>"}) for found in trained}
    shown = pictures or {"learning.svg": b"<svg/>"}
    return dict(comparison_report(columns, groups, whole, answers, Assignment(), PRESETS, shown))


@pytest.fixture
def compared(trained):
    return [trained(SMALL, epochs=1), trained(SMALL, epochs=1, seed=1), trained(WIDER, epochs=1)]


def test_every_network_every_seed_and_the_runs_whole(compared):
    groups = group(record_of(each.snapshot) for each in compared)
    assert [record.run_id for record in representatives(groups)] == [
        compared[0].run.id,
        compared[2].run.id,
    ]
    files = report(COLUMNS, groups, [compared[0], compared[2]])
    text = files["README.md"].decode()
    for each in (compared[0], compared[2]):
        folder = f"runs/{each.run.name}-{each.run.id}"
        assert f"({folder}/README.md)" in text
        for name in (
            "README.md",
            "model.py",
            "evaluate.py",
            "weights.safetensors",
            "charts/loss.svg",
        ):
            assert f"{folder}/{name}" in files
    for number, column in enumerate(COLUMNS, 1):
        folder = f"networks/{number}-{column.title.capitalize()}"
        assert parse_architecture(files[f"{folder}/architecture.json"]) == column.architecture
        compile(files[f"{folder}/model.py"], "model.py", "exec")
        assert f"| {column.title} |" in text
        assert f"{analyze(column.architecture).total_params:,}" in text
    rows = list(csv.DictReader(io.StringIO(files["epochs.csv"].decode())))
    assert [(row["group"], row["seed"], row["run"]) for row in rows] == [
        ("1", "0", compared[0].run.id),
        ("1", "1", compared[1].run.id),
        ("2", "0", compared[2].run.id),
    ]
    finals = [each.epochs[-1].metrics["test_accuracy"] for each in compared]
    assert [float(row["test_accuracy"]) for row in rows] == finals
    line = next(line for line in text.splitlines() if line.startswith("| 1 | small"))
    assert f"| 2 | 1 | {fmean(finals[:2]):.2%} |".replace("%", " %") in line


def test_two_are_tested_on_the_same_images(compared):
    groups = group(record_of(each.snapshot) for each in compared)
    expected = mcnemar(*(right(found.records[0]) for found in groups))
    text = report(COLUMNS, groups)["README.md"].decode().replace("\\", "")
    assert f"- {verdict_text(expected, 'small', 'wider')} (seed 0 and seed 0)" in text

    def lost(record):
        raise LookupError("the weights are lost")

    assert (
        "- small and wider: the weights are lost"
        in report(COLUMNS, groups, answers=lost)["README.md"].decode()
    )


def test_what_differs_from_the_first_is_listed():
    text = report(COLUMNS, ())["README.md"].decode().replace("\\", "")
    assert "What differs from small" in text
    assert "out_channels" in text
    assert "None of them has been trained." in text


def test_two_networks_with_blocks(trained):
    """Each as it is built, what differs inside a block by its path, and their runs whole."""
    wider_kernel = with_instead(BLOCKS.layers, (1, 0, 0), conv(4, 5))
    other = BLOCKS.model_copy(update={"name": "wider kernel", "layers": wider_kernel})
    columns = [Column("blocks", BLOCKS), Column("wider kernel", other)]
    compared = [trained(each.architecture, epochs=1) for each in columns]
    groups = group(record_of(each.snapshot) for each in compared)
    files = report(columns, groups, compared, lambda record: np.ones(360, bool))
    text = files["README.md"].decode().replace("\\", "")
    assert "- 1.0.0 Conv2d: kernel_size 3 → 5, padding 1 → 2" in text
    assert text.count("Conv2d: ") == 1
    for column, folder, found in zip(columns, ("1-Blocks", "2-WiderKernel"), compared, strict=True):
        totals = analyze(column.architecture)
        layers = sum(not isinstance(row.layer, Branches) for row in totals.rows)
        line = next(line for line in text.splitlines() if line.startswith(f"| {column.title} |"))
        assert line.startswith(f"| {column.title} | {layers} | ")
        assert f"| {totals.total_params:,} | {totals.total_mult_adds:,} |" in line
        model = files[f"networks/{folder}/model.py"].decode()
        run = f"runs/{found.run.name.replace(' ', '-')}-{found.run.id}"
        classes = model[model.index("class ResidualBlock") :].strip()
        assert classes in files[f"{run}/model.py"].decode()
        assert parse_architecture(files[f"{run}/architecture.json"]) == column.architecture


def test_presets_with_their_shipped_results_and_documents():
    columns = [Column(id, preset(id).architecture) for id in ("gap-17k", "bias-free-12k")]
    groups = group(
        record for id in ("gap-17k", "bias-free-12k") for record in records_of(preset(id))
    )
    files = report(columns, groups)
    text = files["README.md"].decode()
    assert "99.57 %" in text  # gap-17k's documented best
    assert len(files["epochs.csv"].splitlines()) == 1 + sum(
        len(each.epochs) for found in groups for each in found.records
    )
    assert "runs/" not in "".join(files)


def test_a_network_that_does_not_fit_is_there_without_code():
    broken = SMALL.model_copy(update={"layers": (*SMALL.layers, SMALL.layers[0])})
    files = report([*COLUMNS, Column("broken", broken)], ())
    assert "networks/3-Small/architecture.json" in files
    assert "networks/3-Small/model.py" not in files
