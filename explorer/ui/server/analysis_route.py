"""An address of its own for the analysis of a stack.

An editor asks here as soon as a key is pressed, and has the numbers long before the page is drawn
anew (tests/benchmarks/RESULTS.md). Nothing is kept of what is asked.
"""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from explorer.json_reading import decode_json
from explorer.refusal import Refusal

PATH = "explorer-analysis"  # as protocol.js of the stack editor has it
JSON = "application/json"
MAX_BYTES = 400_000  # of a question; one of as many layers as a stack can have is far below it
# An analysis takes some milliseconds, and one at the limits of what is analysed half a second: more
# than two at a time shall not hold up the pages.
_analysts = ThreadPoolExecutor(2, thread_name_prefix="analysis")


def analysis_routes(base: str) -> list[Route]:
    """The route that answers editors.

    `base` is the path that the server has its pages under, "" mostly.
    """
    prefix = f"/{base.strip('/')}".rstrip("/")
    return [Route(f"{prefix}/{PATH}", _answer, methods=["POST"])]


async def _answer(request: Request) -> Response:
    # A browser lets no page of another site send this type, unless this server allows it.
    if request.headers.get("content-type") != JSON:
        return PlainTextResponse(f"ask in {JSON}", 415)
    question = bytearray()
    async for piece in request.stream():
        question += piece
        if len(question) > MAX_BYTES:
            return PlainTextResponse(f"a question has at most {MAX_BYTES:,} bytes", 413)
    loop = asyncio.get_running_loop()
    try:
        answer = await loop.run_in_executor(_analysts, answer_to, bytes(question))
    except Refusal as refusal:
        return PlainTextResponse(str(refusal), 422)
    return Response(answer, media_type=JSON, headers={"Cache-Control": "no-store"})


def answer_to(question: bytes) -> bytes:
    """Raises Refusal, whatever the question is."""
    # With torch, which the server imports once its runs are opened.
    from explorer.ui.components.stack_editor.analysis_data import answer_question

    asked = decode_json(question, "a question", MAX_BYTES, Refusal)
    return json.dumps(answer_question(asked), separators=(",", ":")).encode()
