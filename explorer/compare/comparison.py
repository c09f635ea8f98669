"""The runs of what is compared, seeds together: those that come with the presets, and those of this
server.

Runs on other images are no comparison, so groups are of one data set. The server's runs are read
once for each look at the page, and everything here is made of what was read then.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from threading import Lock
from typing import Protocol

from cachetools import RRCache

from explorer.compare.chosen import Chosen
from explorer.compare.learning import (
    DocumentedCurve,
    Group,
    Record,
    documented_curve,
    group,
    record_of,
    records_of,
)
from explorer.network.spec import Architecture, NetworkKey
from explorer.presets import RECIPE_VARIANT_NAMES, RECIPE_VARIANTS, find_preset
from explorer.runs.run import Snapshot
from explorer.runs.run_summary import RunSummary
from explorer.text import counted
from explorer.training.datasets import DATASETS
from explorer.training.recipe import Recipe

_Kind = tuple[NetworkKey, Recipe]

INCLUDED = "included with the app"  # as a run that comes with a preset is called
EPOCHS_AT_HAND = 500_000  # of runs that are not read again, about 300 bytes each

_curves_lock = Lock()
# One by chance is forgotten, not the oldest: a page looks at all of them in turn, so the oldest is
# always the one that is needed next, and where there is room for all but a few each would be read
# anew every time.
_curves_at_hand: RRCache[str, tuple[RunSummary, Record]] = RRCache(
    EPOCHS_AT_HAND, getsizeof=lambda kept: min(EPOCHS_AT_HAND, 1 + len(kept[1].epochs))
)


class ReadsRuns(Protocol):
    """What reads runs whole, as a JobManager does."""

    def snapshots(self, run_ids: Iterable[str]) -> tuple[Snapshot, ...]:
        """These runs with all their epochs. Those that are gone are left out."""


@dataclass(frozen=True)
class Comparison:
    """What is compared in one look at the page."""

    chosen: tuple[Chosen, ...]
    belonging: tuple[tuple[RunSummary, ...], ...]  # for each of the chosen its runs
    # The places of runs that stand for themselves, and are not put together with other seeds.
    alone: frozenset[int]
    jobs: ReadsRuns = field(compare=False)  # where the runs' curves are read
    dataset: str = ""  # the images that results are shown of

    @classmethod
    def of(
        cls, chosen: Sequence[Chosen], runs: Sequence[RunSummary], jobs: ReadsRuns
    ) -> "Comparison":
        """`runs` are all of this server, the newest first; those of nothing chosen are left out."""
        alone = _standing_alone(chosen, runs)
        return cls(tuple(chosen), _belonging(chosen, runs, alone), alone, jobs)

    def on(self, dataset: str) -> "Comparison":
        """This comparison, with the results on these images."""
        return replace(self, dataset=dataset)

    @property
    def chosen_runs(self) -> frozenset[str]:
        """The ids of those of the chosen that are runs: they are shown, whatever else belongs to
        them.
        """
        return frozenset(each.run for each in self.chosen if each.run)

    @property
    def runs(self) -> list[RunSummary]:
        """All that belong to something chosen, each once."""
        return list({each.run.id: each for runs in self.belonging for each in runs}.values())

    @property
    def coming(self) -> list[RunSummary]:
        """The runs that wait or train."""
        return [each for each in self.runs if not each.ended]

    @property
    def datasets(self) -> list[str]:
        """The images that something chosen is trained on, or is documented for: in the order of
        DATASETS.
        """
        found = {each.run.recipe.dataset for each in self.runs}
        found |= {record.recipe.dataset for each in self.chosen for record in _shipped(each)}
        found |= {
            each.preset.recipe.dataset
            for each in self.chosen
            if each.preset and each.preset.documented
        }
        own = sorted(found - set(DATASETS))
        return [*(name for name in DATASETS if name in found), *own]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """All that trained something chosen on these images, with at least one epoch behind it."""
        return tuple(found for found, _ in self._placed_groups)

    @cached_property
    def documents(self) -> tuple[DocumentedCurve, ...]:
        """What the documents of the chosen presets logged of these images."""
        curves = (
            documented_curve(each.preset)
            for each in self.chosen
            if each.preset and each.preset.recipe.dataset == self.dataset
        )
        return tuple(curve for curve in curves if curve)

    def place_of(self, found: Group) -> int:
        """Which of the chosen the group is of: that gives it its colour, in every view the same."""
        return next(place for group, place in self._placed_groups if group is found)

    @property
    def untrained(self) -> list[Chosen]:
        """The networks without any run on these images."""
        trained = {found.architecture.key for found in self.groups}
        return [each for each in self.chosen if not trained & _networks(each)]

    @cached_property
    def _placed_groups(self) -> list[tuple[Group, int]]:
        """Each group with its place, by place."""
        placed = sorted(self._placed_records(), key=lambda each: each.place)
        together = [each.record for each in placed if each.place not in self.alone]
        found = [*group(together, self.chosen_runs)]
        found += [
            one for each in placed if each.place in self.alone for one in group([each.record])
        ]
        origins = {id(each.record): each for each in placed}
        members = [(each, [origins[id(record)] for record in each.records]) for each in found]
        members.sort(key=lambda each: each[1][0].place)
        labels = distinct([self._label(its_records) for _, its_records in members])
        return [
            (replace(each, label=label), its_records[0].place)
            for (each, its_records), label in zip(members, labels, strict=True)
        ]

    def _placed_records(self) -> list["_Placed"]:
        """Every run at one place: of a chosen run that stands alone, else of another chosen run,
        else of a network.
        """
        found: dict[tuple[str, str, int], _Placed] = {}
        closest_first = sorted(
            range(len(self.chosen)),
            key=lambda place: (place not in self.alone, not self.chosen[place].run),
        )
        for place in closest_first:
            for record, length in self._records(place):
                key = record.run_id or "", record.label, record.recipe.seed
                found.setdefault(key, _Placed(record, length, place))
        return list(found.values())

    def _label(self, members: Sequence["_Placed"]) -> list[str]:
        """What a group is called, part by part: "gap-17k", "our recipe", "20 epochs".

        What its seeds differ in is left out. A run that stands alone is called by its own title
        first.
        """
        first, length = members[0], max(each.length for each in members)
        record = first.record
        named = _network_and_recipe(record.architecture, _but_for_the_seed(record.recipe))
        parts = [
            *named,
            counted(length, "epoch"),
            *([INCLUDED] if record.origin == "shipped" else []),
        ]
        if first.place not in self.alone:
            return parts
        in_title = record.label.split(", ")  # a run's name may say some of it already
        parts.append(f"seed {record.recipe.seed}")
        return [self.chosen[first.place].title, *(part for part in parts if part not in in_title)]

    def _records(self, place: int) -> list[tuple[Record, int]]:
        """The runs of one of the chosen on these images, with at least one epoch behind them, and
        their lengths.
        """
        shipped = [(record, record.recipe.epochs) for record in _shipped(self.chosen[place])]
        ours = [
            each
            for each in self.belonging[place]
            if each.epochs_done and each.run.recipe.dataset == self.dataset
        ]
        found = [*shipped, *_curves(ours, self.jobs)]
        return [
            (record, length)
            for record, length in found
            if record.recipe.dataset == self.dataset and record.epochs
        ]


@dataclass(frozen=True)
class _Placed:
    """A run, and which of the chosen it is shown with."""

    record: Record
    length: int  # in epochs, as `_length` has it
    place: int


def distinct(labels: Iterable[Sequence[str]]) -> list[str]:
    """Each label's parts joined, with " (2)", " (3)" … after the first part where the same label
    stood before.

    There the number is seen in a narrow column too, which cuts off a label's end.
    """
    found: list[str] = []
    for first, *others in labels:
        number, text = 1, ", ".join([first, *others])
        while text in found:
            number += 1
            text = ", ".join([f"{first} ({number})", *others])
        found.append(text)
    return found


# --- which runs are whose -------------------------------------------------------------------------


def _networks(each: Chosen) -> frozenset[NetworkKey]:
    """The networks that count as this one: of a preset that of either recipe, with its dropout
    rates.
    """
    return (
        each.preset.networks
        if each.preset and each.preset.networks
        else frozenset([each.architecture.key])
    )


def _standing_alone(chosen: Sequence[Chosen], runs: Iterable[RunSummary]) -> frozenset[int]:
    """The places of chosen runs that are not put together with other seeds, each of which has a
    group of its own.

    Those are the runs that differ from another chosen one in nothing but the seed, as whoever chose
    both wants them apart, and those that ended with fewer epochs than another seed, beside which
    they would be left out of most figures.
    """
    kinds = {
        place: _kind(each.architecture, each.recipe)
        for place, each in enumerate(chosen)
        if each.run
    }
    counts, networks = Counter(kinds.values()), {chosen[place].architecture.key for place in kinds}
    longest: dict[_Kind, int] = {}
    ended_after: dict[str, int] = {}  # epochs, by the run's id
    for each in runs:
        if each.run.architecture.key in networks:
            kind = _kind(each.run.architecture, each.run.recipe)
            longest[kind] = max(longest.get(kind, 0), each.epochs_done)
            if each.ended:
                ended_after[each.run.id] = each.epochs_done
    return frozenset(
        place
        for place, kind in kinds.items()
        if counts[kind] > 1
        or ended_after.get(chosen[place].run, longest.get(kind, 0)) < longest.get(kind, 0)
    )


def _kind(architecture: Architecture, recipe: Recipe) -> _Kind:
    """What runs have in common that differ in nothing but the seed."""
    return architecture.key, _but_for_the_seed(recipe)


def _but_for_the_seed(recipe: Recipe) -> Recipe:
    return recipe.model_copy(update={"seed": 0})


def _belonging(
    chosen: Sequence[Chosen], runs: Sequence[RunSummary], alone: frozenset[int]
) -> tuple[tuple[RunSummary, ...], ...]:
    """Find the runs that belong to each network that is compared.

    For a run those that differ from it in nothing but the seed, and for one that stands alone
    itself.
    """
    places: dict[NetworkKey, list[int]] = {}
    for place, each in enumerate(chosen):
        for network in _networks(each):
            places.setdefault(network, []).append(place)
    found: list[list[RunSummary]] = [[] for _ in chosen]
    for summary in runs:
        run = summary.run
        for place in places.get(run.architecture.key, ()):
            each = chosen[place]
            if place in alone:
                belongs = each.run == run.id
            else:
                belongs = not each.run or _but_for_the_seed(run.recipe) == _but_for_the_seed(
                    each.recipe
                )
            if belongs:
                found[place].append(summary)
    return tuple(map(tuple, found))


def _curves(runs: Sequence[RunSummary], jobs: ReadsRuns) -> list[tuple[Record, int]]:
    """The runs with all their epochs, each with its length.

    Only those are read that have changed since the last look.
    """
    with _curves_lock:
        known = {found.run.id: _curves_at_hand.get(found.run.id) for found in runs}
    missing = [found for found in runs if (kept := known[found.run.id]) is None or kept[0] != found]
    read = {
        snapshot.run.id: record_of(snapshot)
        for snapshot in jobs.snapshots(each.run.id for each in missing)
    }
    with _curves_lock:
        for found in missing:
            if found.run.id in read:
                _curves_at_hand[found.run.id] = found, read[found.run.id]
    records = {run_id: kept[1] for run_id, kept in known.items() if kept} | read
    return [(records[found.run.id], _length(found)) for found in runs if found.run.id in records]


def _length(found: RunSummary) -> int:
    """How many epochs the run will have, or had when it ended."""
    return found.epochs_done if found.ended else found.run.epochs


@lru_cache(maxsize=128)
def _network_and_recipe(architecture: Architecture, recipe: Recipe) -> tuple[str, str]:
    """ "gap-17k", "our recipe"; of what no preset has the network's own name, and the optimiser."""
    preset = find_preset(architecture)
    variants = [
        variant
        for variant in RECIPE_VARIANTS
        if preset and (found := preset.recipe_variant(variant)) and _alike(found[1], recipe)
    ]
    name = preset.id if preset else architecture.name
    if variants:
        return name, RECIPE_VARIANT_NAMES[variants[0]]
    return name, f"{recipe.optimizer.kind} {recipe.optimizer.lr:g}"


def _alike(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes differ only in what "Train all" asks for anew, or in the device."""
    fields = {"seed", "epochs", "dataset", "device", "precision"}
    return one.model_dump(exclude=fields) == other.model_dump(exclude=fields)


def _shipped(each: Chosen) -> tuple[Record, ...]:
    return records_of(each.preset) if each.preset else ()
