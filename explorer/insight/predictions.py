"""What a network's answers to the test images come to: where it is right, and what it takes for
what.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.training.answers import Answers

Counts = NDArray[np.int64]
Indices = NDArray[np.int64]


class Order(StrEnum):
    """In which order test images are shown."""

    WRONG_FIRST = "wrong first"
    """Those that the network gets wrong, then the others; in each the highest loss first."""
    HIGHEST_LOSS = "highest loss first"
    """The least probability of the class that an image is really of first."""
    AS_THEY_LIE = "as in the data set"


@dataclass(frozen=True, eq=False)
class Predictions:
    """A network's answers to test images, beside the classes that these really are of."""

    labels: Tensor  # (N,) int64
    answers: Answers

    @property
    def is_right(self) -> Tensor:
        """(N,) bool."""
        return self.answers.predicted == self.labels

    @property
    def accuracy(self) -> float:
        """The share of the images, 0..1, that the network gets right."""
        return self.is_right.sum().item() / len(self.labels)


@dataclass(frozen=True)
class ClassAccuracy:
    """How a network does on the images of one class."""

    label: int
    images: int
    right: int

    @property
    def accuracy(self) -> float | None:
        """0..1; None where there are no images of the class."""
        return self.right / self.images if self.images else None


@dataclass(frozen=True)
class Confusion:
    """Images of one class that the network takes for another."""

    label: int
    predicted: int
    images: int


@dataclass(frozen=True, eq=False)
class Agreement:
    """Test images by which of two networks gets them right; each group by index."""

    both: Indices
    only_first: Indices
    only_second: Indices
    neither: Indices


def confusion_matrix(predictions: Predictions, classes: int) -> Counts:
    """How many images of each class, a row, are taken for each, a column: (classes, classes)."""
    from sklearn import metrics  # half a second, and needed for nothing else

    counts: Counts = metrics.confusion_matrix(
        predictions.labels.numpy(),
        predictions.answers.predicted.numpy(),
        labels=np.arange(classes),
    )
    return counts


def class_accuracies(counts: Counts) -> tuple[ClassAccuracy, ...]:
    """Each class's accuracy, from a confusion matrix."""
    return tuple(
        ClassAccuracy(label, int(row.sum()), int(row[label])) for label, row in enumerate(counts)
    )


def most_frequent_confusions(counts: Counts, most: int) -> tuple[Confusion, ...]:
    """The mistakes that are made most often, from a confusion matrix; of equals the first
    classes'.
    """
    found = [
        Confusion(label, predicted, int(images))
        for (label, predicted), images in np.ndenumerate(counts)
        if label != predicted and images
    ]
    return tuple(sorted(found, key=lambda each: -each.images)[:most])


def find_images(
    predictions: Predictions,
    order: Order,
    label: int | None = None,
    predicted: int | None = None,
) -> Indices:
    """The indices of the test images of class `label` that were taken for `predicted`, in this
    order; None stands for any class. Of equals the first in the data set comes first.
    """
    answers = predictions.answers
    chosen = torch.ones_like(predictions.labels, dtype=torch.bool)
    if label is not None:
        chosen &= predictions.labels == label
    if predicted is not None:
        chosen &= answers.predicted == predicted
    indices: Indices = chosen.nonzero()[:, 0].numpy()
    loss = answers.loss[chosen].numpy()
    match order:
        case Order.WRONG_FIRST:
            right = predictions.is_right[chosen].numpy()
            # lexsort keeps equals in their order, and sorts by its last key first.
            return indices[np.lexsort((-loss, right))]
        case Order.HIGHEST_LOSS:
            return indices[np.argsort(-loss, kind="stable")]
        case Order.AS_THEY_LIE:
            return indices


def agreement(one: Predictions, other: Predictions) -> Agreement:
    """Raises ValueError where the two are not of the same images."""
    if not torch.equal(one.labels, other.labels):
        raise ValueError("two networks agree or not on the same images; these are others")
    first, second = one.is_right.numpy(), other.is_right.numpy()
    groups = (first & second, first & ~second, ~first & second, ~first & ~second)
    return Agreement(*(np.flatnonzero(group) for group in groups))
