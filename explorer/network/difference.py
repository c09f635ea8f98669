"""What differs between two architectures: layers added and removed, arguments changed, parameters gained and lost.

Layers are matched in their order, so that as few as possible differ; a layer that was moved is removed in one place and
added in the other.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from explorer.network.analysis import analyze
from explorer.network.layers import size_text
from explorer.network.spec import Architecture, Layer, Shape, arguments


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
    arguments: tuple[tuple[str, Any, Any], ...]


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
        changes=tuple(_changes(before.layers, after.layers)),
        input_shapes=(before.input_shape, after.input_shape),
        params=(_params(before), _params(after)),
    )


def _params(architecture: Architecture) -> int | None:
    analysis = analyze(architecture)
    return None if analysis.problem else analysis.total_params


# --- in words -------------------------------------------------------------------------------------------------------


def difference_text(found: Difference) -> str:
    """In one line: "1 layer changed, 2 added · +1,168 parameters"; empty where nothing differs."""
    if found.is_empty:
        return ""
    counts = [(found.count(kind), word) for kind, word in ((Changed, "changed"), (Added, "added"), (Removed, "removed"))]
    said = [(count, word) for count, word in counts if count]
    parts = [f"{count} {word}" for count, word in said]
    if said:
        parts[0] = f"{said[0][0]} layer{'s' if said[0][0] > 1 else ''} {said[0][1]}"
    if found.input_shapes[0] != found.input_shapes[1]:
        parts.append(f"images {' → '.join(size_text(shape) for shape in found.input_shapes)}")
    if found.extra_params is None:
        return ", ".join(parts)
    params = f"{found.extra_params:+,} parameters".replace("-", "−") if found.extra_params else "as many parameters"
    return f"{', '.join(parts)} · {params}"


def change_text(change: Change) -> str:
    """A change without its place: "Conv2d: kernel_size 3 → 5"."""
    if isinstance(change, Changed):
        changes = ", ".join(f"{name} {value_text(old)} → {value_text(new)}" for name, old, new in change.arguments)
        return f"{change.kind}: {changes}"
    return f"{layer_text(change.layer)} {'added' if isinstance(change, Added) else 'removed'}"


def layer_text(layer: Layer) -> str:
    """A layer with the arguments that are not torch's defaults: "Conv2d out_channels 8, kernel_size 3"."""
    given = layer.model_dump(exclude_defaults=True, exclude={"kind"})
    return " ".join([layer.kind, ", ".join(f"{name} {value_text(value)}" for name, value in given.items())]).strip()


def value_text(value: Any) -> str:
    """(3, 5) -> "3×5", True -> "yes"."""
    if isinstance(value, tuple):
        return size_text(value)
    return {True: "yes", False: "no", None: "none"}[value] if value is None or isinstance(value, bool) else str(value)


# --- matching -------------------------------------------------------------------------------------------------------

# What it costs to match two layers or to leave one alone. A layer with other arguments is one change and so cheaper than
# one removed and one added, unless it's nothing like what it was.
ALONE = 1.0
OTHER_ARGUMENTS = 0.6
EACH_ARGUMENT = 0.25


def _changes(before: tuple[Layer, ...], after: tuple[Layer, ...]) -> list[Change]:
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    found: list[Change] = []
    for one, other in _matches(old, new):
        if one is None and other is not None:
            found.append(Added(start + other, new[other]))
        elif other is None and one is not None:
            found.append(Removed(start + one, old[one]))
        elif one is not None and other is not None and old[one] != new[other]:
            found.append(Changed(start + one, start + other, old[one].kind, _changed_arguments(old[one], new[other])))
    return found


def _matches(old: tuple[Layer, ...], new: tuple[Layer, ...]) -> list[tuple[int | None, int | None]]:
    """Pairs of places in both, in order; None beside a layer that stands alone. The cheapest in all."""
    cost = [[ALONE * (i + j) for j in range(len(new) + 1)] for i in range(len(old) + 1)]
    for i, one in enumerate(old):
        for j, other in enumerate(new):
            alone = min(cost[i][j + 1], cost[i + 1][j]) + ALONE
            cost[i + 1][j + 1] = min(alone, cost[i][j] + _distance(one, other)) if one.kind == other.kind else alone
    pairs: list[tuple[int | None, int | None]] = []
    i, j = len(old), len(new)
    while i or j:
        same = i and j and old[i - 1].kind == new[j - 1].kind
        if same and cost[i][j] == cost[i - 1][j - 1] + _distance(old[i - 1], new[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif j and cost[i][j] == cost[i][j - 1] + ALONE:
            j -= 1
            pairs.append((None, j))
        else:
            i -= 1
            pairs.append((i, None))
    return pairs[::-1]


@lru_cache(maxsize=8192)
def _distance(one: Layer, other: Layer) -> float:
    """Between two layers of one kind."""
    changed = len(_changed_arguments(one, other))
    return OTHER_ARGUMENTS + EACH_ARGUMENT * changed if changed else 0.0


def _changed_arguments(one: Layer, other: Layer) -> tuple[tuple[str, Any, Any], ...]:
    old, new = arguments(one), arguments(other)
    return tuple((name, old[name], new[name]) for name in old if old[name] != new[name])
