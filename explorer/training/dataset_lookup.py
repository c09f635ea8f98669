"""What is known of a data set by the name that a recipe gives it.

DATASETS are those that everybody has; beside them there are people's own images.
"""

from explorer.training.datasets import DATASETS, DatasetKind
from explorer.training.own_images.kept import own_kind
from explorer.training.own_images.names import parse_name


def find_dataset(name: str) -> DatasetKind:
    """What is known of the data set. Raises KeyError for what no recipe can name.

    Own images that are not here are known as far as their name says; their `absent` says why.
    """
    kind = DATASETS.get(name) or own_kind(name)
    if kind is None:
        raise KeyError(name)
    return kind


def is_dataset_name(name: str) -> bool:
    """Whether a recipe may name this data set, here or not."""
    return name in DATASETS or parse_name(name) is not None
