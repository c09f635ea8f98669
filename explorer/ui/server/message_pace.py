"""Hold back a browser's next message until the callbacks of the one before have run.

Streamlit (1.67) can lose a click to the message after it, as when a slow network brings both at
once. A request to run the page that comes while a callback runs ends that callback at its next look
at st.session_state, and it is not called again; a request that comes just before takes its place.

The page says when its callbacks have run: they do so before its first line. What waits is sent on
then, so that whoever types fast still interrupts a page that is being drawn.
"""

import asyncio
import threading
from contextlib import suppress

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from explorer.ui.server.windows import number_window, this_window

# For a run that has no first line of ours, as of a part that is gone. That a run has ended
# cannot be told from what is sent to the browser: Streamlit sends that later, maybe after the next
# message came.
LONGEST_WAIT = 1.0  # seconds


class _Gate:
    """Open, unless callbacks are still to run."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened = asyncio.Event()
        self._opened.set()

    async def pass_through(self) -> None:
        """Wait until the gate is open, and close it. From the event loop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._opened.wait(), LONGEST_WAIT)
        self._opened.clear()

    def open(self) -> None:
        """Open it, from whatever thread. Nothing where the server has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._opened.set)


_lock = threading.Lock()
_gates: dict[str, _Gate] = {}  # by window


def callbacks_have_run() -> None:
    """Let this window's next message pass. To be called first by each run of the page, or of a
    part by itself.
    """
    with _lock:
        gate = _gates.get(this_window())
    if gate:
        gate.open()


class MessagePace:
    """ASGI middleware that lets a window's messages pass one by one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        window, gate = number_window(scope), _Gate()

        async def received() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and _asks_for_a_run(message.get("bytes")):
                await gate.pass_through()
            return message

        with _lock:
            _gates[window] = gate
        try:
            await self.app(scope, received, send)
        finally:
            with _lock:
                del _gates[window]


def _asks_for_a_run(data: bytes | None) -> bool:
    try:
        return bool(data) and BackMsg.FromString(data).WhichOneof("type") == "rerun_script"
    except DecodeError:
        return False
