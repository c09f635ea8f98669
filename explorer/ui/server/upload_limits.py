"""Bound what uploaded files may take of the server's memory, and how long one may take to arrive.

Streamlit (1.67) bounds the size of one file and keeps each until its page has been closed for two
minutes, however many there are. Nothing here needs a file for longer than it takes to read it,
which is done as soon as it has come. So each page keeps its newest files, each person, and all
together keep the newest of all; older ones are deleted with the request by which Streamlit's own
page deletes them.
"""

import asyncio
import logging
import re
import time
from collections import Counter, OrderedDict
from typing import NamedTuple

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.people.cookie import PersonCookie
from explorer.ui.server.askers import Asker, Most, asker_of

log = logging.getLogger(__name__)

MB = 1_000_000
FILES_OF_A_PAGE = 2  # a page has one input for files, and may replace what is in it
MOST_BYTES = 320 * MB  # of all pages: ten of the largest files
ENTRY_BYTES = 10_000  # counted for each file beside its content, so that empty ones are bounded too
AT_ONCE = 40  # files that are on their way to the server, of all pages
AT_ONCE_OF_A_PAGE = 2
# A person can have many pages open.
FILES_OF_ONE = Most(of_a_person=6, of_an_address=30)
AT_ONCE_OF_ONE = Most(of_a_person=4, of_an_address=20)
SILENT_SECONDS = 30.0  # between two pieces of a file
WHOLE_SECONDS = 300.0  # for all of a file

# Of a file; the group is the page's session.
PATH = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")
STORED = 204

BUSY = "Too many files are being sent to this server. Try again in a minute."
OWN_BUSY = "You are sending other files. Try again when they have arrived."
PAGE_BUSY = "This page is sending other files. Try again when they have arrived."
TOO_SLOW = "The file did not arrive in time. Send it again."


class _Kept(NamedTuple):
    """A file that is kept: its bytes, its page's session, and who sent it."""

    size: int
    session: str
    asker: Asker


class _TooSlow(Exception):
    """No piece of a file came for too long."""


class UploadLimits:
    """ASGI middleware that bounds uploaded files: how many, and how long each may take to come."""

    def __init__(
        self,
        app: ASGIApp,
        cookie: PersonCookie,
        most_bytes: int = MOST_BYTES,
        silent_seconds: float = SILENT_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self.app, self._cookie = app, cookie
        self._most_bytes = most_bytes
        self._silent_seconds, self._whole_seconds = silent_seconds, whole_seconds
        self._kept: OrderedDict[str, _Kept] = OrderedDict()  # by path, the oldest first
        # Files on their way, by session and by who sends them.
        self._coming: Counter[str | Asker] = Counter()
        self._all_coming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = PATH.search(scope["path"]) if scope["type"] == "http" else None
        if found and scope["method"] == "PUT":
            await self._store(found[1], scope, receive, send)
        elif found and scope["method"] == "DELETE":
            await self._delete(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _store(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        asker = asker_of(scope, self._cookie)
        bounds = (
            (self._all_coming, AT_ONCE, BUSY),
            (self._coming.get(session, 0), AT_ONCE_OF_A_PAGE, PAGE_BUSY),
            (self._coming.get(asker, 0), AT_ONCE_OF_ONE.of(asker), OWN_BUSY),
        )
        for coming, most, words in bounds:
            if coming >= most:
                await _refuse(429, words, scope, receive, send)
                return
        upload = _Upload(receive, send, self._silent_seconds, self._whole_seconds)
        self._count(session, asker, 1)
        try:
            await self.app(scope, upload.receive, upload.send)
        except _TooSlow:
            log.warning("a file did not arrive in time: %d bytes of it came", upload.size)
            if not upload.status:
                await _refuse(408, TOO_SLOW, scope, receive, send)
        finally:
            self._count(session, asker, -1)
            if upload.status == STORED:
                self._kept.pop(scope["path"], None)
                self._kept[scope["path"]] = _Kept(upload.size + ENTRY_BYTES, session, asker)
        if upload.status == STORED:
            await self._make_room(session, asker, scope)

    def _count(self, session: str, asker: Asker, change: int) -> None:
        self._all_coming += change
        for key in (session, asker):
            self._coming[key] += change
            if not self._coming[key]:
                del self._coming[key]

    async def _make_room(self, session: str, asker: Asker, scope: Scope) -> None:
        """Delete the oldest files of this page, of this person, then of all, until there are no
        more than may be kept.
        """
        of_page = [path for path, kept in self._kept.items() if kept.session == session]
        for path in of_page[:-FILES_OF_A_PAGE]:
            await self._forget(path, scope)
        of_one = [path for path, kept in self._kept.items() if kept.asker == asker]
        for path in of_one[: -FILES_OF_ONE.of(asker)]:
            await self._forget(path, scope)
        while self._kept_bytes() > self._most_bytes and len(self._kept) > 1:
            await self._forget(next(iter(self._kept)), scope)

    def _kept_bytes(self) -> int:
        return sum(kept.size for kept in self._kept.values())

    async def _forget(self, path: str, scope: Scope) -> None:
        """Delete a file as its page would. A file whose page is gone is deleted already."""
        self._kept.pop(path, None)
        deleting = {**scope, "method": "DELETE", "path": path, "raw_path": path.encode()}
        await self.app(deleting, _nothing, _unheard)

    async def _delete(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == STORED:
                self._kept.pop(scope["path"], None)
            await send(message)

        await self.app(scope, receive, sent)


class _Upload:
    """One file on its way, and the status that Streamlit answered, 0 until it has."""

    def __init__(
        self, receive: Receive, send: Send, silent_seconds: float, whole_seconds: float
    ) -> None:
        self._receive, self._send = receive, send
        self._silent_seconds = silent_seconds
        self._deadline = time.monotonic() + whole_seconds
        self._is_whole = False
        self.size = 0
        self.status = 0

    async def receive(self) -> Message:
        """The next piece of the file. Raises _TooSlow if none comes in time."""
        if self._is_whole:
            return await self._receive()
        patience = min(self._silent_seconds, self._deadline - time.monotonic())
        try:
            message = await asyncio.wait_for(self._receive(), max(patience, 0))
        except TimeoutError:
            raise _TooSlow from None
        self.size += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


async def _refuse(status: int, why: str, scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(why, status, {"connection": "close"})(scope, receive, send)


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _unheard(message: Message) -> None:
    """Take an answer that nobody waits for."""
