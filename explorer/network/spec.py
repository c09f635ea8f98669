"""What a network is: layers and architectures as data, and their JSON form.

Every layer is a small frozen model named after its torch.nn class; its fields are that class's
arguments under torch's names, with torch's defaults. What follows from the layers before
(in_channels, num_features, in_features, normalized_shape) is inferred when the network is built, so
it has no field here.

Everything that enters the program (a preset, a file, a link, the browser's draft) becomes an
Architecture through `parse_architecture`, and nothing else.
"""

import json
import typing
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StrictBool,
    StrictInt,
    ValidationError,
)

from explorer.json_reading import check_depth, decode_json, shown
from explorer.network.foreign_json import name_foreign_json
from explorer.refusal import Refusal
from explorer.schema import describe_values, field_values
from explorer.text import printable
from explorer.validation import describe_fault

MAX_LAYERS = 200
MAX_JSON_BYTES = 200_000
MAX_MARGIN = 1024
MAX_CHANNELS = 65536
MAX_NAME = 120
UNTITLED = "untitled"  # the name of a network without one
MAX_IMAGE_CHANNELS = 4096  # a stack may begin inside another network, on its feature maps
MAX_IMAGE_SIDE = 2048  # a receptive field is a matrix of units × pixels, for each axis

# Of one image, without the batch: (C, H, W) for a map, (F,) for a flat vector.
Shape = tuple[int, ...]
# What two networks share that differ in their names alone.
NetworkKey = tuple[Shape, tuple["Layer", ...]]


class ArchitectureError(Refusal, ValueError):
    """Data that is not an architecture.

    `index` is the offending layer's, or None where it is none's.
    """

    def __init__(self, message: str, index: int | None = None):
        super().__init__(message)
        self.message, self.index = message, index


# --- the values that arguments take ---------------------------------------------------------------


def _plainest(value: Any) -> Any:
    """(3, 3) -> 3, so that equal layers compare equal."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _whole(value: Any) -> Any:
    """2.0 -> 2, as torch prints scale factors."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Size = Annotated[StrictInt, Field(ge=1, le=4096)]
Margin = Annotated[StrictInt, Field(ge=0, le=MAX_MARGIN)]
Channels = Annotated[StrictInt, Field(ge=1, le=MAX_CHANNELS)]
Probability = Annotated[float, Field(strict=True, ge=0, le=1)]
Epsilon = Annotated[float, Field(strict=True, gt=0, le=1)]
Momentum = Annotated[float, Field(strict=True, ge=0, le=1)]
Slope = Annotated[float, Field(strict=True, ge=-10, le=10, allow_inf_nan=False)]
SizePair = Annotated[Size | tuple[Size, Size], AfterValidator(_plainest)]
MarginPair = Annotated[Margin | tuple[Margin, Margin], AfterValidator(_plainest)]
MarginQuad = Annotated[Margin | tuple[Margin, Margin, Margin, Margin], AfterValidator(_plainest)]
# Beyond 32, torch's float32 arithmetic puts some pixels of "nearest" one too far to the left.
Factor = Annotated[StrictInt, Field(ge=1, le=32), BeforeValidator(_whole)]
FactorPair = Annotated[Factor | tuple[Factor, Factor], AfterValidator(_plainest)]


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """An argument given as one number or two, as (rows, columns)."""
    return value if isinstance(value, tuple) else (value, value)


# --- the layers -----------------------------------------------------------------------------------


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _TorchLayer(_Frozen):
    # What a file says of the layer's input under torch's own name, such as ("in_channels", 3),
    # until it is found to be true or the layer is mended. It is no argument here: it follows from
    # the layers before.
    _stated: tuple[str, int | Shape] | None = PrivateAttr(None)


def stated(layer: "Layer") -> tuple[str, int | Shape] | None:
    """What the layer's file says of its input, by torch's name, where it says anything."""
    return layer._stated


def without_statement(layer: "Layer") -> "Layer":
    """The layer as it is when its file says nothing of its input."""
    return type(layer)(**arguments(layer))


def _in_steps(default: float, step: float, description: str, empty: str = "") -> Any:
    """A field that is no whole number; the arrow keys change it by `step`.

    `empty` is what it means to leave it empty.
    """
    return Field(default, description=description, json_schema_extra={"step": step, "empty": empty})


def _may_be_empty(means: str, description: str) -> Any:
    """A field that may be left empty, and what that means: another argument's value, or a word."""
    return Field(None, description=description, json_schema_extra={"empty": means})


def _required(initial: int, description: str) -> Any:
    """A field without a default in torch, so that a file must give it.

    A new layer in the editor starts at `initial`.
    """
    return Field(description=description, json_schema_extra={"initial": initial})


class Conv2d(_TorchLayer):
    kind: Literal["Conv2d"] = "Conv2d"
    out_channels: Channels = _required(8, "number of kernels, so of maps that come out")
    kernel_size: SizePair = _required(3, "rows and columns of the window")
    stride: SizePair = Field(1, description="pixels between neighbouring windows")
    padding: MarginPair | Literal["same", "valid"] = Field(
        0, description="border added on every side"
    )
    dilation: SizePair = Field(1, description="pixels between neighbouring taps of the window")
    groups: Channels = Field(
        1, description="independent groups of channels; groups = channels is depthwise"
    )
    bias: StrictBool = Field(True, description="one learned number added to each map")
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = Field(
        "zeros", description="what the border is filled with"
    )


class MaxPool2d(_TorchLayer):
    kind: Literal["MaxPool2d"] = "MaxPool2d"
    kernel_size: SizePair = _required(2, "rows and columns of the window")
    stride: SizePair | None = _may_be_empty(
        "kernel_size", "pixels between windows; empty: as the kernel"
    )
    padding: MarginPair = Field(
        0, description="border added on every side, at most half the kernel"
    )
    dilation: SizePair = Field(1, description="pixels between neighbouring taps of the window")
    ceil_mode: StrictBool = Field(False, description="keep a last window that does not fit whole")


class AvgPool2d(_TorchLayer):
    kind: Literal["AvgPool2d"] = "AvgPool2d"
    kernel_size: SizePair = _required(2, "rows and columns of the window")
    stride: SizePair | None = _may_be_empty(
        "kernel_size", "pixels between windows; empty: as the kernel"
    )
    padding: MarginPair = Field(
        0, description="border added on every side, at most half the kernel"
    )
    ceil_mode: StrictBool = Field(False, description="keep a last window that does not fit whole")
    count_include_pad: StrictBool = Field(True, description="count the border's zeros in the mean")
    divisor_override: Size | None = _may_be_empty(
        "none", "divide by this instead of the window's size"
    )


class AdaptiveAvgPool2d(_TorchLayer):
    kind: Literal["AdaptiveAvgPool2d"] = "AdaptiveAvgPool2d"
    output_size: SizePair = _required(1, "rows and columns that come out, whatever goes in")


class AdaptiveMaxPool2d(_TorchLayer):
    kind: Literal["AdaptiveMaxPool2d"] = "AdaptiveMaxPool2d"
    output_size: SizePair = _required(1, "rows and columns that come out, whatever goes in")


class ZeroPad2d(_TorchLayer):
    kind: Literal["ZeroPad2d"] = "ZeroPad2d"
    padding: MarginQuad = _required(
        1, "zeros added: left, right, top, bottom, or one number for all"
    )


class ReflectionPad2d(_TorchLayer):
    kind: Literal["ReflectionPad2d"] = "ReflectionPad2d"
    padding: MarginQuad = _required(
        1, "pixels mirrored: left, right, top, bottom, or one number for all"
    )


class Upsample(_TorchLayer):
    kind: Literal["Upsample"] = "Upsample"
    scale_factor: FactorPair = _required(2, "how many times as many rows and columns come out")
    mode: Literal["nearest", "bilinear"] = Field(
        "nearest", description="repeat each value, or interpolate linearly"
    )
    align_corners: Annotated[StrictBool | None, AfterValidator(lambda value: value or None)] = (
        Field(None, description="with bilinear: corner values stay in the corners")
    )


class BatchNorm2d(_TorchLayer):
    kind: Literal["BatchNorm2d"] = "BatchNorm2d"
    eps: Epsilon = Field(1e-5, description="added to the variance")
    momentum: Momentum | None = _in_steps(
        0.1, 0.05, "weight of the newest batch in the running mean; empty: plain mean", empty="mean"
    )
    affine: StrictBool = Field(True, description="learn a scale and a shift for each map")
    bias: StrictBool = Field(True, description="with affine: learn the shift")
    track_running_stats: StrictBool = Field(
        True, description="keep running statistics for evaluation"
    )


class BatchNorm1d(_TorchLayer):
    kind: Literal["BatchNorm1d"] = "BatchNorm1d"
    eps: Epsilon = Field(1e-5, description="added to the variance")
    momentum: Momentum | None = _in_steps(
        0.1, 0.05, "weight of the newest batch in the running mean; empty: plain mean", empty="mean"
    )
    affine: StrictBool = Field(True, description="learn a scale and a shift for each feature")
    bias: StrictBool = Field(True, description="with affine: learn the shift")
    track_running_stats: StrictBool = Field(
        True, description="keep running statistics for evaluation"
    )


class GroupNorm(_TorchLayer):
    kind: Literal["GroupNorm"] = "GroupNorm"
    num_groups: Channels = _required(
        1, "groups of channels normalised together; must divide the channels"
    )
    eps: Epsilon = Field(1e-5, description="added to the variance")
    affine: StrictBool = Field(True, description="learn a scale and a shift for each channel")
    bias: StrictBool = Field(True, description="with affine: learn the shift")


class LayerNorm(_TorchLayer):
    kind: Literal["LayerNorm"] = "LayerNorm"
    eps: Epsilon = Field(1e-5, description="added to the variance")
    elementwise_affine: StrictBool = Field(True, description="learn a scale for each value")
    bias: StrictBool = Field(True, description="learn a shift for each value")


class ReLU(_TorchLayer):
    kind: Literal["ReLU"] = "ReLU"


class LeakyReLU(_TorchLayer):
    kind: Literal["LeakyReLU"] = "LeakyReLU"
    negative_slope: Slope = _in_steps(0.01, 0.01, "slope below zero")


class GELU(_TorchLayer):
    kind: Literal["GELU"] = "GELU"
    approximate: Literal["none", "tanh"] = Field("none", description="exact, or by tanh")


class SiLU(_TorchLayer):
    kind: Literal["SiLU"] = "SiLU"


class Tanh(_TorchLayer):
    kind: Literal["Tanh"] = "Tanh"


class Sigmoid(_TorchLayer):
    kind: Literal["Sigmoid"] = "Sigmoid"


class Softmax(_TorchLayer):
    kind: Literal["Softmax"] = "Softmax"
    dim: Literal[1, 2, 3, -1, -2, -3] = Field(
        1, description="dimension that sums to one; 1 is the channels or features"
    )


class LogSoftmax(_TorchLayer):
    kind: Literal["LogSoftmax"] = "LogSoftmax"
    dim: Literal[1, 2, 3, -1, -2, -3] = Field(
        1, description="dimension that sums to one; 1 is the channels or features"
    )


class Dropout(_TorchLayer):
    kind: Literal["Dropout"] = "Dropout"
    p: Probability = _in_steps(0.5, 0.05, "share of values zeroed while training")


class Dropout2d(_TorchLayer):
    kind: Literal["Dropout2d"] = "Dropout2d"
    p: Probability = _in_steps(0.5, 0.05, "share of whole maps zeroed while training")


class Flatten(_TorchLayer):
    kind: Literal["Flatten"] = "Flatten"
    start_dim: Literal[1] = Field(1, description="first dimension to flatten")
    end_dim: Literal[-1] = Field(-1, description="last dimension to flatten")


class Linear(_TorchLayer):
    kind: Literal["Linear"] = "Linear"
    out_features: Channels = _required(10, "number of values that come out")
    bias: StrictBool = Field(True, description="one learned number added to each value")


Layer = (
    Conv2d
    | MaxPool2d
    | AvgPool2d
    | AdaptiveAvgPool2d
    | AdaptiveMaxPool2d
    | ZeroPad2d
    | ReflectionPad2d
    | Upsample
    | BatchNorm2d
    | BatchNorm1d
    | GroupNorm
    | LayerNorm
    | ReLU
    | LeakyReLU
    | GELU
    | SiLU
    | Tanh
    | Sigmoid
    | Softmax
    | LogSoftmax
    | Dropout
    | Dropout2d
    | Flatten
    | Linear
)
LAYER_MODELS: dict[str, type[Layer]] = {model.__name__: model for model in typing.get_args(Layer)}


def new_layer(kind: str) -> Layer:
    """A layer as the palette adds it: torch's defaults, and `initial` where torch has none."""
    model = LAYER_MODELS[kind]
    extras = {name: values.extra for name, values in field_values(model).items()}
    return model(**{name: extra["initial"] for name, extra in extras.items() if "initial" in extra})


def arguments(layer: Layer) -> dict[str, Any]:
    """The layer's arguments by torch's names, without its kind."""
    return {name: getattr(layer, name) for name in type(layer).model_fields if name != "kind"}


# --- the architecture -----------------------------------------------------------------------------

ImageChannels = Annotated[StrictInt, Field(ge=1, le=MAX_IMAGE_CHANNELS)]
ImageSide = Annotated[StrictInt, Field(ge=1, le=MAX_IMAGE_SIDE)]


def _cleaned(name: object) -> object:
    return (printable(name) or UNTITLED) if isinstance(name, str) and name else name


class Architecture(_Frozen):
    """A stack of layers and the shape (C, H, W) of the images that it takes.

    A name is cleaned wherever it comes in, never refused for what it is made of: characters that
    cannot be seen are dropped, see `explorer.text.printable`. So old runs that hold some stay
    readable.
    """

    schema_version: Literal[1] = 1
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME), BeforeValidator(_cleaned)] = (
        UNTITLED
    )
    input_shape: tuple[ImageChannels, ImageSide, ImageSide] = (1, 28, 28)
    layers: Annotated[
        tuple[Annotated[Layer, Field(discriminator="kind")], ...], Field(max_length=MAX_LAYERS)
    ] = ()

    @property
    def key(self) -> NetworkKey:
        """Equal for two architectures that are the same network, whatever their names are."""
        return self.input_shape, self.layers


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
    # It knows the kinds, which are made of this module.
    from explorer.network.layers import without_true_statements

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
