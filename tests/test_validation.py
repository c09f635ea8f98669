"""Faults that pydantic finds, as sentences."""

from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic import BaseModel, ConfigDict, Field

from explorer.validation import SENTENCES, describe_fault


class Inner(BaseModel):
    share: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.5


class Example(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    count: Annotated[int, Field(ge=1, le=9)] = 1
    word: Annotated[str, Field(min_length=1, max_length=5, pattern="^[a-z]*$")] = "a"
    kind: Literal["one", "two"] = "one"
    on: bool = True
    pair: tuple[int, int] = (1, 1)
    inner: Inner = Inner()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"count": None}, "count must be a whole number; this has null"),
        ({"count": 2.5}, "count must be a whole number; this has 2.5"),
        ({"count": 0}, "count must be at least 1; this has 0"),
        ({"count": 10}, "count must be at most 9; this has 10"),
        ({"word": 3}, "word must be text; this has 3"),
        ({"word": ""}, 'word must have at least 1 characters; this has ""'),
        ({"word": "abcdef"}, 'word must have at most 5 characters; this has "abcdef"'),
        ({"word": "A"}, 'word has characters that do not belong there; this has "A"'),
        ({"word": "\ud800"}, 'word contains an unpaired surrogate; this has "\\ud800"'),
        ({"kind": "three"}, """kind must be 'one' or 'two'; this has "three\""""),
        ({"on": 1}, "on must be true or false; this has 1"),
        ({"pair": 1}, "pair must be a list; this has 1"),
        ({"pair": (1,)}, "pair.1 is missing"),
        ({"pair": (1, [])}, "pair.1 must be a whole number; this has []"),
        ({"inner": 1}, "inner must be an object; this has 1"),
        ({"inner": {"share": "a"}}, 'inner.share must be a number; this has "a"'),
        ({"inner": {"share": float("nan")}}, "inner.share must be a finite number; this has NaN"),
        ({"inner": {"share": 1}}, "inner.share must be below 1.0; this has 1"),
        ({"inner": {"share": 0}}, "inner.share must be above 0.0; this has 0"),
        ({"more": 1}, "more is not known here"),
        ({"\u202e" * 100: 1}, '"' + "\\u202e" * 56 + "... is not known here"),
        ([], "an example must be an object; this has []"),
    ],
)
def test_a_fault_is_said_with_its_place_and_what_would_be_right(data: Any, sentence: str) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Example.model_validate(data)
    assert describe_fault(caught.value, "an example") == sentence


def test_what_is_no_json_is_said() -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Example.model_validate_json("{")
    assert (
        describe_fault(caught.value, "a line")
        == "a line is not JSON: EOF while parsing an object at line 1 column 1"
    )


def test_a_sentence_of_our_own_stays() -> None:
    class Own(BaseModel):
        @pydantic.model_validator(mode="after")
        def refuse(self) -> "Own":
            raise ValueError("one needs the other")

    with pytest.raises(pydantic.ValidationError) as caught:
        Own.model_validate({})
    assert describe_fault(caught.value, "it") == "one needs the other"


def test_the_types_of_errors_are_pydantics() -> None:
    from pydantic_core import core_schema

    known = set(core_schema.ErrorType.__args__)  # type: ignore[attr-defined]
    assert set(SENTENCES) <= known
