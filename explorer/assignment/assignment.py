"""Assignment: what a teacher asks for, as data.

The documents of the presets answered such tasks: under 20,000 parameters, at most 20 epochs, 99.4 %
test accuracy.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    model_validator,
)

from explorer.json_reading import check_depth, shown
from explorer.network.mult_adds import MULT_ADDS_IN_SHORT
from explorer.network.spec import MAX_LAYERS
from explorer.text import printable, printable_lines
from explorer.training.datasets import DATASETS
from explorer.training.limits import MAX_PARAMS
from explorer.training.recipe import MAX_EPOCHS
from explorer.validation import describe_fault

MAX_TITLE = 100  # characters
MAX_TEXT = 4_000
MAX_SEEDS = 10
MAX_FIELD = 4_096  # pixels; more than any image has
MAX_MULT_ADDS = 10**12
# Two days before the year 10,000, which clocks of no time zone have begun by then.
LATEST = 253_402_127_999


class AssignmentError(ValueError):
    """The data are no assignment; the message names the field."""


class Part(StrEnum):
    """Something in a network that an assignment may require or forbid."""

    BATCH_NORM = "batch_norm"
    DROPOUT = "dropout"
    GLOBAL_POOLING = "global_pooling"
    DEPTHWISE = "depthwise"
    DILATED = "dilated"
    SKIP = "skip"
    LINEAR = "linear"
    LINEAR_HEAD = "linear_head"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Part.BATCH_NORM: "BatchNorm",
    Part.DROPOUT: "Dropout",
    Part.GLOBAL_POOLING: "global average pooling",
    Part.DEPTHWISE: "a depthwise convolution",
    Part.DILATED: "a dilated convolution",
    Part.SKIP: "a skip connection",
    Part.LINEAR: "Linear",
    Part.LINEAR_HEAD: "a Linear head",
}

# Until there were `required` and `forbidden`, each of these was a field of its own.
OLD_SWITCHES = (Part.BATCH_NORM, Part.DROPOUT, Part.GLOBAL_POOLING, Part.LINEAR_HEAD)

_Count = Annotated[StrictInt, Field(ge=1, le=MAX_LAYERS)]
_Parts = tuple[Part, ...]


def _once_each(parts: _Parts) -> _Parts:
    """The parts in the order of Part, each once, so that the same demands are equal."""
    return tuple(part for part in Part if part in parts)


class Assignment(BaseModel):
    """What a teacher asks for. A limit of None and a demand of False ask for nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, Field(max_length=MAX_TITLE), AfterValidator(printable)] = ""
    text: Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(printable_lines)] = Field(
        "", description="what is to be done, in Markdown"
    )
    dataset: Literal[tuple(DATASETS)] | None = Field(  # type: ignore[valid-type]
        None, description="the images to train on"
    )
    max_params: Annotated[StrictInt, Field(ge=1, le=MAX_PARAMS)] | None = Field(
        20_000, description="the network has fewer parameters than this"
    )
    max_epochs: Annotated[StrictInt, Field(ge=1, le=MAX_EPOCHS)] | None = Field(
        20, description="it is trained for no more epochs"
    )
    min_accuracy: Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] | None = (
        Field(
            0.994, description="test accuracy to reach, as a share; that of the final epoch counts"
        )
    )
    seeds: Annotated[StrictInt, Field(ge=1, le=MAX_SEEDS)] = Field(
        1, description="runs of one recipe, alike but for the seed, whose mean accuracy counts"
    )
    best_counts: StrictBool = Field(
        False, description="the most accurate of all recipes counts, in place of the last one tried"
    )
    min_field: Annotated[StrictInt, Field(ge=1, le=MAX_FIELD)] | None = Field(
        None, description="pixels that the last layer's receptive field has at least, either way"
    )
    max_layers: _Count | None = Field(
        None, description="rows of the stack, including activations and dropout"
    )
    max_mult_adds: Annotated[StrictInt, Field(ge=1, le=MAX_MULT_ADDS)] | None = Field(
        None, description=MULT_ADDS_IN_SHORT
    )
    min_poolings: _Count | None = Field(None, description="pooling layers at least")
    max_poolings: _Count | None = Field(None, description="pooling layers at most")
    required: Annotated[_Parts, AfterValidator(_once_each)] = Field(
        (), description="what the network must have"
    )
    forbidden: Annotated[_Parts, AfterValidator(_once_each)] = Field(
        (), description="what the network must not have"
    )
    notes: StrictBool = Field(
        False, description="whoever hands in writes down target, result and analysis"
    )
    deadline: Annotated[StrictInt, Field(ge=1, le=LATEST)] | None = Field(
        None, description="until when it can be handed in, in seconds since 1970"
    )

    @model_validator(mode="after")
    def _can_be_met(self) -> "Assignment":
        if both := [part.words for part in self.required if part in self.forbidden]:
            raise ValueError(f"it both requires and forbids {both[0]}")
        if Part.LINEAR_HEAD in self.required and Part.LINEAR in self.forbidden:
            raise ValueError("it requires a Linear head and forbids Linear")
        if self.min_poolings and self.max_poolings and self.min_poolings > self.max_poolings:
            raise ValueError(
                f"it asks for at least {self.min_poolings} pooling layers and at most "
                f"{self.max_poolings}"
            )
        return self


def parse_assignment(data: Any) -> Assignment:
    """The assignment of its decoded JSON form, also that of earlier versions. Missing fields take
    their defaults. Raises AssignmentError.
    """
    if not isinstance(data, dict):
        raise AssignmentError(
            f"an assignment is an object with {', '.join(Assignment.model_fields)}"
        )
    check_depth(data, AssignmentError)
    try:
        return Assignment.model_validate(_in_todays_form(data))
    except ValidationError as error:
        first: Any = error.errors(include_url=False)[0]
        if first["type"] == "value_error" and not first["loc"]:
            raise AssignmentError(describe_fault(error, "an assignment")) from None
        field = str(first["loc"][0]) if first["loc"] else "a field name with an unpaired surrogate"
        if field not in Assignment.model_fields:
            reason = f"an assignment has {', '.join(Assignment.model_fields)}"
            raise AssignmentError(f"unknown limit {shown(field)}; {reason}") from None
        raise AssignmentError(describe_fault(error, "an assignment")) from None


def _in_todays_form(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with `required` in place of the switches of earlier versions."""
    changed = {name: value for name, value in data.items() if name not in OLD_SWITCHES}
    switched = [part for part in OLD_SWITCHES if part in data]
    for part in switched:
        if type(data[part]) is not bool:
            raise AssignmentError(f"{part} must be true or false; this has {shown(data[part])}")
    if on := [part.value for part in switched if data[part]]:
        listed = data.get("required", [])
        changed["required"] = [*listed, *on] if isinstance(listed, list | tuple) else listed
    return changed


def to_data(assignment: Assignment) -> dict[str, Any]:
    """The JSON form as an object, with every limit."""
    return assignment.model_dump(mode="json")
