"""Pieces of Python source, laid out as `ruff format` does it."""

import inspect
from collections.abc import Sequence
from typing import Any

from explorer.text import printable

WIDTH = 88  # ruff format's own


def plain_text(text: str) -> str:
    """Any text as one line that cannot end a docstring, start an escape or turn the direction of
    reading.
    """
    return printable(text).replace("\\", "/").replace('"', "'")


def python_value(value: Any) -> str:
    """A number, a text or a tuple of them as ruff formats it."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


def call_text(opening: str, given: Sequence[str], indent: int, closing: str = ")") -> list[str]:
    """opening(given, …) on as many lines as ruff format needs, indented."""
    inside = ", ".join(given)
    if indent + len(f"{opening}({inside}{closing}") <= WIDTH or not given:
        return indented([f"{opening}({inside}{closing}"], indent)
    inner = [inside] if indent + 4 + len(inside) <= WIDTH else [f"{value}," for value in given]
    return [
        *indented([f"{opening}("], indent),
        *indented(inner, indent + 4),
        *indented([closing], indent),
    ]


def concatenation_text(target: str, tensors: Sequence[str], indent: int) -> list[str]:
    """target = torch.cat([tensors, …], dim=1) on as many lines as ruff format needs."""
    listed = f"[{', '.join(tensors)}]"
    if indent + 4 + len(f"{listed}, dim=1") <= WIDTH:
        return call_text(f"{target} = torch.cat", [listed, "dim=1"], indent)
    inner = ["[", *(f"    {tensor}," for tensor in tensors), "],", "dim=1,"]
    return [
        *indented([f"{target} = torch.cat("], indent),
        *indented(inner, indent + 4),
        *indented([")"], indent),
    ]


def operation_text(target: str, sign: str, tensors: Sequence[str], indent: int) -> list[str]:
    """target = a + b + … on as many lines as ruff format needs."""
    whole = f" {sign} ".join(tensors)
    if indent + len(f"{target} = {whole}") <= WIDTH:
        return indented([f"{target} = {whole}"], indent)
    first, *others = tensors
    one_each = [first, *(f"{sign} {other}" for other in others)]
    inner = [whole] if indent + 4 + len(whole) <= WIDTH else one_each
    return [
        *indented([f"{target} = ("], indent),
        *indented(inner, indent + 4),
        *indented([")"], indent),
    ]


def commented(lines: Sequence[str], comment: str) -> list[str]:
    """A statement with a comment at its end, or above it where its one line has no room for it."""
    *above, last = lines
    with_comment = f"{last}  # {comment}"
    if above or len(with_comment) <= WIDTH:
        return [*above, with_comment]
    indent = len(last) - len(last.lstrip())
    return [*indented([f"# {comment}"], indent), last]


def keywords(given: dict[str, Any]) -> list[str]:
    """{"padding": "same"} -> ['padding="same"']."""
    return [f"{name}={python_value(value)}" for name, value in given.items()]


def without_defaults(function: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments that differ from the function's own defaults."""
    parameters = inspect.signature(function).parameters
    return {name: value for name, value in given.items() if parameters[name].default != value}


def indented(lines: Sequence[str], spaces: int) -> list[str]:
    """The lines further to the right; an empty one stays empty."""
    return [" " * spaces + line if line else "" for line in lines]
