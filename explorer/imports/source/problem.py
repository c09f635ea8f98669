"""What stands in the way of following some code, and where."""

from dataclasses import dataclass


class CodeProblem(Exception):
    """Code that cannot be followed any further.

    The message names the construct and what would help, without its line; `line` counts from 1 in
    the text that was read, and is 0 where it is no line's fault.
    """

    def __init__(self, message: str, line: int = 0, missing: str = ""):
        super().__init__(message)
        # The name of a value that is not in the code and would help.
        self.message, self.line, self.missing = message, line, missing


@dataclass(frozen=True)
class Obstacle:
    """A CodeProblem as data, of a network that was read up to there."""

    message: str
    line: int
    missing: str = ""


def as_obstacle(problem: CodeProblem | None) -> Obstacle | None:
    """The problem as data, which holds on to nothing of the code."""
    if problem is None:
        return None
    return Obstacle(problem.message, problem.line, problem.missing)


class NeedsImage(CodeProblem):
    """A number of the code depends on the size of the image, which is not known yet."""


# What a computation on plain values may raise.
FAILURES = (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError)


def reason_of(error: Exception) -> str:
    """What such a failure comes from, in a message's words."""
    if isinstance(error, LookupError):
        return "there is no such item"
    if isinstance(error, TypeError | AttributeError | StopIteration):
        return "these values do not go together"  # Python's words would speak of the interpreter
    return str(error)[:80] or "these values do not go together"
