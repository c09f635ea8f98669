"""The list of runs: a table whose rows are chosen by mouse or keyboard, in the order of any
column.
"""

from explorer.ui.components.run_list.component import View, run_list

__all__ = ["View", "run_list"]
