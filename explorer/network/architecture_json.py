"""The JSON form of an architecture: reading it, writing it, and its errors in plain words.

Everything that enters the program (a preset, a file, a link, the browser's draft) becomes an
Architecture through `parse_architecture`, and nothing else.
"""

import json
from typing import Any

from pydantic import ValidationError

from explorer.json_reading import check_depth, decode_json, shown
from explorer.network.foreign_json import name_foreign_json
from explorer.network.layers import without_true_statements
from explorer.network.spec import (
    LAYER_MODELS,
    MAX_IMAGE_CHANNELS,
    MAX_IMAGE_SIDE,
    MAX_LAYERS,
    Architecture,
    ArchitectureError,
    Layer,
    Shape,
    stated,
)
from explorer.schema import describe_values
from explorer.validation import describe_fault

MAX_JSON_BYTES = 200_000


def parse_architecture(data: str | bytes | dict[str, Any]) -> Architecture:
    """Architecture from its JSON form, as text or as the decoded object.

    Raises ArchitectureError, which names the layer's index and lists what is valid.
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


def parse_layers(layers: list[dict[str, Any]]) -> tuple[Layer, ...]:
    """Layers from their JSON form, without the image that goes into them: what they state of their
    inputs is kept.

    Raises ArchitectureError as `parse_architecture` does.
    """
    return _with_statements({"layers": layers}).layers


def _with_statements(data: dict[str, Any]) -> Architecture:
    given, statements = _without_statements(data)
    try:
        architecture = Architecture.model_validate(given)
    except ValidationError as error:
        raise _explain(error, given) from None
    for index, statement in statements.items():
        architecture.layers[index]._stated = statement  # nobody else has seen this layer yet
    return architecture


# torch's own arguments that are no fields here. What a layer takes follows from the layers before.
STATED = {
    "Conv2d": "in_channels",
    "BatchNorm2d": "num_features",
    "BatchNorm1d": "num_features",
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
    "inplace": ("ReLU", "LeakyReLU", "SiLU", "Dropout", "Dropout2d"),
    "device": tuple(STATED),
    "dtype": tuple(STATED),
    "return_indices": ("MaxPool2d", "AdaptiveMaxPool2d"),
    "size": ("Upsample",),
    "recompute_scale_factor": ("Upsample",),
}


def _without_statements(
    data: dict[str, Any],
) -> tuple[dict[str, Any], dict[int, tuple[str, int | Shape]]]:
    """The data without torch's arguments that are no fields here, and what they say, by the layer's
    index.

    Raises ArchitectureError where one says something that no layer's input can be.
    """
    layers = data.get("layers")
    if not isinstance(layers, list) or len(layers) > MAX_LAYERS:
        return data, {}
    statements: dict[int, tuple[str, int | Shape]] = {}
    plain = []
    for index, layer in enumerate(layers):
        kind = layer.get("kind") if isinstance(layer, dict) else None
        if not isinstance(kind, str) or kind not in LAYER_MODELS:
            plain.append(layer)
            continue
        name = STATED.get(kind)
        if name is not None and name in layer:
            statements[index] = name, _sizes(index, kind, name, layer[name])
        dropped = {
            each
            for each, kinds in _HAVE.items()
            if kind in kinds and _is_harmless(layer.get(each), each)
        }
        plain.append(
            {key: value for key, value in layer.items() if key != name and key not in dropped}
        )
    return {**data, "layers": plain}, statements


def _is_harmless(value: Any, name: str) -> bool:
    return any(value is harmless for harmless in HARMLESS[name])


def _sizes(index: int, kind: str, name: str, value: Any) -> int | Shape:
    sizes = value if name == "normalized_shape" and isinstance(value, list) else [value]
    if not 1 <= len(sizes) <= 3 or not all(type(size) is int and size > 0 for size in sizes):
        raise ArchitectureError(
            f"layer {index} ({kind}): {name} must be a whole number above 0; "
            f"this has {shown(value)}",
            index,
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


def layer_to_data(layer: Layer) -> dict[str, Any]:
    """One layer of the JSON form, with what is stated of its input where that is not known to be
    true.
    """
    arguments = layer.model_dump(mode="json", exclude_defaults=True, exclude={"kind"})
    if statement := stated(layer):
        name, sizes = statement
        arguments[name] = list(sizes) if isinstance(sizes, tuple) else sizes
    return {"kind": layer.kind, **arguments}


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
        index = location[1]
        return _explain_layer(index, data["layers"][index], first)
    if location[:1] == ("schema_version",):
        return ArchitectureError(f"schema_version must be 1; this has {shown(first['input'])}")
    if first["type"] == "extra_forbidden":
        valid = ", ".join(Architecture.model_fields)
        return ArchitectureError(f"unknown field {shown(location[0])}; an architecture has {valid}")
    if location[:1] == ("layers",) and first["type"] == "too_long":
        return ArchitectureError(f"at most {MAX_LAYERS} layers; this has {len(data['layers'])}")
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
            f"input_shape: an image has 1 to {most:,} {what}; this has {first['input']:,}"
        )
    return ArchitectureError(describe_fault(error, "an architecture"))


def _explain_layer(index: int, layer: Any, first: Any) -> ArchitectureError:
    if not isinstance(layer, dict):
        return ArchitectureError(
            f"layer {index}: a layer is an object with a kind; this is a {_json_type(layer)}", index
        )
    kind = layer.get("kind")
    if first["type"] in ("union_tag_invalid", "union_tag_not_found") or not isinstance(kind, str):
        what = f"unknown kind {shown(kind)}" if "kind" in layer else "kind is missing"
        return ArchitectureError(
            f"layer {index}: {what}; the kinds are {', '.join(LAYER_MODELS)}", index
        )
    where = f"layer {index} ({kind})"
    if len(first["loc"]) < 4:
        return ArchitectureError(f"{where}: a field name contains an unpaired surrogate", index)
    field = first["loc"][3]
    if first["type"] == "extra_forbidden":
        valid = (
            ", ".join(name for name in LAYER_MODELS[kind].model_fields if name != "kind")
            or "no arguments"
        )
        return ArchitectureError(
            f"{where}: unknown field {shown(field)}; {kind} takes {valid}", index
        )
    expected = describe_values(LAYER_MODELS[kind], field)
    if first["type"] == "missing":
        return ArchitectureError(f"{where}: {field} is missing; it must be {expected}", index)
    return ArchitectureError(
        f"{where}: {field} must be {expected}; this has {shown(layer.get(field))}", index
    )


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
