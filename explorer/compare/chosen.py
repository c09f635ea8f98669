"""What is compared: a preset, a saved network or a run, with the key that names it in the page's
link.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from explorer.network.spec import Architecture
from explorer.presets import Preset
from explorer.training.recipe import Recipe

MOST = 6  # more columns nobody reads, and no more colours are told apart
SAVED, RUN = "saved:", "run:"


@dataclass(frozen=True)
class Chosen:
    """One column. `key` names it in the link: a preset's id, saved:NAME, run:ID."""

    key: str
    title: str
    architecture: Architecture
    recipe: Recipe
    preset: Preset | None = None
    run: str = ""


def with_own_titles(chosen: Sequence[Chosen]) -> list[Chosen]:
    """Give what is compared titles that differ: a saved network may be named like a preset."""
    found: list[Chosen] = []
    presets = {each.title for each in chosen if each.preset}  # these keep theirs
    taken = set(presets)
    for each in chosen:
        title, number = each.title, 1
        if title in presets and each.key.startswith(SAVED):
            title = f"{title} (saved)"
        longer = title
        while not each.preset and longer in taken:
            number += 1
            longer = f"{title} ({number})"
        taken.add(longer)
        found.append(replace(each, title=longer))
    return found
