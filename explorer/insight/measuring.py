"""A network's answers to all test images, by the engine's own test."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from explorer.insight.trained import with_weights
from explorer.network.spec import Architecture
from explorer.training.answers import Answers
from explorer.training.dataset_files import Dataset, Split
from explorer.training.engine import Numerics, evaluate


class Measured(NamedTuple):
    """What a network does on the test images."""

    loss: float  # the mean, as a run reports it
    accuracy: float  # 0..1
    answers: Answers


def measure(
    architecture: Architecture,
    weights: Mapping[str, Tensor],
    dataset: Dataset,
    precision: str,
    device: torch.device | None = None,
) -> Measured:
    """Test a network with these weights on the data set's test images.

    Loss and accuracy are those that the run reported, exactly, if the weights are of that epoch,
    and device (without one, the CPU) and precision those that it was trained with: same batches,
    same layout, same numbers. Of a recipe whose precision is "auto", that which is faster here is
    taken, as for a run.

    Raises RuntimeError where the weights are not of this architecture, and ArchitectureError where
    it does not fit.
    """
    device = device or torch.device("cpu")
    numerics = Numerics.of(precision, device)
    network = with_weights(architecture, weights, numerics, device)
    test = Split(dataset.test.images.to(device), dataset.test.labels.to(device))
    parts: list[Answers] = []

    def look(scores: Tensor, labels: Tensor) -> None:
        parts.append(Answers.of(scores, labels))

    tested = evaluate(network, test, dataset.kind, numerics, look=look)
    assert tested is not None  # nobody stops it
    return Measured(*tested, Answers.joined(parts))
