"""LAYERS: one row a kind. A new kind of layer is one data class in spec.py and one row here.

A row holds all that is special about a kind. What the fields say is carried out elsewhere, by code
that asks the row and names no kind: checks and shapes in fitting.py, which inputs an output touches
in axes.py, the first weights in training/initialisation.py, the nodes in exports/onnx.py. A field
without a default has no answer that suits most kinds, so that a new row cannot forget it, and
tests/network/test_layers.py holds every row against torch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from explorer.network import axes, fitting, mult_adds, parameter_arithmetic, spec
from explorer.network.axes import Axes
from explorer.network.fitting import ShapeMismatch, maps_text
from explorer.network.mult_adds import CountMultAdds
from explorer.network.parameter_arithmetic import ParameterText
from explorer.network.spec import Branches, Layer, Node, Shape
from explorer.text import counted, size_text


class FirstWeights(Enum):
    """How a kind's parameters begin.

    Each is drawn from the run's own generator, or drawn not at all.
    """

    NONE = "the kind has no parameters"
    KAIMING_UNIFORM = "torch's own for Conv2d and Linear: uniform, narrower the more values come in"
    ONES_AND_ZEROS = "scales of one, shifts of zero, as normalisation begins; nothing is drawn"
    INIT = "the layer's argument `init`; nothing is drawn"


@dataclass(frozen=True)
class OnnxNode:
    """ONNX has this kind as one node, whose attributes follow from the layer's arguments."""

    op: str
    attributes: Callable[[Any], dict[str, Any]] = lambda layer: {}


class Onnx(Enum):
    """ONNX forms that are more than one node of fixed inputs.

    The table is imported where onnx is not installed, and nothing here may know what a graph is: so
    the row says that the nodes are written out, and exports/onnx.py has the function that writes
    them, by kind. A test holds the two against each other.
    """

    WRITTEN_OUT = "exports/onnx.py has a function for this kind"


Takes = Literal["map", "vector", "either"]


@dataclass(frozen=True)
class LayerKind:
    """What is special about one kind of layer."""

    group: str  # the palette's heading
    summary: str  # one line for the palette
    takes: Takes
    axes: Callable[[Any], Axes]
    first_weights: FirstWeights
    onnx: OnnxNode | Onnx
    # Arguments that follow from the input.
    inferred: Callable[[Shape], dict[str, Any]] = lambda shape: {}
    check: Callable[[Any, Shape], ShapeMismatch | None] = fitting.always_fits
    mult_adds: CountMultAdds = mult_adds.none  # by MULT_ADDS_RULE
    # How their number comes about; None without parameters.
    parameter_text: ParameterText | None = None
    # The torch.nn class for vectors, where the kind's own should not be used.
    on_vector: str | None = None
    # Arguments on the editor's row; None: those without a default.
    on_row: tuple[str, ...] | None = None
    # In exported code, where courses say something else than the kind's name.
    attribute: str | None = None
    # In exported code, one module serves all places with the same arguments.
    is_shared: bool = False
    is_dropout: bool = False  # drops values while training, by `p`, and learns nothing
    kept_values: int = 1  # that training keeps for the backward pass, for each value that comes out
    # For its backward pass; a ReLU may write over the output where it does not.
    keeps_output: bool = True


def _from_channels(name: str) -> Callable[[Shape], dict[str, Any]]:
    return lambda shape: {name: shape[0]}


_NO_WEIGHTS, _ONES_AND_ZEROS = FirstWeights.NONE, FirstWeights.ONES_AND_ZEROS

LAYERS: dict[str, LayerKind] = {
    "Conv2d": LayerKind(
        group="Convolution",
        summary="a small learned filter slides over the map",
        takes="map",
        axes=axes.windows,
        first_weights=FirstWeights.KAIMING_UNIFORM,
        onnx=Onnx.WRITTEN_OUT,
        inferred=_from_channels("in_channels"),
        check=fitting.check_convolution,
        mult_adds=mult_adds.convolution,
        parameter_text=parameter_arithmetic.convolution,
        on_row=("out_channels", "kernel_size", "stride", "padding"),
        keeps_output=False,
    ),
    "ConvTranspose2d": LayerKind(
        group="Convolution",
        summary="a convolution the other way round: spreads each value over a larger map",
        takes="map",
        axes=axes.transposed,
        first_weights=FirstWeights.KAIMING_UNIFORM,
        onnx=Onnx.WRITTEN_OUT,
        inferred=_from_channels("in_channels"),
        check=fitting.check_transposed,
        mult_adds=mult_adds.transposed_convolution,
        parameter_text=parameter_arithmetic.transposed_convolution,
        on_row=("out_channels", "kernel_size", "stride", "padding"),
        attribute="up",
        keeps_output=False,
    ),
    "MaxPool2d": LayerKind(
        group="Pooling",
        summary="largest value of each window",
        takes="map",
        axes=axes.windows,
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
        check=fitting.check_pooling,
        on_row=("kernel_size", "stride"),
        attribute="pool",
        kept_values=3,  # with the place of each highest value, in 8 bytes
    ),
    "AvgPool2d": LayerKind(
        group="Pooling",
        summary="mean of each window",
        takes="map",
        axes=axes.windows,
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
        check=fitting.check_pooling,
        mult_adds=mult_adds.average_pooling,
        on_row=("kernel_size", "stride"),
        attribute="pool",
        keeps_output=False,
    ),
    "AdaptiveAvgPool2d": LayerKind(
        group="Pooling",
        summary="average pooling to a given output size; size 1 is global average pooling",
        takes="map",
        axes=axes.adaptive,
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
        mult_adds=mult_adds.adaptive_average_pooling,
    ),
    "AdaptiveMaxPool2d": LayerKind(
        group="Pooling",
        summary="max pooling to a given output size",
        takes="map",
        axes=axes.adaptive,
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
        kept_values=3,
    ),
    "BatchNorm2d": LayerKind(
        group="Normalisation",
        summary="normalises each channel over the batch, then scales and shifts",
        takes="map",
        axes=axes.own_statistics,
        first_weights=_ONES_AND_ZEROS,
        onnx=Onnx.WRITTEN_OUT,
        inferred=_from_channels("num_features"),
        check=fitting.check_statistics,
        mult_adds=mult_adds.one_per_value,
        parameter_text=parameter_arithmetic.scale_and_shift,
        attribute="bn",
        keeps_output=False,
    ),
    "BatchNorm1d": LayerKind(
        group="Normalisation",
        summary="normalises each feature over the batch, then scales and shifts",
        takes="vector",
        axes=axes.elementwise,
        first_weights=_ONES_AND_ZEROS,
        onnx=Onnx.WRITTEN_OUT,
        inferred=_from_channels("num_features"),
        check=fitting.check_statistics,
        mult_adds=mult_adds.one_per_value,
        parameter_text=parameter_arithmetic.scale_and_shift,
        attribute="bn",
        keeps_output=False,
    ),
    "GroupNorm": LayerKind(
        group="Normalisation",
        summary="normalises groups of channels of one image",
        takes="either",
        axes=axes.shared_statistics,
        first_weights=_ONES_AND_ZEROS,
        onnx=Onnx.WRITTEN_OUT,
        inferred=_from_channels("num_channels"),
        check=fitting.check_groups,
        mult_adds=mult_adds.one_per_value,
        parameter_text=parameter_arithmetic.scale_and_shift,
    ),
    "LayerNorm": LayerKind(
        group="Normalisation",
        summary="normalises all values of one image",
        takes="either",
        axes=axes.shared_statistics,
        first_weights=_ONES_AND_ZEROS,
        onnx=Onnx.WRITTEN_OUT,
        inferred=lambda shape: {"normalized_shape": shape},
        mult_adds=mult_adds.one_per_value,
        parameter_text=parameter_arithmetic.scale_and_shift,
    ),
    "InstanceNorm2d": LayerKind(
        group="Normalisation",
        summary="normalises each map of one image by itself",
        takes="map",
        axes=axes.own_statistics,
        first_weights=_ONES_AND_ZEROS,
        onnx=Onnx.WRITTEN_OUT,
        inferred=_from_channels("num_features"),
        check=fitting.check_single_values,
        mult_adds=mult_adds.one_per_value,
        parameter_text=parameter_arithmetic.scale_and_shift,
        attribute="norm",
        on_row=("affine",),
    ),
    "LocalResponseNorm": LayerKind(
        group="Normalisation",
        summary="divides each value by those of the neighbouring channels",
        takes="map",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
        mult_adds=mult_adds.one_per_value,
        attribute="lrn",
        is_shared=True,
        kept_values=2,  # with what each value is divided by
    ),
    "ReLU": LayerKind(
        group="Activation",
        summary="sets negative values to 0",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Relu"),
        is_shared=True,
    ),
    "LeakyReLU": LayerKind(
        group="Activation",
        summary="scales negative values down",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("LeakyRelu", lambda layer: {"alpha": layer.negative_slope}),
        on_row=("negative_slope",),
        is_shared=True,
    ),
    "PReLU": LayerKind(
        group="Activation",
        summary="scales negative values by what it learns",
        takes="either",
        axes=axes.elementwise,
        first_weights=FirstWeights.INIT,
        onnx=Onnx.WRITTEN_OUT,
        check=fitting.check_slopes,
        mult_adds=mult_adds.one_per_value,
        parameter_text=parameter_arithmetic.slopes,
        on_row=("num_parameters",),
    ),
    "ReLU6": LayerKind(
        group="Activation",
        summary="sets negative values to 0, and those above 6 to 6",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
        is_shared=True,
    ),
    "ELU": LayerKind(
        group="Activation",
        summary="bends negative values towards −alpha",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Elu", lambda layer: {"alpha": layer.alpha}),
        on_row=("alpha",),
        is_shared=True,
    ),
    "GELU": LayerKind(
        group="Activation",
        summary="smooth ReLU, by the normal distribution",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Gelu", lambda layer: {"approximate": layer.approximate}),
        is_shared=True,
    ),
    "SiLU": LayerKind(
        group="Activation",
        summary="smooth ReLU, x·sigmoid(x)",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
        is_shared=True,
    ),
    "Hardswish": LayerKind(
        group="Activation",
        summary="SiLU of straight lines and a parabola",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("HardSwish"),
        is_shared=True,
    ),
    "Mish": LayerKind(
        group="Activation",
        summary="smooth ReLU, x·tanh(softplus(x))",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Mish"),
        is_shared=True,
    ),
    "Tanh": LayerKind(
        group="Activation",
        summary="squashes values to (−1, 1)",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Tanh"),
        is_shared=True,
    ),
    "Sigmoid": LayerKind(
        group="Activation",
        summary="squashes values to (0, 1)",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Sigmoid"),
        is_shared=True,
    ),
    "Hardsigmoid": LayerKind(
        group="Activation",
        summary="Sigmoid of straight lines",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("HardSigmoid", lambda layer: {"alpha": 1 / 6, "beta": 0.5}),
        is_shared=True,
    ),
    "Dropout": LayerKind(
        group="Regularisation",
        summary="randomly sets values to 0 during training",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Identity"),  # in evaluation mode
        on_row=("p",),
        is_dropout=True,
        kept_values=2,  # with the mask
    ),
    "Dropout2d": LayerKind(
        group="Regularisation",
        summary="randomly sets whole maps to 0 during training",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Identity"),
        on_vector="Dropout",
        on_row=("p",),
        is_dropout=True,
    ),
    "Flatten": LayerKind(
        group="Head and shape",
        summary="turns maps into one vector",
        takes="either",
        axes=axes.all_inputs,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Flatten"),
        is_shared=True,
    ),
    "Linear": LayerKind(
        group="Head and shape",
        summary="every output sees every input",
        takes="vector",
        axes=axes.all_inputs,
        first_weights=FirstWeights.KAIMING_UNIFORM,
        onnx=Onnx.WRITTEN_OUT,
        inferred=_from_channels("in_features"),
        mult_adds=mult_adds.linear,
        parameter_text=parameter_arithmetic.linear,
        attribute="fc",
        keeps_output=False,
    ),
    "Softmax": LayerKind(
        group="Head and shape",
        summary="turns scores into probabilities",
        takes="either",
        axes=axes.along_dim,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Softmax", lambda layer: {"axis": layer.dim}),
        check=fitting.check_dim,
        is_shared=True,
        kept_values=2,  # its logarithm, and the loss's
    ),
    "LogSoftmax": LayerKind(
        group="Head and shape",
        summary="turns scores into log-probabilities",
        takes="either",
        axes=axes.along_dim,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("LogSoftmax", lambda layer: {"axis": layer.dim}),
        check=fitting.check_dim,
        is_shared=True,
        kept_values=2,
    ),
    "ZeroPad2d": LayerKind(
        group="Head and shape",
        summary="adds a border of zeros",
        takes="map",
        axes=axes.border("zeros"),
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
    ),
    "ConstantPad2d": LayerKind(
        group="Head and shape",
        summary="adds a border of one value",
        takes="map",
        axes=axes.border("zeros"),
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
    ),
    "ReflectionPad2d": LayerKind(
        group="Head and shape",
        summary="adds a border that mirrors the map",
        takes="map",
        axes=axes.border("reflect"),
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
        check=fitting.check_mirrored_border,
    ),
    "Upsample": LayerKind(
        group="Head and shape",
        summary="enlarges the map, without parameters",
        takes="map",
        axes=axes.interpolated,
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
        check=fitting.check_corners,
        mult_adds=mult_adds.upsampling,
        on_row=("scale_factor", "mode"),
    ),
    "ChannelShuffle": LayerKind(
        group="Head and shape",
        summary="mixes groups of channels by reordering them",
        takes="map",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=Onnx.WRITTEN_OUT,
        check=fitting.check_shuffle,
        attribute="shuffle",
        is_shared=True,
    ),
    "Identity": LayerKind(
        group="Head and shape",
        summary="passes on what comes in",
        takes="either",
        axes=axes.elementwise,
        first_weights=_NO_WEIGHTS,
        onnx=OnnxNode("Identity"),
        is_shared=True,
    ),
}


# A block's merge: what comes of its branches, value by value.
MERGE = LayerKind(
    group="Merge",
    summary="several branches of one input, merged",
    takes="either",
    axes=axes.elementwise,
    first_weights=_NO_WEIGHTS,
    onnx=Onnx.WRITTEN_OUT,
    mult_adds=mult_adds.merging,
    keeps_output=False,
)


def kind_of(node: Node) -> LayerKind:
    """The row of a layer's kind, or that of merges."""
    return MERGE if isinstance(node, Branches) else LAYERS[node.kind]


def torch_name(layer: Layer, shape: Shape) -> str:
    """The torch.nn class for an input of `shape`: the kind, but for those that torch deprecates on
    vectors.
    """
    return (LAYERS[layer.kind].on_vector if len(shape) == 1 else None) or layer.kind


def find_mismatch(layer: Layer, shape: Shape) -> ShapeMismatch | None:
    """Why `layer` cannot take an input of `shape` (without the batch), or None where it can."""
    kind = LAYERS[layer.kind]
    if kind.takes == "vector" and len(shape) == 3:
        values = shape[0] * shape[1] * shape[2]
        return ShapeMismatch(
            f"{layer.kind} takes a vector; it gets {maps_text(shape)}",
            f"put Flatten before it, which gives {values:,} values",
            insert_before=(spec.Flatten(),),
            alternative=_same_as(layer, spec.BatchNorm1d, spec.BatchNorm2d),
        )
    if kind.takes == "map" and len(shape) == 1:
        return ShapeMismatch(
            f"{layer.kind} takes maps with rows and columns; it gets a vector of "
            f"{shape[0]:,} values",
            "move it above the Flatten",
            move_before_flatten=True,
            alternative=_same_as(layer, spec.BatchNorm2d, spec.BatchNorm1d),
        )
    return _untrue_statement(layer, shape) or kind.check(layer, shape)


def _same_as(layer: Layer, kind: type[Layer], other: type[Layer]) -> tuple[str, Layer] | None:
    """The other kind with the layer's arguments, where the layer is of this kind."""
    if not isinstance(layer, kind):
        return None
    return f"use {other.__name__}", other(**spec.arguments(layer))


def _untrue_statement(layer: Layer, shape: Shape) -> ShapeMismatch | None:
    """What is wrong where the layer's file says of its input what is not so: "expected 3
    channels".
    """
    statement = spec.stated(layer)
    if statement is None:
        return None
    name, said = statement
    found = LAYERS[layer.kind].inferred(shape)[name]
    found = found[0] if isinstance(found, tuple) and len(found) == 1 else found
    if said == found:
        return None
    texts = [
        size_text(value) if isinstance(value, tuple) else f"{value:,}" for value in (said, found)
    ]
    said_text = f"values of shape {texts[0]}"
    if name != "normalized_shape" and isinstance(said, int):
        said_text = counted(said, "channel" if len(shape) == 3 else "value")
    return ShapeMismatch(
        f"it is said to take {said_text} ({name}) and gets {texts[1]}",
        f"set {name} to {texts[1]}, which is what comes in",
        replace_with=spec.without_statement(layer),
    )
