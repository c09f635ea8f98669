"""The networks to start from: presets/*.json, each an architecture, a recipe and what its document
says of them.

A preset keeps apart what its document gives (`documented`), what we chose where it is silent
(`ours`), and where it contradicts itself or needs reading (`notes`). Paths in `given` and `ours`
lead from the top of the file to a value: "recipe.optimizer.lr", "architecture.layers.10.p".
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from explorer.network.architecture_json import parse_architecture
from explorer.network.dropout import with_dropout
from explorer.network.spec import Architecture, NetworkKey, Shape
from explorer.refusal import Refusal
from explorer.text import quoted
from explorer.training.recipe import Recipe, parse_recipe
from explorer.validation import describe_fault

_HERE = Path(__file__).resolve().parent
_INSTALLED = _HERE / "preset_files"  # where a wheel has presets/, as pyproject.toml says
FOLDER = _INSTALLED if _INSTALLED.is_dir() else _HERE.parent / "presets"


class PresetError(Refusal, ValueError):
    """A preset that does not exist, or a file that is none.

    The message names the file and the place in it.
    """


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


# --- what a document says -------------------------------------------------------------------------

Count = Annotated[int, Field(ge=0)]
EpochNumber = Annotated[int, Field(ge=1)]
Accuracy = Annotated[float, Field(ge=0, le=1)]  # a fraction: the documents' 99.4 % is 0.994
Loss = Annotated[float, Field(ge=0)]
Rate = Annotated[float, Field(gt=0)]
Text = Annotated[str, Field(min_length=1)]


class DocumentedRow(_Frozen):
    """One line of the document's table.

    `name` is the kind and the document's own number, from 1; shape without the batch.
    """

    name: Annotated[str, Field(pattern=r"^\w+-\d+$")]
    output_shape: Shape
    params: Count

    @property
    def kind(self) -> str:
        return self.name.rsplit("-", 1)[0]


class DocumentedTotals(_Frozen):
    """The lines under the table. Sizes in MB of 2**20 bytes, None where the document has none."""

    total_params: Count
    trainable_params: Count
    non_trainable_params: Count
    input_mb: float | None = None
    forward_backward_mb: float | None = None
    params_mb: float | None = None
    estimated_total_mb: float | None = None


class DocumentedEpoch(_Frozen):
    """One epoch of the document's log, in its own digits; None where it gives nothing.

    Accuracies are fractions. Losses stand as printed: `Documented.train_loss_scale` and
    `.test_loss_scale` bring them to a mean an image.
    """

    epoch: EpochNumber
    test_loss: Loss
    test_accuracy: Accuracy
    test_correct: Count
    train_loss: Loss | None = None
    train_accuracy: Accuracy | None = None
    train_correct: Count | None = None
    last_batch_loss: Loss
    iterations_per_second: Rate
    seconds: Count


class Claim(_Frozen):
    """A test accuracy that the document's text claims, beside its log.

    best: the highest, at `epoch`. final: where training ended, at `epoch`. at_least: in every epoch
    from `epoch` up to and with `until`.
    """

    what: Literal["best", "final", "at_least"]
    accuracy: Accuracy
    epoch: EpochNumber
    until: EpochNumber | None = None


class Choice(_Frozen):
    """Values of the preset, by path, and the reason why they are what they are."""

    what: tuple[Text, ...]
    why: Text


class Note(_Frozen):
    """Two figures of one document that do not agree, or one that needs reading: both are kept."""

    about: Literal[
        "best",
        "epochs",
        "epoch_numbers",
        "batches",
        "train_loss",
        "test_loss",
        "train_accuracy",
        "test_set",
        "dropout",
        "speed",
    ]
    says: Text  # what the document states
    shows: Text  # what its own table or log shows


class Documented(_Frozen):
    """The facts of one document."""

    title: Text
    # Values of the preset that the document states, or that follow from its log.
    given: tuple[Choice, ...]
    claims: tuple[Claim, ...]  # the headline first; empty where nothing is claimed
    rows: Annotated[tuple[DocumentedRow, ...], Field(min_length=1)]
    totals: DocumentedTotals
    batch_size: Annotated[int, Field(ge=1)] | None  # None where the document does not state it
    iterations_per_epoch: Annotated[int, Field(ge=1)]
    train_images: Annotated[int, Field(ge=1)]
    test_images: Annotated[int, Field(ge=1)]
    # A printed loss times this is about the mean loss an image.
    train_loss_scale: Annotated[int, Field(ge=1)]
    test_loss_scale: Annotated[int, Field(ge=1)]
    log: Annotated[tuple[DocumentedEpoch, ...], Field(min_length=1)]

    @property
    def best(self) -> DocumentedEpoch:
        """The log's highest test accuracy, at the first epoch that reaches it."""
        return max(self.log, key=lambda epoch: epoch.test_correct)


class Smaller(_Frozen):
    """How a network of the literature was made small enough to be trained in class."""

    what: Text  # what is smaller than in its source
    recipe: Text  # why its recipe is what it is


class Known(_Frozen):
    """A network of the literature, built as torchvision builds it, or with the same blocks and
    fewer of them.
    """

    taught: Text  # what it taught the field
    source: Text  # where it was published, and in what this differs
    smaller: Smaller | None = None  # None for the whole network


class Built(_Frozen):
    """A network that was built here to reach much with few parameters."""

    goal: Text  # what it was to reach
    idea: Text  # what makes that possible
    recipe: Text  # why its recipe is what it is


# --- what we measured -----------------------------------------------------------------------------

# A documented preset has both, a small network of the literature and one that was built here the
# second alone.
RECIPE_VARIANTS = ("documented", "tuned")
RECIPE_VARIANT_NAMES = {"documented": "author's recipe", "tuned": "our recipe"}  # as they are shown


class MeasuredEpoch(_Frozen):
    """One row of a file in presets/results.

    Accuracies are fractions, the train figures of the images as they were shown.
    """

    epoch: EpochNumber
    train_loss: Loss
    train_accuracy: Accuracy
    test_loss: Loss
    test_accuracy: Accuracy
    lr: Loss
    seconds: Rate
    iterations_per_second: Rate


@dataclass(frozen=True)
class Measured:
    """A run of ours on MNIST with one of a preset's recipes, from presets/results."""

    variant: str
    seed: int
    epochs: tuple[MeasuredEpoch, ...]

    @property
    def final(self) -> MeasuredEpoch:
        return self.epochs[-1]


@dataclass(frozen=True)
class Result:
    """What several seeds of a preset's recipe reached: test accuracy after each epoch, in the
    mean.
    """

    seeds: int
    curve: tuple[float, ...]
    deviation: float | None  # of the final accuracies over the seeds; None for a single one

    @property
    def final(self) -> float:
        return self.curve[-1]


# --- the preset -----------------------------------------------------------------------------------


class Tuned(_Frozen):
    """A recipe of ours for a documented network that reaches more than the document reports."""

    dropout: Accuracy  # the rate of every dropout layer, in place of the preset's
    recipe: Annotated[Recipe, BeforeValidator(parse_recipe)]
    why: Text


FIRST_GROUP, KNOWN_GROUP, SMALL_GROUP, BUILT_GROUP = (
    "Presets",
    "Networks to know",
    "Their ideas, small enough to train",
    "Much with few parameters",
)


class Preset(_Frozen):
    """One file of presets/.

    `id` is the file's name; `documented`, `known`, `built` and `tuned` are None where they do not
    apply.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+([-.][a-z0-9]+)*$")]
    order: int  # place in the picker
    title: Text
    character: Text  # one line for the picker
    architecture: Annotated[Architecture, BeforeValidator(parse_architecture)]
    recipe: Annotated[Recipe, BeforeValidator(parse_recipe)]
    ours: tuple[Choice, ...]
    documented: Documented | None
    known: Known | None = None
    built: Built | None = None
    tuned: Tuned | None = None
    notes: tuple[Note, ...]

    @property
    def group(self) -> str:
        """The heading that it stands under where presets are listed."""
        if self.built:
            return BUILT_GROUP
        if self.known is None:
            return FIRST_GROUP
        return SMALL_GROUP if self.known.smaller else KNOWN_GROUP

    @cached_property
    def networks(self) -> frozenset[NetworkKey]:
        """The network as each of its recipes trains it, which differ in their dropout rates.

        Empty where it comes with no recipe.
        """
        found = (self.recipe_variant(name) for name in RECIPE_VARIANTS)
        return frozenset(architecture.key for architecture, _ in filter(None, found))

    def recipe_variant(self, name: str) -> tuple[Architecture, Recipe] | None:
        """The network and how it is trained: "documented" or "tuned".

        None where this preset has no such recipe.
        """
        if name == "documented" and self.documented:
            return self.architecture, self.recipe
        if name == "tuned" and self.tuned:
            return with_dropout(self.architecture, [self.tuned.dropout]), self.tuned.recipe
        if name == "tuned" and (self.built or (self.known and self.known.smaller)):
            return self.architecture, self.recipe
        return None


def load_presets(folder: Path = FOLDER) -> dict[str, Preset]:
    """All presets by id, in the picker's order. Files are read once a process.

    Raises PresetError, which names the file and the place in it.
    """
    return {preset.id: preset for preset in _read_all(folder)}


def preset(id: str) -> Preset:
    """The preset of that id. Raises PresetError, which lists the ids."""
    presets = load_presets()
    if id not in presets:
        raise PresetError(f"unknown preset {quoted(id)}; the presets are {', '.join(presets)}")
    return presets[id]


def find_preset(
    architecture: Architecture, presets: Iterable[Preset] | None = None
) -> Preset | None:
    """The preset with a recipe whose network this is, whatever its name; None where there is none.

    It counts with the dropout rates of either of the preset's recipes. A network that was changed
    in any other way is not the preset's any more, even if it kept the name.

    Args:
        presets: those to choose from; without them, all that come with the explorer.
    """
    offered = load_presets().values() if presets is None else presets
    return next((preset for preset in offered if architecture.key in preset.networks), None)


def measured(id: str, folder: Path = FOLDER) -> tuple[Measured, ...]:
    """Our runs of a preset, documented recipe first, then by seed; empty where there are none.

    Raises PresetError, which names the file.
    """
    return _read_results(folder).get(id, ())


def result(id: str, variant: str, folder: Path = FOLDER) -> Result | None:
    """What our runs of a preset with one of its recipes came to; None where there are none.

    Raises PresetError.
    """
    runs = [run for run in measured(id, folder) if run.variant == variant]
    if not runs:
        return None
    curve = tuple(
        fmean(epoch.test_accuracy for epoch in epochs)
        for epochs in zip(*(run.epochs for run in runs), strict=False)
    )
    return Result(
        len(runs), curve, stdev(run.final.test_accuracy for run in runs) if len(runs) > 1 else None
    )


@lru_cache(maxsize=8)
def _read_results(folder: Path) -> dict[str, tuple[Measured, ...]]:
    found: dict[str, list[Measured]] = {}
    for path in (folder / "results").glob("*.csv"):
        id, variant, seed = _parts_of_name(path)
        with path.open(encoding="utf-8", newline="") as file:
            try:
                epochs = tuple(
                    MeasuredEpoch.model_validate_strings(row) for row in csv.DictReader(file)
                )
            except ValidationError as error:
                raise PresetError(f"{path.name}: {describe_fault(error, 'a row')}") from None
            except (UnicodeDecodeError, csv.Error):
                raise PresetError(f"{path.name} is not a CSV file in UTF-8") from None
        if [epoch.epoch for epoch in epochs] != list(range(1, len(epochs) + 1)) or not epochs:
            raise PresetError(f"{path.name}: its epochs must be 1, 2, 3, …")
        found.setdefault(id, []).append(Measured(variant, seed, epochs))
    return {
        id: tuple(sorted(runs, key=lambda run: (RECIPE_VARIANTS.index(run.variant), run.seed)))
        for id, runs in found.items()
    }


def _parts_of_name(path: Path) -> tuple[str, str, int]:
    """Preset, recipe and seed, which the name of a file of results tells: gap-17k_tuned_2.csv."""
    match path.stem.split("_"):
        case [id, variant, seed] if variant in RECIPE_VARIANTS and seed.isdecimal():
            return id, variant, int(seed)
    raise PresetError(
        f"{path.name}: a file of results is named PRESET_RECIPE_SEED.csv, "
        f"the recipe one of {', '.join(RECIPE_VARIANTS)}"
    )


@lru_cache(maxsize=8)
def _read_all(folder: Path) -> tuple[Preset, ...]:
    presets = [_read(path) for path in folder.glob("*.json")]
    if not presets:
        raise PresetError(f"no presets in {folder}; it should hold one .json file each")
    return tuple(sorted(presets, key=lambda preset: (preset.order, preset.id)))


def _read(path: Path) -> Preset:
    try:
        found = Preset.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise PresetError(f"{path.name}: {describe_fault(error, 'a preset')}") from None
    if found.id != path.stem:
        raise PresetError(
            f"{path.name}: id: must be the file's name, {quoted(path.stem)}; "
            f"this has {quoted(found.id)}"
        )
    return found
