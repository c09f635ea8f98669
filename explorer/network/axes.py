"""Which inputs an output of a layer touches, along one axis.

And the arithmetic of windows and borders.

Rows and columns are followed apart, so each kind of layer gives two of these axes. What a window's
padding and adaptive pooling come to in pixels is computed here alone; receptive fields, the ONNX
export, explanations and mult-adds all ask here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from explorer.network import spec
from explorer.network.spec import pair

# --- the axes -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """Output i touches i·stride − before + dilation·t for t < kernel.

    `before` and `after` are the pixels added at the two ends, and `fill` is what they hold.
    """

    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1
    fill: str = "zeros"

    @property
    def reach(self) -> int:
        """How many pixels the window spans, those between its taps included."""
        return self.dilation * (self.kernel - 1) + 1


@dataclass(frozen=True)
class Transposed:
    """Input i touches the outputs i·stride − before + dilation·t for t < kernel: a convolution the
    other way round, whose outputs are `stride` times as close as its inputs.
    """

    kernel: int
    stride: int = 1
    before: int = 0
    dilation: int = 1

    @property
    def as_window(self) -> Window:
        """The convolution that it is, where the stride is 1."""
        return Window(
            self.kernel,
            before=self.dilation * (self.kernel - 1) - self.before,
            dilation=self.dilation,
        )


@dataclass(frozen=True)
class Border:
    """Output i is input i − before; what lies outside the map is filled."""

    before: int
    after: int
    fill: str

    @property
    def as_window(self) -> Window:
        return Window(1, before=self.before, after=self.after, fill=self.fill)


@dataclass(frozen=True)
class AdaptiveWindows:
    """As many windows as the layer's output has units, see `adaptive_windows`."""


Placing = Literal["nearest", "halves", "corners"]


@dataclass(frozen=True)
class Interpolated:
    """There are `scale` outputs to each input, and each touches the inputs nearest to it.

    "nearest": the one input that it repeats. "halves" and "corners": the one or two inputs that it
    lies on or between, where outputs and inputs are laid out as torch does without and with
    align_corners.
    """

    scale: int
    placing: Placing


@dataclass(frozen=True)
class Elementwise:
    """Output i touches input i alone: activations, batch normalisation, dropout."""


@dataclass(frozen=True)
class SharedStatistics:
    """Output i is input i scaled by a sum over the axis: it keeps its place, yet needs every
    input.
    """


@dataclass(frozen=True)
class AllInputs:
    """One output that touches every input: flattening, and what follows it."""


Axis = (
    Window
    | Transposed
    | Border
    | AdaptiveWindows
    | Interpolated
    | Elementwise
    | SharedStatistics
    | AllInputs
)
Axes = tuple[Axis, Axis]  # rows, columns


# --- the arithmetic of windows --------------------------------------------------------------------

Padding = tuple[tuple[int, int], tuple[int, int]]  # (above, below), (left, right), in pixels


def padding_of(layer: Any) -> Padding:
    """What a convolution or pooling adds to its map.

    "same" puts an odd pixel last, as torch does.
    """
    if layer.padding == "valid":
        return (0, 0), (0, 0)
    if layer.padding == "same":
        kernel, dilation = pair(layer.kernel_size), pair(layer.dilation)
        return _split_same(kernel[0], dilation[0]), _split_same(kernel[1], dilation[1])
    rows, columns = pair(layer.padding)
    return (rows, rows), (columns, columns)


def _split_same(kernel: int, dilation: int) -> tuple[int, int]:
    total = dilation * (kernel - 1)
    return total // 2, total - total // 2


def strides_of(layer: Any) -> tuple[int, int]:
    """Rows and columns between windows. Pooling that is given no stride takes its kernel's size."""
    return pair(layer.kernel_size if layer.stride is None else layer.stride)


def border_of(layer: spec.ZeroPad2d | spec.ConstantPad2d | spec.ReflectionPad2d) -> Padding:
    """What a padding layer adds to its map."""
    given = layer.padding
    left, right, top, bottom = (given,) * 4 if isinstance(given, int) else given
    return (top, bottom), (left, right)


def adaptive_windows(inputs: int, outputs: int) -> list[range]:
    """The inputs that each output of adaptive pooling touches: floor(i·n/o) up to
    ceil((i+1)·n/o).
    """
    return [range(i * inputs // outputs, -((i + 1) * inputs // -outputs)) for i in range(outputs)]


# --- the axes of each kind ------------------------------------------------------------------------


def windows(layer: Any) -> tuple[Window, Window]:
    """Convolution and pooling."""
    kernel, stride = pair(layer.kernel_size), strides_of(layer)
    padding, dilation = padding_of(layer), pair(getattr(layer, "dilation", 1))
    fill = getattr(layer, "padding_mode", "zeros")
    rows, columns = (
        Window(kernel[axis], stride[axis], *padding[axis], dilation[axis], fill) for axis in (0, 1)
    )
    return rows, columns


def transposed(layer: spec.ConvTranspose2d) -> Axes:
    kernel, stride = pair(layer.kernel_size), pair(layer.stride)
    padding, dilation = pair(layer.padding), pair(layer.dilation)
    rows, columns = (
        Transposed(kernel[axis], stride[axis], padding[axis], dilation[axis]) for axis in (0, 1)
    )
    return rows, columns


def border(fill: str) -> Callable[[Any], Axes]:
    """Padding layers."""

    def axes(layer: Any) -> Axes:
        rows, columns = border_of(layer)
        return Border(*rows, fill), Border(*columns, fill)

    return axes


def interpolated(layer: spec.Upsample) -> Axes:
    rows, columns = pair(layer.scale_factor)
    placing: Placing = "nearest"
    if layer.mode != "nearest":
        placing = "corners" if layer.align_corners else "halves"
    return Interpolated(rows, placing), Interpolated(columns, placing)


def own_statistics(layer: spec.BatchNorm2d | spec.InstanceNorm2d) -> Axes:
    """Running statistics are constants; those of the batch or the image at hand are of the whole
    map, in evaluation too.
    """
    axis = Elementwise() if layer.track_running_stats else SharedStatistics()
    return axis, axis


def along_dim(layer: spec.Softmax | spec.LogSoftmax) -> Axes:
    rows, columns = layer.dim in (2, -2), layer.dim in (3, -1)
    return (
        SharedStatistics() if rows else Elementwise(),
        SharedStatistics() if columns else Elementwise(),
    )


def elementwise(layer: Any) -> Axes:
    return Elementwise(), Elementwise()


def shared_statistics(layer: Any) -> Axes:
    return SharedStatistics(), SharedStatistics()


def all_inputs(layer: Any) -> Axes:
    return AllInputs(), AllInputs()


def adaptive(layer: Any) -> Axes:
    return AdaptiveWindows(), AdaptiveWindows()
