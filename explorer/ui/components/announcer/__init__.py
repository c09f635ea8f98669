"""Tells a screen reader what has changed on a page."""

from explorer.ui.components.announcer.component import announce

__all__ = ["announce"]
