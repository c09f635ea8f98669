"""A table of figures that is read, searched and sorted in the page."""

from explorer.ui.components.figure_table.component import Figure, figure_table

__all__ = ["Figure", "figure_table"]
