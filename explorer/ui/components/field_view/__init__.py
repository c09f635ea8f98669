"""The units of one layer, drawn: which pixels each sees, which of them move it, and how its value
comes about.
"""

from explorer.ui.components.field_view.component import Around, field_view

__all__ = ["Around", "field_view"]
