"""Hold back a browser's next message until the callbacks of the one before have run.

Streamlit (1.67) can lose a click to the message after it, as when a slow network brings both at
once. A request to run the page that comes while a callback runs ends that callback at its next look
at st.session_state, and it is not called again; a request that comes just before takes its place.

A run says when its callbacks have run: they do so before its first line. What waits is sent on
then, so that whoever types fast still interrupts a page that is being drawn.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState

from explorer.ui.server.windows import number_window, this_window

# While no run goes on, for one that has no first line of ours, as of a part that is gone. That such
# a run has ended cannot be told from what is sent to the browser: Streamlit sends that later, maybe
# after the next message came.
LONGEST_WAIT = 1.0  # seconds


class _Gate:
    """Open, unless callbacks are still to run. All of it happens in the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened = asyncio.Event()
        self._opened.set()
        self._is_running = False
        self._ended_at = 0.0  # when the last run did, in the loop's seconds

    def close(self) -> None:
        """A request has passed whose callbacks are to run."""
        self._opened.clear()

    async def wait(self) -> None:
        """Wait until it is open."""
        came_at = self._loop.time()
        while not self._opened.is_set():
            # The run that the message before asked for begins when the one that goes on has ended.
            waits_since = self._loop.time() if self._is_running else max(came_at, self._ended_at)
            left = waits_since + LONGEST_WAIT - self._loop.time()
            if left <= 0:
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(self._opened.wait(), left)

    def hear_of_a_run(self) -> None:
        """Its callbacks have run."""
        self._is_running = True
        self._opened.set()

    def hear_of_an_end(self) -> None:
        self._is_running, self._ended_at = False, self._loop.time()

    def tell(self, what: Callable[[], None]) -> None:
        """Call one of the above, from whatever thread. Nothing where the server has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)


_lock = threading.Lock()
_gates: dict[str, _Gate] = {}  # by window


@contextmanager
def letting_messages_pass() -> Iterator[None]:
    """Around each run of the page, or of a part by itself, from the moment when its callbacks have
    run: lets this window's next message pass.
    """
    with _lock:
        gate = _gates.get(this_window())
    if gate is None:
        yield
        return
    gate.tell(gate.hear_of_a_run)
    try:
        yield
    finally:
        gate.tell(gate.hear_of_an_end)


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
            request = _request_in(message)
            if request is not None:
                await gate.wait()
                # A part that repeats itself brings nothing new from the inputs: no callback runs.
                if not request.is_auto_rerun:
                    gate.close()
            return message

        with _lock:
            _gates[window] = gate
        try:
            await self.app(scope, received, send)
        finally:
            with _lock:
                del _gates[window]


def _request_in(message: Message) -> ClientState | None:
    """What the browser asks to run, if it does."""
    if message["type"] != "websocket.receive" or not message.get("bytes"):
        return None
    try:
        said = BackMsg.FromString(message["bytes"])
    except DecodeError:
        return None
    return said.rerun_script if said.WhichOneof("type") == "rerun_script" else None
