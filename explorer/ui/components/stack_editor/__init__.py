"""The layer stack as one component: rows that are edited, moved and undone in the browser, and
checked in Python.
"""

from explorer.ui.components.stack_editor.component import sent_draft, stack_editor
from explorer.ui.components.stack_editor.draft import Draft, DraftError, Stack, parse_draft
from explorer.ui.components.stack_editor.fields import palette

__all__ = ["Draft", "DraftError", "Stack", "palette", "parse_draft", "sent_draft", "stack_editor"]
