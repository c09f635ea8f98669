"""Architecture -> the PyTorch source that a student would hand in.

A class with the layers in __init__ and one line a layer in forward. Its attributes come in the
order of the layers, so its parameters are those of `build`'s Sequential under other names;
`state_dict_names` says which.
"""

import builtins
import inspect
import keyword
import re
import textwrap
import unicodedata
from typing import Any

import torch
from torch import nn

from explorer.network.analysis import Analysis, Row, require_fitting
from explorer.network.layers import LAYERS, torch_name
from explorer.network.measure import build_layer
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.network.spec import Architecture, Layer, Shape, arguments
from explorer.text import counted, printable

WIDTH = 88  # ruff format's own
LONGEST_CLASS_NAME = 50
# On Windows a file of such a name, whatever its ending, is a device and cannot be saved.
DEVICES = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{number}" for port in ("COM", "LPT") for number in range(10)),
}


def python_source(architecture: Architecture) -> str:
    """A module with the network as a class, formatted as `ruff format` does it.

    It needs only torch.

    Raises ArchitectureError, which names the layer that does not fit.
    """
    return f"import torch\nfrom torch import nn\n\n\n{class_source(architecture)}"


def class_source(architecture: Architecture) -> str:
    """The class alone; it uses the names `torch` and `nn`."""
    analysis, names = require_fitting(architecture), attribute_names(architecture)
    first: dict[str, Row] = {}  # the layer that each attribute is made for
    for name, row in zip(names, analysis.rows, strict=True):
        first.setdefault(name, row)
    lines = [
        f"class {class_name(architecture)}(nn.Module):",
        *_indented(_docstring(analysis), 4),
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *(line for name, row in first.items() for line in _assignment(name, row)),
        "",
        "    def forward(self, x: torch.Tensor) -> torch.Tensor:",
        *(
            f"        x = self.{name}(x)  # {batch_text(row.output_shape)}"
            for name, row in zip(names, analysis.rows, strict=True)
        ),
        "        return x",
    ]
    return "\n".join(lines) + "\n"


def state_dict_names(architecture: Architecture) -> dict[str, str]:
    """From the names in the state_dict of `build`'s Sequential to those of the class: "0.weight" ->
    "conv1.weight".

    Raises ArchitectureError, which names the layer that does not fit.
    """
    rows, names = require_fitting(architecture).rows, attribute_names(architecture)
    found: dict[str, str] = {}
    for row, name in zip(rows, names, strict=True):
        with torch.device("meta"):
            module = build_layer(row.layer, row.input_shape)
        found |= {f"{row.index}.{key}": f"{name}.{key}" for key in module.state_dict()}
    return found


# --- names ----------------------------------------------------------------------------------------


def class_name(architecture: Architecture) -> str:
    """A name for a class and its files out of any text: "Adaptive pooling, 16k" ->
    "AdaptivePooling16k".
    """
    plain = unicodedata.normalize("NFKD", architecture.name).encode("ascii", "ignore").decode()
    name = "".join(word[0].upper() + word[1:] for word in re.findall("[A-Za-z0-9]+", plain))[
        :LONGEST_CLASS_NAME
    ]
    if not name or name[0].isdigit():
        name = "Net" + name
    # All capitals are for constants, of which a training script has some. It has no other name that
    # begins with a capital.
    taken = (
        keyword.iskeyword(name)
        or hasattr(builtins, name)
        or name.isupper()
        or name.upper() in DEVICES
    )
    return name + "Net" if taken else name


def attribute_names(architecture: Architecture) -> list[str]:
    """One name a layer: conv1, relu, bn1, conv2, relu, ....

    Equal activations are one module and have one name.
    """
    stems = [
        LAYERS[layer.kind].attribute or _snake_case(layer.kind) for layer in architecture.layers
    ]
    count: dict[str, int] = {}
    shared: dict[Layer, str] = {}
    names = []
    for stem, layer in zip(stems, architecture.layers, strict=True):
        is_shared = LAYERS[layer.kind].is_shared
        if is_shared and layer in shared:
            names.append(shared[layer])
            continue
        count[stem] = count.get(stem, 0) + 1
        # The first activation of its kind needs no number, as most networks have but one.
        names.append(stem if is_shared and count[stem] == 1 else f"{stem}{count[stem]}")
        if is_shared:
            shared[layer] = names[-1]
    return names


def _snake_case(kind: str) -> str:
    """LeakyReLU -> leaky_relu, Conv2d -> conv."""
    return re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", re.sub(r"[12]d$", "", kind)).lower()


# --- text -----------------------------------------------------------------------------------------


def batch_text(shape: Shape) -> str:
    """(8, 26, 26) -> "(N, 8, 26, 26)"."""
    return f"(N, {', '.join(map(str, shape))})"


def plain_text(text: str) -> str:
    """Any text as one line that cannot end a docstring, start an escape or turn the direction of
    reading.
    """
    return printable(text).replace("\\", "/").replace('"', "'")


def python_value(value: Any) -> str:
    """A number, a text or a tuple of them as ruff formats it."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


def call_text(opening: str, given: list[str], indent: int) -> list[str]:
    """opening(given, …) on as many lines as ruff format needs, indented."""
    inside = ", ".join(given)
    if indent + len(f"{opening}({inside})") <= WIDTH or not given:
        return _indented([f"{opening}({inside})"], indent)
    inner = [inside] if indent + 4 + len(inside) <= WIDTH else [f"{value}," for value in given]
    return [
        *_indented([f"{opening}("], indent),
        *_indented(inner, indent + 4),
        *_indented([")"], indent),
    ]


def keywords(given: dict[str, Any]) -> list[str]:
    """{"padding": "same"} -> ['padding="same"']."""
    return [f"{name}={python_value(value)}" for name, value in given.items()]


def without_defaults(function: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments that differ from the function's own defaults."""
    parameters = inspect.signature(function).parameters
    return {name: value for name, value in given.items() if parameters[name].default != value}


def _assignment(name: str, row: Row) -> list[str]:
    kind = torch_name(row.layer, row.input_shape)
    given = {**LAYERS[row.kind].inferred(row.input_shape), **arguments(row.layer)}
    return call_text(
        f"self.{name} = nn.{kind}", keywords(without_defaults(getattr(nn, kind), given)), 8
    )


def _docstring(analysis: Analysis) -> list[str]:
    architecture = analysis.architecture
    title = plain_text(architecture.name) or class_name(architecture)
    layers, params = (
        counted(len(analysis.rows), "layer"),
        counted(analysis.total_params, "parameter"),
    )
    return [
        *textwrap.wrap(f'"""{title}{"" if title.endswith((".", "!", "?")) else "."}', WIDTH - 4),
        "",
        f"{layers}, {params}, {counted(analysis.total_mult_adds, 'mult-add')} for one image.",
        *textwrap.wrap(f"Mult-adds: {MULT_ADDS_RULE}", WIDTH - 4),
        f"Takes {batch_text(architecture.input_shape)}, gives {batch_text(analysis.output_shape)}.",
        '"""',
    ]


def _indented(lines: list[str], spaces: int) -> list[str]:
    return [" " * spaces + line if line else "" for line in lines]
