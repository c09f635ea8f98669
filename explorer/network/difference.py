"""What differs between two architectures: layers added and removed, arguments changed, parameters
gained and lost.

Which layers stand for each other is decided in alignment.py. A layer that was moved is removed in
one place and added in the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from explorer.network.alignment import ChangedArgument, align, changed_arguments
from explorer.network.analysis import analyze
from explorer.network.spec import Architecture, Layer, Shape
from explorer.text import counted, size_text


@dataclass(frozen=True)
class Added:
    """A layer that only the second architecture has, at `index` there."""

    index: int
    layer: Layer


@dataclass(frozen=True)
class Removed:
    """A layer that only the first architecture has, at `index` there."""

    index: int
    layer: Layer


@dataclass(frozen=True)
class Changed:
    """A layer of both, with other arguments: each one's name, what it was and what it is."""

    before_index: int
    index: int
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
        return sum(isinstance(change, kind) for change in self.changes)


@lru_cache(maxsize=256)
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
    old, new = before.layers, after.layers
    for one, other in align(before, after):
        if one is None and other is not None:
            yield Added(other, new[other])
        elif other is None and one is not None:
            yield Removed(one, old[one])
        elif one is not None and other is not None and old[one] != new[other]:
            yield Changed(one, other, old[one].kind, changed_arguments(old[one], new[other]))


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


def layer_text(layer: Layer) -> str:
    """A layer with the arguments that are not torch's defaults: "Conv2d out_channels 8, kernel_size
    3".
    """
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
