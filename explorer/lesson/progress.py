"""How far somebody is in a lesson: the step, what they answered, and what they have guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from explorer.lesson.lesson import Control, Guess, Lesson, Step

MAX_GUESSES = 2_000  # that are kept; of a stack of 200 layers it takes 600 to see all


@dataclass(frozen=True)
class Guessed:
    """A number that was guessed, and so is shown: as long as it is this one."""

    true: str  # as the page writes it
    guess: str
    is_right: bool


Revealed = Mapping[tuple[str, Guess], Guessed]  # by the uid of a layer's row


@dataclass(frozen=True)
class Progress:
    """A lesson that somebody is in."""

    lesson: Lesson
    ready: str = ""  # the id of one that comes with the explorer; "" for somebody's own
    place: int = 0  # of the step, from 0
    answers: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))  # by step
    revealed: Revealed = field(default_factory=lambda: MappingProxyType({}))

    @property
    def step(self) -> Step | None:
        """The one that is shown; None in a lesson without any."""
        steps = self.lesson.steps
        return steps[self.place] if self.place < len(steps) else None

    def hides(self, control: Control) -> bool:
        return control in self.lesson.hidden

    def at(self, place: int) -> "Progress":
        """At another step: the nearest that there is."""
        return replace(self, place=max(0, min(place, len(self.lesson.steps) - 1)))

    def answering(self, place: int, answer: str) -> "Progress":
        """With an answer to a step's question, in place of an earlier one."""
        return replace(self, answers=MappingProxyType({**self.answers, place: answer}))

    def revealing(self, uid: str, kind: Guess, guessed: Guessed) -> "Progress":
        """With a number shown. Of very many the oldest are forgotten."""
        kept = {key: value for key, value in self.revealed.items() if key != (uid, kind)}
        for oldest in list(kept)[: max(0, len(kept) + 1 - MAX_GUESSES)]:
            del kept[oldest]
        return replace(self, revealed=MappingProxyType({**kept, (uid, kind): guessed}))

    def shows(self, uid: str, kind: Guess, true: str) -> bool:
        """Whether a layer's number is shown: it is not one to guess, or was guessed and is still
        the same.
        """
        if kind not in self.lesson.guess:
            return True
        found = self.revealed.get((uid, kind))
        return found is not None and found.true == true
