"""Addresses of their own for questions that a page's script asks, so that their answers cost no
page.

A question and its answer are JSON; nothing is kept of what is asked.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from explorer.refusal import Refusal

JSON = "application/json"
SECONDS = 10.0  # in which a question is to arrive
# An answer takes some milliseconds, and a large one up to a second. No more than these of one
# address shall hold up the pages, or keep a server that ends.
AT_ONCE = 2
WAITING = 60  # a class

Answer = Callable[[bytes], bytes]
"""From a question to its answer. Raises Refusal where the question makes no sense."""


def question_route(path: str, answer: Answer, most_bytes: int) -> Route:
    """The route that answers questions of at most so many bytes at this path."""
    return Route(path, _Line(answer, most_bytes).answer, methods=["POST"])


class _Line:
    """Those whose questions are answered, two at a time."""

    def __init__(self, answer: Answer, most_bytes: int) -> None:
        self._answer, self._most_bytes = answer, most_bytes
        self._places = asyncio.Semaphore(AT_ONCE)
        # Threads of its own: downloads that are made may fill those that all share.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="question")
        self._waiting = 0

    async def answer(self, request: Request) -> Response:
        # A browser lets no page of another site send this type, unless this server allows it.
        if request.headers.get("content-type") != JSON:
            return PlainTextResponse(f"ask in {JSON}", 415)
        try:
            async with asyncio.timeout(SECONDS):
                question = await _read(request, self._most_bytes)
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
                return await loop.run_in_executor(self._threads, self._answer, question)
        finally:
            self._waiting -= 1


async def _read(request: Request, most_bytes: int) -> bytes:
    """All of a question. Raises Refusal where it is too long, before its end."""
    question = bytearray()
    async for piece in request.stream():
        question += piece
        if len(question) > most_bytes:
            raise Refusal(f"a question has at most {most_bytes:,} bytes")
    return bytes(question)
