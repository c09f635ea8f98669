"""The styles of all pages. A module of its own, as the page script runs anew with every message."""

from pathlib import Path

from explorer.ui.components.assets import publish

# Of all pages, of each, and of what several have; a later one may take back what came before it.
PARTS = ("page", "build", "train", "compare", "charts", "menus", "people", "lesson", "projector")
_FOLDER = Path(__file__).parent / "styles"
# One file for the browser: each of its own would be one more request before anything is seen.
_TEXT = "\n".join((_FOLDER / f"{part}.css").read_text(encoding="utf-8") for part in PARTS)
# Streamlit puts a file of styles into the page as it is, with every run; so the browser gets the
# place alone. Until they are there the page would stand unstyled and then jump: it is shown with
# them, by page.css, or without them if they do not come.
PATIENCE = 3  # seconds
STYLES = (
    f'<style>@import url("{publish(_FOLDER, {"all.css": _TEXT})}all.css");'
    f"@keyframes bare{{0%,to{{visibility:hidden}}}}.stMain{{animation:bare {PATIENCE}s}}</style>"
)
