"""McNemar's test, and which images a network gets right."""

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.compare.learning import group
from explorer.compare.mcnemar import (
    McNemar,
    first_pair,
    mcnemar,
    p_value,
    right_answers,
    verdict_text,
)
from explorer.network.evaluation import network_with
from explorer.network.spec import Architecture
from explorer.text import sentence
from explorer.training import engine
from explorer.training.checkpoint import Checkpoint, network_weights
from explorer.training.dataset_files import Dataset
from explorer.training.engine import train
from explorer.training.images import normalise
from explorer.training.recipe import parse_recipe
from tests.compare.test_learning import WIDE, record
from tests.tiny import linear, network, read_tiny, tiny_kind

# --- the test -------------------------------------------------------------------------------------


def test_the_four_counts():
    a = [True, True, True, False, False, True, False]
    b = [True, False, False, True, False, True, False]
    expected = McNemar(only_a=2, only_b=1, both=2, neither=2, p_value=1.0)
    assert mcnemar(a, b) == expected
    assert mcnemar(np.array(a), torch.tensor(b)) == expected
    assert mcnemar(b, a) == replace(expected, only_a=1, only_b=2)


@pytest.mark.parametrize(
    ("only_a", "only_b", "expected"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (0, 5, 2 / 32),
        (0, 6, 2 / 64),
        (3, 3, 1.0),  # twice the half with the middle would be more than one
        (1, 8, 2 * (1 + 9) / 512),
        (10, 2, 2 * (1 + 12 + 66) / 4096),
        (6, 16, 2 * 110056 / 2**22),  # 1 + 22 + 231 + 1540 + 7315 + 26334 + 74613
    ],
)
def test_p_by_hand(only_a, only_b, expected):
    assert p_value(only_a, only_b) == pytest.approx(expected, rel=1e-15)


def summed(only_a, only_b):
    """The same in whole numbers, divided once."""
    throws = only_a + only_b
    ways = sum(math.comb(throws, heads) for heads in range(min(only_a, only_b) + 1))
    return float(min(Fraction(1), Fraction(2 * ways, 2**throws)))


@given(st.integers(0, 400), st.integers(0, 400))
@settings(deadline=None)  # the first call imports scipy
def test_p_is_the_binomial_test(only_a, only_b):
    assert p_value(only_a, only_b) == pytest.approx(summed(only_a, only_b), rel=1e-9)
    assert p_value(only_b, only_a) == p_value(only_a, only_b)


@pytest.mark.parametrize(
    ("only_a", "only_b"), [(2400, 2600), (4000, 4001), (5000, 5000), (4700, 5300)]
)
def test_many_images_stay_exact(only_a, only_b):
    assert p_value(only_a, only_b) == pytest.approx(summed(only_a, only_b), rel=1e-8)


def test_what_no_float_can_hold_is_nought():
    assert p_value(0, 1000) == pytest.approx(2.0**-999)
    assert p_value(0, 10_000) == 0.0


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([True], [True, False], "same images; these are 1 and 2"),
        ([1, 0], [True, False], "truth values; these are int64"),
        ([[True]], [[True]], "of shape"),
    ],
)
def test_what_cannot_be_compared(a, b, message):
    with pytest.raises(ValueError, match=message):
        mcnemar(a, b)


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="cannot be"):
        p_value(-1, 3)


def found(only_a, only_b):
    return McNemar(only_a, only_b, 9000, 10, p_value(only_a, only_b))


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (found(0, 0), "“A” and “B” get the same test images right: there is no difference."),
        (
            found(1, 8),
            "only “A” is right on 1 image, only “B” on 8 (p = 0.039): “B” is significantly better.",
        ),
        (
            found(41, 30),
            "only “A” is right on 41 images, only “B” on 30 (p = 0.24): no significant difference.",
        ),
        (
            found(1041, 30),
            "only “A” is right on 1,041 images, only “B” on 30 (p < 0.0001): "
            "“A” is significantly better.",
        ),
        (
            found(3, 3),
            "only “A” is right on 3 images, only “B” on 3 (p = 1): no significant difference.",
        ),
    ],
)
def test_in_words(result, text):
    assert verdict_text(result, "A", "B") == text


def test_a_name_stays_as_it_is_where_the_verdict_is_a_sentence():
    text = verdict_text(found(1, 8), "gap-17k, tuned, 20 epochs", "net")
    assert sentence(text) == f"O{text[1:]}"
    assert text.startswith("only “gap-17k, tuned, 20 epochs” is right")


@pytest.mark.parametrize(
    ("p", "shown", "chance"),
    [
        (0.0496, "0.0496", False),
        (0.04999999, "0.04999999", False),
        (0.05, "0.05", True),
        (0.0504, "0.0504", True),
    ],
)
def test_near_the_level_enough_digits_are_shown(p, shown, chance):
    text = verdict_text(McNemar(10, 20, 0, 0, p), "A", "B")
    assert f"(p = {shown})" in text
    assert ("no significant difference" in text) == chance


# --- which of several seeds -----------------------------------------------------------------------


def of(*records):
    return group(records)[0]


def test_the_lowest_seed_that_both_have():
    a = of(*(record(0.9, seed=seed) for seed in (1, 2, 4)))
    b = of(*(record(0.9, seed=seed, architecture=WIDE) for seed in (4, 2, 0)))
    assert [one.recipe.seed for one in first_pair(a, b)] == [2, 2]
    apart = of(record(0.9, seed=7, architecture=WIDE), record(0.9, seed=6, architecture=WIDE))
    assert [one.recipe.seed for one in first_pair(a, apart)] == [1, 6]


def test_only_networks_with_weights_on_the_same_images_are_compared():
    a = of(record(0.9))
    assert first_pair(a, of(replace(record(0.9, seed=1), run_id=None))) is None
    assert first_pair(a, of(record(seed=1))) is None  # not an epoch behind it
    assert first_pair(a, of(record(0.9, seed=1, dataset="mnist"))) is None


# --- which images a network gets right ------------------------------------------------------------

CPU = torch.device("cpu")
TINY = Dataset("tiny", tiny_kind(), *read_tiny(Path(), None))
PLAIN = network(
    {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3},
    "BatchNorm2d",
    "ReLU",
    "Flatten",
    linear(),
    "Softmax",
)
BY_BATCH = network(
    {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3},
    {"kind": "BatchNorm2d", "track_running_stats": False},
    {"kind": "Dropout", "p": 0.3},
    "Flatten",
    linear(),
)


def trained(architecture: Architecture, precision: str) -> tuple[dict[str, torch.Tensor], float]:
    """The network's weights after its run, and the test accuracy that the run reported."""
    kept: list[Checkpoint] = []
    slow = {"kind": "SGD", "lr": 0.001}
    fields: dict[str, Any] = {
        "epochs": 1,
        "batch_size": 16,
        "device": "cpu",
        "precision": precision,
        "optimizer": slow,
    }
    events = list(train(architecture, parse_recipe(fields), TINY, CPU, after_epoch=kept.append))
    assert events[-1].kind == "finished", events[-1].message
    return network_weights(kept[-1]), events[-1].metrics["test_accuracy"]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("architecture", [PLAIN, BY_BATCH], ids=["plain", "by batch"])
def test_the_mean_is_what_the_run_reported(monkeypatch, architecture, precision):
    monkeypatch.setitem(engine.TEST_BATCH, "cpu", 7)  # 30 images: four batches and two images more
    weights, accuracy = trained(architecture, precision)
    right = right_answers(architecture, weights, TINY, precision)
    assert (right.dtype, right.shape) == (np.bool_, (30,))
    assert right.mean() == accuracy
    assert 0 < accuracy < 1  # else any order of the images would do


def test_each_image_has_its_own_answer():
    weights, _ = trained(PLAIN, "fp32")
    images = normalise(TINY.test.images / 255, TINY.kind)
    scores = network_with(PLAIN, weights)(images.double())
    assert (
        right_answers(PLAIN, weights, TINY, "fp32").tolist()
        == (scores.argmax(1) == TINY.test.labels).tolist()
    )


def test_other_weights_are_refused():
    with pytest.raises(RuntimeError, match="state_dict"):
        right_answers(PLAIN, {"0.weight": torch.zeros(4, 1, 3, 3)}, TINY, "fp32")


def test_a_network_against_itself_does_not_differ():
    weights, _ = trained(PLAIN, "fp32")
    right = right_answers(PLAIN, weights, TINY, "fp32")
    assert mcnemar(right, right) == McNemar(0, 0, int(right.sum()), int((~right).sum()), 1.0)
