"""The runs of what is compared, seeds together: those that come with the presets, and those of this server.

Runs on other images are no comparison, so everything here is of one data set.
"""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from explorer.compare.learning import DocumentedCurve, Group, Record, documented_curve, group, record_of, records_of
from explorer.compare.verdict import origin
from explorer.network.spec import Architecture
from explorer.presets import WAYS, Preset, load_presets
from explorer.recent import Recent
from explorer.text import counted
from explorer.training.datasets import DATASETS
from explorer.training.recipe import Recipe
from explorer.training.run import Run
from explorer.training.run_summary import RunSummary
from explorer.ui import process
from explorer.ui.compare.chosen import Chosen

EPOCHS_AT_HAND = 500_000  # of runs that are not read again, about 300 bytes each

_curves_lock = Lock()
_curves_at_hand: Recent[str, tuple[RunSummary, Record]] = Recent(EPOCHS_AT_HAND, lambda kept: 1 + len(kept[1].epochs), "any")


def groups_of(chosen: Sequence[Chosen], dataset: str) -> tuple[Group, ...]:
    """All that trained something chosen on these images, with at least one epoch behind it."""
    return group(record for record in _records(chosen, dataset) if record.epochs)


def datasets_of(chosen: Sequence[Chosen]) -> list[str]:
    """The images that something chosen is trained on, or is documented for: in the order of DATASETS."""
    runs = [each.run for each in process.jobs().runs()]
    found = {run.recipe.dataset for run in runs if any(_belongs(run, each) for each in chosen)}
    found |= {record.recipe.dataset for each in chosen for record in _shipped(each)}
    found |= {each.preset.recipe.dataset for each in chosen if each.preset and each.preset.documented}
    return [name for name in DATASETS if name in found]


def on_their_way(chosen: Sequence[Chosen]) -> list[RunSummary]:
    """The runs of something chosen that wait or train."""
    return [found for found in process.jobs().runs() if not found.ended and any(_belongs(found.run, each) for each in chosen)]


def documents_of(chosen: Sequence[Chosen], dataset: str) -> tuple[DocumentedCurve, ...]:
    """What the documents of the chosen presets logged of these images."""
    curves = (documented_curve(each.preset) for each in chosen if each.preset and each.preset.recipe.dataset == dataset)
    return tuple(curve for curve in curves if curve)


def preset_of(architecture: Architecture) -> Preset | None:
    return origin(architecture, load_presets().values())


def is_of(each: Chosen, architecture: Architecture) -> bool:
    """It is this network: of a preset with either recipe's dropout rates."""
    if each.preset:
        return origin(architecture, [each.preset]) is not None
    return (architecture.layers, architecture.input_shape) == (each.architecture.layers, each.architecture.input_shape)


def place_of(architecture: Architecture, chosen: Sequence[Chosen]) -> int:
    """Which of the chosen it is: that gives it its colour, in every view the same."""
    return next((place for place, each in enumerate(chosen) if is_of(each, architecture)), 0)


def _records(chosen: Sequence[Chosen], dataset: str) -> list[Record]:
    runs = [found for found in process.jobs().runs() if found.epochs_done and found.run.recipe.dataset == dataset]
    records: dict[tuple[str, str, int], Record] = {}
    for each in chosen:
        shipped = [(record, record.recipe.epochs) for record in _shipped(each) if record.recipe.dataset == dataset]
        ours = _curves([found for found in runs if _belongs(found.run, each)])
        for record, epochs in (*shipped, *ours):
            key = record.run_id or "", record.label, record.recipe.seed
            records.setdefault(key, replace(record, label=_label(record, epochs)))
    return list(records.values())


def _curves(runs: Sequence[RunSummary]) -> list[tuple[Record, int]]:
    """The runs with all their epochs, each with its length. Only those are read that have changed since the last look."""
    with _curves_lock:
        known = {found.run.id: _curves_at_hand.get(found.run.id) for found in runs}
    missing = [found for found in runs if (kept := known[found.run.id]) is None or kept[0] != found]
    read = {snapshot.run.id: record_of(snapshot) for snapshot in process.jobs().snapshots(each.run.id for each in missing)}
    with _curves_lock:
        for found in missing:
            if found.run.id in read:
                _curves_at_hand[found.run.id] = found, read[found.run.id]
    records = {run_id: kept[1] for run_id, kept in known.items() if kept} | read
    return [(records[found.run.id], _length(found)) for found in runs if found.run.id in records]


def _length(found: RunSummary) -> int:
    """In epochs: all that it will have, or had when it ended."""
    return found.epochs_done if found.ended else found.run.epochs


def _label(record: Record, length: int) -> str:
    """Network, recipe, length, and where it was run: "gap-17k, tuned, 20 epochs, shipped". What seeds differ in is left out."""
    preset = preset_of(record.architecture)
    ways = [way for way in WAYS if preset and (found := preset.way(way)) and _alike(found[1], record.recipe)]
    optimizer = record.recipe.optimizer
    recipe = ways[0] if ways else f"{optimizer.kind} {optimizer.lr:g}"
    shipped = ["shipped"] if record.origin == "shipped" else []
    return ", ".join([preset.id if preset else record.architecture.name, recipe, counted(length, "epoch"), *shipped])


def _alike(one: Recipe, other: Recipe) -> bool:
    """The same but for what "Train all" asks for anew, and where it is computed."""
    fields = {"seed", "epochs", "dataset", "device", "precision"}
    return one.model_dump(exclude=fields) == other.model_dump(exclude=fields)


def _shipped(each: Chosen) -> tuple[Record, ...]:
    return records_of(each.preset) if each.preset else ()


def _belongs(run: Run, each: Chosen) -> bool:
    """It trained this preset with either recipe's dropout rates, or exactly these layers; of a run its other seeds too."""
    same = is_of(each, run.architecture)
    if not each.run or not same:
        return same
    return run.recipe.model_copy(update={"seed": each.recipe.seed}) == each.recipe
