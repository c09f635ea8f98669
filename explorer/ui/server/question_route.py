"""Answers questions that a page's scripts ask at an address of their own, beside the pages.

Nothing is kept of what is asked.
"""

import asyncio
import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from explorer.refusal import Refusal

JSON = "application/json"
SECONDS = 10.0  # in which a question is to arrive
# No more than these shall hold up the pages, or keep a server that ends.
AT_ONCE = 2
WAITING = 60  # a class
LARGE = 4_000  # bytes; a larger answer is compressed, for a class shares its Wi-Fi


def question_route(
    base: str, path: str, answer_to: Callable[[bytes], bytes], max_bytes: int
) -> Route:
    """The route that answers questions of JSON in at most so many bytes.

    Args:
        base: the path that all pages are under, as "/a" or "".
        answer_to: the answer to a question, both as JSON; called in a thread. Raises Refusal where
            the question makes no sense.
    """
    line = _Line(path, answer_to, max_bytes)
    return Route(f"{base}/{path}", line.answer, methods=["POST"])


class _Line:
    """Those whose questions are answered, two at a time."""

    def __init__(self, name: str, answer_to: Callable[[bytes], bytes], max_bytes: int) -> None:
        self._answer_to, self._max_bytes = answer_to, max_bytes
        self._places = asyncio.Semaphore(AT_ONCE)
        # Threads of its own: downloads that are made may fill those that all share.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=name)
        self._waiting = 0

    async def answer(self, request: Request) -> Response:
        # A browser lets no page of another site send this type, unless this server allows it.
        if request.headers.get("content-type") != JSON:
            return PlainTextResponse(f"ask in {JSON}", 415)
        try:
            async with asyncio.timeout(SECONDS):
                question = await self._read(request)
            if self._waiting >= WAITING:
                return PlainTextResponse("too many ask at once", 503)
            answer = await self._answer_in_turn(request, question)
        except Refusal as refusal:
            return PlainTextResponse(str(refusal), 422)
        except (ClientDisconnect, TimeoutError):  # nobody hears this any more
            return PlainTextResponse("the question did not arrive", 408)
        headers = {"Cache-Control": "no-store"}
        if len(answer) > LARGE and "gzip" in request.headers.get("accept-encoding", ""):
            answer = gzip.compress(answer, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        return Response(answer, media_type=JSON, headers=headers)

    async def _answer_in_turn(self, request: Request, question: bytes) -> bytes:
        """Raises ClientDisconnect where nobody waits any more."""
        self._waiting += 1
        try:
            async with self._places:
                if await request.is_disconnected():
                    raise ClientDisconnect
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._answer_to, question)
        finally:
            self._waiting -= 1

    async def _read(self, request: Request) -> bytes:
        """All of a question. Raises Refusal where it is too long, before its end."""
        question = bytearray()
        async for piece in request.stream():
            question += piece
            if len(question) > self._max_bytes:
                raise Refusal(f"a question has at most {self._max_bytes:,} bytes")
        return bytes(question)
