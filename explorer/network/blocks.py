"""BLOCKS: layers that belong together, inserted in one step. One row a block.

A template is layers in their JSON form in which two words stand for numbers that follow from the
place: "channels", those that come in, and "classes", those of the data set.
"""

from dataclasses import dataclass
from typing import Any, Literal

LayerTemplate = dict[str, Any]


@dataclass(frozen=True)
class Block:
    title: str
    summary: str  # one line for the palette
    template: tuple[LayerTemplate, ...]
    takes: Literal["map"] = "map"


_CONV = {"kind": "Conv2d", "out_channels": 16, "kernel_size": 3, "padding": 1}

BLOCKS: dict[str, Block] = {
    "conv-bn-relu": Block(
        "Conv-BN-ReLU",
        "convolution without bias, normalised, then ReLU",
        ({**_CONV, "bias": False}, {"kind": "BatchNorm2d"}, {"kind": "ReLU"}),
    ),
    "conv-relu-bn-dropout": Block(
        "Conv-ReLU-BN-Dropout",
        "convolution, ReLU, normalised, with dropout",
        (_CONV, {"kind": "ReLU"}, {"kind": "BatchNorm2d"}, {"kind": "Dropout", "p": 0.1}),
    ),
    "transition": Block(
        "1×1 transition + pool",
        "fewer maps by a 1×1 convolution, then half the size",
        (
            {"kind": "Conv2d", "out_channels": 8, "kernel_size": 1},
            {"kind": "MaxPool2d", "kernel_size": 2},
        ),
    ),
    "depthwise-separable": Block(
        "Depthwise-separable pair",
        "one 3×3 kernel per map, then a 1×1 convolution that mixes the maps",
        (
            {
                "kind": "Conv2d",
                "out_channels": "channels",
                "kernel_size": 3,
                "padding": 1,
                "groups": "channels",
            },
            {"kind": "Conv2d", "out_channels": 16, "kernel_size": 1},
        ),
    ),
    "gap-head": Block(
        "GAP head",
        "global average pooling, then one value per class",
        (
            {"kind": "AdaptiveAvgPool2d", "output_size": 1},
            {"kind": "Flatten"},
            {"kind": "Linear", "out_features": "classes"},
        ),
    ),
}
