"""Own images on the disk: NAME.json says what they are, NAME.safetensors holds them.

Nothing here needs torch until the images themselves are written.
"""

import json
import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError, model_validator

from explorer.home_folder import home_folder
from explorer.text import printable
from explorer.training.datasets import DatasetKind, read_by
from explorer.training.own_images.names import (
    FEWEST_CLASSES,
    MOST_CLASSES,
    OwnName,
    parse_name,
)

if TYPE_CHECKING:
    from explorer.training.dataset_files import Split

FOLDER = "own-images"  # below the home folder
MAX_TITLE = 60  # characters
MAX_CLASS_NAME = 60
MAX_NOTES = 20
MAX_JSON_BYTES = 100_000

NOT_HERE = (
    "the images are somebody's own, and they are not on this server: open this where they were "
    "uploaded, or choose other images"
)
DELETED = "the images were somebody's own, and they are deleted: choose other images"

log = logging.getLogger(__name__)

Text = Annotated[str, Field(min_length=1, max_length=200)]
Value = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[StrictInt, Field(ge=1)]


class Description(BaseModel):
    """What is kept of own images beside the images. Counts are of each class in turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=MAX_TITLE)]
    owner: str  # the id of a person
    classes: Annotated[tuple[Text, ...], Field(min_length=FEWEST_CLASSES, max_length=MOST_CLASSES)]
    mean: tuple[Value, ...]  # of the training images, one a channel
    std: tuple[Annotated[Value, Field(gt=0)], ...]
    train_counts: tuple[Count, ...]
    test_counts: tuple[Count, ...]
    fit: Literal["crop", "pad"]
    seed: StrictInt
    notes: Annotated[tuple[str, ...], Field(max_length=MAX_NOTES)] = ()

    @model_validator(mode="after")
    def _one_count_a_class(self) -> Self:
        if not len(self.classes) == len(self.train_counts) == len(self.test_counts):
            raise ValueError("there must be one count for each class")
        return self


def own_folder() -> Path:
    """Where own images are kept."""
    return home_folder() / FOLDER


def description_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def images_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.safetensors"


def read_description(folder: Path, name: str) -> Description | None:
    """What is known of own images; None where nothing is, or nothing that can be read."""
    said, path = parse_name(name), description_path(folder, name)
    if said is None:
        return None
    try:
        return _read(path, path.stat().st_mtime_ns, said)
    except FileNotFoundError:
        return None
    except OSError as error:  # it may be read the next time
        log.warning("%s cannot be read: %s", path, error)
        return None


@lru_cache(maxsize=32)
def _read(path: Path, changed: int, said: OwnName) -> Description | None:
    """The description that this file had when it was changed last. Raises OSError."""
    with path.open("rb") as file:
        data = file.read(MAX_JSON_BYTES)
    try:
        found = Description.model_validate_json(data)
    except ValidationError as error:
        log.warning("%s is left out: %s", path, error)
        return None
    channels = said.input_shape[0]
    if len(found.classes) != said.classes or not channels == len(found.mean) == len(found.std):
        log.warning("%s is left out: it does not describe what its name says", path)
        return None
    return found


def own_kind(name: str, folder: Path | None = None) -> DatasetKind | None:
    """What is known here of own images; None for what is no name of any."""
    said, folder = parse_name(name), folder or own_folder()
    if said is None:
        return None
    images, found = images_path(folder, name), read_description(folder, name)
    if found is None:
        return DatasetKind(
            title="Own images",
            summary="somebody's own images, which are not on this server",
            classes=tuple(f"class {number}" for number in range(1, said.classes + 1)),
            input_shape=said.input_shape,
            mean=(),
            std=(),
            read=read_by("read_own", images),
            last_file=str(images),
            absent=NOT_HERE,
        )
    train, test = sum(found.train_counts), sum(found.test_counts)
    return DatasetKind(
        title=printable(found.title),
        summary=f"own images: {train:,} to train on and {test:,} to test",
        classes=tuple(printable(each) for each in found.classes),
        input_shape=said.input_shape,
        mean=found.mean,
        std=found.std,
        read=read_by("read_own", images),
        train_images=train,
        test_images=test,
        last_file=str(images),
        owner=found.owner,
        absent="" if images.is_file() else DELETED,
    )


# --- the images -----------------------------------------------------------------------------------


def write_images(path: Path, train: "Split", test: "Split", classes: tuple[str, ...]) -> None:
    """Write the images to a file that any program can read. Raises OSError."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {
        "train_images": train.images,
        "train_labels": train.labels,
        "test_images": test.images,
        "test_labels": test.labels,
    }
    try:
        save_file(tensors, path, {"classes": json.dumps(classes, ensure_ascii=False)})
    except SafetensorError as error:
        raise OSError(0, str(error)) from None
