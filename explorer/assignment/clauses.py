"""Which demands of an assignment a network and its runs meet."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from explorer.assignment.assignment import Assignment, Part
from explorer.assignment.results import Result
from explorer.network.analysis import Analysis, Row, analyze
from explorer.network.mult_adds import MULT_ADDS_IN_SHORT
from explorer.network.spec import (
    Architecture,
    AvgPool2d,
    Branches,
    Conv2d,
    Dropout,
    Dropout2d,
    MaxPool2d,
    Nodes,
    count_layers,
    pair,
    walk,
    walk_layers,
)
from explorer.text import counted, size_text
from explorer.training.dataset_lookup import find_dataset
from explorer.training.recipe import Recipe

State = Literal["holds", "fails", "unknown"]
SIGNS: dict[State, str] = {"holds": "✓", "fails": "✗", "unknown": "○"}


@dataclass(frozen=True)
class Clause:
    """One demand, and whether it holds. `text` has the number, `note` says what is counted."""

    limit: str  # the field of Assignment, or the part that is required or forbidden
    state: State
    text: str
    note: str


def clauses(
    assignment: Assignment, architecture: Architecture, recipe: Recipe, result: Result | None
) -> tuple[Clause, ...]:
    """Every demand that is made. `result` is what runs of this very network reached, on the images
    that the assignment asks for.
    """
    work = _Work(analyze(architecture), recipe, result, assignment)
    return (
        *(
            Clause(field, *judge(limit, work))
            for field, judge in _JUDGES.items()
            if (limit := getattr(assignment, field))
        ),
        *(Clause(part, *_required(part, work)) for part in assignment.required),
        *(Clause(part, *_forbidden(part, work)) for part in assignment.forbidden),
    )


def verdict(found: Iterable[Clause]) -> State:
    """Whether all of it holds: it fails where anything does, and is unknown where anything else
    is.
    """
    states = {clause.state for clause in found}
    return next((state for state in ("fails", "unknown") if state in states), "holds")


@dataclass(frozen=True)
class _Work:
    """What is judged."""

    analysis: Analysis  # its rows end at the first layer that doesn't fit
    recipe: Recipe
    result: Result | None
    assignment: Assignment

    @property
    def is_whole(self) -> bool:
        return self.analysis.problem is None


_Judgement = tuple[State, str, str]  # a clause but for its field
STOPS = "a layer doesn't fit, so what comes after it is not counted yet"


def _dataset(name: str, work: _Work) -> _Judgement:
    wanted, note = find_dataset(name).title, "a run on other images does not count"
    if work.recipe.dataset == name:
        return "holds", f"on {wanted}", note
    found = find_dataset(work.recipe.dataset)
    # As grade.py says it, which does not know their title.
    title = "own images" if found.owner or found.absent else found.title
    return "fails", f"on {title}, not on {wanted}", note


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
    images = find_dataset(work.assignment.dataset or work.recipe.dataset).title
    seeds = work.assignment.seeds
    mean = f", mean of {counted(seeds, 'seed')}" if seeds > 1 else ""
    note = "the final epoch's counts: choosing the best epoch on the test set is optimistic"
    wanted = f"{cut_percent(limit)} test accuracy{mean}"
    if work.result is None:
        train = f"train this network on {images} to the end of the recipe"
        several = f", with {seeds} seeds and nothing else changed" if seeds > 1 else ""
        return "unknown", f"{wanted}: no finished run yet", f"{train}{several}; {note}"
    whose = f"{work.result.whose}, on {images}; {note}"
    if work.result.seeds < seeds:
        return "unknown", f"{wanted}: {work.result.seeds} of {seeds} so far", whose
    reached = cut_percent(work.result.test_accuracy)
    mean = f", mean of {counted(work.result.seeds, 'seed')}" if work.result.seeds > 1 else ""
    if work.result.test_accuracy >= limit:
        return "holds", f"{reached} ≥ {cut_percent(limit)} test accuracy{mean}", whose
    return "fails", f"{reached} < {cut_percent(limit)} test accuracy{mean}", whose


def _field(limit: int, work: _Work) -> _Judgement:
    field = work.analysis.receptive_field
    note = "of the last layer, theoretical; the smaller of its sides"
    if min(field) >= limit:
        return "holds", f"receptive field {size_text(field)} ≥ {limit}", note
    if not work.is_whole:
        return "unknown", f"receptive field of at least {limit}", f"{note}; {STOPS}"
    return "fails", f"receptive field {size_text(field)} < {limit}", note


def _layers(limit: int, work: _Work) -> _Judgement:
    count = count_layers(work.analysis.architecture.layers)
    return _at_most(limit, count, f"{count} {{}} {limit} layers", "rows of the stack")


def _mult_adds(limit: int, work: _Work) -> _Judgement:
    count, note = work.analysis.total_mult_adds, f"for one image: {MULT_ADDS_IN_SHORT}"
    if count <= limit and not work.is_whole:
        return "unknown", f"at most {limit:,} multiply-adds", f"{note}; {STOPS}"
    return _at_most(limit, count, f"{count:,} {{}} {limit:,} multiply-adds", note)


def _at_most(limit: int, count: int, text: str, note: str) -> _Judgement:
    holds = count <= limit
    return ("holds" if holds else "fails", text.format("≤" if holds else ">"), note)


# --- pooling layers, and parts --------------------------------------------------------------------

# What is built in to please an assignment and passes on what it gets does not count, here as below.
POOLINGS = (
    "pooling layers of any kind but global average pooling, that do not just pass on what they get"
)


def _min_poolings(limit: int, work: _Work) -> _Judgement:
    count = _count_poolings(work)
    if count >= limit:
        return "holds", f"{count} ≥ {limit} pooling layers", POOLINGS
    if not work.is_whole:
        return "unknown", f"at least {counted(limit, 'pooling layer')}", f"{POOLINGS}; {STOPS}"
    return "fails", f"{count} < {limit} pooling layers", POOLINGS


def _max_poolings(limit: int, work: _Work) -> _Judgement:
    count = _count_poolings(work)
    if count <= limit and not work.is_whole:
        return "unknown", f"at most {counted(limit, 'pooling layer')}", f"{POOLINGS}; {STOPS}"
    return _at_most(limit, count, f"{count} {{}} {limit} pooling layers", POOLINGS)


def _count_poolings(work: _Work) -> int:
    return sum(
        "Pool" in row.kind and not _is_global_pooling(row) and not _passes_on(row)
        for row in work.analysis.rows
    )


def _passes_on(row: Row) -> bool:
    """Whether a pooling layer's windows are of one value each, and none is left out."""
    kernel_size = getattr(row.layer, "kernel_size", 1)  # an adaptive one has only a size
    return pair(kernel_size) == (1, 1) and row.output_shape == row.input_shape


def _is_global_pooling(row: Row) -> bool:
    """Whether a layer takes the mean of each whole map, of more than one value."""
    if len(row.input_shape) != 3 or row.output_shape[1:] != (1, 1) or _passes_on(row):
        return False
    if isinstance(row.layer, AvgPool2d):
        return pair(row.layer.kernel_size) == row.input_shape[1:] and row.layer.padding == 0
    return row.kind == "AdaptiveAvgPool2d"


def _is_depthwise(row: Row) -> bool:
    """Whether each channel of a convolution comes from one channel of its input."""
    layer = row.layer
    return isinstance(layer, Conv2d) and layer.groups == row.input_shape[0] > 1


def _has_linear_head(work: _Work) -> bool:
    weighted = [
        layer.kind
        for _, layer in walk_layers(work.analysis.architecture.layers)
        if layer.kind in ("Conv2d", "ConvTranspose2d", "Linear")
    ]
    return weighted[-1:] == ["Linear"]


def _has_skip(work: _Work) -> bool:
    blocks = [
        node for _, node in walk(work.analysis.architecture.layers) if isinstance(node, Branches)
    ]
    return any(
        not all(map(_is_idle, block.branches))
        and (block.merge == "add" or (block.merge == "concat" and () in block.branches))
        for block in blocks
    )


def _is_idle(branch: Nodes) -> bool:
    """Whether a branch passes on what comes in."""
    return all(
        layer.kind == "Identity"
        or (isinstance(layer, Dropout | Dropout2d) and layer.p == 0)
        or (
            isinstance(layer, MaxPool2d | AvgPool2d)
            and pair(layer.kernel_size) == pair(layer.stride or layer.kernel_size) == (1, 1)
        )
        for _, layer in walk_layers(branch)
    )


def _is_dilated(work: _Work) -> bool:
    return any(
        isinstance(layer, Conv2d)
        and any(
            taps > 1 and pixels > 1
            for taps, pixels in zip(pair(layer.kernel_size), pair(layer.dilation), strict=True)
        )
        for _, layer in walk_layers(work.analysis.architecture.layers)
    )


def _has_dropout(work: _Work) -> bool:
    return any(
        isinstance(layer, Dropout | Dropout2d) and layer.p > 0
        for _, layer in walk_layers(work.analysis.architecture.layers)
    )


def _has(work: _Work, stem: str) -> bool:
    layers = walk_layers(work.analysis.architecture.layers)
    return any(layer.kind.startswith(stem) for _, layer in layers)


class _Sought(NamedTuple):
    """How a part is found in a network, and what counts as it."""

    is_in: Callable[[_Work], bool]
    note: str
    needs_shapes: bool = False  # which layers after one that doesn't fit do not have


_SOUGHT: Mapping[Part, _Sought] = {
    Part.BATCH_NORM: _Sought(lambda work: _has(work, "BatchNorm"), "BatchNorm2d or BatchNorm1d"),
    Part.DROPOUT: _Sought(_has_dropout, "Dropout or Dropout2d with p above 0"),
    Part.GLOBAL_POOLING: _Sought(
        lambda work: any(map(_is_global_pooling, work.analysis.rows)),
        "AdaptiveAvgPool2d to 1×1, or AvgPool2d over the whole map, of more than one value",
        needs_shapes=True,
    ),
    Part.DEPTHWISE: _Sought(
        lambda work: any(map(_is_depthwise, work.analysis.rows)),
        "a Conv2d with as many groups as channels come in",
        needs_shapes=True,
    ),
    Part.DILATED: _Sought(_is_dilated, "a Conv2d with a dilation and a kernel above 1"),
    Part.SKIP: _Sought(
        _has_skip,
        "a block whose branches are added, or one that passes on what comes in by concat; "
        "at least one branch has layers that do something",
    ),
    Part.LINEAR: _Sought(lambda work: _has(work, "Linear"), "any Linear layer"),
    Part.LINEAR_HEAD: _Sought(_has_linear_head, "the last layer with weights is a Linear"),
}


def _required(part: Part, work: _Work) -> _Judgement:
    sought = _SOUGHT[part]
    if sought.is_in(work):
        return "holds", f"uses {part.words}", sought.note
    if sought.needs_shapes and not work.is_whole:
        return "unknown", part.words, f"{sought.note}; {UNSIZED}"
    return "fails", f"needs {part.words}", sought.note


def _forbidden(part: Part, work: _Work) -> _Judgement:
    sought = _SOUGHT[part]
    if sought.is_in(work):
        return "fails", f"must not use {part.words}", sought.note
    if sought.needs_shapes and not work.is_whole:
        return "unknown", f"without {part.words}", f"{sought.note}; {UNSIZED}"
    return "holds", f"without {part.words}", sought.note


UNSIZED = "a layer doesn't fit, so the maps below it have no size yet"

_JUDGES: dict[str, Callable[[Any, _Work], _Judgement]] = {
    "dataset": _dataset,
    "max_params": _params,
    "max_epochs": _epochs,
    "min_accuracy": _accuracy,
    "min_field": _field,
    "max_layers": _layers,
    "max_mult_adds": _mult_adds,
    "min_poolings": _min_poolings,
    "max_poolings": _max_poolings,
}


def cut_percent(share: float) -> str:
    """0.994 -> "99.4 %"; cut off after two digits, not rounded, so that what is short of a limit
    never looks like it.
    """
    text = f"{math.floor(10_000 * share + 1e-6) / 100:.2f}"
    return f"{text.rstrip('0').rstrip('.')} %"
