"""Lesson: a text of a few steps with a question each, what is hidden meanwhile, and which numbers
are to be guessed before they are shown.

A lesson decides what is drawn. It permits and forbids nothing: whoever leaves it has all of the
explorer.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
)

from explorer.json_reading import shown
from explorer.text import printable, printable_lines
from explorer.validation import describe_fault

MAX_TITLE = 100  # characters
MAX_STEPS = 5
MAX_TEXT = 1_500
MAX_QUESTION = 300
MAX_ANSWER = 100
MAX_WHY = 600


class LessonError(ValueError):
    """The data are no lesson; the message names the field, and the step."""


class Control(StrEnum):
    """Something that a lesson may hide."""

    START_FROM = "start_from"
    OPEN = "open"
    IMAGES = "images"
    ASSIGNMENT = "assignment"
    SHARE = "share"
    ADD_LAYER = "add_layer"
    TRAIN = "train"
    COMPARE = "compare"
    RUNS = "runs"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Control.START_FROM: "Start from",
    Control.OPEN: "Open…",
    Control.IMAGES: "Images",
    Control.ASSIGNMENT: "Assignment",
    Control.SHARE: "Share & save",
    Control.ADD_LAYER: "Add layer",
    Control.TRAIN: "Page Train",
    Control.COMPARE: "Page Compare",
    Control.RUNS: "Page Runs",
}


class Guess(StrEnum):
    """A number of each layer that is hidden until it was guessed."""

    SHAPE = "shape"
    FIELD = "field"
    PARAMS = "params"

    @property
    def words(self) -> str:
        return _GUESSED[self]


_GUESSED = {
    Guess.SHAPE: "Output shape",
    Guess.FIELD: "Receptive field",
    Guess.PARAMS: "Parameters",
}


def _in_order(kind: type[StrEnum]) -> AfterValidator:
    """Each once, in the order of its kind, so that lessons that hide the same are equal."""
    return AfterValidator(lambda given: tuple(each for each in kind if each in given))


_Title = Annotated[str, Field(max_length=MAX_TITLE), AfterValidator(printable)]
_Text = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(printable_lines)]
_Question = Annotated[str, Field(max_length=MAX_QUESTION), AfterValidator(printable)]
_Answer = Annotated[str, Field(max_length=MAX_ANSWER), AfterValidator(printable)]
_Why = Annotated[str, Field(max_length=MAX_WHY), AfterValidator(printable)]


class Step(BaseModel):
    """A text, and a question about it. Without an answer the question is an open one: whatever is
    answered, it goes on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: _Text = Field("", description="in Markdown")
    question: _Question = ""
    answer: _Answer = Field("", description="a number, a size such as 8×26×26, or words")
    why: _Why = Field("", description="shown once the question was answered")


class Lesson(BaseModel):
    """What a lesson says, hides and asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: _Title = ""
    steps: Annotated[tuple[Step, ...], Field(max_length=MAX_STEPS)] = ()
    hidden: Annotated[tuple[Control, ...], _in_order(Control)] = ()
    locks_recipe: StrictBool = False
    select: Annotated[
        str, StringConstraints(pattern=r"^([0-9]{1,4}(\.[0-9]{1,4}){0,40})?$", max_length=100)
    ] = Field("", description='the layer that is selected first, such as "3"')
    guess: Annotated[tuple[Guess, ...], _in_order(Guess)] = ()


def parse_lesson(data: Any) -> Lesson:
    """The lesson of its decoded JSON form. Missing fields take their defaults. Raises
    LessonError.
    """
    if not isinstance(data, dict):
        raise LessonError(f"a lesson is an object with {', '.join(Lesson.model_fields)}")
    try:
        return Lesson.model_validate(data)
    except ValidationError as error:
        raise LessonError(_fault(error)) from None


def to_data(lesson: Lesson) -> dict[str, Any]:
    """The JSON form as an object, with every field."""
    return lesson.model_dump(mode="json")


def _fault(error: ValidationError) -> str:
    """What is wrong, and in which step."""
    first: Any = error.errors(include_url=False)[0]
    field, *inside = first["loc"] or ("a field name with an unpaired surrogate",)
    if field not in Lesson.model_fields:
        known = ", ".join(Lesson.model_fields)
        return f"unknown part of a lesson {shown(str(field))}; a lesson has {known}"
    if field == "steps" and len(inside) == 2 and first["type"] == "extra_forbidden":
        known = ", ".join(Step.model_fields)
        return f"unknown part of step {inside[0] + 1} {shown(str(inside[1]))}; a step has {known}"
    return describe_fault(error, "a lesson")
