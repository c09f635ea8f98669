"""A canvas that somebody draws on, and what a trained network makes of the drawing meanwhile."""

from explorer.ui.components.draw_canvas.component import draw_canvas, kept_drawing

__all__ = ["draw_canvas", "kept_drawing"]
