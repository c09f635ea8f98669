"""The styles of all pages. A module of its own, as the page script runs anew with every message."""

from pathlib import Path

from explorer.ui.components.assets import publish

# Streamlit puts a file of styles into the page as it is, with every run; so the browser gets the
# place alone.
STYLES = f'<style>@import url("{publish(Path(__file__).parent)}page.css");</style>'
