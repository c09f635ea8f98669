"""Somebody's Markdown as HTML: paragraphs, headings, lists, emphasis, quotations and code.

Nothing in it leads away: HTML stays as it was typed, and links and pictures are text, so that no
browser asks another host for anything.
"""

from markdown_it import MarkdownIt

_READER = MarkdownIt("commonmark", {"html": False}).disable(
    ["link", "image", "autolink", "reference", "html_block", "html_inline"]
)
TOP_HEADING = 3  # of the page's own; a text's first level comes under it


def markdown_to_html(text: str) -> str:
    """The text as HTML that can stand in a page."""
    tokens = _READER.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + TOP_HEADING - 1)}"
    html: str = _READER.renderer.render(tokens, _READER.options, {})
    return html
