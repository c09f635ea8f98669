"""OwnImagesError: why images of one's own cannot be taken."""

from explorer.refusal import Refusal


class OwnImagesError(Refusal):
    """The message is a sentence: what was wrong, where, and what would be right."""
