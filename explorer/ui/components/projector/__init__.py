"""The projector view: everything large, and what nobody needs in front of a class left out."""

from explorer.ui.components.projector.component import is_projected, projector_button, with_view

__all__ = ["is_projected", "projector_button", "with_view"]
