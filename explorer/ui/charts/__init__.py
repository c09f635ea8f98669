"""Data in, Vega-Lite specifications out: what pages draw and downloads hold."""

from explorer.ui.charts.chart import Chart, Spec

__all__ = ["Chart", "Spec"]
