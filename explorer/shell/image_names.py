"""IMAGES, a data set as a command names it."""

import argparse

from explorer.json_reading import shown
from explorer.training.dataset_lookup import is_dataset_name
from explorer.training.datasets import DATASETS

IMAGES = f"{', '.join(DATASETS)}, or own images by the name of their file"


def dataset_name(name: str) -> str:
    """The name as it was given. Raises argparse's error where it is none."""
    if not is_dataset_name(name):
        raise argparse.ArgumentTypeError(f"{shown(name)} is none of {IMAGES}")
    return name
