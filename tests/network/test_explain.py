"""The board's arithmetic gives the row's numbers."""

import math
import re

import pytest
from hypothesis import given, settings

from explorer.network import spec
from explorer.network.analysis import analyze
from explorer.network.explain import parameter_arithmetic, size_arithmetic
from explorer.network.spec import Architecture
from tests.network.stacks import architectures


def value(expression: str) -> int:
    """What the board's expression comes to."""
    plain = re.sub(r"\([^()]*groups\)", "", expression)
    plain = re.sub(r"(scales?|shifts?|slopes?)", "", plain).replace(",", "")
    for sign, python in (
        ("×", "*"),
        ("−", "-"),
        ("÷", "/"),
        ("⌊", "floor("),
        ("⌋", ")"),
        ("⌈", "ceil("),
        ("⌉", ")"),
    ):
        plain = plain.replace(sign, python)
    return eval(plain, {"floor": math.floor, "ceil": math.ceil})


@settings(max_examples=300, deadline=None)
@given(architectures())
def test_every_expression_comes_to_its_number(architecture):
    for row in analyze(architecture).rows:
        if text := parameter_arithmetic(row):
            expression, _, result = text.partition(" = ")
            assert value(expression) == int(result.replace(",", "")) == row.params, text
        else:
            assert row.params == 0
        for axis, part in enumerate((size_arithmetic(row) or "").split("; ")):
            if part:
                expression, _, result = part.partition(" = ")
                counted = result.partition(", less one")[0]
                assert value(expression) == int(re.findall(r"\d+", counted)[0]), part
                found = re.findall(r"\d+", part)[-1]
                assert int(found) == row.output_shape[1 + axis], part


@pytest.mark.parametrize(
    ("layer", "size", "parameters"),
    [
        (
            spec.Conv2d(out_channels=16, kernel_size=3),
            "⌊(28 − 3) ÷ 1⌋ + 1 = 26",
            "16 × (8 × 3 × 3) + 16 = 1,168",
        ),
        (
            spec.Conv2d(out_channels=8, kernel_size=3, stride=2, padding=1, groups=8, bias=False),
            "⌊(28 + 2 − 3) ÷ 2⌋ + 1 = 14",
            "8 × (1 (8 ÷ 8 groups) × 3 × 3) = 72",
        ),
        (spec.MaxPool2d(kernel_size=3, ceil_mode=True), "⌈(28 − 3) ÷ 3⌉ + 1 = 10", None),
        (
            spec.Conv2d(out_channels=1, kernel_size=(1, 3), dilation=2),
            "⌊(28 − (2 × (1 − 1) + 1)) ÷ 1⌋ + 1 = 28 rows; ⌊(28 − (2 × (3 − 1) + 1)) ÷ 1⌋ + "
            "1 = 24 columns",
            "1 × (8 × 1 × 3) + 1 = 25",
        ),
        (spec.Upsample(scale_factor=2), "28 × 2 = 56", None),
        (spec.Upsample(scale_factor=(1, 3)), "28 × 1 = 28 rows; 28 × 3 = 84 columns", None),
        (spec.ReflectionPad2d(padding=1), None, None),
        (spec.BatchNorm2d(), None, "8 scales + 8 shifts = 16"),
        (spec.ReLU(), None, None),
    ],
)
def test_as_a_teacher_writes_it(layer, size, parameters):
    row = analyze(Architecture(input_shape=(8, 28, 28), layers=(layer,))).rows[0]
    assert (size_arithmetic(row), parameter_arithmetic(row)) == (size, parameters)
