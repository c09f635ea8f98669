"""Answers to the test images as they are kept: four bytes an image, compressed.

The class is kept as it is, its probability to one part in 255, and the loss as a half-precision
number: enough to show and to sort by. Whoever wants more runs the network again.
"""

import math
import zlib

import numpy as np
import torch

from explorer.runs.run import RunError
from explorer.training.answers import Answers

BYTES_AN_IMAGE = 4  # before they are compressed
MOST_CLASSES = 256
# That are read at most, so that damaged bytes cannot ask for all memory.
MOST_IMAGES = 1_000_000
LARGEST_LOSS = 65_504.0  # the largest half-precision number


class AnswersError(RunError):
    """The bytes are no answers."""


def answers_to_bytes(answers: Answers) -> bytes:
    """Raises ValueError where there are more than MOST_CLASSES classes."""
    if len(answers.predicted) and int(answers.predicted.max()) >= MOST_CLASSES:
        raise ValueError(f"answers are kept of at most {MOST_CLASSES} classes")
    parts = (
        answers.predicted.to(torch.uint8).numpy(),
        (answers.probability * 255).round().to(torch.uint8).numpy(),
        # Of a run that diverges a loss may be no number: the worst there is, to whoever sorts.
        answers.loss.nan_to_num(LARGEST_LOSS).clamp(max=LARGEST_LOSS).numpy().astype("<f2"),
    )
    return zlib.compress(b"".join(part.tobytes() for part in parts))


def answers_from_bytes(data: bytes) -> Answers:
    """Raises AnswersError."""
    reading = zlib.decompressobj()
    try:
        found = reading.decompress(data, BYTES_AN_IMAGE * MOST_IMAGES)
    except zlib.error as error:
        raise AnswersError(f"kept answers are damaged: {error}") from None
    images, rest = divmod(len(found), BYTES_AN_IMAGE)
    if rest or not images or not reading.eof:
        raise AnswersError("kept answers are damaged: their length is not that of any")
    predicted = np.frombuffer(found, np.uint8, images)
    probability = np.frombuffer(found, np.uint8, images, images)
    loss = np.frombuffer(found, "<f2", images, 2 * images)
    return Answers(
        torch.from_numpy(predicted.astype(np.int64)),
        torch.from_numpy(probability.astype(np.float32) / 255),
        torch.from_numpy(loss.astype(np.float32)),
    )


def answers_bytes(images: int) -> int:
    """Bytes that the answers to so many images take at most; what is compressed is smaller."""
    return math.ceil(1.001 * BYTES_AN_IMAGE * images) + 64
