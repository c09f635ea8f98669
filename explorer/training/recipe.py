"""How a network is trained: every hyperparameter of a run as data, and its JSON form.

An optimiser or a schedule is a small frozen model named after its torch class; its fields are that
class's arguments under torch's names, with torch's defaults. What follows from the run's length
(total_steps, T_max) is inferred when training starts, so it has no field here; `peak_epoch`, which
torch does not have, becomes its pct_start then. A new one is one class and one row of OPTIMIZERS or
SCHEDULERS.

Data becomes a Recipe through `parse_recipe`, and nothing else.
"""

import difflib
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

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

from explorer.json_reading import decode_json, shown
from explorer.refusal import Refusal
from explorer.schema import describe_values
from explorer.training.dataset_lookup import find_dataset, is_dataset_name
from explorer.training.datasets import DATASETS

MAX_JSON_BYTES = 20_000
MAX_EPOCHS = 1000
FEWEST_IMAGES = 2  # to learn from

Picked = Literal["validation", "test"]
"""The images whose accuracy picks a run's best epoch."""


class RecipeError(Refusal, ValueError):
    """The data are no recipe. `field` is the faulty one, as "epochs" or "optimizer.lr", or None."""

    def __init__(self, message: str, field: str | None = None):
        super().__init__(message)
        self.message, self.field = message, field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# --- the values that fields take ------------------------------------------------------------------

Count = Annotated[StrictInt, Field(ge=1, le=10_000)]
Rate = Annotated[float, Field(strict=True, gt=0, le=10, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Factor = Annotated[float, Field(strict=True, ge=1, le=1_000_000, allow_inf_nan=False)]
EpochCount = Annotated[StrictInt, Field(ge=0, le=MAX_EPOCHS)]
EpochNumber = Annotated[StrictInt, Field(ge=1, le=MAX_EPOCHS)]


def _rising(milestones: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in pairwise(milestones)):
        raise ValueError("each milestone must be later than the one before it, such as 6, 9")
    return milestones


Milestones = Annotated[
    tuple[EpochNumber, ...], Field(min_length=1, max_length=20), AfterValidator(_rising)
]


def _known_dataset(name: str) -> str:
    if not is_dataset_name(name):
        raise ValueError("unknown data set")
    return name


# --- the optimisers -------------------------------------------------------------------------------


class SGD(_Frozen):
    kind: Literal["SGD"] = "SGD"
    lr: Rate = Field(0.01, description="learning rate: the length of a step along the gradient")
    momentum: Share = Field(
        0.0, description="fraction of the previous step that is kept; 0.9 is usual"
    )
    nesterov: StrictBool = Field(
        False, description="look ahead along the momentum; needs momentum above 0"
    )
    weight_decay: Share = Field(0.0, description="strength of the pull of weights towards zero")

    @model_validator(mode="after")
    def _momentum_to_look_along(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError(
                "nesterov needs momentum above 0; set momentum to 0.9, or nesterov to false"
            )
        return self


class Adam(_Frozen):
    kind: Literal["Adam"] = "Adam"
    lr: Rate = Field(0.001, description="learning rate: about the length of a step of each weight")
    weight_decay: Share = Field(
        0.0, description="strength of the pull of weights towards zero, added to the gradient"
    )


class AdamW(_Frozen):
    kind: Literal["AdamW"] = "AdamW"
    lr: Rate = Field(0.001, description="learning rate: about the length of a step of each weight")
    weight_decay: Share = Field(
        0.01, description="strength of the pull of weights towards zero, apart from the gradient"
    )


Optimizer = SGD | Adam | AdamW

OPTIMIZERS: dict[str, type[Optimizer]] = {"SGD": SGD, "Adam": Adam, "AdamW": AdamW}


# --- the schedules --------------------------------------------------------------------------------


class Constant(_Frozen):
    kind: Literal["constant"] = "constant"


class StepLR(_Frozen):
    kind: Literal["StepLR"] = "StepLR"
    step_size: Count = Field(6, description="epochs between two drops of the learning rate")
    gamma: Share = Field(0.1, description="the learning rate is multiplied by this at each drop")


class MultiStepLR(_Frozen):
    kind: Literal["MultiStepLR"] = "MultiStepLR"
    milestones: Milestones = Field(
        (6, 9), description="the epochs after which the learning rate drops, in rising order"
    )
    gamma: Share = Field(0.1, description="the learning rate is multiplied by this at each drop")


class CosineAnnealingLR(_Frozen):
    kind: Literal["CosineAnnealingLR"] = "CosineAnnealingLR"
    eta_min: Share = Field(0.0, description="the learning rate that the last step comes down to")


class OneCycleLR(_Frozen):
    kind: Literal["OneCycleLR"] = "OneCycleLR"
    max_lr: Rate = Field(
        0.1, description="the highest learning rate; it takes the place of the optimiser's lr"
    )
    pct_start: Share = Field(
        0.3, description="fraction of the run in which the learning rate rises"
    )
    peak_epoch: EpochNumber | None = Field(
        None,
        description="the learning rate rises up to the end of this epoch; "
        "where it is given, pct_start does not count",
    )
    div_factor: Factor = Field(
        25.0, description="the first learning rate is max_lr divided by this"
    )
    final_div_factor: Factor = Field(
        10_000.0, description="the last learning rate is the first divided by this"
    )
    cycle_momentum: StrictBool = Field(
        True,
        description="swing the momentum between 0.95 and 0.85 against the learning rate, "
        "in place of the optimiser's",
    )


class ReduceLROnPlateau(_Frozen):
    """It watches the validation loss where there is a validation split, else the train loss: the
    test set must not choose.
    """

    kind: Literal["ReduceLROnPlateau"] = "ReduceLROnPlateau"
    factor: Annotated[float, Field(strict=True, ge=0.01, le=0.99, allow_inf_nan=False)] = Field(
        0.1, description="the learning rate is multiplied by this at each drop"
    )
    patience: EpochCount = Field(
        10,
        description="epochs without a lower loss that are waited for; the next one drops the "
        "learning rate. The loss is that of the validation images, or without them that of the "
        "training images, as the test set must not choose",
    )
    threshold: Share = Field(
        0.0001, description="fraction by which the loss must fall to count as lower"
    )
    cooldown: EpochCount = Field(
        0, description="epochs after a drop in which no epoch counts as one without a lower loss"
    )
    min_lr: Share = Field(0.0, description="the learning rate never drops below this")


Scheduler = Constant | StepLR | MultiStepLR | CosineAnnealingLR | OneCycleLR | ReduceLROnPlateau


@dataclass(frozen=True)
class SchedulerKind:
    """`inferred` gives torch's arguments that follow from the run's epochs and their steps."""

    model: type[Scheduler]
    summary: str
    advances: Literal["never", "each epoch", "each step"]
    inferred: Callable[[Any, int, int], dict[str, Any]] = lambda scheduler, epochs, steps: {}
    watches_loss: bool = False


def _cycle(scheduler: OneCycleLR, epochs: int, steps: int) -> dict[str, Any]:
    peak, total = scheduler.peak_epoch, epochs * steps
    share = scheduler.pct_start if peak is None else peak / epochs
    # torch divides by the steps of the rise less one, so a rise of exactly one step is made a
    # little shorter
    return {"total_steps": total, "pct_start": share * (0.999 if share * total == 1 else 1)}


SCHEDULERS: dict[str, SchedulerKind] = {
    "constant": SchedulerKind(Constant, "the optimiser's learning rate throughout", "never"),
    "StepLR": SchedulerKind(StepLR, "drops by a factor every few epochs", "each epoch"),
    "MultiStepLR": SchedulerKind(MultiStepLR, "drops by a factor after given epochs", "each epoch"),
    "CosineAnnealingLR": SchedulerKind(
        CosineAnnealingLR,
        "half a cosine down, over the whole run",
        "each step",
        lambda scheduler, epochs, steps: {"T_max": epochs * steps},
    ),
    "OneCycleLR": SchedulerKind(
        OneCycleLR, "up, then far down, over the whole run", "each step", _cycle
    ),
    "ReduceLROnPlateau": SchedulerKind(
        ReduceLROnPlateau,
        "drops by a factor whenever the loss has stopped falling",
        "each epoch",
        watches_loss=True,
    ),
}

_NOT_TORCHS = ("kind", "peak_epoch")


def arguments(choice: Optimizer | Scheduler) -> dict[str, Any]:
    """The arguments of an optimiser or scheduler by torch's names."""
    return {n: value for n, value in values_of(choice).items() if n not in _NOT_TORCHS}


def values_of(choice: Optimizer | Scheduler) -> dict[str, Any]:
    """The fields of an optimiser or scheduler, without its kind."""
    return {name: getattr(choice, name) for name in type(choice).model_fields if name != "kind"}


# --- the recipe -----------------------------------------------------------------------------------


class Recipe(_Frozen):
    """All that decides how a network is trained; with the architecture and the seed it decides a
    CPU run bit for bit.
    """

    dataset: Annotated[str, AfterValidator(_known_dataset)] = Field(
        "digits", description="the images to learn"
    )
    epochs: Annotated[StrictInt, Field(ge=1, le=MAX_EPOCHS)] = Field(
        10, description="number of passes over the training set"
    )
    batch_size: Annotated[StrictInt, Field(ge=2, le=4096)] = Field(
        128, description="images per step"
    )
    images_share: Annotated[float, Field(strict=True, ge=0.01, le=1, allow_inf_nan=False)] = Field(
        1.0, description="fraction of the training images that is used: the first of them"
    )
    optimizer: Annotated[Optimizer, Field(discriminator="kind")] = Field(
        SGD(momentum=0.9), description="how a gradient becomes a step"
    )
    scheduler: Annotated[Scheduler, Field(discriminator="kind")] = Field(
        Constant(), description="how the learning rate changes over the run"
    )
    label_smoothing: Share = Field(
        0.0, description="fraction of the target spread evenly over all classes"
    )
    rotation: Annotated[float, Field(strict=True, ge=0, le=180, allow_inf_nan=False)] = Field(
        0.0,
        description="each training image is rotated by up to this many degrees, left or right",
    )
    shift: Annotated[float, Field(strict=True, ge=0, le=32, allow_inf_nan=False)] = Field(
        0.0, description="each training image is shifted by up to this many pixels along each axis"
    )
    scale: Annotated[float, Field(strict=True, ge=0, le=0.9, allow_inf_nan=False)] = Field(
        0.0, description="each training image is scaled up or down by up to this fraction"
    )
    flip: Share = Field(
        0.0, description="each training image is mirrored, left to right, with this probability"
    )
    crop_padding: Annotated[StrictInt, Field(ge=0, le=32)] = Field(
        0,
        description="random crop: each training image is padded with this many black pixels on "
        "every side, and an image of the old size is cut out at random",
    )
    cutout: Annotated[StrictInt, Field(ge=0, le=64)] = Field(
        0,
        description="side in pixels of a square, at random in each training image, that is "
        "erased: filled with the images' mean",
    )
    brightness: Share = Field(
        0.0, description="brightness of each training image, changed by up to this fraction"
    )
    contrast: Share = Field(
        0.0, description="contrast of each training image, changed by up to this fraction"
    )
    saturation: Share = Field(
        0.0,
        description="saturation of each training image, changed by up to this fraction; "
        "grey images have none, and stay as they are",
    )
    mixup: Annotated[float, Field(strict=True, ge=0, le=10, allow_inf_nan=False)] = Field(
        0.0,
        description="each training image is blended with another of its batch, and so are their "
        "targets, in shares drawn for each batch from Beta(mixup, mixup); 0.2 to 1 is usual. "
        "Train accuracy counts the class of the larger share",
    )
    plain_epochs: EpochCount = Field(
        0, description="final epochs in which the training images are not augmented"
    )
    weight_decay_on: Literal["all", "weights"] = Field(
        "all",
        description="which weights are decayed: every parameter, as in torch, "
        "or only those of Conv2d and Linear",
    )
    l1: Share = Field(
        0.0,
        description="strength of the L1 penalty, which pulls each weight towards zero by the same "
        "amount, on the weights that weight decay is on; the loss that is shown leaves it out",
    )
    clip_grad_norm: Annotated[float, Field(strict=True, ge=0, le=1000, allow_inf_nan=False)] = (
        Field(
            0.0,
            description="gradient clipping: a gradient longer than this is shortened to it before "
            "the step; 0 clips nothing, 1 is usual",
        )
    )
    validation_images: Annotated[StrictInt, Field(ge=0, le=100_000)] = Field(
        0,
        description="training images that are held out, drawn by the seed: the network is tested "
        "on them after each epoch and never learns from them, so they may choose what the test "
        "images must not",
    )
    best_epoch_by: Literal["auto", "validation", "test"] = Field(
        "auto",
        description="the images whose accuracy picks the best epoch; auto is validation where "
        "there are validation images, else test, which is optimistic",
    )
    early_stopping: EpochCount = Field(
        0,
        description="epochs in a row without a lower validation loss after which the run ends; "
        "0 never ends it early",
    )
    seed: Annotated[StrictInt, Field(ge=0, le=999_999)] = Field(
        0, description="random seed of the run"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="where training runs; auto is the fastest device here"
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto",
        description="numeric precision: fp32 or bf16; auto takes the faster one here",
    )


def find_misfit(recipe: Recipe) -> RecipeError | None:
    """The error of the first field that does not go with the others; None if all go together."""
    scheduler, held_out = recipe.scheduler, recipe.validation_images
    peak = scheduler.peak_epoch if isinstance(scheduler, OneCycleLR) else None
    if peak is not None and peak > recipe.epochs:
        return RecipeError(
            f"scheduler.peak_epoch must be one of the run's {recipe.epochs} epochs; this has "
            f"{peak}",
            "scheduler.peak_epoch",
        )
    if recipe.early_stopping and not held_out:
        return RecipeError(
            "early_stopping needs validation images, as the test set must not choose; set "
            "validation_images, or early_stopping to 0",
            "early_stopping",
        )
    if recipe.best_epoch_by == "validation" and not held_out:
        return RecipeError(
            "best_epoch_by validation needs validation images; set validation_images, or "
            "best_epoch_by to auto",
            "best_epoch_by",
        )
    # 0 where that is known only once they are read, or not here.
    images = find_dataset(recipe.dataset).train_images
    problem = split_problem(recipe, images) if images else ""
    return RecipeError(problem, "validation_images") if problem else None


def with_changes(recipe: Recipe, **changes: Any) -> Recipe:
    """The recipe with these fields changed, and without what no longer goes with them.

    A peak after the last epoch is left out. Where too few training images would be left to learn
    from, a fifth of them is held out at most; where none is, nothing asks for some.
    """
    changed = recipe.model_copy(update=changes)
    scheduler = changed.scheduler
    if isinstance(scheduler, OneCycleLR) and (scheduler.peak_epoch or 0) > changed.epochs:
        cycle = scheduler.model_copy(update={"peak_epoch": None})
        changed = changed.model_copy(update={"scheduler": cycle})
    # 0 where that is known only once they are read, or not here.
    images = find_dataset(changed.dataset).train_images
    if images and split_problem(changed, images):
        held_out = count_used(changed, images) // 5
        changed = changed.model_copy(update={"validation_images": held_out})
    if changed.validation_images:
        return changed
    picked = "auto" if changed.best_epoch_by == "validation" else changed.best_epoch_by
    return changed.model_copy(update={"early_stopping": 0, "best_epoch_by": picked})


def split_problem(recipe: Recipe, images: int) -> str:
    """Why so many training images leave too few to learn from; "" where enough are left."""
    left = count_used(recipe, images) - FEWEST_IMAGES
    if not recipe.validation_images or recipe.validation_images <= left:
        return ""
    return (
        f"validation_images must leave {FEWEST_IMAGES} or more training images to learn from, so "
        f"it is at most {left:,} here; this has {recipe.validation_images:,}"
    )


def count_used(recipe: Recipe, images: int) -> int:
    """How many of so many training images the recipe uses, to learn from and for validation."""
    return max(FEWEST_IMAGES, round(images * recipe.images_share))


def count_images(recipe: Recipe, images: int) -> int:
    """How many of so many training images the network learns from."""
    return count_used(recipe, images) - recipe.validation_images


def picks_best(recipe: Recipe) -> Picked:
    """The images whose accuracy picks the best epoch."""
    if recipe.best_epoch_by == "auto":
        return "validation" if recipe.validation_images else "test"
    return recipe.best_epoch_by


def quick_look(recipe: Recipe) -> Recipe:
    """One epoch on a tenth of the training images, to see whether the network learns at all; a
    tenth of the validation images as well.
    """
    scheduler = recipe.scheduler
    if isinstance(scheduler, OneCycleLR):
        scheduler = scheduler.model_copy(update={"peak_epoch": None})
    return with_changes(
        recipe,
        epochs=1,
        images_share=0.1,
        plain_epochs=0,
        scheduler=scheduler,
        validation_images=recipe.validation_images // 10,
        early_stopping=0,
    )


def parse_recipe(data: str | bytes | dict[str, Any]) -> Recipe:
    """The recipe of its JSON form, as text or decoded. Missing fields take their defaults.

    Raises RecipeError, which names the field, what is wrong and what would be right.
    """
    if isinstance(data, str | bytes):
        data = decode_json(data, "a recipe", MAX_JSON_BYTES, RecipeError)
    if not isinstance(data, dict):
        raise RecipeError(
            f"a recipe is a JSON object with {', '.join(Recipe.model_fields)}; "
            f"this is {shown(data)}"
        )
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        raise _explain(error, data) from None
    if misfit := find_misfit(recipe):
        raise misfit
    return recipe


def to_data(recipe: Recipe) -> dict[str, Any]:
    """The JSON form as an object with every field, so that a kept run says all that made it."""
    return recipe.model_dump(mode="json")


# Parts that recipes did not have at first. What lacks them has them off, and always will.
_LATER = (
    *("flip", "crop_padding", "cutout", "brightness", "contrast", "saturation", "mixup"),
    *("l1", "clip_grad_norm", "validation_images", "best_epoch_by", "early_stopping"),
)


def to_short_data(recipe: Recipe) -> dict[str, Any]:
    """The JSON form without the parts that are off and that older recipes lack."""
    data = to_data(recipe)
    for name in _LATER:
        if data[name] == Recipe.model_fields[name].default:
            del data[name]
    if data["scheduler"].get("peak_epoch", 0) is None:
        del data["scheduler"]["peak_epoch"]
    return data


def to_json(recipe: Recipe, indent: int | None = None) -> str:
    """The JSON form as text."""
    return json.dumps(to_data(recipe), indent=indent, ensure_ascii=False)


# --- errors in plain words ------------------------------------------------------------------------


def _explain(error: ValidationError, data: dict[str, Any]) -> RecipeError:
    """The first of pydantic's errors, as a sentence with its place."""
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        return RecipeError("a field name contains an unpaired surrogate")
    location = [part for part in first["loc"] if isinstance(part, str)]
    field = location[0] if location else None
    if field in ("optimizer", "scheduler"):
        return _explain_choice(field, data[field], first, location[2:])
    if field is None or first["type"] == "extra_forbidden":
        return RecipeError(_unknown(first["loc"][0], "a recipe", list(Recipe.model_fields)), field)
    if field == "dataset":
        return RecipeError(
            f"dataset must be one of {', '.join(DATASETS)}, or own images; "
            f"this has {shown(data[field])}",
            field,
        )
    return RecipeError(
        f"{field} must be {describe_values(Recipe, field)}; this has {shown(data[field])}", field
    )


def _explain_choice(field: str, value: Any, first: Any, location: list[str]) -> RecipeError:
    kinds = {"optimizer": list(OPTIMIZERS), "scheduler": list(SCHEDULERS)}[field]
    if not isinstance(value, dict):
        return RecipeError(
            f'{field} must be an object such as {{"kind": "{kinds[0]}"}}; this has {shown(value)}',
            field,
        )
    if value.get("kind") not in kinds:
        what = f"unknown kind {shown(value['kind'])}" if "kind" in value else "kind is missing"
        return RecipeError(f"{field}: {what}; the kinds are {', '.join(kinds)}", field)
    model = OPTIMIZERS[value["kind"]] if field == "optimizer" else SCHEDULERS[value["kind"]].model
    if not location and first["type"] != "value_error":
        return RecipeError(f"{field}: a field name contains an unpaired surrogate", field)
    if not location:  # the fields are right one by one, but not together
        return RecipeError(f"{field}: {first['ctx']['error']}", field)
    name = location[0]
    if first["type"] == "extra_forbidden":
        names = [known for known in model.model_fields if known != "kind"]
        return RecipeError(f"{field}: {_unknown(name, value['kind'], names)}", f"{field}.{name}")
    if first["type"] == "value_error":
        return RecipeError(f"{field}.{name}: {first['ctx']['error']}", f"{field}.{name}")
    return RecipeError(
        f"{field}.{name} must be {describe_values(model, name)}; this has {shown(value[name])}",
        f"{field}.{name}",
    )


def _unknown(name: Any, owner: str, valid: list[str]) -> str:
    close = difflib.get_close_matches(str(name), valid, 1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"unknown field {shown(name)}{hint}; {owner} takes {', '.join(valid) or 'no arguments'}"
