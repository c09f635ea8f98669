"""An assignment: the limits that a teacher sets, and which of them a network and its runs hold.

The documents of the presets answered one such task: under 20,000 parameters, at most 20 epochs,
99.4 % test accuracy.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from explorer.json_reading import shown
from explorer.network.analysis import Analysis, Row, analyze
from explorer.network.spec import (
    MAX_LAYERS,
    Architecture,
    AvgPool2d,
    count_layers,
    pair,
    walk_layers,
)
from explorer.text import counted
from explorer.training.datasets import DATASETS
from explorer.training.limits import MAX_PARAMS
from explorer.training.recipe import Recipe
from explorer.validation import describe_fault


class AssignmentError(ValueError):
    """The data are no assignment; the message names the field."""


# --- the limits -----------------------------------------------------------------------------------


class Assignment(BaseModel):
    """A teacher's limits. A limit of None and a demand of False ask for nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_params: Annotated[StrictInt, Field(ge=1, le=MAX_PARAMS)] | None = Field(
        20_000, description="the network has fewer parameters than this"
    )
    max_epochs: Annotated[StrictInt, Field(ge=1, le=1000)] | None = Field(
        20, description="it is trained for no more epochs"
    )
    min_accuracy: Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] | None = (
        Field(
            0.994, description="test accuracy to reach, as a share; that of the final epoch counts"
        )
    )
    max_layers: Annotated[StrictInt, Field(ge=1, le=MAX_LAYERS)] | None = Field(
        None, description="rows of the stack, including activations and dropout"
    )
    batch_norm: StrictBool = Field(False, description="must use BatchNorm")
    dropout: StrictBool = Field(False, description="must use Dropout")
    global_pooling: StrictBool = Field(False, description="must use global average pooling")
    linear_head: StrictBool = Field(False, description="must end in a Linear layer")


def parse_assignment(data: Any) -> Assignment:
    """The assignment of its decoded JSON form. Missing fields take their defaults. Raises
    AssignmentError.
    """
    if not isinstance(data, dict):
        raise AssignmentError(
            f"an assignment is an object with {', '.join(Assignment.model_fields)}"
        )
    try:
        return Assignment.model_validate(data)
    except ValidationError as error:
        first: Any = error.errors(include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "a field name with an unpaired surrogate"
        if field not in Assignment.model_fields:
            reason = f"an assignment has {', '.join(Assignment.model_fields)}"
            raise AssignmentError(f"unknown limit {shown(field)}; {reason}") from None
        raise AssignmentError(describe_fault(error, "an assignment")) from None


def to_data(assignment: Assignment) -> dict[str, Any]:
    """The JSON form as an object, with every limit."""
    return assignment.model_dump(mode="json")


# --- runs that count ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """A finished run. Its accuracy is the final epoch's, as the best epoch was picked on the test
    set.
    """

    epochs: int
    test_accuracy: float
    whose: str = "of this run"  # as a note says it


def best_result(assignment: Assignment, results: Iterable[Result]) -> Result | None:
    """The most accurate run within the allowed epochs; if none is within, the most accurate of
    all.
    """
    limit = assignment.max_epochs
    best = max(
        results,
        key=lambda run: (limit is None or run.epochs <= limit, run.test_accuracy),
        default=None,
    )
    if best is None:
        return None
    within = (
        f" of at most {counted(limit, 'epoch')}"
        if limit is not None and best.epochs <= limit
        else ""
    )
    return replace(best, whose=f"of the best finished run of this network{within}")


# --- the clauses ----------------------------------------------------------------------------------

State = Literal["holds", "fails", "unknown"]
SIGNS: dict[State, str] = {"holds": "✓", "fails": "✗", "unknown": "○"}


@dataclass(frozen=True)
class Clause:
    """One limit, and whether it holds. `text` has the number, `note` says what is counted."""

    limit: str  # the field of Assignment
    state: State
    text: str
    note: str


def clauses(
    assignment: Assignment, architecture: Architecture, recipe: Recipe, result: Result | None
) -> tuple[Clause, ...]:
    """Every limit that is set, in the order of the fields. `result` is the run of this very network
    to judge by.
    """
    work = _Work(analyze(architecture), recipe, result)
    return tuple(
        Clause(field, *judge(limit, work))
        for field, judge in _JUDGES.items()
        if (limit := getattr(assignment, field))
    )


@dataclass(frozen=True)
class _Work:
    """What is judged."""

    analysis: Analysis  # its rows end at the first layer that doesn't fit
    recipe: Recipe
    result: Result | None

    @property
    def is_whole(self) -> bool:
        return self.analysis.problem is None


_Judgement = tuple[State, str, str]  # a clause but for its field


def _params(limit: int, work: _Work) -> _Judgement:
    count, note = work.analysis.total_params, "all trainable parameters of the network"
    if count >= limit:
        return "fails", f"{count:,} parameters (limit: below {limit:,})", note
    if not work.is_whole:
        return (
            "unknown",
            f"below {limit:,} parameters",
            "a layer doesn't fit, so not all are counted yet",
        )
    return "holds", f"{count:,} < {limit:,} parameters", note


def _epochs(limit: int, work: _Work) -> _Judgement:
    """The epochs of the run or, before there is one, those that the recipe plans."""
    if work.result:
        epochs, whose = work.result.epochs, work.result.whose
    else:
        epochs, whose = work.recipe.epochs, "the recipe's, set on Train"
    return (
        ("holds", f"{epochs} ≤ {limit} epochs", whose)
        if epochs <= limit
        else ("fails", f"{epochs} > {limit} epochs", whose)
    )


def _accuracy(limit: float, work: _Work) -> _Judgement:
    images, note = (
        DATASETS[work.recipe.dataset].title,
        "the final epoch's counts: choosing the best epoch on the test set is optimistic",
    )
    if work.result is None:
        unknown = f"{_percent(limit)} test accuracy: no finished run yet"
        return (
            "unknown",
            unknown,
            f"train this network on {images} to the end of the recipe; {note}",
        )
    reached, whose = (
        _percent(work.result.test_accuracy),
        f"{work.result.whose}, on {images}; {note}",
    )
    if work.result.test_accuracy >= limit:
        return "holds", f"{reached} ≥ {_percent(limit)} test accuracy", whose
    return "fails", f"{reached} < {_percent(limit)} test accuracy", whose


def _layers(limit: int, work: _Work) -> _Judgement:
    count, note = count_layers(work.analysis.architecture.layers), "rows of the stack"
    return (
        ("holds", f"{count} ≤ {limit} layers", note)
        if count <= limit
        else ("fails", f"{count} > {limit} layers", note)
    )


def _batch_norm(limit: bool, work: _Work) -> _Judgement:
    return _uses("BatchNorm", _has(work, "BatchNorm"), "BatchNorm2d or BatchNorm1d")


def _dropout(limit: bool, work: _Work) -> _Judgement:
    return _uses("Dropout", _has(work, "Dropout"), "Dropout or Dropout2d")


def _global_pooling(limit: bool, work: _Work) -> _Judgement:
    found = any(map(_is_global_pooling, work.analysis.rows))
    note = "AdaptiveAvgPool2d to 1×1, or AvgPool2d over the whole map"
    if not found and not work.is_whole:
        return (
            "unknown",
            "global average pooling",
            f"{note}; a layer doesn't fit, so the maps below it have no size yet",
        )
    return _uses("global average pooling", found, note)


def _is_global_pooling(row: Row) -> bool:
    """Whether a layer takes the mean of each whole map."""
    if len(row.input_shape) != 3 or row.output_shape[1:] != (1, 1):
        return False
    if isinstance(row.layer, AvgPool2d):
        return pair(row.layer.kernel_size) == row.input_shape[1:] and row.layer.padding == 0
    return row.kind == "AdaptiveAvgPool2d"


def _linear_head(limit: bool, work: _Work) -> _Judgement:
    weighted = [
        layer.kind
        for _, layer in walk_layers(work.analysis.architecture.layers)
        if layer.kind in ("Conv2d", "ConvTranspose2d", "Linear")
    ]
    return _uses(
        "a Linear head", weighted[-1:] == ["Linear"], "the last layer with weights is a Linear"
    )


def _has(work: _Work, stem: str) -> bool:
    layers = walk_layers(work.analysis.architecture.layers)
    return any(layer.kind.startswith(stem) for _, layer in layers)


def _uses(what: str, found: bool, note: str) -> _Judgement:
    return ("holds", f"uses {what}", note) if found else ("fails", f"needs {what}", note)


_JUDGES: dict[str, Callable[[Any, _Work], _Judgement]] = {
    "max_params": _params,
    "max_epochs": _epochs,
    "min_accuracy": _accuracy,
    "max_layers": _layers,
    "batch_norm": _batch_norm,
    "dropout": _dropout,
    "global_pooling": _global_pooling,
    "linear_head": _linear_head,
}


def _percent(share: float) -> str:
    """0.994 -> "99.4 %"; cut off after two digits, not rounded, so that what is short of a limit
    never looks like it.
    """
    text = f"{math.floor(10_000 * share + 1e-6) / 100:.2f}"
    return f"{text.rstrip('0').rstrip('.')} %"
