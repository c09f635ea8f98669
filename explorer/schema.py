"""What the fields of our models take, read from pydantic's own JSON schema and from nowhere else.

Error messages, the editor's inputs and the forms all ask here, so that a bound, a choice or a help
text is written once, where the field is declared.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel

TUPLES = {2: "two of them", 4: "four of them"}  # how many numbers a field takes, in words


@dataclass(frozen=True)
class Bounds:
    """The numbers that a field takes."""

    is_whole: bool
    low: float
    excludes_low: bool
    high: float

    def __str__(self) -> str:
        noun = "a whole number" if self.is_whole else "a number"
        return f"{noun} {'above' if self.excludes_low else 'from'} {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class FieldValues:
    """The values of one field of a model."""

    help: str
    is_required: bool
    numbers: int  # how many at most: 0, 1, 2 or 4
    bounds: Bounds | None  # of each number
    choices: tuple[Any, ...]  # besides numbers: words, or the only values that there are
    is_flag: bool
    is_optional: bool  # null is one of the values
    is_list: bool  # of any number of numbers, each within the bounds
    extra: Mapping[str, Any]  # what the field declares in json_schema_extra
    words: str  # "a whole number from 1 to 4096, or two of them"

    @property
    def type(self) -> Literal["flag", "choice", "list", "whole", "number"]:
        if self.is_flag:
            return "flag"
        if self.is_list:
            return "list"
        if self.bounds is None:
            return "choice"
        return "whole" if self.bounds.is_whole else "number"


@cache
def field_values(model: type[BaseModel]) -> dict[str, FieldValues]:
    """All fields of a model whose values are numbers, choices, flags or null.

    Others are left out.
    """
    schema = model.model_json_schema()
    if "$ref" in schema:  # of a model that holds itself
        schema = schema["$defs"][model.__name__]
    required = schema.get("required", ())
    found = {}
    for name, entry in schema["properties"].items():
        options = entry.get("anyOf", [entry])
        if all(map(_is_plain, options)):
            found[name] = _read(entry, options, name in required)
    return found


def describe_values(model: type[BaseModel], field: str) -> str:
    """The values that a field takes: "a whole number from 1 to 4096, or two of them"."""
    return field_values(model)[field].words


def _is_plain(option: Mapping[str, Any]) -> bool:
    return (
        _choices(option) is not None
        or option.get("type") in ("boolean", "null")
        or bool(_numbers(option))
        or _is_list(option)
    )


def _read(
    entry: Mapping[str, Any], options: list[Mapping[str, Any]], is_required: bool
) -> FieldValues:
    numbers = max(map(_numbers, options))
    return FieldValues(
        help=entry.get("description", ""),
        is_required=is_required,
        numbers=numbers,
        bounds=next(
            (
                _bounds(option["items"] if _is_list(option) else option)
                for option in options
                if _numbers(option) == 1 or _is_list(option)
            ),
            None,
        ),
        choices=tuple(choice for option in options for choice in _choices(option) or ()),
        is_flag=any(option.get("type") == "boolean" for option in options),
        is_optional=any(option.get("type") == "null" for option in options),
        is_list=any(map(_is_list, options)),
        extra={
            name: value for name, value in entry.items() if name in ("initial", "step", "empty")
        },
        words=", or ".join(dict.fromkeys(map(_words, options))),
    )


def _is_list(option: Mapping[str, Any]) -> bool:
    """Whether this is a list of any number of numbers."""
    return option.get("items", {}).get("type") in ("integer", "number")


def _numbers(option: Mapping[str, Any]) -> int:
    """How many numbers this is: none, one, or those of a tuple."""
    if _choices(option) is not None:
        return 0
    if option.get("type") in ("integer", "number"):
        return 1
    return len(option.get("prefixItems", ()))


def _choices(option: Mapping[str, Any]) -> list[Any] | None:
    return [option["const"]] if "const" in option else option.get("enum")


def _bounds(option: Mapping[str, Any]) -> Bounds:
    excludes_low = "exclusiveMinimum" in option
    return Bounds(
        is_whole=option["type"] == "integer",
        low=option["exclusiveMinimum" if excludes_low else "minimum"],
        excludes_low=excludes_low,
        high=option["maximum"],
    )


def _words(option: Mapping[str, Any]) -> str:
    if (choices := _choices(option)) is not None:
        return " or ".join(map(json.dumps, choices))
    if _is_list(option):
        noun = "whole numbers" if option["items"]["type"] == "integer" else "numbers"
        low, high = option["items"]["minimum"], option["items"]["maximum"]
        most = option["maxItems"]
        return f"a list of {option['minItems']} to {most} {noun} from {low:g} to {high:g}"
    if option["type"] == "array":
        return TUPLES[len(option["prefixItems"])]
    return {"null": "null", "boolean": "true or false"}.get(option["type"]) or str(_bounds(option))
