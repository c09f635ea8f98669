"""The JSON form of an architecture: reading it, writing it, and its errors in plain words.

Everything that enters the program (a preset, a file, a link, the browser's draft) becomes an
Architecture through `parse_architecture`, and nothing else.
"""

import json
from typing import Any

from pydantic import ValidationError

from explorer.json_reading import check_depth, decode_json, shown
from explorer.network.foreign_json import name_foreign_json
from explorer.network.spec import (
    LAYER_MODELS,
    MAX_BRANCHES,
    MAX_IMAGE_CHANNELS,
    MAX_IMAGE_SIDE,
    MAX_LAYERS,
    MAX_NAME,
    Architecture,
    ArchitectureError,
    Branches,
    Node,
    Nodes,
    Path,
    Shape,
    path_text,
    stated,
)
from explorer.network.stated_inputs import without_true_statements
from explorer.network.tree import node_at
from explorer.schema import describe_values
from explorer.validation import describe_fault

PROPERTY = "architecture"  # under which a file of another form, as ONNX, holds its architecture
MAX_JSON_BYTES = 1_000_000  # the largest network, written with much space


def parse_architecture(data: str | bytes | dict[str, Any]) -> Architecture:
    """Architecture from its JSON form, as text or as the decoded object.

    Raises ArchitectureError, which names the layer's path and lists what is valid.
    """
    if isinstance(data, str | bytes):
        data = decode_json(data, "an architecture", MAX_JSON_BYTES, ArchitectureError)
    check_depth(data, ArchitectureError)
    if not isinstance(data, dict):
        raise ArchitectureError(
            "an architecture is a JSON object with name, input_shape and layers; "
            f"this is a {_json_type(data)}"
        )
    if "layers" not in data and (foreign := name_foreign_json(data)):
        raise ArchitectureError(
            f"this is {foreign}; an architecture is a JSON object with name, input_shape and layers"
        )
    if data and not data.keys() & Architecture.model_fields.keys():
        found = ", ".join(shown(name) for name in list(data)[:3])
        more = f" and {len(data) - 3} more" if len(data) > 3 else ""
        raise ArchitectureError(
            "this JSON is no network: an architecture is an object with name, "
            f"input_shape and layers; this has {found}{more}"
        )
    return without_true_statements(_with_statements(data))


def parse_layers(layers: list[dict[str, Any]]) -> Nodes:
    """Layers from their JSON form, without the image that goes into them: what they state of their
    inputs is kept.

    Raises ArchitectureError as `parse_architecture` does.
    """
    return _with_statements({"layers": layers}).layers


def _with_statements(data: dict[str, Any]) -> Architecture:
    statements: dict[Path, tuple[str, int | Shape]] = {}
    layers = data.get("layers")
    given = data if layers is None else {**data, "layers": _plain_nodes(layers, (), statements)}
    try:
        architecture = Architecture.model_validate(given)
    except ValidationError as error:
        raise _explain(error, given) from None
    for path, statement in statements.items():
        layer = node_at(architecture.layers, path)
        assert not isinstance(layer, Branches)
        layer._stated = statement  # nobody else has seen this layer yet
    return architecture


MAX_STATED = 10**9  # channels or values that a file may say come in
# torch's own arguments that are no fields here. What a layer takes follows from the layers before.
STATED = {
    "Conv2d": "in_channels",
    "ConvTranspose2d": "in_channels",
    "BatchNorm2d": "num_features",
    "BatchNorm1d": "num_features",
    "InstanceNorm2d": "num_features",
    "GroupNorm": "num_channels",
    "LayerNorm": "normalized_shape",
    "Linear": "in_features",
}
# The values with which the others make no difference here.
HARMLESS: dict[str, tuple[Any, ...]] = {
    "inplace": (True, False),
    "device": (None,),
    "dtype": (None,),
    "return_indices": (False,),
    "size": (None,),
    "recompute_scale_factor": (None, False),
}
_HAVE = {
    "inplace": (
        *("ReLU", "LeakyReLU", "ReLU6", "ELU", "SiLU", "Hardswish", "Mish", "Hardsigmoid"),
        *("Dropout", "Dropout2d"),
    ),
    "device": (*STATED, "PReLU"),
    "dtype": (*STATED, "PReLU"),
    "return_indices": ("MaxPool2d", "AdaptiveMaxPool2d"),
    "size": ("Upsample",),
    "recompute_scale_factor": ("Upsample",),
}


def _plain_nodes(nodes: Any, inside: Path, statements: dict[Path, tuple[str, int | Shape]]) -> Any:
    """The layers of a stack or a branch without torch's arguments that are no fields here.

    What these say is put in `statements`, by the layer's path. What is no list of layers stays as
    it is, to be refused with all else that is wrong.

    Raises ArchitectureError where an argument says something that no layer's input can be.
    """
    if not isinstance(nodes, list) or len(nodes) > MAX_LAYERS:
        return nodes
    return [_plain_node(node, (*inside, i), statements) for i, node in enumerate(nodes)]


def _plain_node(node: Any, path: Path, statements: dict[Path, tuple[str, int | Shape]]) -> Any:
    kind = node.get("kind") if isinstance(node, dict) else None
    if kind == "Branches" and isinstance(node.get("branches"), list):
        branches = enumerate(node["branches"][: MAX_BRANCHES + 1])
        return {
            **node,
            "branches": [_plain_nodes(each, (*path, i), statements) for i, each in branches],
        }
    if not isinstance(kind, str) or kind not in LAYER_MODELS:
        return node
    name = STATED.get(kind)
    if name is not None and name in node:
        statements[path] = name, _sizes(path, kind, name, node[name])
    dropped = {
        each
        for each, kinds in _HAVE.items()
        if kind in kinds and _is_harmless(node.get(each), each)
    }
    return {key: value for key, value in node.items() if key != name and key not in dropped}


def _is_harmless(value: Any, name: str) -> bool:
    return any(value is harmless for harmless in HARMLESS[name])


def _sizes(path: Path, kind: str, name: str, value: Any) -> int | Shape:
    sizes = value if name == "normalized_shape" and isinstance(value, list) else [value]
    counts = all(type(size) is int and 0 < size <= MAX_STATED for size in sizes)
    if not 1 <= len(sizes) <= 3 or not counts:
        raise ArchitectureError(
            f"layer {path_text(path)} ({kind}): {name} must be a whole number above 0, at most "
            f"{MAX_STATED:,}; this has {shown(value)}",
            path,
        )
    return tuple(sizes) if len(sizes) > 1 else sizes[0]


def to_data(architecture: Architecture) -> dict[str, Any]:
    """The JSON form as an object; arguments at their default are left out."""
    return {
        "schema_version": architecture.schema_version,
        "name": architecture.name,
        "input_shape": list(architecture.input_shape),
        "layers": [layer_to_data(layer) for layer in architecture.layers],
    }


def layer_to_data(node: Node) -> dict[str, Any]:
    """One layer or block of the JSON form, with what is stated of a layer's input where that is not
    known to be true.
    """
    if isinstance(node, Branches):
        branches = [[layer_to_data(each) for each in branch] for branch in node.branches]
        name = {"name": node.name} if node.name else {}
        return {"kind": node.kind, "merge": node.merge, **name, "branches": branches}
    arguments = node.model_dump(mode="json", exclude_defaults=True, exclude={"kind"})
    if statement := stated(node):
        name_stated, sizes = statement
        arguments[name_stated] = list(sizes) if isinstance(sizes, tuple) else sizes
    return {"kind": node.kind, **arguments}


def to_json(architecture: Architecture, indent: int | None = None) -> str:
    """The JSON form as text."""
    return json.dumps(to_data(architecture), indent=indent, ensure_ascii=False)


# --- errors in plain words ------------------------------------------------------------------------


def _explain(error: ValidationError, data: dict[str, Any]) -> ArchitectureError:
    """The first of pydantic's errors, as a sentence with its place."""
    first = error.errors(include_url=False)[0]
    location = first["loc"]
    if not location:
        return ArchitectureError("a field name contains an unpaired surrogate")
    if len(location) >= 2 and location[0] == "layers" and isinstance(location[1], int):
        return _explain_node(data["layers"], location[1:], first)
    if location[:1] == ("schema_version",):
        return ArchitectureError(f"schema_version must be 1; this has {shown(first['input'])}")
    if first["type"] == "extra_forbidden":
        valid = ", ".join(Architecture.model_fields)
        return ArchitectureError(f"unknown field {shown(location[0])}; an architecture has {valid}")
    if location[:1] == ("layers",) and first["type"] == "too_long":
        return ArchitectureError(f"at most {MAX_LAYERS:,} layers; this has {len(data['layers']):,}")
    if location == ("layers",) and first["type"] == "value_error":
        return ArchitectureError(str(first["ctx"]["error"]))
    if (
        location[:1] == ("input_shape",)
        and isinstance(location[-1], int)
        and type(first["input"]) is int
    ):
        what, most = (
            ("channels", MAX_IMAGE_CHANNELS),
            ("rows", MAX_IMAGE_SIDE),
            ("columns", MAX_IMAGE_SIDE),
        )[location[-1]]
        return ArchitectureError(
            f"input_shape: an image has 1 to {most:,} {what}; this has {_count(first['input'])}"
        )
    return ArchitectureError(describe_fault(error, "an architecture"))


def _count(number: int) -> str:
    """A number as it is shown, cut where it is absurdly long."""
    return f"{number:,}" if abs(number) < 10**15 else shown(number)


def _explain_node(nodes: Any, location: tuple[int | str, ...], first: Any) -> ArchitectureError:
    """`location` leads from the stack to the fault as pydantic says it: a place and, where the kind
    is one that there is, the kind and one of its fields; through a block of branches on, to the
    number of a branch and a place in it.
    """
    path: Path = ()
    while True:
        place, *rest = location
        assert isinstance(place, int)
        path, node = (*path, place), nodes[place]
        match rest:
            case ["Branches", "branches", int(number), int(_), *_]:
                path, nodes, location = (*path, number), node["branches"][number], tuple(rest[3:])
            case _:
                return _explain_layer(path, node, tuple(rest), first)


def _explain_layer(
    path: Path, layer: Any, location: tuple[int | str, ...], first: Any
) -> ArchitectureError:
    """`location` leads from the layer to the fault: its kind and one of its fields, if it is
    there.
    """
    number = path_text(path)
    if not isinstance(layer, dict):
        return ArchitectureError(
            f"layer {number}: a layer is an object with a kind; this is a {_json_type(layer)}", path
        )
    kind = layer.get("kind")
    if first["type"] in ("union_tag_invalid", "union_tag_not_found") or not isinstance(kind, str):
        what = f"unknown kind {shown(kind)}" if "kind" in layer else "kind is missing"
        return ArchitectureError(
            f"layer {number}: {what}; the kinds are {', '.join((*LAYER_MODELS, 'Branches'))}", path
        )
    where = f"layer {number} ({kind})"
    if len(location) < 2:
        return ArchitectureError(f"{where}: a field name contains an unpaired surrogate", path)
    field = location[1]
    model = Branches if kind == "Branches" else LAYER_MODELS[kind]
    if first["type"] == "extra_forbidden":
        valid = ", ".join(name for name in model.model_fields if name != "kind") or "no arguments"
        return ArchitectureError(
            f"{where}: unknown field {shown(field)}; {kind} takes {valid}", path
        )
    expected = _BRANCHES_TAKE.get(str(field)) or describe_values(model, str(field))
    if first["type"] == "missing":
        return ArchitectureError(f"{where}: {field} is missing; it must be {expected}", path)
    given = shown(layer.get(str(field)))
    return ArchitectureError(f"{where}: {field} must be {expected}; this has {given}", path)


# The fields of a block that are neither numbers nor words to choose from.
_BRANCHES_TAKE = {
    "branches": f"2 to {MAX_BRANCHES} lists of layers, of which one may be empty",
    "name": f"a text of at most {MAX_NAME} characters",
}


def _json_type(value: Any) -> str:
    names = {
        dict: "object",
        list: "list",
        str: "string",
        bool: "boolean",
        int: "number",
        float: "number",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)
