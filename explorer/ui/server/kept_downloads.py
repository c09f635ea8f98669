"""Keep a file that somebody downloads until the browser has fetched it.

Streamlit (1.67) makes such a file when its button is clicked, tells the browser where it lies, and
deletes it once two runs of pages have ended since, whosever they are. In a class, or over a slow
wire, that is before the browser asks for it. So each is taken from there as its place is told, and
served from here.
"""

from cachetools import LRUCache
from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

KEPT_BYTES = 16_000_000  # of all files that were not fetched yet; a larger one is not kept
LONGEST_MESSAGE = 2_000  # bytes of one that tells a place; most others need not be read
SOCKET = "/_stcore/stream"  # ends the path of a page's websocket; before it, that of all pages

File = tuple[Message, bytes]  # how the answer begins, and its body


class KeptDownloads:
    """ASGI middleware that keeps files that are being downloaded."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: LRUCache[str, File] = LRUCache(KEPT_BYTES, getsizeof=lambda file: len(file[1]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._listen(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in self._kept:
            begin, body = self._kept.pop(scope["path"])
            await send(begin)
            await send({"type": "http.response.body", "body": body})
        else:
            await self.app(scope, receive, send)

    async def _listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if place := _told_place(message.get("bytes")):
                await self._keep(scope, scope["path"].removesuffix(SOCKET) + place)
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
        body = b"".join(each.get("body", b"") for each in rest)
        if begin["status"] == 200 and len(body) <= KEPT_BYTES:
            self._kept[path] = begin, body


def _told_place(data: bytes | None) -> str:
    """Where the file lies that a message tells of; "" of other messages."""
    if not data or len(data) > LONGEST_MESSAGE:
        return ""
    try:
        message = ForwardMsg.FromString(data)
        return str(message.backend_operation_response.deferred_file.url)
    except DecodeError:
        return ""


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
