"""Compress the files of Streamlit's own page, each once: 4 MB of a first visit become a third of
that.

A class opens the page at once, over one Wi-Fi. Streamlit (1.67) sends these files as they are, and
Starlette's own GZip middleware would compress each again for every visitor, on the thread that all
of them wait for.
"""

import asyncio
import gzip

from cachetools import LRUCache
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC = "/static/"  # in the path of each such file; its name names its content
TEXTS = ("text/", "application/javascript", "application/json", "image/svg+xml")
SMALLEST = 1_000  # bytes; less is not worth it
KEPT_BYTES = 12_000_000  # more than all of them together

Whole = tuple[list[tuple[bytes, bytes]], bytes]  # the headers and the body of an answer


class CompressedStatic:
    """ASGI middleware that compresses the files of Streamlit's own page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: LRUCache[str, Whole] = LRUCache(
            KEPT_BYTES, getsizeof=lambda whole: min(KEPT_BYTES, len(whole[1]))
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _may_be_compressed(scope):
            await self.app(scope, receive, send)
            return
        whole = self._kept.get(scope["path"])
        if whole is None:
            answer = _Answer(send)
            await self.app(scope, receive, answer.hear)
            if not answer.is_text:  # it has been passed on already
                return
            if not answer.is_whole:  # the visitor has left; the next one shall not get a half
                return
            whole = await asyncio.to_thread(_compressed, answer)
            self._kept[scope["path"]] = whole
        headers, body = whole
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _may_be_compressed(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET" or STATIC not in scope["path"]:
        return False
    asked = Headers(scope=scope)
    conditional = any(name in asked for name in ("range", "if-none-match", "if-modified-since"))
    return "gzip" in asked.get("accept-encoding", "") and not conditional


class _Answer:
    """One answer on its way: held back if it is a text worth compressing, else passed on."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.start: Message = {}
        self.body = b""
        self.length = 0  # of the whole body, as the headers say
        self.is_text = False

    @property
    def is_whole(self) -> bool:
        """Streamlit's server stops in the middle of a file, without a word, once the browser has
        gone.
        """
        return len(self.body) == self.length

    async def hear(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            self.length = int(headers.get("content-length", 0))
            self.is_text = (
                message["status"] == 200
                and headers.get("content-type", "").startswith(TEXTS)
                and "content-encoding" not in headers
                and self.length >= SMALLEST
            )
            self.start = message
        elif self.is_text:
            self.body += message.get("body", b"")
        if not self.is_text:
            await self._send(message)


def _compressed(answer: _Answer) -> Whole:
    body = gzip.compress(answer.body, mtime=0)
    headers = MutableHeaders(raw=list(answer.start["headers"]))
    headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(body))
    headers.add_vary_header("Accept-Encoding")
    return headers.raw, body
