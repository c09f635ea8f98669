"""An address of its own for a layer's maps: a page that plays a run's epochs asks once for each."""

import json

from starlette.routing import Route

from explorer.json_reading import decode_json
from explorer.refusal import Refusal
from explorer.ui.server.question_route import question_route

PATH = "explorer-layer-maps"  # as answers.js of the component has it
MAX_BYTES = 1_000  # of a question


def layer_maps_route(base: str) -> Route:
    """The route that answers the component. `base` is the path that all pages are under."""
    return question_route(base, PATH, answer_to, MAX_BYTES)


def answer_to(question: bytes) -> bytes:
    """The answer to a question, both as JSON. Raises Refusal where the question makes no sense."""
    # With torch, which the server imports once its runs are opened.
    from explorer.ui.components.layer_maps.answers import answer_question

    asked = decode_json(question, "a question", MAX_BYTES, Refusal)
    return json.dumps(answer_question(asked), separators=(",", ":")).encode()
