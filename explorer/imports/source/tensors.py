"""Tensors as the code handles them: which of a map's dimensions they show, and how."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from explorer.imports.source.graph import Graph, GraphNode, as_one_pixel_map
from explorer.imports.source.problem import CodeProblem, NeedsImage
from explorer.imports.source.values import BATCH, Extent, times
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    ChannelShuffle,
    Flatten,
)

Size = int | Extent


@dataclass(frozen=True)
class View:
    """How a tensor shows its node's values.

    Each of `spans` is a dimension after the batch: the axes of the node that it runs over, of which
    there may be several, or none where the dimension has size 1.
    """

    spans: tuple[tuple[int, ...], ...]
    reduced: frozenset[int] = frozenset()  # axes over which the mean or the largest value was taken
    reduction: str = ""  # "mean" or "max"
    # Channels dealt out in so many groups, and whether groups and channels were exchanged.
    groups: int = 0
    is_expanded: bool = False  # one value of each map stands for all of its pixels
    is_exchanged: bool = False


@dataclass(eq=False)
class Tensor:
    """A tensor of the code. What is done in place changes it, so that all names of it see that."""

    node: GraphNode
    view: View | None = None  # None: as the node is

    def shown(self) -> View:
        return self.view or View(tuple((axis,) for axis in range(len(self.node.shape))))


def sizes(tensor: Tensor) -> tuple[Any, ...]:
    """The tensor's shape as the code sees it, the batch first."""
    view, node = tensor.shown(), tensor.node
    if view.groups > 0:
        channels = node.shape[0]
        each = channels // view.groups if channels else Extent(1, ((node.number, -1),))
        first = (each, view.groups) if view.is_exchanged else (view.groups, each)
        return (_batch(node), *first, _axis(node, 1), _axis(node, 2))
    return (_batch(node), *(_span(node, span) for span in view.spans))


def _batch(node: GraphNode) -> Any:
    return BATCH if node.batch is None else node.batch


def _axis(node: GraphNode, axis: int) -> Size:
    size = node.shape[axis]
    return Extent(1, ((node.number, axis),)) if size is None else size


def _span(node: GraphNode, span: Sequence[int]) -> Size:
    size: Size = 1
    for axis in span:
        size = times(size, _axis(node, axis))
    return size


# --- other views ----------------------------------------------------------------------------------


def flattened(tensor: Tensor, start: int, end: int, line: int) -> Tensor:
    """torch.flatten."""
    view = _without_groups(tensor, line)
    count = len(view.spans)
    first, last = (place if place >= 0 else place + count + 1 for place in (start, end))
    if first == 0:
        raise CodeProblem("flattening from dimension 0 on mixes the images of a batch", line)
    if not 1 <= first <= last <= count:
        raise CodeProblem(f"there is no dimension {end if first <= count else start} here", line)
    joined = tuple(axis for span in view.spans[first - 1 : last] for axis in span)
    spans = (*view.spans[: first - 1], joined, *view.spans[last:])
    return Tensor(tensor.node, replace(view, spans=spans))


def squeezed(tensor: Tensor, dims: Sequence[int] | None, line: int) -> Tensor:
    """torch.squeeze: without dimensions of size 1.

    What has a size that is not known is taken to be 1 where the code asks for that dimension.
    """
    view = _without_groups(tensor, line)
    given = _dimensions(dims, len(view.spans), line)
    kept = []
    for place, span in enumerate(view.spans):
        size = _span(tensor.node, span)
        asked = given is None or place in given
        if asked and isinstance(size, Extent):
            raise NeedsImage("whether squeeze drops a dimension depends on the image's size", line)
        if not asked or size != 1 or (given is None and place == 0):
            kept.append(span)
    return Tensor(tensor.node, replace(view, spans=tuple(kept)))


def unsqueezed(tensor: Tensor, dim: int, line: int) -> Tensor:
    """torch.unsqueeze: one dimension of size 1 more."""
    view = _without_groups(tensor, line)
    place = dim if dim >= 0 else dim + len(view.spans) + 2
    if not 1 <= place <= len(view.spans) + 1:
        raise CodeProblem("it adds a dimension before the batch", line)
    spans = (*view.spans[: place - 1], (), *view.spans[place - 1 :])
    return Tensor(tensor.node, replace(view, spans=spans))


def reduced(tensor: Tensor, how: str, dims: Sequence[int], keeps: bool, line: int) -> Tensor:
    """The mean or the largest value over some dimensions: over rows and columns it is global
    pooling.
    """
    view = _without_groups(tensor, line)
    places = _dimensions(dims, len(view.spans), line) or set()
    axes = {axis for place in places for axis in view.spans[place]}
    if 0 in axes and len(tensor.node.shape) == 3:
        raise CodeProblem(f"the {how} over the channels is no layer here", line)
    if len(tensor.node.shape) != 3 or (view.reduction not in ("", how)):
        raise CodeProblem(f"the {how} over these dimensions is no layer here", line)
    spans = [
        () if place in places else span
        for place, span in enumerate(view.spans)
        if keeps or place not in places
    ]
    return Tensor(
        tensor.node,
        replace(view, spans=tuple(spans), reduced=view.reduced | axes, reduction=how),
    )


def exchanged(tensor: Tensor, order: Sequence[int], line: int) -> Tensor:
    """permute and transpose: known as a part of shuffling channels, and where nothing changes."""
    view = tensor.shown()
    if list(order) == sorted(order):
        return tensor
    if view.groups and list(order) == [0, 2, 1, 3, 4]:
        return Tensor(tensor.node, replace(view, is_exchanged=not view.is_exchanged))
    raise CodeProblem(
        "it exchanges dimensions; a network here passes on maps as (channels, rows, columns)", line
    )


def viewed(tensor: Tensor, target: Sequence[Any], line: int) -> Tensor:
    """view and reshape, by the sizes that the code gives, the batch first."""
    view, node = tensor.shown(), tensor.node
    wanted = list(target[1:])
    if not wanted:
        if len(view.spans) == 1 and _span(node, view.spans[0]) == 1:
            return Tensor(node, replace(view, spans=()))  # one value for each image
        raise CodeProblem("it mixes the images of a batch in one row", line)
    if len(wanted) == 1:
        joined = tuple(axis for span in view.spans for axis in span)
        if view.groups:
            joined = (0, 1, 2)
        if isinstance(wanted[0], int) and wanted[0] != -1:
            values = _span(node, joined)
            if len(joined) > 1:
                node.values = wanted[0] if node.values is None else node.values
            elif isinstance(values, int) and values != wanted[0]:
                raise CodeProblem(
                    f"view(…, {wanted[0]}) of {values} values makes several rows of one image", line
                )
        return Tensor(node, View((joined,), view.reduced, view.reduction))
    have = sizes(tensor)[1:]
    if _same(wanted, have):
        return tensor
    if view.groups and len(wanted) == 3 and _same(wanted[1:], have[2:]):
        if not view.is_exchanged:
            return Tensor(node)
        return Tensor(node, View(((0,), (1,), (2,)), groups=-view.groups))
    natural = len(have) == 3 and view.spans == ((0,), (1,), (2,))
    if natural and len(wanted) == 4 and _same(wanted[2:], have[1:]):
        return Tensor(node, View(view.spans, groups=_groups(wanted, have[0], line)))
    spans = _matched(wanted, node, [axis for span in view.spans for axis in span])
    if spans is None:
        shape = ", ".join(_text(each) for each in target)
        raise CodeProblem(
            f"view({shape}) puts values into other rows and columns; a network here passes on "
            "whole maps, or one vector for each image",
            line,
        )
    return Tensor(node, replace(view, spans=spans))


def _groups(wanted: Sequence[Any], channels: Size, line: int) -> int:
    first, second = wanted[:2]
    if isinstance(first, int) and first > 0:
        return first
    if isinstance(second, int) and isinstance(channels, int) and second > 0:
        return channels // second
    raise CodeProblem("the number of groups is not known here", line)


def _same(wanted: Sequence[Any], have: Sequence[Size]) -> bool:
    """Whether sizes are those wanted, of which one may be -1: whatever is left."""
    if len(wanted) != len(have) or list(wanted).count(-1) > 1:
        return False
    return all(a == b or a == -1 for a, b in zip(wanted, have, strict=True))


def _matched(
    wanted: Sequence[Any], node: GraphNode, axes: Sequence[int]
) -> tuple[tuple[int, ...], ...] | None:
    """Which of the axes each of the wanted dimensions spans; None where that cannot be."""

    def taken(sides: Sequence[Any], available: list[int], first: bool) -> list[tuple[int, ...]]:
        found = []
        for side in sides:
            span: list[int] = []
            while _span(node, span) != side and available:
                span.insert(0 if not first else len(span), available.pop(0 if first else -1))
            if _span(node, span) != side:
                return []
            found.append(tuple(span))
        return found

    if list(wanted).count(-1) > 1:
        return None
    open_place = list(wanted).index(-1) if -1 in wanted else None
    available = list(axes)
    before = list(wanted if open_place is None else wanted[:open_place])
    left = taken(before, available, True)
    if len(left) != len(before):
        return None
    if open_place is None:
        return tuple(left) if not available else None
    after = list(wanted[open_place + 1 :])
    right = taken(list(reversed(after)), available, False)
    if len(right) != len(after):
        return None
    return (*left, tuple(available), *reversed(right))


def _text(size: Any) -> str:
    return "…" if not isinstance(size, int) else str(size)


def _dimensions(dims: Sequence[int] | None, count: int, line: int) -> set[int] | None:
    """Places in the spans of dimensions that count the batch."""
    if dims is None:
        return None
    places = {(dim if dim >= 0 else dim + count + 1) - 1 for dim in dims}
    if -1 in places:
        raise CodeProblem("it computes across the images of a batch", line)
    if not all(0 <= place < count for place in places):
        raise CodeProblem("there is no such dimension here", line)
    return places


def _without_groups(tensor: Tensor, line: int) -> View:
    view = tensor.shown()
    if view.groups:
        raise CodeProblem("channels in groups are known here only as shuffling them", line)
    return view


# --- back to what a layer takes -------------------------------------------------------------------


def settled(
    graph: Graph, tensor: Tensor, line: int, place: tuple[str, ...], expands: bool = False
) -> GraphNode:
    """The node whose values a layer takes that is given this tensor: with global pooling, Flatten
    or ChannelShuffle behind it where the code says so by other means.

    Raises CodeProblem where the tensor is no map and no vector.
    """
    view, node = tensor.view, tensor.node
    if view is None:
        return node
    if view.is_expanded and not expands:
        raise CodeProblem(
            "expand repeats a value over a map; only multiplying does that here", line
        )
    if view.groups < 0:
        return _set(tensor, graph.layer(ChannelShuffle(groups=-view.groups), node, line, place))
    if view.groups:
        raise CodeProblem("channels in groups are known here only as shuffling them", line)
    rank = len(node.shape)
    spans = view.spans
    if view.reduced:
        if view.reduced != {1, 2} or spans not in (((0,),), ((0,), (), ())):
            raise _no_map(line)
        pool = AdaptiveAvgPool2d if view.reduction == "mean" else AdaptiveMaxPool2d
        node = graph.layer(pool(output_size=1), node, line, place)
        if len(spans) == 1:
            node = graph.layer(Flatten(), node, line, place)
        return _set(tensor, node)
    if rank == 3 and spans in (((0,), (1,), (2,)), ((0, 1, 2),), ((0,),), ()):
        if len(spans) == 3:
            return _set(tensor, node)
        said = node.values
        node = graph.layer(Flatten(), node, line, place)
        node.values = said
        return _set(tensor, node)
    if rank == 1 and spans in (((0,),), ()):  # one value may stand without its dimension
        return _set(tensor, node)
    if rank == 1 and spans == ((0,), (), ()):
        found = as_one_pixel_map(graph, node, line)
        if found is None:
            raise CodeProblem(
                "it makes a map of a vector; that is known here only after global pooling", line
            )
        return _set(tensor, found)
    raise _no_map(line)


def _set(tensor: Tensor, node: GraphNode) -> GraphNode:
    """The tensor is this node from now on, so that it is not computed twice."""
    tensor.node, tensor.view = node, None
    return node


def _no_map(line: int) -> CodeProblem:
    return CodeProblem(
        "a layer here takes maps of (channels, rows, columns) or one vector for each image, and "
        "this is neither",
        line,
    )
