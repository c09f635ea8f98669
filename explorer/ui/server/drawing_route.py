"""An address of its own for what a trained network makes of a drawing.

The canvas asks here while somebody draws, up to ten times a second: an answer through the page
would come after all that the page draws.
"""

import json

from starlette.routing import Route

from explorer.json_reading import decode_json
from explorer.refusal import Refusal
from explorer.ui.server.question_route import question_route

PATH = "explorer-drawing"  # as recognition.js of the canvas has it
MAX_BYTES = 80_000  # of a question; the largest drawing is below it


def drawing_route(base: str) -> Route:
    """The route that answers canvases. `base` is the path that all pages are under, as "/a" or
    "".
    """
    return question_route(base, PATH, answer_to, MAX_BYTES)


def answer_to(question: bytes) -> bytes:
    """The answer to a question, both as JSON. Raises Refusal where the question makes no sense."""
    # With torch, which the server imports once its runs are opened.
    from explorer.ui.components.draw_canvas.answers import answer_question

    asked = decode_json(question, "a question", MAX_BYTES, Refusal)
    return json.dumps(answer_question(asked), separators=(",", ":")).encode()
