"""Anyone's text on the screens."""


def unmarked(text: str) -> str:
    """Anyone's text for a label or a message, where Streamlit reads Markdown: what could be markup is escaped."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>&$#~|:!^" else char for char in text)
