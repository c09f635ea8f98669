"""Takes the files in templates/ apart, and puts a run's own values in their places.

They are real Python files that run as they stand, so that an editor, a linter and a test can read
them; a template language would leave files that only become Python once they are filled in.
"""

import ast
import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "templates"
_PART = re.compile(r"^# %% (.+)\n", re.MULTILINE)


def template(name: str) -> str:
    """The text of a file in templates/."""
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def parts(name: str) -> Mapping[str, str]:
    """The parts of a template by their names, which stand in lines "# %% NAME"."""
    _, *found = _PART.split(template(name))
    return {part: code.strip("\n") for part, code in zip(found[::2], found[1::2], strict=True)}


def choose(code: str, options: Collection[str]) -> str:
    """The code with these options: of each "# if OPTION … # else … # end" one side is kept.

    Example: choose("# if a\\nx = 1\\n# else\\nx = 2\\n# end", ["a"]) gives "x = 1".
    """
    kept: list[str] = []
    is_kept = True
    for line in code.splitlines():
        match line.split(maxsplit=2):
            case ["#", "if", option]:
                is_kept = option in options
            case ["#", "else"]:
                is_kept = not is_kept
            case ["#", "end"]:
                is_kept = True
            case _ if is_kept:
                kept.append(line)
    return "\n".join(kept)


def fill(code: str, values: Mapping[str, str]) -> str:
    """The code where each of these names is assigned what is given; a comment after it stays.

    Raises ValueError where a name is not assigned exactly once, so that no value is lost unseen.
    """
    for name, value in values.items():
        found = list(re.finditer(rf"^ *{name} = (.*?)(?:  #.*)?$", code, re.MULTILINE))
        if len(found) != 1:
            raise ValueError(f"{name} is assigned {len(found)} times in this part of a template")
        code = code[: found[0].start(1)] + value + code[found[0].end(1) :]
    return code


def import_lines(name: str, code: str) -> list[str]:
    """The imports of a template whose names the code uses."""
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    return [line for line, bound in _imports(name) if bound & used]


@cache
def _imports(name: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """The imports of a template, each with the names that it binds."""
    return tuple(
        (ast.unparse(node), frozenset(alias.asname or alias.name for alias in node.names))
        for node in ast.parse(template(name)).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    )
