"""Python's own functions and methods, as far as code that builds networks uses them.

Each gets plain values. What it cannot take it answers with a ValueError, TypeError or the like,
which makes its result unknown.
"""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from explorer.imports.source.budget import MAX_NUMBER, Budget

MAX_TEXT = 10_000  # characters

Number = bool | int | float


def is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float)


def is_plain(value: Any, depth: int = 2) -> bool:
    """Numbers, texts and None, and short lists of them: what may be compared and used as a key.

    Lists that hold each other many times over would take as long as a tree of all their items.
    """
    if isinstance(value, tuple | list):
        return depth > 0 and len(value) <= 16 and all(is_plain(each, depth - 1) for each in value)
    return value is None or is_number(value) or isinstance(value, str)


def is_key(value: Any) -> bool:
    """Whether a value may be a key of a dictionary."""
    return is_plain(value) and not isinstance(value, list)


def _numbers(values: Iterable[Any]) -> list[Any]:
    found = list(values)
    if not all(map(is_number, found)):
        raise TypeError("these are no numbers")
    return found


def _of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """min, max and the like: of several numbers, or of a list of them."""

    def run(*values: Any) -> Any:
        given = values[0] if len(values) == 1 and isinstance(values[0], list | tuple) else values
        return function(_numbers(given))

    return run


def _with_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: function(*_numbers(values))


def _to_int(value: Any = 0) -> int:
    if isinstance(value, str):
        return int(value[:30])
    return int(_numbers([value])[0])


def _to_float(value: Any = 0.0) -> float:
    return float(value[:30]) if isinstance(value, str) else float(_numbers([value])[0])


def power(base: Any, exponent: Any) -> Any:
    """`base ** exponent`. Raises OverflowError before a number of more than 64 bits is made."""
    whole = isinstance(base, int) and isinstance(exponent, int) and exponent > 0
    if whole and abs(base) > 1 and exponent * math.log2(abs(base)) > 64:
        raise OverflowError("a number has more than 64 bits here")
    found = base**exponent
    if isinstance(found, complex):
        raise TypeError("this is no real number")
    return found


def shifted(a: int, b: int) -> int:
    """`a << b`, within the same bound."""
    if b > 64 or abs(a << b) >= MAX_NUMBER:
        raise OverflowError("a number has more than 64 bits here")
    return a << b


def to_text(value: Any) -> str:
    """str() of a plain value; of anything else there is no text here."""
    if isinstance(value, str):
        return value
    if not is_plain(value, 1) or (
        isinstance(value, tuple | list) and not all(map(is_number, value))
    ):
        raise TypeError("its text is not known")
    return str(value)


# By name. What iterates over values or asks for attributes stands in native_functions.py.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "int": _to_int,
    "float": _to_float,
    "str": lambda value="": to_text(value),
    "repr": to_text,
    "chr": chr,
    "ord": ord,
    "abs": _with_numbers(abs),
    "round": lambda value, digits=None: round(float(*_numbers([value])), digits),
    "divmod": _with_numbers(divmod),
    "pow": lambda base, exponent: power(*_numbers([base, exponent])),
    "math.floor": _with_numbers(math.floor),
    "math.ceil": _with_numbers(math.ceil),
    "math.sqrt": _with_numbers(math.sqrt),
    "math.log": _with_numbers(math.log),
    "math.log2": _with_numbers(math.log2),
    "math.log10": _with_numbers(math.log10),
    "math.exp": _with_numbers(math.exp),
    "math.pow": _with_numbers(math.pow),
    "math.gcd": _with_numbers(math.gcd),
    "numpy.sqrt": _with_numbers(math.sqrt),
    "numpy.floor": _with_numbers(math.floor),
    "numpy.ceil": _with_numbers(math.ceil),
    "numpy.log2": _with_numbers(math.log2),
    "numpy.round": _with_numbers(round),
    "numpy.max": _of_numbers(max),
    "numpy.min": _of_numbers(min),
    "numpy.int32": _to_int,
    "numpy.int64": _to_int,
}


def product(values: Iterable[Any], start: Any = 1) -> Any:
    """math.prod, within 64 bits."""
    found = start
    for value in _numbers(values):
        found *= value
        if isinstance(found, int) and abs(found) >= MAX_NUMBER:
            raise OverflowError("a number has more than 64 bits here")
    return found


# --- methods --------------------------------------------------------------------------------------


def _short(pieces: Iterable[str]) -> str:
    """The pieces as one text. Raises OverflowError before it is longer than any that is needed."""
    found: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > MAX_TEXT:
            raise OverflowError("a text is too long here")
        found.append(piece)
    return "".join(found)


def _filled(text: str, *values: Any, **named: Any) -> str:
    """str.format, without attributes and items, which could reach into the program, and without
    widths of more than two digits.
    """
    numbers = iter(range(len(values)))

    def value(key: str, form: str) -> str:
        place = next(numbers, -1) if key == "" else 0
        if place < 0:
            raise ValueError("there are more places than values")
        found = values[place] if key == "" else None
        if key:
            found = values[int(key)] if key.isdigit() else named[key]
        return formatted(found, form)

    parts = re.split(r"\{(\w{0,40})(?::([^{}]{0,9}))?\}", text)
    pieces = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    return _short([parts[0], *(value(key, form or "") + rest for key, form, rest in pieces)])


_FORM = re.compile(r"[<>^]?0?\d{0,2}(?:\.\d{1,2})?[dsfg]?")


def formatted(value: Any, form: str) -> str:
    """format() of a plain value, in a form that makes no long text."""
    if not _FORM.fullmatch(form):
        raise ValueError("this format is not followed")
    has_form = bool(form) and (is_number(value) or isinstance(value, str))
    return format(value, form) if has_form else to_text(value)


_NO_VALUE = object()


def percent_filled(text: str, values: Any) -> str:
    """`text % values`, of plain values, with widths of at most two digits."""
    given = iter(values if isinstance(values, tuple) else (values,))

    def value(form: str) -> str:
        found = next(given, _NO_VALUE)
        if found is _NO_VALUE:
            raise ValueError("there are more places than values")
        if form.endswith("s"):
            return formatted(to_text(found), f">{form}" if form[:-1] else "")
        return formatted(found, form.replace("i", "d"))

    parts = re.split(r"%(0?\d{0,2}[sdi])", text)
    return _short(value(part) if place % 2 else part for place, part in enumerate(parts))


def joined_text(pieces: Iterable[Any]) -> str:
    """The texts of plain values, one after the other."""
    return _short(to_text(piece) for piece in pieces)


def _joined(text: str, values: Iterable[Any]) -> str:
    found = list(values)
    return _short(
        piece
        for place, value in enumerate(found)
        for piece in ((text, to_text(value)) if place else (to_text(value),))
    )


def _replaced(text: str, old: str, new: str) -> str:
    if len(text) * max(1, len(new)) > MAX_TEXT:
        raise OverflowError("a text is too long here")
    return text.replace(old, new)


def _extended(items: list[Any], more: Iterable[Any]) -> None:
    items.extend(list(more))


def _plain(items: Any) -> list[Any]:
    if not all(is_plain(each, 1) for each in items):
        raise TypeError("these cannot be compared")
    return list(items)


METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    str: {
        "format": _filled,
        "join": _joined,
        "replace": _replaced,
        "lower": lambda text: text.lower(),
        "upper": lambda text: text.upper(),
        "strip": lambda text: text.strip(),
        "split": lambda text, *by: text.split(*by),
        "startswith": lambda text, start: text.startswith(start),
        "endswith": lambda text, end: text.endswith(end),
        "isdigit": lambda text: text.isdigit(),
        "find": lambda text, part: text.find(part),
        "count": lambda text, part: text.count(part),
    },
    list: {
        "append": lambda items, item: items.append(item),
        "extend": _extended,
        "insert": lambda items, place, item: items.insert(place, item),
        "pop": lambda items, place=-1: items.pop(place),
        "copy": lambda items: list(items),
        "reverse": lambda items: items.reverse(),
        "clear": lambda items: items.clear(),
        "remove": lambda items, item: items.pop(_plain(items).index(item)),
        "index": lambda items, item: _plain(items).index(item),
        "count": lambda items, item: _plain(items).count(item),
    },
    dict: {
        "items": lambda given: list(given.items()),
        "keys": lambda given: list(given),
        "values": lambda given: list(given.values()),
        "get": lambda given, key, other=None: given.get(key, other),
        "pop": lambda given, key, *other: given.pop(key, *other),
        "update": lambda given, *more, **named: given.update(*more, **named),
        "setdefault": lambda given, key, value=None: given.setdefault(key, value),
        "copy": lambda given: dict(given),
    },
    tuple: {
        "index": lambda items, item: _plain(items).index(item),
        "count": lambda items, item: _plain(items).count(item),
    },
    set: {"add": lambda given, value: given.add(value)},
}


def items_of(value: Any, budget: Budget, line: int) -> list[Any] | None:
    """What a loop over a plain value goes through; None where it is none."""
    if isinstance(value, range):
        budget.make(min(len(value), 10**9), line)
        return list(value)
    if isinstance(value, list | tuple | set | dict):
        budget.make(len(value), line)
        return list(value)
    if isinstance(value, str):
        budget.make(len(value), line)
        return list(value)
    return None
