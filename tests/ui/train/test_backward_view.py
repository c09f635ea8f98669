"""The view Backward of a run: the loss of an image, and the arithmetic of a unit."""

import re
from dataclasses import replace

import pytest
import torch

from explorer.insight.backward import run_both_ways, unit_arithmetic
from explorer.network.analysis import analyze
from explorer.training.dataset_files import load_dataset
from explorer.training.images import normalise
from explorer.ui import process
from explorer.ui.train import backward_view
from tests.ui.pages import opened


def backward(run: str):
    app = opened("train", run=run)
    (views,) = (each for each in app.get("button_group") if "Backward" in each.options)
    views.set_value("Backward").run()
    assert not app.exception
    return app


def words(app) -> str:
    return " ".join(each.proto.body for each in app.get("html"))


def tables(app) -> list[list[list[str]]]:
    """The cells of each table, row by row."""
    return [
        [
            re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
            for row in re.findall(r"<tr>(.*?)</tr>", each)
        ]
        for each in re.findall(r"<table>(.*?)</table>", words(app))
    ]


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def passes_of(run: str, image: int):
    trained, digits = process.trained(run), load_dataset("digits")
    rows = analyze(trained.architecture).rows
    pixels = normalise(digits.test.images[image][None].float() / 255, trained.kind)
    label = int(digits.test.labels[image])
    return rows, trained.network, run_both_ways(rows, trained.network, pixels, label)


def box(app, label: str):
    (found,) = (each for each in app.number_input if each.label.startswith(label))
    return found


def test_the_loss_of_the_image_is_spelt_out(small_run):
    app = backward(small_run)
    _, _, passes = passes_of(small_run, 0)
    loss, _ = tables(app)
    assert loss[0] == ["class", "score", "probability", "target", "gradient"]
    assert [row[0] for row in loss[1:]] == [str(digit) for digit in range(10)]
    assert [number(row[4]) for row in loss[1:]] == pytest.approx(
        passes.loss.gradient.tolist(), rel=1e-2, abs=1e-9
    )
    assert [row[3] for row in loss[1:]] == [str(int(n == passes.loss.label)) for n in range(10)]
    assert f"<strong>{passes.loss.loss:.3g}</strong>" in words(app)


@pytest.mark.parametrize(("precision", "said"), [("fp32", False), ("bf16", True)])
def test_a_run_that_was_computed_in_bf16_says_that_this_is_not(
    small_run, precision, said, monkeypatch
):
    trained = process.trained(small_run)
    numerics = trained.numerics._replace(precision=precision)
    monkeypatch.setattr(process, "trained", lambda run: replace(trained, numerics=numerics))
    captions = [each.value for each in backward(small_run).caption]
    assert (backward_view.IN_BF16 in captions) is said


@pytest.mark.parametrize(
    ("layer", "place", "passed_on"),
    [
        ("Conv2d", {"Channel": 2, "Row": 3, "Column": 4}, "upstream × weight"),
        ("ReLU", {"Channel": 2, "Row": 3, "Column": 4}, "upstream × local"),
        ("Linear", {"Unit": 2}, "upstream × weight"),
    ],
)
def test_the_arithmetic_of_any_unit_is_spelt_out(small_run, layer, place, passed_on):
    app = backward(small_run)
    rows, network, passes = passes_of(small_run, 5)
    box(app, "Test image (").set_value(5).run()
    row = next(row for row in rows if row.kind == layer)
    select = app.selectbox(key=f"backward-layer-{small_run}")
    option = next(each for each in select.options if each.startswith(f"{row.place} "))
    select.select(option).run()
    for name, at in place.items():
        box(app, f"{name} (").set_value(at)
    app.run()
    assert not app.exception
    _, cells = tables(app)
    unit = unit_arithmetic(row, network, passes, tuple(place.values()))
    assert f"<strong>{unit.value:.3g}</strong>".replace("-", "−") in words(app)
    assert f"<strong>{unit.upstream:.3g}</strong>".replace("-", "−") in words(app)
    is_sum = layer != "ReLU"
    terms = sorted(
        unit.terms, key=lambda term: -abs(term.value * term.local if is_sum else term.local)
    )
    shown = [line for line in cells[1:] if "others" not in line[0]]
    assert len(shown) == min(len(terms), backward_view.MOST_TERMS)
    for line, term in zip(shown, terms, strict=False):
        told = dict(zip(cells[0], line, strict=True))
        assert number(told["its value"]) == pytest.approx(term.value, rel=1e-2, abs=1e-9)
        if term.place is None:
            assert told[passed_on] == "–"
        else:
            expected = unit.upstream * term.local
            assert number(told[passed_on]) == pytest.approx(expected, rel=1e-2, abs=1e-9)
        assert "−0" not in line


def test_the_unit_with_the_largest_gradient_is_shown_first(small_run):
    app = backward(small_run)
    rows, _, passes = passes_of(small_run, 0)
    row = next(row for row in rows if row.kind == "Linear")
    assert box(app, "Unit (").value == int(passes.gradients[row.path][0].abs().argmax())
    assert torch.isfinite(passes.gradients[row.path]).all()


def test_without_weights_there_are_words(small_run):
    process.jobs().store.checkpoints.delete(small_run)
    assert [each.value for each in backward(small_run).info] == [
        "The weights of this run are no longer kept, so there is nothing to compute with."
    ]
