"""Judges an assignment by runs' weights: the test accuracy is measured anew, and what a run or its
report says of itself is only compared with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor

from explorer.assignment.assignment import Assignment
from explorer.assignment.clauses import Clause, State, clauses, cut_percent, verdict
from explorer.assignment.results import Result
from explorer.compare.mcnemar import right_answers
from explorer.network.analysis import analyze, place_text
from explorer.network.spec import Architecture
from explorer.refusal import Refusal
from explorer.text import quoted
from explorer.training.dataset_files import load_dataset
from explorer.training.dataset_lookup import find_dataset
from explorer.training.devices import available_devices
from explorer.training.limits import find_excess
from explorer.training.problems import find_problem
from explorer.training.recipe import Recipe

# Test images on which the same weights may answer otherwise where another processor rounds
# otherwise.
OTHER_PROCESSORS = 2


class GradeError(Refusal):
    """The runs cannot be judged; the message says which, and why."""


@dataclass(frozen=True)
class End:
    """The first time that a run had gone through all its epochs, as it says itself."""

    epoch: int
    test_accuracy: float


@dataclass(frozen=True)
class Trial:
    """A run with its weights, as the store or a report's zip has it."""

    name: str  # by which it was asked for: its id, or the zip's
    architecture: Architecture
    recipe: Recipe
    weights: Mapping[str, Tensor]  # by the names that build() gives
    weights_epoch: int  # after which they were kept
    precision: str  # "fp32" or "bf16": what they were trained in
    device: str  # "cpu", "cuda" or "mps": what they were trained on
    end: End | None  # None where it has not gone to its end
    # What test accuracy is told of that end, by whom: ("the report", 0.9943).
    claims: tuple[tuple[str, float], ...]
    remarks: tuple[str, ...] = ()  # where a report is not what it says of itself
    assignment: Assignment | None = None  # that its report was judged by

    @property
    def tried(self) -> Recipe:
        """What runs have in common that differ in nothing but the seed."""
        return self.recipe.model_copy(update={"seed": 0})


@dataclass(frozen=True)
class Measured:
    """What a run's weights do on the test images."""

    trial: Trial
    accuracy: float | None  # at the run's end; None where its weights are not of that epoch
    remarks: tuple[str, ...]

    @property
    def claimed(self) -> float | None:
        """The accuracy that the run or its report says."""
        return self.trial.claims[0][1] if self.trial.claims else None


@dataclass(frozen=True)
class Grade:
    """An assignment judged by one run, or by several that differ in the seed."""

    clauses: tuple[Clause, ...]
    accuracy: float | None  # measured; the mean over the seeds
    claimed_accuracy: float | None
    measured: tuple[Measured, ...]
    remarks: tuple[str, ...]

    @property
    def verdict(self) -> State:
        return verdict(self.clauses)


def grade(assignment: Assignment, trials: Sequence[Trial], data_root: Path | None = None) -> Grade:
    """Judge by these runs, at least one.

    Raises GradeError where they are not of one network and recipe, or cannot be tested here, and
    DatasetError without their images.
    """
    check_alike(trials)
    measured = tuple(_measured(trial, data_root) for trial in trials)
    first = trials[0]
    counting = [each for each in measured if each.trial.end and each.accuracy is not None]
    result = _result(counting) if counting else _untested(first)
    judged = clauses(assignment, first.architecture, first.recipe, result)
    if not counting and first.end:
        judged = tuple(_without_accuracy(clause, assignment) for clause in judged)
    claims = [each.claimed for each in measured if each.claimed is not None]
    return Grade(
        judged,
        result.test_accuracy if counting and result else None,
        fmean(claims) if claims else None,
        measured,
        tuple(remark for each in measured for remark in each.remarks),
    )


def check_alike(trials: Sequence[Trial]) -> None:
    """Raises GradeError where the runs differ in more than the seed, or not even in that."""
    for other in trials[1:]:
        _check_same_try(trials[0], other)
    for one, other in combinations(trials, 2):
        both = f"{quoted(one.name)} and {quoted(other.name)}"
        if one.recipe.seed == other.recipe.seed:
            raise GradeError(f"{both} both have seed {one.recipe.seed}; a seed counts once")
        if _is_same(one.weights, other.weights):
            raise GradeError(f"{both} have the same weights, and so are one run")


def _check_same_try(one: Trial, other: Trial) -> None:
    """Raises GradeError where two runs differ in more than the seed."""
    both = f"{quoted(one.name)} and {quoted(other.name)}"
    if one.architecture.key != other.architecture.key:
        raise GradeError(f"{both} are of two networks; seeds are runs of one network and recipe")
    recipe, other_recipe = one.tried, other.tried
    differing = [
        name for name in Recipe.model_fields if getattr(recipe, name) != getattr(other_recipe, name)
    ]
    if differing:
        raise GradeError(
            f"{both} are of two recipes: they differ in {', '.join(differing)}, "
            "and may differ in the seed alone"
        )
    may_differ = one.recipe.early_stopping > 0  # each seed then stops when it has stalled
    if not may_differ and one.end and other.end and one.end.epoch != other.end.epoch:
        raise GradeError(
            f"{both} went through {one.end.epoch} and {other.end.epoch} epochs; "
            "seeds are runs of as many epochs"
        )


def _is_same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether two runs of one network have the same weights. A network without any is no copy."""
    return bool(one) and all(torch.equal(one[name], other[name]) for name in one)


def _measured(trial: Trial, data_root: Path | None) -> Measured:
    if trial.end is None:
        remark = f"{quoted(trial.name)} has not gone to its end: its weights are those after epoch "
        return Measured(trial, None, (*trial.remarks, f"{remark}{trial.weights_epoch}"))
    if trial.weights_epoch != trial.end.epoch:
        remark = (
            f"the weights of {quoted(trial.name)} are those after epoch {trial.weights_epoch}, "
            f"and its result is that after epoch {trial.end.epoch}: it cannot be measured"
        )
        return Measured(trial, None, (*trial.remarks, remark))
    _check_testable(trial)
    dataset = load_dataset(trial.recipe.dataset, data_root)
    device = torch.device(trial.device if trial.device in available_devices() else "cpu")
    right = right_answers(
        trial.architecture, trial.weights, dataset, trial.precision, device
    ).tolist()
    accuracy = sum(right) / len(right)
    differing = tuple(
        f"{who} says {cut_percent(claim)}, measured {cut_percent(accuracy)}: "
        "the measured one counts"
        for who, claim in trial.claims
        if abs(claim - accuracy) * len(right) > OTHER_PROCESSORS + 1e-6
    )
    return Measured(trial, accuracy, (*trial.remarks, *differing))


def _check_testable(trial: Trial) -> None:
    """Raises GradeError where the network cannot be run on the recipe's images here."""
    analysis = analyze(trial.architecture)
    if analysis.problem:
        where = place_text(analysis, analysis.problem)
        raise GradeError(f"{quoted(trial.name)}: layer {where}: {analysis.problem.message}")
    if problem := find_problem(trial.architecture, find_dataset(trial.recipe.dataset)):
        raise GradeError(f"{quoted(trial.name)}: {problem.message}")
    if excess := find_excess(analysis):
        raise GradeError(f"{quoted(trial.name)}: {excess}")


def _result(counting: Sequence[Measured]) -> Result:
    runs = sorted(counting, key=lambda each: each.trial.recipe.seed)
    accuracy = fmean(each.accuracy for each in runs if each.accuracy is not None)
    seeds = ", ".join(str(each.trial.recipe.seed) for each in runs)
    whose = "of this run" if len(runs) == 1 else f"the mean over seeds {seeds}"
    epochs = max(each.trial.end.epoch for each in runs if each.trial.end)
    return Result(epochs, accuracy, whose, len(runs))


def _untested(trial: Trial) -> Result | None:
    """What a run says of itself, for its epochs; its accuracy is not to be counted."""
    return Result(trial.end.epoch, trial.end.test_accuracy) if trial.end else None


def _without_accuracy(clause: Clause, assignment: Assignment) -> Clause:
    if clause.limit != "min_accuracy" or assignment.min_accuracy is None:
        return clause
    wanted = f"{cut_percent(assignment.min_accuracy)} test accuracy"
    note = "the weights are not those of the epoch that counts"
    return replace(clause, state="unknown", text=f"{wanted}: cannot be measured", note=note)
