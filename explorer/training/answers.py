"""What a network answers to each image that it is tested on."""

from typing import NamedTuple, Self

import torch
import torch.nn.functional as F
from torch import Tensor


class Answers(NamedTuple):
    """The answers to the images of a split, in the split's order."""

    predicted: Tensor  # (N,) int64: the class with the highest score
    probability: Tensor  # (N,) float32, 0..1: what the network gives that class
    loss: Tensor  # (N,) float32: each image's cross-entropy

    @classmethod
    def of(cls, scores: Tensor, labels: Tensor) -> Self:
        """From scores (N, classes) in fp32 and labels (N,), on their device."""
        logarithms = F.log_softmax(scores, 1)  # (N, classes)
        predicted = scores.argmax(1)
        return cls(
            predicted=predicted,
            probability=logarithms.gather(1, predicted[:, None])[:, 0].exp(),
            loss=-logarithms.gather(1, labels[:, None])[:, 0],
        )

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Those of all batches, on the CPU. There must be at least one."""
        return cls(*(torch.cat(each).cpu() for each in zip(*parts, strict=True)))
