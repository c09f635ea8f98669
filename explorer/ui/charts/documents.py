"""What the documents of presets report, beside a run."""

from explorer.compare.verdict import origin
from explorer.presets import load_presets
from explorer.runs.run import Snapshot
from explorer.ui.charts import run_charts as charts
from explorer.ui.charts.run_charts import Curve


def documented_beside(snapshot: Snapshot) -> tuple[Curve, ...]:
    """What the document of the run's network reports, where it is of the same images."""
    preset = origin(snapshot.run.architecture, load_presets().values())
    if preset is None or preset.documented is None or preset.recipe.dataset != snapshot.run.recipe.dataset:
        return ()
    return charts.documented_curves(preset.documented)
