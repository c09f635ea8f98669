"""What a network is: layers and architectures as data.

Every layer is a small frozen model named after its torch.nn class; its fields are that class's
arguments under torch's names, with torch's defaults. What follows from the layers before
(in_channels, num_features, in_features, normalized_shape) is inferred when the network is built, so
it has no field here.

Everything that enters the program (a preset, a file, a link, the browser's draft) becomes an
Architecture in architecture_json.py.
"""

import typing
from collections.abc import Iterator
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
)

from explorer.refusal import Refusal
from explorer.schema import field_values
from explorer.text import printable

MAX_LAYERS = 1000  # those inside branches counted, and each block's merge
MAX_BRANCHES = 8  # of one block
MAX_DEPTH = 6  # of blocks inside each other
MAX_MARGIN = 1024
MAX_CHANNELS = 65536
MAX_NAME = 120
UNTITLED = "untitled"  # the name of a network without one
MAX_IMAGE_CHANNELS = 4096  # a stack may begin inside another network, on its feature maps
MAX_IMAGE_SIDE = 2048  # a receptive field is a matrix of units × pixels, for each axis

# Of one image, without the batch: (C, H, W) for a map, (F,) for a flat vector.
Shape = tuple[int, ...]
# The address of a layer: (5,) is layer 5 of the stack, (5, 1, 0) the first layer of branch 1 of the
# block that stands there. A block's own address is also that of its merge.
Path = tuple[int, ...]
# What two networks share that differ in their names alone.
NetworkKey = tuple[Shape, "Nodes"]


class ArchitectureError(Refusal, ValueError):
    """Data that is not an architecture.

    `path` is the offending layer's, or None where it is none's.
    """

    def __init__(self, message: str, path: Path | None = None):
        super().__init__(message)
        self.message, self.path = message, path


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
Coefficient = Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]
Constant = Annotated[float, Field(strict=True, ge=-1e6, le=1e6, allow_inf_nan=False)]
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
    # until it is found to be true or the layer is fixed. It is no argument here: it follows from
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


class ConvTranspose2d(_TorchLayer):
    kind: Literal["ConvTranspose2d"] = "ConvTranspose2d"
    out_channels: Channels = _required(8, "number of maps that come out")
    kernel_size: SizePair = _required(2, "rows and columns that each input value is spread over")
    stride: SizePair = Field(1, description="pixels between the places of neighbouring inputs")
    padding: MarginPair = Field(0, description="border cut off on every side")
    output_padding: MarginPair = Field(0, description="rows and columns added at the end")
    groups: Channels = Field(1, description="independent groups of channels")
    bias: StrictBool = Field(True, description="one learned number added to each map")
    dilation: SizePair = Field(1, description="pixels between neighbouring taps of the window")
    padding_mode: Literal["zeros"] = Field("zeros", description="torch has no other here")


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


class ConstantPad2d(_TorchLayer):
    kind: Literal["ConstantPad2d"] = "ConstantPad2d"
    padding: MarginQuad = _required(
        1, "pixels added: left, right, top, bottom, or one number for all"
    )
    value: Constant = Field(
        description="what each added pixel holds", json_schema_extra={"initial": 0.0, "step": 0.1}
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


class InstanceNorm2d(_TorchLayer):
    kind: Literal["InstanceNorm2d"] = "InstanceNorm2d"
    eps: Epsilon = Field(1e-5, description="added to the variance")
    momentum: Momentum = _in_steps(0.1, 0.05, "weight of the newest batch in the running mean")
    affine: StrictBool = Field(False, description="learn a scale and a shift for each map")
    track_running_stats: StrictBool = Field(
        False, description="keep running statistics for evaluation"
    )
    bias: StrictBool = Field(True, description="with affine: learn the shift")


class LocalResponseNorm(_TorchLayer):
    kind: Literal["LocalResponseNorm"] = "LocalResponseNorm"
    size: Channels = _required(5, "neighbouring channels that each value is divided by")
    alpha: Coefficient = _in_steps(1e-4, 1e-4, "weight of the neighbours' mean square")
    beta: Coefficient = _in_steps(0.75, 0.05, "exponent")
    k: Coefficient = _in_steps(1.0, 0.5, "added to the neighbours' mean square")


class ReLU(_TorchLayer):
    kind: Literal["ReLU"] = "ReLU"


class LeakyReLU(_TorchLayer):
    kind: Literal["LeakyReLU"] = "LeakyReLU"
    negative_slope: Slope = _in_steps(0.01, 0.01, "slope below zero")


class PReLU(_TorchLayer):
    kind: Literal["PReLU"] = "PReLU"
    num_parameters: Channels = Field(1, description="slopes below zero: 1, or one for each channel")
    init: Slope = _in_steps(0.25, 0.05, "what the slopes are before training")


class ReLU6(_TorchLayer):
    kind: Literal["ReLU6"] = "ReLU6"


class ELU(_TorchLayer):
    kind: Literal["ELU"] = "ELU"
    alpha: Slope = _in_steps(1.0, 0.1, "far below zero the values approach minus this")


class GELU(_TorchLayer):
    kind: Literal["GELU"] = "GELU"
    approximate: Literal["none", "tanh"] = Field("none", description="exact, or by tanh")


class SiLU(_TorchLayer):
    kind: Literal["SiLU"] = "SiLU"


class Hardswish(_TorchLayer):
    kind: Literal["Hardswish"] = "Hardswish"


class Mish(_TorchLayer):
    kind: Literal["Mish"] = "Mish"


class Tanh(_TorchLayer):
    kind: Literal["Tanh"] = "Tanh"


class Sigmoid(_TorchLayer):
    kind: Literal["Sigmoid"] = "Sigmoid"


class Hardsigmoid(_TorchLayer):
    kind: Literal["Hardsigmoid"] = "Hardsigmoid"


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


class ChannelShuffle(_TorchLayer):
    kind: Literal["ChannelShuffle"] = "ChannelShuffle"
    groups: Channels = _required(2, "groups of channels that are dealt out like cards")


class Identity(_TorchLayer):
    kind: Literal["Identity"] = "Identity"


Layer = (
    Conv2d
    | ConvTranspose2d
    | MaxPool2d
    | AvgPool2d
    | AdaptiveAvgPool2d
    | AdaptiveMaxPool2d
    | ZeroPad2d
    | ConstantPad2d
    | ReflectionPad2d
    | Upsample
    | BatchNorm2d
    | BatchNorm1d
    | GroupNorm
    | LayerNorm
    | InstanceNorm2d
    | LocalResponseNorm
    | ReLU
    | LeakyReLU
    | PReLU
    | ReLU6
    | ELU
    | GELU
    | SiLU
    | Hardswish
    | Mish
    | Tanh
    | Sigmoid
    | Hardsigmoid
    | Softmax
    | LogSoftmax
    | Dropout
    | Dropout2d
    | Flatten
    | Linear
    | ChannelShuffle
    | Identity
)
LAYER_MODELS: dict[str, type[Layer]] = {model.__name__: model for model in typing.get_args(Layer)}


# --- branches -------------------------------------------------------------------------------------

Merge = Literal["add", "concat", "multiply"]


def _cleaned_name(name: object) -> object:
    return printable(name) if isinstance(name, str) else name


class Branches(_Frozen):
    """A block: several branches that all take what comes in, and whose outputs are merged.

    An empty branch passes on what comes in, so that "add" of a branch and an empty one is a
    residual block, "concat" of four branches an Inception block, and "multiply" of an empty one and
    one that ends in a value for each channel squeeze-and-excitation.
    """

    kind: Literal["Branches"] = "Branches"
    merge: Merge = Field(description="how the branches' outputs become one")
    branches: Annotated[
        tuple[tuple[Annotated["Node", Field(discriminator="kind")], ...], ...],
        Field(min_length=2, max_length=MAX_BRANCHES),
    ]
    # By which a block is recognised, such as "layer2.0"; it makes no difference to the network.
    name: Annotated[str, Field(max_length=MAX_NAME), BeforeValidator(_cleaned_name)] = ""


Node = Layer | Branches
Nodes = tuple[Node, ...]  # of which each takes what the one before it gives
Branches.model_rebuild()


def walk(nodes: Nodes, above: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every layer and every block with its path, in the order in which they run: a block, which is
    its merge, comes after all that is in its branches.
    """
    for place, node in enumerate(nodes):
        path = (*above, place)
        if isinstance(node, Branches):
            for number, branch in enumerate(node.branches):
                yield from walk(branch, (*path, number))
        yield path, node


def walk_layers(nodes: Nodes) -> Iterator[tuple[Path, Layer]]:
    """Like `walk`, without the merges."""
    return ((path, node) for path, node in walk(nodes) if not isinstance(node, Branches))


def count_layers(nodes: Nodes) -> int:
    """How many layers there are, those inside blocks included."""
    return sum(1 for _ in walk_layers(nodes))


def path_text(path: Path) -> str:
    """(5, 1, 0) -> "5.1.0"."""
    return ".".join(map(str, path))


def new_layer(kind: str) -> Layer:
    """A layer as the palette adds it: torch's defaults, and `initial` where torch has none."""
    model = LAYER_MODELS[kind]
    extras = {name: values.extra for name, values in field_values(model).items()}
    return model(**{name: extra["initial"] for name, extra in extras.items() if "initial" in extra})


def arguments(node: Node) -> dict[str, Any]:
    """The layer's arguments by torch's names, without its kind; of a block its merge alone."""
    names = ("merge",) if isinstance(node, Branches) else type(node).model_fields
    return {name: getattr(node, name) for name in names if name != "kind"}


# --- the architecture -----------------------------------------------------------------------------

ImageChannels = Annotated[StrictInt, Field(ge=1, le=MAX_IMAGE_CHANNELS)]
ImageSide = Annotated[StrictInt, Field(ge=1, le=MAX_IMAGE_SIDE)]


def _cleaned(name: object) -> object:
    return (printable(name) or UNTITLED) if isinstance(name, str) and name else name


def _bounded(nodes: Nodes) -> Nodes:
    found = list(walk(nodes))
    if len(found) > MAX_LAYERS:
        raise ValueError(f"at most {MAX_LAYERS:,} layers; this has {len(found):,}")
    if any(len(path) // 2 + isinstance(node, Branches) > MAX_DEPTH for path, node in found):
        raise ValueError(f"blocks stand in each other at most {MAX_DEPTH} deep")
    return nodes


class Architecture(_Frozen):
    """A stack of layers and blocks, and the shape (C, H, W) of the images that it takes.

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
        tuple[Annotated[Node, Field(discriminator="kind")], ...],
        Field(max_length=MAX_LAYERS),
        AfterValidator(_bounded),
    ] = ()

    @property
    def key(self) -> NetworkKey:
        """Equal for two architectures that are the same network, whatever their names are and those
        of their blocks.
        """
        return self.input_shape, without_names(self.layers)


def without_names(nodes: Nodes) -> Nodes:
    """The same nodes, whose blocks have no names."""
    if not any(isinstance(node, Branches) for node in nodes):
        return nodes
    return tuple(
        Branches(merge=node.merge, branches=tuple(map(without_names, node.branches)))
        if isinstance(node, Branches)
        else node
        for node in nodes
    )
