"""What reading a table gives: the architecture, and each row's other answers."""

from dataclasses import dataclass

from explorer.imports.summary.notes import Answer, RowNote
from explorer.imports.summary.rows import Parts, place_text
from explorer.network.spec import Architecture


@dataclass(frozen=True)
class Choice:
    """A row that has several answers. `others` are the ones not taken, plainest first."""

    row: str
    line: int
    index: int  # of the answer's first layer in the architecture
    taken: Answer
    others: tuple[Answer, ...]
    # What was guessed and why, where the next answer is about as plain.
    guess: RowNote | None = None

    def with_other(self, architecture: Architecture, other: Answer) -> Architecture:
        """The architecture as imported, with `other` in place of what was taken."""
        layers = architecture.layers
        changed = (
            *layers[: self.index],
            *other.layers,
            *layers[self.index + len(self.taken.layers) :],
        )
        shape = other.input_shape or architecture.input_shape
        return architecture.model_copy(update={"layers": changed, "input_shape": shape})


@dataclass(frozen=True)
class SummaryProblem:
    """The first row that no stack of layers explains, and why."""

    row: str
    line: int
    message: str


@dataclass(frozen=True)
class Imported:
    """What could be read.

    With a problem the architecture holds what fits, and may end at the row before it.
    """

    architecture: Architecture
    # Indices of the layers that have no row: flattening, pooling in forward().
    added: tuple[int, ...]
    choices: tuple[Choice, ...]
    notes: tuple[str, ...]
    problem: SummaryProblem | None
    line: int  # where the table begins
    parts: Parts = ()  # of a notebook

    def place(self, line: int) -> str:
        """Where a line stands in what the person brought: "line 12", "line 3 of the output of cell
        [7]".
        """
        return place_text(line, self.parts)
