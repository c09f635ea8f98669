"""An address of its own for the analysis of a stack.

An editor asks here with every edit, and has the numbers long before the page is drawn anew
(tests/benchmarks/RESULTS.md). An analysis takes some milliseconds, and one of all that can be
analysed up to a second. A browser that is told to go has the page's answer bring its numbers.
"""

import json

from starlette.routing import Route

from explorer.json_reading import decode_json
from explorer.refusal import Refusal
from explorer.ui.server.question_route import question_route

PATH = "explorer-analysis"  # as analyses.js of the stack editor has it
MAX_BYTES = 1_200_000  # of a question; one of as many layers as a stack can have is far below it


def analysis_route(base: str) -> Route:
    """The route that answers editors. `base` is the path that all pages are under, as "/a" or
    "".
    """
    return question_route(base, PATH, answer_to, MAX_BYTES)


def answer_to(question: bytes) -> bytes:
    """The answer to a question, both as JSON. Raises Refusal where the question makes no sense."""
    # With torch, which the server imports once its runs are opened.
    from explorer.ui.components.stack_editor.analysis_data import answer_question

    asked = decode_json(question, "a question", MAX_BYTES, Refusal)
    return json.dumps(answer_question(asked), separators=(",", ":")).encode()
