"""How a layer's number of parameters comes about, as an expression without its value."""

from collections.abc import Callable
from typing import Any

from explorer.network import spec
from explorer.network.spec import Shape, pair
from explorer.text import counted

# Of a layer, its input without the batch, and its parameters.
ParameterText = Callable[[Any, Shape, int], str]


def convolution(layer: spec.Conv2d, shape: Shape, params: int) -> str:
    """ "16 × (8 × 3 × 3) + 16"."""
    rows, columns = pair(layer.kernel_size)
    note = f" ({shape[0]} ÷ {layer.groups} groups)" if layer.groups > 1 else ""
    weights = f"{layer.out_channels} × ({shape[0] // layer.groups}{note} × {rows} × {columns})"
    return f"{weights} + {layer.out_channels}" if layer.bias else weights


def transposed_convolution(layer: spec.ConvTranspose2d, shape: Shape, params: int) -> str:
    """ "8 × (16 × 2 × 2) + 16": its weights lie the other way round."""
    rows, columns = pair(layer.kernel_size)
    note = f" ({layer.out_channels} ÷ {layer.groups} groups)" if layer.groups > 1 else ""
    out = layer.out_channels // layer.groups
    weights = f"{shape[0]} × ({out}{note} × {rows} × {columns})"
    return f"{weights} + {layer.out_channels}" if layer.bias else weights


def slopes(layer: spec.PReLU, shape: Shape, params: int) -> str:
    """ "8 slopes"."""
    return counted(params, "slope")


def linear(layer: spec.Linear, shape: Shape, params: int) -> str:
    """ "10 × 128 + 10"."""
    weights = f"{layer.out_features} × {shape[0]:,}"
    return f"{weights} + {layer.out_features}" if layer.bias else weights


def scale_and_shift(layer: Any, shape: Shape, params: int) -> str:
    """ "8 scales + 8 shifts": normalisation, for each channel (in LayerNorm each value)."""
    each = params // (2 if layer.bias else 1)
    return f"{each:,} scales" + (f" + {each:,} shifts" if layer.bias else "")
