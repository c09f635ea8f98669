"""Whether what somebody typed is the answer: sizes and numbers by their value, words as words."""

import re
from decimal import Decimal

_NUMBER = r"[-+−]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})"
_BETWEEN = r"\s*[×xX*·,;]\s*|\s+"
_SIZE = re.compile(rf"{_NUMBER}(?:(?:{_BETWEEN}){_NUMBER}){{0,7}}")
_SPLIT = re.compile(_BETWEEN)
# "1,168", "1 168", "1'168": one number. "1.168" is not: that is less than two.
_THOUSANDS = re.compile(r"[-+−]?\d{1,3}(?:(?:,\d{3})+|(?:[ '’\u00a0\u202f]\d{3})+)(?:\.\d{0,15})?")
_COMMA = re.compile(r"[-+−]?\d{1,15},\d{1,15}")  # a decimal comma

Numbers = tuple[Decimal, ...]


def is_same_answer(given: str, expected: str) -> bool:
    """Whether both say the same: "8×26×26", "8 x 26 x 26" and "(8, 26, 26)", "1,168" and "1168",
    "Yes." and "yes".
    """
    mine, right = readings(given), readings(expected)
    if mine and right:
        return bool(mine & right)
    return _words(given) == _words(expected)


def readings(text: str) -> frozenset[Numbers]:
    """All numbers or rows of numbers that a text can mean; none where it holds words.

    "1,168" is one number, and two of them.
    """
    text = _bare(text)
    found: set[Numbers] = set()
    if _SIZE.fullmatch(text):
        found.add(tuple(map(_number, _SPLIT.split(text))))
    if _THOUSANDS.fullmatch(text):
        found.add((_number(re.sub(r"[^\d.+−-]", "", text)),))
    elif _COMMA.fullmatch(text):
        found.add((_number(text.replace(",", ".")),))
    return frozenset(found)


def _bare(text: str) -> str:
    """Without the brackets around it, a percent sign, and the full stop of a sentence."""
    text = text.strip().removesuffix(".").removesuffix("%").strip()
    if text[:1] + text[-1:] in ("()", "[]"):
        text = text[1:-1].strip().removesuffix(",")
    return text


def _number(text: str) -> Decimal:
    return Decimal(text.replace("−", "-"))


def _words(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".!")
