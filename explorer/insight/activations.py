"""Values of a layer as pictures: how they are laid out, and scaled to be drawn."""

from typing import NamedTuple

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

LEVELS = 127  # on either side of zero, which an int8 holds


class Quantised(NamedTuple):
    """Values in 255 steps between -scale and scale, zero being zero: those of a layer after a ReLU
    take the upper half.
    """

    values: NDArray[np.int8]  # (pictures, rows, columns)
    scale: float  # the largest absolute value of those that are numbers; 0.0 where all are zero
    finite: bool  # whether all values were numbers; those that were not are drawn as zero

    def restored(self) -> NDArray[np.float64]:
        """The values again, each off by at most half a step."""
        return self.values.astype(np.float64) * (self.scale / LEVELS)


def as_maps(output: Tensor) -> Tensor:
    """A layer's output for one image, (C, H, W) or (F,), as pictures: a vector's are one pixel."""
    return output if output.dim() == 3 else output.reshape(-1, 1, 1)


def shrunk(maps: Tensor, most: int) -> Tensor:
    """Maps (C, H, W) with at most so many rows and columns: means over areas of the same size,
    where they are larger.
    """
    _, height, width = maps.shape
    if max(height, width) <= most:
        return maps
    return F.adaptive_avg_pool2d(maps, (min(height, most), min(width, most)))


def quantise(maps: Tensor) -> Quantised:
    """Pictures (C, H, W), of one scale: the same step is the same difference in all of them."""
    values = maps.detach().double().numpy()
    numbers = np.isfinite(values)
    known = np.where(numbers, values, 0.0)
    scale = float(np.abs(known).max(initial=0.0))
    # First by the scale, as its product with 127 may be too large a number.
    levels = np.rint(known / scale * LEVELS) if scale > 0 else np.zeros_like(known)
    return Quantised(levels.astype(np.int8), scale, bool(numbers.all()))
