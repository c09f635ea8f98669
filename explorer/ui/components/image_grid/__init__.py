"""Test images with a network's answers, of which one is chosen by mouse or keyboard."""

from explorer.ui.components.image_grid.component import Picture, image_grid

__all__ = ["Picture", "image_grid"]
