"""The browser's tests wait for what is to be seen, never for a time that they hope is long
enough.
"""

import ast
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parent / "browser").glob("*.py"))
SLEEPS = {"sleep", "wait_for_timeout"}


def sleeps(source: str) -> list[int]:
    """The lines on which something waits for a fixed time."""
    found = []
    for node in ast.walk(ast.parse(source)):
        named = {
            ast.Attribute: lambda node: node.attr in SLEEPS,
            ast.Name: lambda node: node.id in SLEEPS,
            ast.alias: lambda node: node.name in SLEEPS,
        }.get(type(node))
        if named and named(node):
            found.append(node.lineno)
    return sorted(set(found))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_browser_test_waits_for_a_fixed_time(file: Path):
    assert sleeps(file.read_text()) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import time\ntime.sleep(1)", [2]),
        ("from time import sleep", [1]),
        ("app.page.wait_for_timeout(10)", [1]),
        ("wait = page.wait_for_timeout", [1]),
        ("expect(row).to_be_visible(timeout=10)\ntime.monotonic()", []),
    ],
)
def test_a_fixed_wait_is_found(source: str, lines: list[int]):
    assert sleeps(source) == lines
