"""The units of one layer, drawn: which pixels each sees, which of them move it, and how its value
comes about.
"""

from explorer.ui.components.field_view.component import FieldViewContext, field_view

__all__ = ["FieldViewContext", "field_view"]
