"""The board's arithmetic gives the row's numbers."""

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings

from explorer.network import spec
from explorer.network.analysis import analyze
from explorer.network.explain import field_arithmetic, parameter_arithmetic, size_arithmetic
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    Architecture,
    Branches,
    Conv2d,
    Flatten,
    MaxPool2d,
    ReLU,
)
from tests.network.stacks import architectures, branching


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


# --- the receptive field --------------------------------------------------------------------------

_ON_AN_AXIS = re.compile(
    r"(\d+) \+ (?:(\d+) × )?\((\d+) − 1\) × (\d+(?:/\d+)?) = (\d+)"
    r"|(\d+)(?:, as what comes in lies unevenly)?"
)


_WHOLE = re.compile(r"(?:stays|(?:the largest of|what holds those of) its .*:) (\d+)×(\d+)")


def field_on_an_axis(expression: str) -> int:
    """What an expression comes to; it must come to what it says."""
    found = _ON_AN_AXIS.fullmatch(expression)
    assert found, expression
    if found[6]:
        return int(found[6])
    before, dilation, reached, jump, after = (found[place] for place in range(1, 6))
    come_to = int(before) + int(dilation or 1) * (int(reached) - 1) * Fraction(jump)
    assert come_to == int(after), expression
    return int(after)


def read_field(text: str) -> tuple[int, int]:
    if found := re.fullmatch(_WHOLE, text):
        return int(found[1]), int(found[2])
    if text.endswith(" on each axis"):
        both = field_on_an_axis(text.removesuffix(" on each axis"))
        return both, both
    rows, columns = text.removesuffix(" columns").split(" rows; ")
    return field_on_an_axis(rows), field_on_an_axis(columns)


@settings(deadline=None)
@given(architectures() | branching())
def test_the_arithmetic_of_a_field_comes_to_the_field(architecture):
    analysis = analyze(architecture)
    for row in analysis.rows:
        assert read_field(field_arithmetic(analysis, row)) == row.receptive_field


EVEN = {"Conv2d", "MaxPool2d", "AvgPool2d", "Flatten", "AdaptiveAvgPool2d", "ConvTranspose2d"}


@settings(deadline=None)
@given(architectures())
def test_a_window_over_what_lies_evenly_is_added_up(architecture):
    analysis = analyze(architecture)
    evenly = True
    for row in analysis.rows:
        told = "unevenly" in field_arithmetic(analysis, row)
        assert not (evenly and told and row.kind in EVEN), row
        jump = row.jump
        evenly = evenly and jump is not None and row.kind in EVEN - {"ConvTranspose2d"}


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ([Conv2d(out_channels=1, kernel_size=3)], "1 + (3 − 1) × 1 = 3 on each axis"),
        ([MaxPool2d(kernel_size=2), ReLU()], "stays 2×2"),
        (
            [MaxPool2d(kernel_size=2), Conv2d(out_channels=1, kernel_size=3)],
            "2 + (3 − 1) × 2 = 6 on each axis",
        ),
        (
            [Conv2d(out_channels=1, kernel_size=3, dilation=2)],
            "1 + 2 × (3 − 1) × 1 = 5 on each axis",
        ),
        (
            [Conv2d(out_channels=1, kernel_size=(1, 7), stride=(2, 1)), MaxPool2d(kernel_size=2)],
            "1 + (2 − 1) × 2 = 3 rows; 7 + (2 − 1) × 1 = 8 columns",
        ),
        ([MaxPool2d(kernel_size=2), Flatten()], "2 + (14 − 1) × 2 = 28 on each axis"),
        ([AdaptiveAvgPool2d(output_size=1)], "1 + (28 − 1) × 1 = 28 on each axis"),
        (
            [
                Branches(
                    merge="add",
                    branches=(
                        (Conv2d(out_channels=1, kernel_size=3, padding=1),),
                        (Conv2d(out_channels=1, kernel_size=5, padding=2),),
                    ),
                )
            ],
            "the largest of its branches, 3×3, 5×5: 5×5",
        ),
    ],
)
def test_a_field_as_a_teacher_writes_it(layers, text):
    analysis = analyze(Architecture(layers=tuple(layers)))
    assert field_arithmetic(analysis, analysis.rows[-1]) == text
