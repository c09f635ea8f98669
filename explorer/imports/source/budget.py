"""How much work following some code may be."""

from dataclasses import dataclass

from explorer.imports.source.problem import CodeProblem

MAX_STEPS = 20_000  # statements, calls and turns of loops
MAX_ITEMS = 200_000  # items of all lists and characters of all texts that are made
MAX_DEPTH = 40  # of calls inside each other
MAX_NUMBER = 2**63


@dataclass
class Budget:
    """What is spent of it."""

    most_steps: int = MAX_STEPS
    steps: int = 0
    items: int = 0
    depth: int = 0

    def is_spent(self) -> bool:
        """Whether nothing more can be done within it."""
        return self.steps > self.most_steps or self.items > MAX_ITEMS

    def step(self, line: int) -> None:
        """Raises CodeProblem where the code runs too long."""
        self.steps += 1
        if self.steps > self.most_steps:
            raise CodeProblem(
                f"the code takes more than {self.most_steps:,} steps to build its network", line
            )

    def make(self, items: int, line: int) -> None:
        """Raises CodeProblem where the code makes too much."""
        self.items += items
        if self.items > MAX_ITEMS:
            raise CodeProblem(f"the code makes lists of more than {MAX_ITEMS:,} items", line)

    def enter(self, line: int) -> None:
        """Raises CodeProblem where calls are nested too deep, as where a function calls itself."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise CodeProblem(f"functions call each other more than {MAX_DEPTH} deep here", line)

    def leave(self) -> None:
        self.depth -= 1


def bounded(number: object, line: int) -> object:
    """The number, where it has at most 64 bits. Raises CodeProblem."""
    if isinstance(number, int) and not -MAX_NUMBER <= number < MAX_NUMBER:
        raise CodeProblem("a number has more than 64 bits here", line)
    return number
