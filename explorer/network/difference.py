"""What differs between two architectures: layers added and removed, arguments changed, parameters
gained and lost.

Which layers stand for each other is decided in alignment.py. A layer that was moved is removed in
one place and added in the other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from explorer.network.alignment import Aligned, ChangedArgument, align, changed_arguments
from explorer.network.analysis import analyze, node_title
from explorer.network.spec import (
    Architecture,
    Branches,
    Node,
    Nodes,
    Path,
    Shape,
    count_layers,
    path_text,
)
from explorer.network.tree import node_at
from explorer.text import counted, size_text


@dataclass(frozen=True)
class Added:
    """A layer or block that only the second architecture has, at `path` there."""

    path: Path
    layer: Node


@dataclass(frozen=True)
class Removed:
    """A layer or block that only the first architecture has, at `path` there."""

    path: Path
    layer: Node


@dataclass(frozen=True)
class Changed:
    """A layer of both, with other arguments: each one's name, what it was and what it is.

    Of a block these are its merge and how many branches it has; what differs in the branches are
    changes of their own.
    """

    before_path: Path
    path: Path
    kind: str
    arguments: tuple[ChangedArgument, ...]


Change = Added | Removed | Changed


@dataclass(frozen=True)
class Difference:
    """From one architecture to another. The name is no part of it.

    Parameters are None of a network that does not fit: what its last layers have is not known then.
    """

    changes: tuple[Change, ...]  # in the order of the stack
    input_shapes: tuple[Shape, Shape]
    params: tuple[int | None, int | None]

    @property
    def is_empty(self) -> bool:
        return not self.changes and self.input_shapes[0] == self.input_shapes[1]

    @property
    def extra_params(self) -> int | None:
        before, after = self.params
        return None if before is None or after is None else after - before

    def count(self, kind: type[Change]) -> int:
        """How many layers were changed, added or removed, those of whole blocks included."""
        return sum(_layers_of(change) for change in self.changes if isinstance(change, kind))


def _layers_of(change: Change) -> int:
    return 1 if isinstance(change, Changed) else max(1, count_layers((change.layer,)))


@lru_cache(maxsize=48)
def difference(before: Architecture, after: Architecture) -> Difference:
    return Difference(
        changes=tuple(_changes(before, after)),
        input_shapes=(before.input_shape, after.input_shape),
        params=(_params(before), _params(after)),
    )


def _params(architecture: Architecture) -> int | None:
    analysis = analyze(architecture)
    return None if analysis.problem else analysis.total_params


def _changes(before: Architecture, after: Architecture) -> Iterator[Change]:
    return _changes_in(align(before, after), before.layers, after.layers)


def _changes_in(aligned: Iterable[Aligned], old: Nodes, new: Nodes) -> Iterator[Change]:
    for each in aligned:
        for branch in each.branches:
            yield from _changes_in(branch, old, new)
        if (change := change_of(each, old, new)) is not None:
            yield change


def change_of(aligned: Aligned, old: Nodes, new: Nodes) -> Change | None:
    """What two nodes that stand for each other, or one that stands alone, differ in by themselves:
    of blocks, what is in their branches apart. None where that is nothing.
    """
    one, other = aligned.before, aligned.after
    if one is None or other is None:
        if other is not None:
            return Added(other, node_at(new, other))
        return None if one is None else Removed(one, node_at(old, one))
    before, after = node_at(old, one), node_at(new, other)
    changed = changed_arguments(before, after)
    says_otherwise = not isinstance(before, Branches) and before != after
    return Changed(one, other, before.kind, changed) if changed or says_otherwise else None


# --- in words -------------------------------------------------------------------------------------


def difference_text(found: Difference) -> str:
    """The difference in one line: "1 layer changed, 2 added · +1,168 parameters"; empty where
    nothing differs.
    """
    if found.is_empty:
        return ""
    counts = [
        (found.count(kind), word)
        for kind, word in ((Changed, "changed"), (Added, "added"), (Removed, "removed"))
    ]
    said = [(count, word) for count, word in counts if count]
    parts = [f"{count} {word}" for count, word in said]
    if said:
        parts[0] = f"{counted(said[0][0], 'layer')} {said[0][1]}"
    if found.input_shapes[0] != found.input_shapes[1]:
        parts.append(f"images {' → '.join(size_text(shape) for shape in found.input_shapes)}")
    if found.extra_params is None:
        return ", ".join(parts)
    params = (
        f"{found.extra_params:+,} parameters".replace("-", "−")
        if found.extra_params
        else "as many parameters"
    )
    return f"{', '.join(parts)} · {params}"


def change_text(change: Change) -> str:
    """A change without its place: "Conv2d: kernel_size 3 → 5"."""
    if isinstance(change, Changed):
        changes = ", ".join(
            f"{name} {value_text(old)} → {value_text(new)}" for name, old, new in change.arguments
        )
        return f"{change.kind}: {changes}"
    return f"{layer_text(change.layer)} {'added' if isinstance(change, Added) else 'removed'}"


def place_of(change: Change) -> str:
    """Where a change is, as it is shown: "5.1.0"; "3 → 4" where the layer has moved on."""
    if isinstance(change, Changed) and change.before_path != change.path:
        return f"{path_text(change.before_path)} → {path_text(change.path)}"
    return path_text(change.path)


def layer_text(layer: Node) -> str:
    """A layer with the arguments that are not torch's defaults: "Conv2d out_channels 8, kernel_size
    3"; a block as "add of 2 branches, 5 layers".
    """
    if isinstance(layer, Branches):
        return f"{node_title(layer)} branches, {counted(count_layers((layer,)), 'layer')}"
    given = layer.model_dump(exclude_defaults=True, exclude={"kind"})
    return " ".join(
        [layer.kind, ", ".join(f"{name} {value_text(value)}" for name, value in given.items())]
    ).strip()


def value_text(value: Any) -> str:
    """(3, 5) -> "3×5", True -> "yes"."""
    if isinstance(value, tuple):
        return size_text(value)
    return (
        {True: "yes", False: "no", None: "none"}[value]
        if value is None or isinstance(value, bool)
        else str(value)
    )
