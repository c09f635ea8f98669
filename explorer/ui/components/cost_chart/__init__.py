"""Where a network's parameters and its work are: a bar a layer."""

from explorer.ui.components.cost_chart.component import cost_chart

__all__ = ["cost_chart"]
