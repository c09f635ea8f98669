"""How many multiply-accumulates a layer takes for one image, by one stated rule."""

import math
from collections.abc import Callable
from typing import Any

from explorer.network import spec
from explorer.network.axes import adaptive_windows
from explorer.network.spec import Shape, pair

_COUNTED = {  # what is counted, and how
    "convolutions and Linear": "one for each weight that each output uses, without biases",
    "normalisation and PReLU": "one for each value that it scales",
    "average pooling": "one for each value in each window",
    "bilinear upsampling": "four for each output",
    "multiplying branches": "one for each value of each branch after the first",
}
MULT_ADDS_RULE = (
    "Multiply-accumulates for one image. "
    + " ".join(f"{what[0].upper()}{what[1:]}: {how}." for what, how in _COUNTED.items())
    + (
        " Activations, max pooling, adding branches and all other layers: none, "
        "as they multiply by no weight or only copy."
    )
)
"""What the counts below count.

Of convolutions and Linear it is half of what torch's FlopCounterMode counts.

As there, a window counts whole at the border too, and a ConvTranspose2d multiplies each of its
inputs by the whole window. Of GroupNorm, LayerNorm and BatchNorm without
running statistics, the mean and variance are not counted, nor are the exponentials of a softmax.
torchinfo's own total differs: it counts biases, counts BatchNorm by its parameters whatever the
size of the map, and LayerNorm likewise, and leaves pooling out.
"""
MULT_ADDS_IN_SHORT = "multiply-accumulates of {}, {}, {}, {} and {}".format(*_COUNTED)
"""The rule where a line has room for no more; the whole stands elsewhere in the same file."""

# Of a layer, its input and its output, without the batch.
CountMultAdds = Callable[[Any, Shape, Shape], int]


def none(layer: Any, before: Shape, after: Shape) -> int:
    return 0


def convolution(layer: spec.Conv2d, before: Shape, after: Shape) -> int:
    return math.prod(after) * (before[0] // layer.groups) * math.prod(pair(layer.kernel_size))


def transposed_convolution(layer: spec.ConvTranspose2d, before: Shape, after: Shape) -> int:
    return math.prod(before) * (after[0] // layer.groups) * math.prod(pair(layer.kernel_size))


def linear(layer: spec.Linear, before: Shape, after: Shape) -> int:
    return before[0] * after[0]


def one_per_value(layer: Any, before: Shape, after: Shape) -> int:
    return math.prod(after)


def average_pooling(layer: spec.AvgPool2d, before: Shape, after: Shape) -> int:
    return math.prod(after) * math.prod(pair(layer.kernel_size))


def adaptive_average_pooling(layer: spec.AdaptiveAvgPool2d, before: Shape, after: Shape) -> int:
    sides = zip(before[1:], after[1:], strict=True)
    return after[0] * math.prod(sum(map(len, adaptive_windows(*side))) for side in sides)


def upsampling(layer: spec.Upsample, before: Shape, after: Shape) -> int:
    return 4 * math.prod(after) if layer.mode == "bilinear" else 0


def merging(block: spec.Branches, before: Shape, after: Shape) -> int:
    return (len(block.branches) - 1) * math.prod(after) if block.merge == "multiply" else 0
