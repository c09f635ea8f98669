"""Keep a file that somebody downloads for a while, so that the browser can fetch it.

Streamlit (1.67) makes such a file when its button is clicked, tells the browser where it lies, and
deletes it once two runs of pages have ended since, whosever they are. In a class, or over a slow
wire, that is before the browser asks for it. So each is taken from there as its place is told, and
served from here, as often as it is asked for: the page asks twice, once to see whether it is there.
A file that is too large for that is left to Streamlit.
"""

import logging

from cachetools import FIFOCache
from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

log = logging.getLogger(__name__)

KEPT_BYTES = 16_000_000  # of all files; the oldest goes first
ENTRY_BYTES = 2_000  # counted for each file beside its content
LONGEST_MESSAGE = 2_000  # bytes of one that tells a place
PLACE = b"/media/"  # in each of those; so hardly any other message need be read
SOCKET = "/_stcore/stream"  # ends the path of a page's websocket; before it, that of all pages

File = tuple[Message, bytes]  # how the answer begins, and its body


class KeptDownloads:
    """ASGI middleware that keeps files that are being downloaded."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: FIFOCache[str, File] = FIFOCache(KEPT_BYTES, getsizeof=_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._listen(scope, receive, send)
            return
        asks = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        kept = self._kept.get(scope["path"]) if asks else None
        if kept is None:
            await self.app(scope, receive, send)
            return
        begin, body = kept
        await send(begin)
        body = body if scope["method"] == "GET" else b""
        await send({"type": "http.response.body", "body": body})

    async def _listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if place := _told_place(message.get("bytes")):
                try:
                    await self._keep(scope, scope["path"].removesuffix(SOCKET) + place)
                except Exception:  # whatever it is, the browser is told all the same
                    log.exception("a download could not be kept")
            await send(message)

        await self.app(scope, receive, sent)

    async def _keep(self, scope: Scope, path: str) -> None:
        """Fetch a file as the browser will."""
        said: list[Message] = []

        async def hear(message: Message) -> None:
            said.append(message)

        asking: Scope = {
            **scope,
            "type": "http",
            "method": "GET",
            "http_version": "1.1",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
        }
        await self.app(asking, _nothing, hear)
        begin, *rest = said
        file = begin, b"".join(each.get("body", b"") for each in rest)
        if begin["status"] == 200 and _size(file) <= KEPT_BYTES:
            self._kept[path] = file


def _size(file: File) -> int:
    return len(file[1]) + ENTRY_BYTES


def _told_place(data: bytes | None) -> str:
    """Where the file lies that a message tells of; "" of other messages."""
    if not data or len(data) > LONGEST_MESSAGE or PLACE not in data:
        return ""
    try:
        message = ForwardMsg.FromString(data)
        return str(message.backend_operation_response.deferred_file.url)
    except DecodeError:
        return ""


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
