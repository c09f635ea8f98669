"""Labels at the ends of a chart's lines: short names, at heights where none stands upon another."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class _Block:
    """Labels that touch, each a gap below the one before; `top` is the place of the first."""

    places: list[int]
    # By label: where the block's first would be, if this label were where it wants to be.
    wanted: list[float]

    @property
    def top(self) -> float:
        return sum(self.wanted) / len(self.wanted)


def spread_labels(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places at least `gap` apart, between low and high, as near as they can be to those that are
    wanted.

    Where there is no room for all of them they stand closer.

    >>> spread_labels([5.0, 5.0, 9.0], 2.0, 0.0, 10.0)
    [4.0, 6.0, 9.0]
    """
    if not wanted:
        return []
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    blocks: list[_Block] = []
    for place in sorted(range(len(wanted)), key=lambda place: wanted[place]):
        blocks.append(_Block([place], [wanted[place]]))
        while len(blocks) > 1 and blocks[-1].top < blocks[-2].top + gap * len(blocks[-2].places):
            last = blocks.pop()
            below = gap * len(blocks[-1].places)
            blocks[-1].places += last.places
            blocks[-1].wanted += [each - below for each in last.wanted]
    found = [0.0] * len(wanted)
    at_least = low
    for block in blocks:
        at = max(block.top, at_least)
        for place in block.places:
            found[place] = at
            at += gap
        at_least = at
    at_most = high  # what was pushed out above pushes back those below it
    for place in sorted(range(len(wanted)), key=lambda place: found[place], reverse=True):
        found[place] = min(found[place], at_most)
        at_most = found[place] - gap
    return found


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Each name without those of its last parts that are not needed to tell it from the others.

    >>> short_names(["gap, our recipe, 20 epochs", "gap, author's log", "wide, our recipe"]) {'gap,
    our recipe, 20 epochs': 'gap, our recipe', "gap, author's log": "gap, author's log", 'wide, our
    recipe': 'wide'}
    """
    parts = {name: name.split(", ") for name in names}
    return {name: _shortest(name, parts) for name in names}


def _shortest(name: str, parts: dict[str, list[str]]) -> str:
    mine = parts[name]
    for length in range(1, len(mine)):
        if not any(
            other[:length] == mine[:length] for each, other in parts.items() if each != name
        ):
            return ", ".join(mine[:length])
    return name
