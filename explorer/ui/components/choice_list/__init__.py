"""A table whose rows are chosen by mouse or keyboard, in the order of any column."""

from explorer.ui.components.choice_list.component import View, choice_list

__all__ = ["View", "choice_list"]
