"""The Compare page's parts: what is chosen, and one module a view."""
