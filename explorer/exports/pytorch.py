"""Architecture -> the PyTorch source that a student would hand in.

A class with the layers in __init__ and one line a layer in forward; blocks that are alike have a
class of their own above it. Attributes come in the order of the layers, so that the parameters are
those of `build`'s Sequential under other names; `state_dict_names` says which.

Which classes there are is planned in source_plan.py, their text is made in class_text.py.
"""

import builtins
import keyword
import re
import textwrap
import unicodedata

import torch

from explorer.exports.source.class_text import block_docstring, class_text
from explorer.exports.source.plan import SourcePlan, source_plan
from explorer.exports.source.python_text import WIDTH, plain_text
from explorer.exports.source.shape_comments import batch_text
from explorer.network.analysis import Analysis, analyze
from explorer.network.measure import build_layer
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.network.spec import Architecture, count_layers, path_text, walk_layers
from explorer.text import counted

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
    """The class alone, below those of blocks that it uses; they use the names `torch` and `nn`."""
    plan = network_plan(architecture)
    *blocks, network = plan.classes
    texts = [class_text(plan, each, block_docstring(plan, each)) for each in blocks]
    return "\n\n".join([*texts, class_text(plan, network, _docstring(analyze(architecture)))])


def state_dict_names(architecture: Architecture) -> dict[str, str]:
    """From the names in the state_dict of `build`'s Sequential to those of the class: "0.weight" ->
    "conv1.weight", "5.1.0.weight" -> "layer2_0.conv1.weight".

    Raises ArchitectureError, which names the layer that does not fit.
    """
    plan = network_plan(architecture)
    found: dict[str, str] = {}
    for path, layer in walk_layers(architecture.layers):
        name = plan.attribute_path(path)
        with torch.device("meta"):
            module = build_layer(layer, plan.tree.before(path))
        found |= {f"{path_text(path)}.{key}": f"{name}.{key}" for key in module.state_dict()}
    return found


def network_plan(architecture: Architecture) -> SourcePlan:
    """The classes of the network's source, and what is called what in them.

    Raises ArchitectureError, which names the layer that does not fit.
    """
    return source_plan(architecture, class_name(architecture))


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


def _docstring(analysis: Analysis) -> list[str]:
    architecture = analysis.architecture
    title = plain_text(architecture.name) or class_name(architecture)
    layers, params = (
        counted(count_layers(architecture.layers), "layer"),
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
