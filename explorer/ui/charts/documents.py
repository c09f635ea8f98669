"""What the documents of presets report, beside a run."""

from explorer.presets import find_preset
from explorer.runs.run import Snapshot
from explorer.ui.charts import run_charts as charts
from explorer.ui.charts.run_charts import Curve


def documented_beside(snapshot: Snapshot) -> tuple[Curve, ...]:
    """What the document of the run's network reports, where it is of the same images."""
    preset = find_preset(snapshot.run.architecture)
    if (
        preset is None
        or preset.documented is None
        or preset.recipe.dataset != snapshot.run.recipe.dataset
    ):
        return ()
    return charts.documented_curves(preset.documented)
