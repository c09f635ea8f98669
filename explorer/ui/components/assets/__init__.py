"""The browser's part of our components, served once by URL."""

from explorer.ui.components.assets.component import component, keep_state
from explorer.ui.components.assets.files import asset_routes, publish

__all__ = ["asset_routes", "component", "keep_state", "publish"]
