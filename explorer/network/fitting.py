"""Whether a layer can take its input, decided before torch is asked: the answer is a sentence.

Each of these checks is named in the rows of LAYERS, and is only called with an input of the right
kind, a map or a vector.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

from explorer.network import spec
from explorer.network.axes import Padding, border_of, padding_of, strides_of, windows
from explorer.network.spec import MAX_CHANNELS, MAX_MARGIN, Layer, Node, Shape, pair
from explorer.text import counted, size_text


@dataclass(frozen=True)
class ShapeMismatch:
    """Why a layer cannot take its input, and what would fix it.

    The fix as data, where it is certain, is one of these: `insert_before`, layers to put before
    this one; `replace_with`, the layer to put in its place; `move_before_flatten`; `remove`, to
    leave it out. `alternative` is another fix as good: its words, and the layer to put in this
    one's place.
    """

    message: str
    remedy: str | None = None
    insert_before: tuple[Layer, ...] = ()
    replace_with: Node | None = None
    move_before_flatten: bool = False
    remove: bool = False
    alternative: tuple[str, Node] | None = None


def maps_text(shape: Shape) -> str:
    """(8, 5, 5) -> "8 maps of 5×5"."""
    return f"{counted(shape[0], 'map')} of {size_text(shape[1:])}"


def always_fits(layer: Any, shape: Shape) -> ShapeMismatch | None:
    return None


def check_window(layer: Any, shape: Shape) -> ShapeMismatch | None:
    """The window, dilated, must fit into the padded map.

    With ceil_mode it may hang over by less than its stride.
    """
    kernel, sides, padding = pair(layer.kernel_size), shape[1:], padding_of(layer)
    padded = tuple(n + sum(p) for n, p in zip(sides, padding, strict=True))
    reach = tuple(axis.reach for axis in windows(layer))
    ceil_mode = getattr(layer, "ceil_mode", False)
    overhang = tuple(stride - 1 if ceil_mode else 0 for stride in strides_of(layer))
    if all(r <= n + o for r, n, o in zip(reach, padded, overhang, strict=True)):
        return None
    smaller, words = _smaller_window(layer, sides, padding)
    pools_nothing = layer.kind != "Conv2d" and pair(smaller.kernel_size) == (1, 1)
    left = "one value" if sides == (1, 1) else "a window of one value"
    spread = f" (dilation spreads it over {size_text(reach)})" if reach != kernel else ""
    border = f", {size_text(padded)} with its padding" if padded != sides else ""
    return ShapeMismatch(
        f"{layer.kind} {size_text(kernel)}{spread} needs a map of at least {size_text(reach)}; "
        f"it gets {size_text(sides)}{border}",
        f"remove it, as {left} leaves nothing to pool" if pools_nothing else words,
        replace_with=None if pools_nothing else smaller,
        remove=pools_nothing,
        alternative=_more_padding(layer, sides, reach),
    )


def _smaller_window(layer: Any, sides: tuple[int, ...], padding: Padding) -> tuple[Any, str]:
    """The layer with a kernel that fits, and in words what that changes.

    Of pooling it is the largest, which pools the whole map; pooling pads at most half its kernel.
    Of a convolution it is 3 where that fits: the largest would leave one value of each map, and
    nothing of where things are.
    """
    pools = layer.kind != "Conv2d"

    def fits(kernel: int, side: int, border: int, dilation: int) -> bool:
        return dilation * (kernel - 1) < side + 2 * (min(border, kernel // 2) if pools else border)

    borders = tuple(before for before, _ in padding)
    dilation = pair(getattr(layer, "dilation", 1))
    found = []
    for given, *axis in zip(pair(layer.kernel_size), sides, borders, dilation, strict=True):
        largest = given if pools or fits(given, *axis) else min(3, given)
        found.append(next(k for k in range(largest, 0, -1) if fits(k, *axis)))
    kernel = tuple(found)
    changes = {"kernel_size": _as_argument(kernel)}
    words = f"shrink kernel_size to {size_text(kernel)}"
    if pools and any(p > k // 2 for p, k in zip(borders, kernel, strict=True)):
        borders = tuple(min(p, k // 2) for p, k in zip(borders, kernel, strict=True))
        changes["padding"], words = (
            _as_argument(borders),
            f"{words} and padding to {size_text(borders)}",
        )
    return layer.model_copy(update=changes), words


def _more_padding(
    layer: Any, sides: tuple[int, ...], reach: tuple[int, ...]
) -> tuple[str, Layer] | None:
    """The least border with which a convolution's window fits.

    None for pooling, which may not pad that far, and for "valid", which asks for no border.
    """
    if layer.kind != "Conv2d" or isinstance(layer.padding, str) or layer.padding_mode != "zeros":
        return None
    axes = zip(pair(layer.padding), sides, reach, strict=True)
    border = tuple(max(padding, -((side - r) // 2)) for padding, side, r in axes)
    if max(border) > MAX_MARGIN:
        return None
    return f"set padding to {size_text(border)}", layer.model_copy(
        update={"padding": _as_argument(border)}
    )


def check_convolution(layer: spec.Conv2d, shape: Shape) -> ShapeMismatch | None:
    channels, groups = shape[0], layer.groups
    if channels % groups or layer.out_channels % groups:
        divisor = max(_common_divisors(channels, layer.out_channels, up_to=groups))
        fewer = f"set groups to {divisor}", layer.model_copy(update={"groups": divisor})
        # Where the groups suit what comes in, they are meant: as many maps for each group go out.
        multiple = -(-layer.out_channels // groups) * groups
        more = (
            f"set out_channels to {multiple}",
            layer.model_copy(update={"out_channels": multiple}),
        )
        meant = channels % groups == 0 and multiple <= MAX_CHANNELS
        ways: list[tuple[str, Layer]] = [more, fewer] if meant else [fewer]
        return ShapeMismatch(
            f"groups={groups} must divide both the {channels} channels that come in and the "
            f"{layer.out_channels} that go out",
            ways[0][0],
            replace_with=ways[0][1],
            alternative=ways[1] if ways[1:] else None,
        )
    if layer.padding == "same" and pair(layer.stride) != (1, 1):
        plain = "set stride to 1", layer.model_copy(update={"stride": 1})
        strided = _same_with_stride(layer, shape[1:])
        ways = [strided, plain] if strided else [plain]
        return ShapeMismatch(
            f'padding "same" needs stride 1; this has stride {size_text(pair(layer.stride))}',
            ways[0][0],
            replace_with=ways[0][1],
            alternative=ways[1] if ways[1:] else None,
        )
    largest_border = {"reflect": lambda n: n - 1, "circular": lambda n: n}.get(layer.padding_mode)
    if largest_border:
        border = tuple(max(p) for p in padding_of(layer))
        if any(p > largest_border(n) for p, n in zip(border, shape[1:], strict=True)):
            return ShapeMismatch(
                f"{layer.padding_mode} padding of {size_text(border)} needs a larger map; "
                f"it gets {size_text(shape[1:])}",
                'use padding_mode "zeros", or less padding',
                replace_with=layer.model_copy(update={"padding_mode": "zeros"}),
            )
    return check_window(layer, shape)


def check_transposed(layer: spec.ConvTranspose2d, shape: Shape) -> ShapeMismatch | None:
    channels, groups = shape[0], layer.groups
    if channels % groups or layer.out_channels % groups:
        divisor = max(_common_divisors(channels, layer.out_channels, up_to=groups))
        return ShapeMismatch(
            f"groups={groups} must divide both the {channels} channels that come in and the "
            f"{layer.out_channels} that go out",
            f"set groups to {divisor}",
            replace_with=layer.model_copy(update={"groups": divisor}),
        )
    added, stride, dilation = map(pair, (layer.output_padding, layer.stride, layer.dilation))
    most = tuple(max(s, d) - 1 for s, d in zip(stride, dilation, strict=True))
    if any(a > m for a, m in zip(added, most, strict=True)):
        fewer = tuple(min(a, m) for a, m in zip(added, most, strict=True))
        return ShapeMismatch(
            f"output_padding {size_text(added)} must be smaller than the stride "
            f"{size_text(stride)} or the dilation",
            f"set output_padding to {size_text(fewer)}",
            replace_with=layer.model_copy(update={"output_padding": _as_argument(fewer)}),
        )
    padding, reach = pair(layer.padding), []
    for side, s, d, kernel, extra in zip(
        shape[1:], stride, dilation, pair(layer.kernel_size), added, strict=True
    ):
        reach.append((side - 1) * s + d * (kernel - 1) + 1 + extra)
    if any(2 * p >= r for p, r in zip(padding, reach, strict=True)):
        less = tuple(min(p, (r - 1) // 2) for p, r in zip(padding, reach, strict=True))
        return ShapeMismatch(
            f"ConvTranspose2d makes a map of {size_text(reach)} here, of which padding "
            f"{size_text(padding)} cuts off all",
            f"set padding to {size_text(less)}",
            replace_with=layer.model_copy(update={"padding": _as_argument(less)}),
        )
    return None


def _same_with_stride(layer: spec.Conv2d, sides: Shape) -> tuple[str, Layer] | None:
    """The padding that keeps the stride and gives as many units as Keras' "same": ⌈side ÷ stride⌉.

    Keras pads an odd number of pixels unevenly. Where no even padding gives its number of units,
    this is the smaller one.
    """
    borders = []
    axes = zip(
        sides, pair(layer.kernel_size), pair(layer.stride), pair(layer.dilation), strict=True
    )
    for side, kernel, stride, dilation in axes:
        spread = dilation * (kernel - 1)
        wanted, choices = -(-side // stride), (spread // 2, -(-spread // 2))
        units = {border: (side + 2 * border - spread - 1) // stride + 1 for border in choices}
        borders.append(next((border for border in choices if units[border] == wanted), choices[0]))
    if max(borders) > MAX_MARGIN:
        return None
    padding = _as_argument(tuple(borders))
    words = f"set padding to {size_text(tuple(borders)) if isinstance(padding, tuple) else padding}"
    return f"{words}, which keeps the stride", layer.model_copy(update={"padding": padding})


def check_pooling(layer: spec.MaxPool2d | spec.AvgPool2d, shape: Shape) -> ShapeMismatch | None:
    kernel, padding = pair(layer.kernel_size), pair(layer.padding)
    if any(p > k // 2 for p, k in zip(padding, kernel, strict=True)):
        largest = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
        return ShapeMismatch(
            f"padding {size_text(padding)} must be at most half the kernel {size_text(kernel)}",
            f"set padding to {size_text(largest)}",
            replace_with=layer.model_copy(update={"padding": _as_argument(largest)}),
        )
    mismatch = check_window(layer, shape)
    if mismatch is None and layer.kind == "MaxPool2d":
        return _check_windows_meet_the_map(layer, shape)
    return mismatch


def _check_windows_meet_the_map(layer: spec.MaxPool2d, shape: Shape) -> ShapeMismatch | None:
    """A dilated window may step over a small map.

    Its largest value is then −inf, and torch's backward pass writes its gradient to a place outside
    the map, which can end the process.
    """
    dilation = pair(layer.dilation)
    axes = zip(pair(layer.padding), strides_of(layer), dilation, shape[1:], strict=True)
    if all(_every_window_meets(*axis) for axis in axes):
        return None
    return ShapeMismatch(
        f"{layer.kind} {size_text(pair(layer.kernel_size))} with dilation {size_text(dilation)} "
        f"has windows that lie in the padding alone, on a map of {size_text(shape[1:])}",
        "set dilation to 1",
        replace_with=layer.model_copy(update={"dilation": 1}),
    )


def _every_window_meets(padding: int, stride: int, dilation: int, side: int) -> bool:
    """Whether each window reads at least one of `side` values.

    Only those that start before the first value may read none.
    """
    return all(start % dilation < side for start in range(-padding, 0, stride))


def check_groups(layer: spec.GroupNorm, shape: Shape) -> ShapeMismatch | None:
    channels, groups = shape[0], layer.num_groups
    if channels % groups:
        divisor = max(_common_divisors(channels, up_to=groups))
        return ShapeMismatch(
            f"num_groups={groups} must divide the {channels} channels that come in",
            f"set num_groups to {divisor}",
            replace_with=layer.model_copy(update={"num_groups": divisor}),
        )
    if prod(shape) == groups:
        fewer = max(_common_divisors(channels, up_to=channels - 1), default=None)
        return ShapeMismatch(
            f"with num_groups={groups} each group is a single value here, "
            "which normalising turns into 0 whatever comes in",
            f"set num_groups to {fewer}" if fewer else "remove the layer",
            replace_with=layer.model_copy(update={"num_groups": fewer}) if fewer else None,
            remove=fewer is None,
        )
    return None


def check_statistics(
    layer: spec.BatchNorm2d | spec.BatchNorm1d, shape: Shape
) -> ShapeMismatch | None:
    """Without running statistics the batch's own are used, and one image may give too few
    values.
    """
    if layer.track_running_stats or prod(shape[1:]) > 1:
        return None
    return ShapeMismatch(
        f"{layer.kind} without running statistics needs more than one value of each channel; "
        "one image gives one",
        "set track_running_stats to true",
        replace_with=layer.model_copy(update={"track_running_stats": True}),
    )


def check_single_values(layer: spec.InstanceNorm2d, shape: Shape) -> ShapeMismatch | None:
    """Each map is normalised by itself, so that it must have more than one value."""
    if prod(shape[1:]) > 1:
        return None
    return ShapeMismatch(
        "InstanceNorm2d normalises each map by itself, and here each is a single value",
        "remove the layer",
        remove=True,
    )


def check_slopes(layer: spec.PReLU, shape: Shape) -> ShapeMismatch | None:
    if layer.num_parameters in (1, shape[0]):
        return None
    what = "channels" if len(shape) == 3 else "values"
    return ShapeMismatch(
        f"PReLU has {layer.num_parameters} slopes; it gets {shape[0]:,} {what} and needs one for "
        "each, or a single one",
        f"set num_parameters to {shape[0]}",
        replace_with=layer.model_copy(update={"num_parameters": shape[0]}),
        alternative=(
            "set num_parameters to 1",
            layer.model_copy(update={"num_parameters": 1}),
        ),
    )


def check_shuffle(layer: spec.ChannelShuffle, shape: Shape) -> ShapeMismatch | None:
    channels, groups = shape[0], layer.groups
    if channels % groups == 0:
        return None
    divisor = max(_common_divisors(channels, up_to=groups))
    return ShapeMismatch(
        f"groups={groups} must divide the {channels} channels that come in",
        f"set groups to {divisor}" if divisor > 1 else "remove the layer",
        replace_with=layer.model_copy(update={"groups": divisor}) if divisor > 1 else None,
        remove=divisor == 1,
    )


def check_mirrored_border(layer: spec.ReflectionPad2d, shape: Shape) -> ShapeMismatch | None:
    """A map can be mirrored no further than its own pixels reach, without the one at the edge."""
    borders, sides = border_of(layer), shape[1:]
    if all(max(border) < side for border, side in zip(borders, sides, strict=True)):
        return None
    (top, bottom), (left, right) = (
        tuple(min(n, side - 1) for n in border) for border, side in zip(borders, sides, strict=True)
    )
    largest = _as_argument((left, right, top, bottom))
    fitting = f"set padding to {largest}", layer.model_copy(update={"padding": largest})
    widest = tuple(max(border) + 1 for border in borders)
    return ShapeMismatch(
        f"ReflectionPad2d mirrors a map without its edge, so this padding needs a map of at least "
        f"{size_text(widest)}; it gets {size_text(sides)}",
        "use ZeroPad2d",
        replace_with=spec.ZeroPad2d(padding=layer.padding),
        alternative=fitting if largest else None,
    )


def check_corners(layer: spec.Upsample, shape: Shape) -> ShapeMismatch | None:
    if layer.mode == "bilinear" or layer.align_corners is None:
        return None
    return ShapeMismatch(
        f"align_corners is for interpolating, and mode {layer.mode} repeats values",
        'set mode to "bilinear"',
        replace_with=layer.model_copy(update={"mode": "bilinear"}),
        alternative=(
            "set align_corners to false",
            layer.model_copy(update={"align_corners": None}),
        ),
    )


def check_dim(layer: spec.Softmax | spec.LogSoftmax, shape: Shape) -> ShapeMismatch | None:
    dimensions = len(shape) + 1  # with the batch
    if not -dimensions < layer.dim < dimensions:
        return ShapeMismatch(
            f"{layer.kind} over dim {layer.dim} needs a map; it gets {shape[0]:,} values in a row",
            "set dim to 1",
            replace_with=layer.model_copy(update={"dim": 1}),
        )
    return None


def _common_divisors(*numbers: int, up_to: int) -> list[int]:
    return [d for d in range(1, min(up_to, *numbers) + 1) if not any(n % d for n in numbers)]


def _as_argument(values: tuple[int, ...]) -> int | tuple[int, ...]:
    return values[0] if len(set(values)) == 1 else values
