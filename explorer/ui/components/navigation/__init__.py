"""The pages, which of them is open, and the way from one to another."""

from explorer.ui.components.navigation.pages import Page, current_page, go_to, navigation_bar

__all__ = ["Page", "current_page", "go_to", "navigation_bar"]
