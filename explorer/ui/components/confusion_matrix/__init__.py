"""A confusion matrix of which a cell is chosen by mouse or keyboard."""

from explorer.ui.components.confusion_matrix.component import Cell, confusion_matrix

__all__ = ["Cell", "confusion_matrix"]
