"""What is read of our models is what they accept."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, StrictBool, StrictInt

from explorer.assignment.assignment import Assignment
from explorer.network.spec import LAYER_MODELS
from explorer.schema import describe_values, field_values
from explorer.training.recipe import OPTIMIZERS, Recipe

Side = Annotated[StrictInt, Field(ge=1, le=9)]


class Model(BaseModel):
    side: Side | tuple[Side, Side] | Literal["same"] = Field(
        description="how long", json_schema_extra={"initial": 3}
    )
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    is_on: StrictBool = True
    mode: Literal["a", "b"] = "a"
    text: str = ""  # of no kind that an input is drawn for


def test_what_a_field_takes():
    found = field_values(Model)
    assert list(found) == ["side", "share", "is_on", "mode"]
    side, share, is_on, mode = found.values()
    assert (side.type, side.numbers, side.choices, side.is_required, side.is_optional) == (
        "whole",
        2,
        ("same",),
        True,
        False,
    )
    assert (side.help, side.extra) == ("how long", {"initial": 3})
    assert (share.type, share.numbers, share.is_optional, share.is_required) == (
        "number",
        1,
        True,
        False,
    )
    assert share.bounds
    assert (share.bounds.low, share.bounds.excludes_low, share.bounds.high) == (0, True, 1)
    assert (is_on.type, mode.type, mode.choices) == ("flag", "choice", ("a", "b"))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("side", 'a whole number from 1 to 9, or two of them, or "same"'),
        ("share", "a number above 0 to 1, or null"),
        ("is_on", "true or false"),
        ("mode", '"a" or "b"'),
    ],
)
def test_in_words(field, words):
    assert describe_values(Model, field) == words


@pytest.mark.parametrize(
    "model", [*LAYER_MODELS.values(), Assignment], ids=lambda model: model.__name__
)
def test_no_field_of_a_layer_or_an_assignment_is_left_out(model):
    """But for an assignment's texts and lists, whose inputs have no bounds."""
    others = {"title", "text", "required", "forbidden"} if model is Assignment else set()
    assert set(field_values(model)) == set(model.model_fields) - others


@pytest.mark.parametrize("model", [Recipe, *OPTIMIZERS.values()], ids=lambda model: model.__name__)
def test_of_a_recipe_only_what_has_a_form_of_its_own_is_left_out(model):
    assert set(model.model_fields) - set(field_values(model)) <= {
        "optimizer",
        "scheduler",
        "dataset",
    }


@pytest.mark.parametrize(
    "model", [*LAYER_MODELS.values(), Assignment, Recipe], ids=lambda model: model.__name__
)
def test_the_bounds_are_those_that_the_model_holds_to(model):
    needed = {
        name: values.extra["initial"]
        for name, values in field_values(model).items()
        if "initial" in values.extra
    }
    for name, values in field_values(model).items():
        if values.bounds is None:
            continue
        kind = int if values.bounds.is_whole else float
        step = 1 if values.bounds.is_whole else 1e-6
        assert (
            getattr(model(**needed | {name: kind(values.bounds.high)}), name) == values.bounds.high
        )
        for outside in (
            values.bounds.high + step,
            values.bounds.low - step,
            *([values.bounds.low] if values.bounds.excludes_low else []),
        ):
            with pytest.raises(ValueError, match=name):
                model(**needed | {name: kind(outside)})
