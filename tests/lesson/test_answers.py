"""Which answers say the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.lesson.answers import is_same_answer, readings
from explorer.text import size_text


@pytest.mark.parametrize(
    "given",
    [
        "8×26×26",
        "8x26x26",
        "8 X 26 X 26",
        "8, 26, 26",
        "(8, 26, 26)",
        "[8,26,26]",
        "8 26 26",
        "8*26*26.",
    ],
)
def test_a_size_is_one_however_it_is_written(given: str) -> None:
    assert is_same_answer(given, "8×26×26")
    assert not is_same_answer(given, "8×28×28")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1168", "1,168"),
        ("1 168", "1,168"),
        ("1,168", "1168"),
        ("1'168.0", "1,168"),
        ("0,5", "0.5"),
        (".5", "0.50"),
        ("50 %", "50"),
        ("−3", "-3"),
        ("128,128,128", "128×128×128"),
        ("  Padding. ", "padding"),
        ("the  LAST layer", "The last layer"),
        ("STRASSE", "straße"),
        ("", ""),
    ],
)
def test_the_same(given: str, expected: str) -> None:
    assert is_same_answer(given, expected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "8"),
        ("8", ""),
        ("8 26", "8×26×26"),
        ("1.168", "1,168"),
        ("11,68", "1168"),
        ("8×26×26 pixels", "8×26×26"),
        ("padding", "stride"),
        ("1e3", "1000"),
        ("NaN", "0"),
    ],
)
def test_not_the_same(given: str, expected: str) -> None:
    assert not is_same_answer(given, expected)


@given(st.text(max_size=100), st.text(max_size=100))
def test_any_two_texts_can_be_compared(given: str, expected: str) -> None:
    assert is_same_answer(given, expected) == is_same_answer(expected, given)
    assert is_same_answer(given, given)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=4), st.integers(0, 10**12))
def test_what_the_pages_write_is_read(size: list[int], count: int) -> None:
    assert tuple(size) in readings(size_text(size))
    assert (count,) in readings(f"{count:,}")
