"""Guess first: which numbers of a network are shown, how a guess is judged, and why a number is
what it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from explorer.lesson.answers import readings
from explorer.lesson.lesson import Guess
from explorer.lesson.progress import Guessed, Progress
from explorer.network.analysis import Analysis, Row
from explorer.network.explain import field_arithmetic, parameter_arithmetic, size_arithmetic
from explorer.network.spec import Path
from explorer.network.tree import IMAGE, inputs_of
from explorer.text import size_text


class _Kind(NamedTuple):
    true: Callable[[Row], str]  # as the stack writes it
    why: Callable[[Analysis, Row], str]
    form: str  # of a guess, for the empty input


KINDS: Mapping[Guess, _Kind] = {
    Guess.SHAPE: _Kind(
        lambda row: size_text(row.output_shape),
        lambda _, row: size_arithmetic(row) or _shape_in_words(row),
        "channels × rows × columns",
    ),
    Guess.FIELD: _Kind(
        lambda row: size_text(row.receptive_field),
        field_arithmetic,
        "rows × columns, or one number",
    ),
    Guess.PARAMS: _Kind(
        lambda row: f"{row.params:,}",
        lambda _, row: parameter_arithmetic(row) or "it learns nothing",
        "a number",
    ),
}


def judge(kind: Guess, guess: str, row: Row) -> Guessed | None:
    """What became of a guess; None where it holds no numbers."""
    found, true = readings(guess), KINDS[kind].true(row)
    if not found:
        return None
    if kind is Guess.FIELD:  # "3" is a square
        found |= {numbers * 2 for numbers in found if len(numbers) == 1}
    return Guessed(true, guess, is_right=bool(found & readings(true)))


def _shape_in_words(row: Row) -> str:
    if row.input_shapes == (row.output_shape,):
        return "the shape stays"
    before = ", ".join(map(size_text, row.input_shapes))
    return f"{before} → {size_text(row.output_shape)}"


@dataclass(frozen=True)
class Known:
    """Which numbers of the network are shown, in the lesson that somebody is in."""

    progress: Progress | None
    uids: Mapping[Path, str]  # of the rows of layers and blocks; needed only in a lesson

    @property
    def kinds(self) -> tuple[Guess, ...]:
        """Those that are to be guessed."""
        return self.progress.lesson.guess if self.progress else ()

    def shows(self, row: Row, kind: Guess) -> bool:
        if self.progress is None or kind not in self.kinds:
            return True
        return self.progress.shows(self.uids[row.path], kind, KINDS[kind].true(row))

    def shows_input(self, analysis: Analysis, row: Row) -> bool:
        """Whether the shapes are shown that come into a row: those of the image always are."""
        if Guess.SHAPE not in self.kinds:
            return True
        paths = [each for each in inputs_of(row.path, row.layer) if each != IMAGE]
        return all(self.shows(each, Guess.SHAPE) for each in analysis.rows if each.path in paths)

    def shows_last(self, analysis: Analysis, kind: Guess) -> bool:
        """Whether a number of the last row, which is the network's, is shown."""
        return not analysis.rows or self.shows(analysis.rows[-1], kind)

    def shows_parameters(self, analysis: Analysis) -> bool:
        """Whether their sum is shown: once those of each layer that has some are."""
        return all(self.shows(row, Guess.PARAMS) for row in analysis.rows if row.params)
