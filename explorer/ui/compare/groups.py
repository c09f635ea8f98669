"""The runs of what is compared, seeds together: those that come with the presets, and those of this server."""

from collections.abc import Sequence

from explorer.compare.learning import DocumentedCurve, Group, Record, documented_curve, group, record_of, records_of
from explorer.compare.verdict import origin
from explorer.network.spec import Architecture
from explorer.presets import Preset, load_presets
from explorer.training.run import Snapshot
from explorer.ui import process
from explorer.ui.compare.chosen import Chosen


def groups_of(chosen: Sequence[Chosen]) -> tuple[Group, ...]:
    """All that trained something chosen, with at least one epoch behind it."""
    snapshots = process.jobs().runs()
    records: dict[tuple[str, str, int], Record] = {}
    for each in chosen:
        for record in (*_shipped(each), *(record_of(snapshot) for snapshot in snapshots if _belongs(snapshot, each))):
            records.setdefault((record.run_id or "", record.label, record.recipe.seed), record)
    return group(record for record in records.values() if record.epochs)


def still_training(chosen: Sequence[Chosen]) -> bool:
    """More is to come of something chosen."""
    return any(not snapshot.ended and any(_belongs(snapshot, each) for each in chosen) for snapshot in process.jobs().runs())


def documents_of(chosen: Sequence[Chosen]) -> tuple[DocumentedCurve, ...]:
    """What the documents of the chosen presets logged."""
    curves = (documented_curve(each.preset) for each in chosen if each.preset)
    return tuple(curve for curve in curves if curve)


def preset_of(architecture: Architecture) -> Preset | None:
    return origin(architecture, load_presets().values())


def _shipped(each: Chosen) -> tuple[Record, ...]:
    return records_of(each.preset) if each.preset else ()


def _belongs(snapshot: Snapshot, each: Chosen) -> bool:
    """It trained this preset with either recipe's dropout rates, or exactly these layers; of a run its other seeds too."""
    run = snapshot.run
    if each.preset:
        return origin(run.architecture, [each.preset]) is not None
    same = (run.architecture.layers, run.architecture.input_shape) == (each.architecture.layers, each.architecture.input_shape)
    if not each.run or not same:
        return same
    return run.recipe.model_copy(update={"seed": each.recipe.seed}) == each.recipe
