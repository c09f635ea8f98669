"""The units of one layer, drawn: which pixels each sees, which of them move it, and how its value
comes about.
"""

from explorer.ui.components.field_view.component import (
    FieldViewContext,
    field_view,
    field_view_in_part,
)
from explorer.ui.components.field_view.samples import OwnImage

__all__ = ["FieldViewContext", "OwnImage", "field_view", "field_view_in_part"]
