"""From a text to Python's syntax trees.

Prompts, fences, magics and prose around the code are passed over, and one part that is no Python
does not keep the others from being read.
"""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from explorer.imports.source.problem import CodeProblem

MAX_CODE = 200_000  # characters; a syntax tree takes up to 300 bytes for each


@dataclass(frozen=True)
class Code:
    """The statements of a text at its top level, and the parts of it that are no Python."""

    statements: tuple[ast.stmt, ...]
    faults: tuple[CodeProblem, ...] = ()


def read_code(text: str) -> Code:
    """The statements of a text, whose line numbers are those of the text.

    Raises CodeProblem where it is too long.
    """
    if len(text) > MAX_CODE:
        raise CodeProblem(
            f"the code has {len(text):,} characters, and at most {MAX_CODE:,} are read: paste the "
            "classes of the network alone"
        )
    plain = textwrap.dedent(text)
    cleaned = textwrap.dedent(_without_shell(_without_prompts(_fenced(text))))
    for each in dict.fromkeys((plain, cleaned)):
        try:
            return Code(tuple(_parsed(each)))
        except CodeProblem:
            pass
    return _by_parts(cleaned)


def _parsed(text: str) -> list[ast.stmt]:
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as of "\d" in a text, which is nothing to us
        try:
            return ast.parse(text).body
        except SyntaxError as error:
            raise CodeProblem(f"this is not Python: {error.msg}", error.lineno or 0) from None
        except (ValueError, RecursionError, MemoryError):
            raise CodeProblem("this is not Python, or nested too deep to be read") from None


_PARSING = Lock()  # warnings are switched off for the whole process


def _by_parts(text: str) -> Code:
    """What can be read of a text that is not Python as a whole: each statement at its top level by
    itself.
    """
    statements: list[ast.stmt] = []
    faults: list[CodeProblem] = []
    for first, part in _parts(text):
        try:
            for statement in _parsed(part):
                ast.increment_lineno(statement, first - 1)
                statements.append(statement)
        except CodeProblem as problem:
            if _LOOKS_LIKE_CODE.search(part):
                faults.append(CodeProblem(problem.message, problem.line + first - 1))
    return Code(tuple(statements), tuple(faults))


_LOOKS_LIKE_CODE = re.compile(r"^[ \t]*(?:class \w+.*:|def \w+\(|\w+ = )|\bnn\.\w+\(", re.MULTILINE)
# A line that goes on with the statement above it, though it is not indented.
_GOES_ON = re.compile(r"[)\]}]|(?:else|elif|except|finally)\b")


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """(first line, text) of each statement at the top level, by the lines that are not indented."""
    lines = text.split("\n")
    first = 0
    for number, line in enumerate(lines):
        begins = bool(line) and not line[0].isspace() and not _GOES_ON.match(line)
        is_decorated = number > 0 and lines[number - 1].startswith("@")
        if begins and number > first and not is_decorated:
            yield first + 1, "\n".join(lines[first:number])
            first = number
    yield first + 1, "\n".join(lines[first:])


# --- what stands around code ----------------------------------------------------------------------

_FENCE = re.compile(r"^[ \t]{0,9}(?:```|~~~)[ \t]{0,9}(\w*)")


def _fenced(text: str) -> str:
    """Of a text with fenced blocks of Python, these blocks alone; all other lines are emptied."""
    kept: list[str] = []
    inside = found = False
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if fence:
            inside = not inside and fence[1].lower() in ("", "python", "py", "python3", "ipython")
            found = found or inside
        kept.append("" if fence or not inside else line)
    return "\n".join(kept) if found else text


_PROMPT = re.compile(r"^[ \t]{0,40}(?:>>>|In \[\d{0,5}\]:)(?: |$)", re.MULTILINE)
_CONTINUED = re.compile(r"^[ \t]{0,40}(?:>>>|\.\.\.|In \[\d{0,5}\]:|\.{3,9}:)(?: |$)")


def _without_prompts(text: str) -> str:
    """Of a text with prompts, what was typed at them."""
    if not _PROMPT.search(text):
        return text
    return "\n".join(
        line[found.end() :] if (found := _CONTINUED.match(line)) else ""
        for line in text.split("\n")
    )


_SHELL = re.compile(r"^([ \t]{0,80})(?:%|!|\?|\w{1,60}\?$)", re.MULTILINE)


def _without_shell(text: str) -> str:
    """A notebook's magics and shell commands as comments, so that the lines keep their numbers."""
    return _SHELL.sub(r"\1pass #", text)
