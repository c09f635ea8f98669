"""One layer of a trained network at work on one image, played over the epochs."""

from explorer.ui.components.layer_maps.component import layer_maps

__all__ = ["layer_maps"]
