"""An address of its own for the analysis of a stack.

An editor asks here with every edit, and has the numbers long before the page is drawn anew
(tests/benchmarks/RESULTS.md). Nothing is kept of what is asked.
"""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from explorer.json_reading import decode_json
from explorer.refusal import Refusal

PATH = "explorer-analysis"  # as analyses.js of the stack editor has it
JSON = "application/json"
MAX_BYTES = 1_200_000  # of a question; one of as many layers as a stack can have is far below it
SECONDS = 10.0  # in which a question is to arrive
# An analysis takes some milliseconds, and one of all that can be analysed up to a second. No more
# than these shall hold up the pages, or keep a server that ends.
AT_ONCE = 2
WAITING = 60  # a class; a browser that is told to go has the page's answer bring its numbers


def analysis_route(base: str) -> Route:
    """The route that answers editors. `base` is the path that all pages are under, as "/a" or
    "".
    """
    line = _Line()
    return Route(f"{base}/{PATH}", line.answer, methods=["POST"])


class _Line:
    """Those whose questions are answered, two at a time."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        # Threads of its own: downloads that are made may fill those that all share.
        self._analysts = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="analysis")
        self._waiting = 0

    async def answer(self, request: Request) -> Response:
        # A browser lets no page of another site send this type, unless this server allows it.
        if request.headers.get("content-type") != JSON:
            return PlainTextResponse(f"ask in {JSON}", 415)
        try:
            async with asyncio.timeout(SECONDS):
                question = await _read(request)
            if self._waiting >= WAITING:
                return PlainTextResponse("too many ask at once", 503)
            answer = await self._answer_in_turn(request, question)
        except Refusal as refusal:
            return PlainTextResponse(str(refusal), 422)
        except (ClientDisconnect, TimeoutError):  # nobody hears this any more
            return PlainTextResponse("the question did not arrive", 408)
        return Response(answer, media_type=JSON, headers={"Cache-Control": "no-store"})

    async def _answer_in_turn(self, request: Request, question: bytes) -> bytes:
        """Raises ClientDisconnect where nobody waits any more."""
        self._waiting += 1
        try:
            async with self._places:
                if await request.is_disconnected():
                    raise ClientDisconnect
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._analysts, answer_to, question)
        finally:
            self._waiting -= 1


async def _read(request: Request) -> bytes:
    """All of a question. Raises Refusal where it is too long, before its end."""
    question = bytearray()
    async for piece in request.stream():
        question += piece
        if len(question) > MAX_BYTES:
            raise Refusal(f"a question has at most {MAX_BYTES:,} bytes")
    return bytes(question)


def answer_to(question: bytes) -> bytes:
    """The answer to a question, both as JSON. Raises Refusal where the question makes no sense."""
    # With torch, which the server imports once its runs are opened.
    from explorer.ui.components.stack_editor.analysis_data import answer_question

    asked = decode_json(question, "a question", MAX_BYTES, Refusal)
    return json.dumps(answer_question(asked), separators=(",", ":")).encode()
