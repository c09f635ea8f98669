"""The link in the browser's address bar, and the box to copy it from."""

from explorer.ui.components.address.component import keep_address, link_box

__all__ = ["keep_address", "link_box"]
