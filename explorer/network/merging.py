"""Where the branches of a block come together: the shape of the merge, and what to do where the
branches' shapes do not agree.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from explorer.network.axes import strides_of, windows
from explorer.network.fitting import ShapeMismatch
from explorer.network.layers import find_mismatch
from explorer.network.measure import measure
from explorer.network.spec import (
    MAX_LAYERS,
    ArchitectureError,
    AvgPool2d,
    Branches,
    Conv2d,
    MaxPool2d,
    Merge,
    Node,
    Nodes,
    Shape,
    pair,
    walk,
)
from explorer.text import counted, size_text

_NEEDS: dict[Merge, str] = {
    "add": "add needs equal shapes",
    "concat": "concat needs maps of one size, of any number of channels",
    "multiply": "multiply needs equal shapes, of which a side may be 1",
}


def merged_shape(merge: Merge, outputs: Sequence[Shape]) -> Shape | None:
    """What comes out where branches give these shapes; None where they do not agree.

    "concat" puts channels behind each other, of vectors their values. "multiply" repeats what has
    one channel, row or column, as torch does.
    """
    first = outputs[0]
    if any(len(shape) != len(first) for shape in outputs):
        return None
    if merge == "concat":
        channels = sum(shape[0] for shape in outputs)
        return (channels, *first[1:]) if len({shape[1:] for shape in outputs}) == 1 else None
    if merge == "add":
        return first if len(set(outputs)) == 1 else None
    sizes = [set(along) - {1} or {1} for along in zip(*outputs, strict=True)]
    return tuple(map(max, sizes)) if all(len(each) == 1 for each in sizes) else None


def find_merge_mismatch(block: Branches, shape: Shape, outputs: Sequence[Shape]) -> ShapeMismatch:
    """Why the outputs of a block's branches cannot be merged, where `merged_shape` is None.

    `shape` is that of the block's input, without the batch.
    """
    pairs = combinations(range(len(outputs)), 2)
    disagreeing = next(
        pair for pair in pairs if merged_shape(block.merge, [outputs[n] for n in pair]) is None
    )
    texts = [f"branch {n + 1} gives {_shape_text(outputs[n])}" for n in disagreeing]
    message = f"{texts[0]}, {texts[1]}: {_NEEDS[block.merge]}"
    fixes: list[_Repair] = []
    for words, fixed in _repairs(block, outputs):
        if fixed not in [each for _, each in fixes] and _fits(fixed, shape):
            fixes.append((words, fixed))
    if not fixes:
        return ShapeMismatch(message)
    (remedy, fixed), *others = fixes
    return ShapeMismatch(
        message, remedy, replace_with=fixed, alternative=others[0] if others else None
    )


def chain_shape(nodes: Nodes, shape: Shape) -> Shape | None:
    """What a stack or branch gives for an input of `shape`; None where something does not fit."""
    for node in nodes:
        if isinstance(node, Branches):
            outputs = [chain_shape(branch, shape) for branch in node.branches]
            fitting = [output for output in outputs if output is not None]
            merged = merged_shape(node.merge, fitting) if len(fitting) == len(outputs) else None
            if merged is None:
                return None
            shape = merged
        elif find_mismatch(node, shape):
            return None
        else:
            try:
                shape = measure(node, shape).output_shape
            except ArchitectureError:
                return None
    return shape


def _fits(block: Branches, shape: Shape) -> bool:
    return sum(1 for _ in walk((block,))) <= MAX_LAYERS and bool(chain_shape((block,), shape))


def _shape_text(shape: Shape) -> str:
    return size_text(shape) if len(shape) == 3 else counted(shape[0], "value")


# --- what makes them agree ------------------------------------------------------------------------

# What is to be changed in a block, in words, and the block with that change.
_Repair = tuple[str, Branches]


def _repairs(block: Branches, outputs: Sequence[Shape]) -> Iterator[_Repair]:
    """Changes that may make the branches agree, the likeliest first. Not all of them do."""
    if any(len(output) != 3 for output in outputs):
        return
    # What the others are brought to: what the branch gives that computes most, of equals the first.
    lengths = [sum(1 for _ in walk(branch)) for branch in block.branches]
    body = outputs[max(range(len(outputs)), key=lambda n: lengths[n])]
    largest = max(outputs, key=lambda output: output[1] * output[2])
    empty = next((o for o, length in zip(outputs, lengths, strict=True) if not length), None)
    for keep_size in (_with_padding, _with_stride_1):
        for words, changed in keep_size(block, outputs, largest):
            yield words, changed
            if block.merge == "add":  # the sizes agree then, but perhaps not the channels
                sized = [(output[0], *largest[1:]) for output in outputs]
                for more, fixed in _projected(changed, sized, (body[0], *largest[1:])):
                    yield f"{words}, and {more}", fixed
        if keep_size is _with_padding and block.merge == "add":
            yield from _projected(block, outputs, body)
    if block.merge != "concat":
        yield from _with_channels(block, outputs, empty[0] if empty else largest[0])


def _with_padding(block: Branches, outputs: Sequence[Shape], wanted: Shape) -> Iterator[_Repair]:
    """Padding with which no window of stride 1 makes the map smaller."""
    branches, words = list(block.branches), []
    for n, branch in enumerate(block.branches):
        if outputs[n][1:] == wanted[1:]:
            continue
        padded = tuple(map(_keeping_size, branch))
        if padded != branch:
            branches[n] = padded
            borders = {each.padding for each in padded if isinstance(each, _WINDOWED)} - {0}
            border = borders.pop() if len(borders) == 1 else None
            to = f" to {border}" if isinstance(border, int) else ""
            words.append(f"set padding{to} in branch {n + 1}")
    if words:
        keeping = ", which keeps the map's size" if len(words) == 1 else ""
        yield f"{' and '.join(words)}{keeping}", _with_branches(block, branches)


_WINDOWED = (Conv2d, MaxPool2d, AvgPool2d)


def _keeping_size(node: Node) -> Node:
    """A convolution or pooling of stride 1 with the border that keeps the map's size; any other
    node as it is.
    """
    if not isinstance(node, _WINDOWED) or strides_of(node) != (1, 1):
        return node
    reach = [axis.reach for axis in windows(node)]
    if any(each % 2 == 0 for each in reach):
        return node
    rows, columns = (each // 2 for each in reach)
    return node.model_copy(update={"padding": rows if rows == columns else (rows, columns)})


def _with_stride_1(block: Branches, outputs: Sequence[Shape], wanted: Shape) -> Iterator[_Repair]:
    """Stride 1 in the convolutions of the branches that make the map smaller than the others."""
    branches, words = list(block.branches), []
    for n, branch in enumerate(block.branches):
        if outputs[n][1:] == wanted[1:]:
            continue
        branches[n] = tuple(
            node.model_copy(update={"stride": 1}) if isinstance(node, Conv2d) else node
            for node in branch
        )
        if branches[n] != branch:
            words.append(f"set stride to 1 in branch {n + 1}")
    if words:
        yield " and ".join(words), _with_branches(block, branches)


def _projected(block: Branches, outputs: Sequence[Shape], wanted: Shape) -> Iterator[_Repair]:
    """A 1×1 convolution at the end of each branch that gives another shape, as ResNets project
    their skips. Where a branch ends in one already, that one is changed.
    """
    branches, words = list(block.branches), []
    for n, (branch, output) in enumerate(zip(block.branches, outputs, strict=True)):
        if output == wanted:
            continue
        strides = tuple(-(-side // to) for side, to in zip(output[1:], wanted[1:], strict=True))
        last = branch[-1] if branch else None
        if isinstance(last, Conv2d) and pair(last.kernel_size) == (1, 1) and last.groups == 1:
            strides = tuple(s * own for s, own in zip(strides, pair(last.stride), strict=True))
            rest, action = branch[:-1], "give the 1×1 convolution of"
        else:
            last, rest, action = None, branch, "add a 1×1 convolution to"
        stride = strides[0] if len(set(strides)) == 1 else strides
        changes = {"out_channels": wanted[0], "stride": stride}
        projection = last.model_copy(update=changes) if last else Conv2d(kernel_size=1, **changes)
        branches[n] = (*rest, projection)
        strided = f" and stride {size_text(strides)}" if set(strides) != {1} else ""
        words.append(
            f"{action} branch {n + 1}, with {counted(wanted[0], 'channel')}{strided}"
            if last is None
            else f"{action} branch {n + 1} {counted(wanted[0], 'channel')}{strided}"
        )
    if words:
        yield "; ".join(words), _with_branches(block, branches)


def _with_channels(block: Branches, outputs: Sequence[Shape], channels: int) -> Iterator[_Repair]:
    """As many channels from the last convolution of each branch that gives another number."""
    branches, words = list(block.branches), []
    for n, (branch, output) in enumerate(zip(block.branches, outputs, strict=True)):
        places = [i for i, node in enumerate(branch) if isinstance(node, Conv2d)]
        if output[0] == channels or not places:
            continue
        last = branch[places[-1]].model_copy(update={"out_channels": channels})
        branches[n] = (*branch[: places[-1]], last, *branch[places[-1] + 1 :])
        words.append(f"set out_channels to {channels} in the last convolution of branch {n + 1}")
    if words:
        yield " and ".join(words), _with_branches(block, branches)


def _with_branches(block: Branches, branches: Sequence[Nodes]) -> Branches:
    return block.model_copy(update={"branches": tuple(branches)})
