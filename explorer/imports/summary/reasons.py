"""Why a row doesn't fit what stands above it, in words and numbers.

Each sentence goes on from the row's name.
"""

from math import prod

from explorer.imports.summary.candidates import Wanted, candidates, largest_dilation
from explorer.network.spec import MAX_IMAGE_CHANNELS, MAX_IMAGE_SIDE, Shape
from explorer.text import size_text

PLAIN_ENOUGH = 1.8  # the cost of a layer that explains a row; a shortcut's 1×1 window by 2 has 1.6

# Rows above among which are looked for where a branch begins, or two that are concatenated.
MAX_JOINED = 24

Above = list[tuple[str, Shape]]  # the rows above with their outputs, from the top


def why_not(wanted: Wanted, shape: Shape | None, above: Above) -> str:
    """Why no layer of the wanted kind goes on from `shape`; None is the image, of which nothing is
    known.
    """
    largest = f"{MAX_IMAGE_CHANNELS} channels and {size_text((MAX_IMAGE_SIDE, MAX_IMAGE_SIDE))}"
    if shape is None and _is_too_large(wanted.input_shape):
        assert wanted.input_shape
        return f"takes {size_text(wanted.input_shape)}; images here have at most {largest}"
    if shape is None and wanted.input_shape is not None:
        return f"{_facts(wanted)}, which no {wanted.kind} makes of {size_text(wanted.input_shape)}"
    if shape is None:
        return f"{_facts(wanted)}: no image of at most {largest} goes in and comes out as this"
    if elsewhere := joined(wanted, shape, above):
        return elsewhere
    if wanted.input_shape is not None and wanted.input_shape != shape:
        return (
            f"takes {size_text(wanted.input_shape)}, but the row above it gives "
            f"{size_text(shape)}: a branch, a concatenation or a lost row lies between"
        )
    if len(shape) == 1 and len(wanted.output_shape) == 3:
        return (
            f"gives the map {size_text(wanted.output_shape)}, but above it is a vector of "
            f"{shape[0]:,} values: a row is lost"
        )
    explain = {"Conv2d": _why_no_conv, "Linear": _why_no_linear}.get(wanted.kind, _why_no_other)
    return explain(wanted, shape)


def _is_too_large(shape: Shape | None) -> bool:
    """Whether these images are beyond what an architecture may take."""
    if shape is None or len(shape) != 3:
        return False
    return shape[0] > MAX_IMAGE_CHANNELS or max(shape[1:]) > MAX_IMAGE_SIDE


def joined(wanted: Wanted, shape: Shape, above: Above) -> str | None:
    """The sentence for a layer that fits plainly the output of a row further up, or two of them
    concatenated.
    """
    if wanted.kind not in ("Conv2d", "Linear") and wanted.input_shape is None:
        return None
    further_up = {other: name for name, other in above[:-1][-MAX_JOINED:]}
    for other, name in reversed(further_up.items()):
        if other != shape and wanted.input_shape in (None, other) and _fits_plainly(wanted, other):
            return (
                f"{_facts(wanted)}: it fits the {size_text(other)} of {name}, "
                f"not the {size_text(shape)} just above it, so the network branches (a skip "
                "connection), which a stack of layers can't"
            )
    if wanted.kind == "Conv2d" and wanted.input_shape is None and len(shape) == 3:
        for name, other in reversed(above[:-1][-MAX_JOINED:]):
            both = (other[0] + shape[0], *shape[1:])
            if other[1:] == shape[1:] and _fits_plainly(wanted, both):
                return (
                    f"{_facts(wanted)}: it fits {both[0]} channels, "
                    f"those of {name} and {above[-1][0]} concatenated, "
                    f"not the {shape[0]} just above it; a stack of layers can't concatenate"
                )
    return None


def _fits_plainly(wanted: Wanted, shape: Shape) -> bool:
    if wanted.kind == "Conv2d" and shape[0] not in _channels(wanted):
        return False
    fitting = candidates(wanted, shape, at_most=1, cheaper_than=PLAIN_ENOUGH)
    return bool(fitting) and getattr(fitting[0].layer, "groups", 1) == 1


def _channels(wanted: Wanted) -> list[int]:
    """Channels that go into a convolution of so many parameters, if its window is a usual one."""
    outputs = wanted.output_shape[0]
    per_output = [
        (wanted.params - bias * outputs) // outputs
        for bias in (True, False)
        if (wanted.params - bias * outputs) % outputs == 0
    ]
    return [
        weights // k**2
        for weights in per_output
        for k in (3, 1, 5, 7)
        if weights > 0 and weights % k**2 == 0
    ]


def _facts(wanted: Wanted) -> str:
    return f"has {wanted.params:,} parameters and gives {size_text(wanted.output_shape)}"


def _why_no_conv(wanted: Wanted, shape: Shape) -> str:
    if len(wanted.output_shape) != 3:
        return f"gives {size_text(wanted.output_shape)}; a Conv2d gives maps"
    counts = _channels(wanted)
    if shape[0] in counts:
        return (
            f"{_facts(wanted)}: the parameters fit the {shape[0]} channels above it, "
            f"but no stride and padding bring {size_text(shape[1:])} to "
            f"{size_text(wanted.output_shape[1:])}"
        )
    fits = (
        f"which would fit {' or '.join(map(str, counts[:3]))} channels"
        if counts
        else "which fits no usual window"
    )
    return (
        f"{_facts(wanted)}, {fits}, but {shape[0]} come in: a row is lost, or the network branches"
    )


def _why_no_linear(wanted: Wanted, shape: Shape) -> str:
    if len(wanted.output_shape) != 1:
        return f"gives {size_text(wanted.output_shape)}; a Linear here gives a vector"
    outputs = wanted.output_shape[0]
    counts = [
        (wanted.params - bias * outputs) // outputs
        for bias in (True, False)
        if wanted.params > bias * outputs and (wanted.params - bias * outputs) % outputs == 0
    ]
    takes = " or ".join(f"{count:,}" for count in counts) or "no whole number of"
    given = (
        f"{size_text(shape)}, {prod(shape):,} values" if len(shape) == 3 else f"{shape[0]:,} values"
    )
    return (
        f"{_facts(wanted)}, so it takes {takes} values, but above it are {given}: a row is lost, "
        "or something is joined"
    )


def _why_no_other(wanted: Wanted, shape: Shape) -> str:
    if wanted.output_shape[0] != shape[0] and len(shape) == 3 and wanted.kind != "ConvTranspose2d":
        return (
            f"gives {size_text(wanted.output_shape)}, but {size_text(shape)} comes in and a "
            f"{wanted.kind} keeps the {shape[0]} channels: a row is lost, "
            "or the network concatenates"
        )
    if any(n < o for n, o in zip(shape[1:], wanted.output_shape[1:], strict=False)):
        return (
            f"gives {size_text(wanted.output_shape)}, but {size_text(shape)} comes in: "
            "the map grows without a row for it (upsampling, a branch, or a lost row)"
        )
    if wanted.params:
        return f"{_facts(wanted)}; a {wanted.kind} for {size_text(shape)} has another number"
    return (
        f"gives {size_text(wanted.output_shape)}, which no {wanted.kind}{_of_kernel(wanted)} "
        f"makes of {size_text(shape)}"
    )


def _of_kernel(wanted: Wanted) -> str:
    """The kernel that the table gives for a pooling, and the dilations with which it was tried."""
    if wanted.kernel_size is None:
        return ""
    most = max(largest_dilation(wanted.kind, side) for side in wanted.kernel_size)
    dilated = f" and a dilation of at most {most}" if most > 1 else ""
    return f" with a kernel of {size_text(wanted.kernel_size)}{dilated}"
