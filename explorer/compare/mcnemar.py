"""Whether two networks differ by more than noise, tested on the same images: McNemar's test, exact.

Only the images that one network gets right and the other wrong tell the two apart. Were the
networks equally good, each such image would fall to either with even chances, as a coin does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from explorer.compare.learning import Group, Record
from explorer.insight.measuring import measure
from explorer.network.spec import Architecture
from explorer.text import counted, quoted
from explorer.training.dataset_files import Dataset

LEVEL = 0.05
LONGEST_NAME = 200  # letters of a name in the verdict

# For each test image, in the data set's order, whether a network gets it right.
Right = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class McNemar:
    """Test images by which of two networks gets them right."""

    only_a: int
    only_b: int
    both: int
    neither: int
    # Two-sided: how often a fair coin would split only_a + only_b as unevenly or more so.
    p_value: float

    @property
    def is_significant(self) -> bool:
        return self.p_value < LEVEL


def mcnemar(right_a: npt.ArrayLike | Tensor, right_b: npt.ArrayLike | Tensor) -> McNemar:
    """The test for two networks, from which of the same test images each gets right.

    Raises ValueError where these are not truth values, or not of as many images.
    """
    a, b = _truths(right_a), _truths(right_b)
    if a.shape != b.shape:
        raise ValueError(
            f"two networks are compared on the same images; these are {len(a)} and {len(b)}"
        )
    only_a, only_b, both = int((a & ~b).sum()), int((b & ~a).sum()), int((a & b).sum())
    return McNemar(only_a, only_b, both, len(a) - only_a - only_b - both, p_value(only_a, only_b))


def p_value(only_a: int, only_b: int) -> float:
    """How often a fair coin, thrown only_a + only_b times, falls at least as unevenly, to either
    side.

    Exact, not approximated. Raises ValueError for a negative number.
    """
    from scipy.stats import binomtest  # half a second, and needed for nothing else

    if min(only_a, only_b) < 0:
        raise ValueError(f"so many images cannot be: {only_a}, {only_b}")
    throws = only_a + only_b
    # The smaller of the two, so that the order makes no difference in the last digit either.
    return float(binomtest(min(only_a, only_b), throws, 0.5).pvalue) if throws else 1.0


def verdict_text(found: McNemar, name_a: str, name_b: str) -> str:
    """Say in plain words whether the difference is significant at 5 %."""
    a, b = (quoted(name, limit=LONGEST_NAME) for name in (name_a, name_b))
    if not found.only_a and not found.only_b:
        return f"{a} and {b} get the same test images right: there is no difference."
    split = (
        f"only {a} is right on {counted(found.only_a, 'image')}, "
        f"only {b} on {found.only_b:,} ({_p_text(found.p_value)})"
    )
    if not found.is_significant:
        return f"{split}: no significant difference."
    return f"{split}: {a if found.only_a > found.only_b else b} is significantly better."


def first_pair(a: Group, b: Group) -> tuple[Record, Record] | None:
    """The two networks to compare of two groups: of the lowest seed that both have, else of the
    lowest of each.

    None where a group has no run with weights, or the two were tested on different images. One
    network of each, not all seeds pooled: every seed meets the same test images, and the hard ones
    are hard for all, so that the images of several seeds are no further independent throws, and p
    would come out far too small. What is found so holds for these two trained networks; how much
    the architectures vary with the seed, the deviation over the seeds says.
    """
    if a.recipe.dataset != b.recipe.dataset:
        return None
    of_a, of_b = (
        {record.recipe.seed: record for record in group.records if _has_weights(record)}
        for group in (a, b)
    )
    if not of_a or not of_b:
        return None
    common = of_a.keys() & of_b.keys()
    return (of_a[min(common)], of_b[min(common)]) if common else (of_a[min(of_a)], of_b[min(of_b)])


def right_answers(
    architecture: Architecture,
    weights: Mapping[str, Tensor],
    dataset: Dataset,
    precision: str,
    device: torch.device | None = None,
) -> Right:
    """Which test images a trained network gets right.

    Its mean is the test accuracy that the run reported, exactly, if the weights are of that epoch,
    and device (without one, the CPU) and precision those that it was trained with.

    Raises RuntimeError where the weights are not of this architecture, and ArchitectureError where
    it does not fit.
    """
    answers = measure(architecture, weights, dataset, precision, device).answers
    right: Right = (answers.predicted == dataset.test.labels).numpy()
    return right


def _truths(values: npt.ArrayLike | Tensor) -> Right:
    found = np.asarray(values.cpu() if isinstance(values, Tensor) else values)
    if found.ndim != 1 or found.dtype != np.bool_:
        raise ValueError(
            f"right answers are a row of truth values; these are {found.dtype} of "
            f"shape {found.shape}"
        )
    return found


def _has_weights(record: Record) -> bool:
    return record.run_id is not None and bool(record.epochs)


def _p_text(p: float) -> str:
    """ "p = 0.039", with as many digits as tell it from the level."""
    if p < 0.0001:
        return "p < 0.0001"
    digits = next(
        digits for digits in range(2, 18) if float(f"{p:.{digits}g}") != LEVEL or p == LEVEL
    )
    return f"p = {float(f'{p:.{digits}g}'):.15g}"
