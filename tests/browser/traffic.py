"""What passes between a browser and the server: each message on the socket, what is fetched beside
it, and the bytes on the wire.
"""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Page, Response, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import App


@dataclass
class Traffic:
    """The messages on the page's socket, as long as they were before they were compressed."""

    received: list[bytes] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    fetched_bytes: int = 0  # of what the page asked beside the socket

    @property
    def received_bytes(self) -> int:
        return sum(map(len, self.received))

    @property
    def sent_bytes(self) -> int:
        return sum(map(len, self.sent))

    def answers(self) -> "list[Traffic]":
        """The same by the runs of the page that it came from."""
        found: list[Traffic] = []
        for frame in self.received:
            if ForwardMsg.FromString(frame).WhichOneof("type") == "new_session":
                found.append(Traffic())
            if found:
                found[-1].received.append(frame)
        return found

    def by_kind(self) -> Counter[str]:
        """The bytes that were received, by what they draw or tell."""
        sizes: Counter[str] = Counter()
        for frame in self.received:
            sizes[_kind(ForwardMsg.FromString(frame))] += len(frame)
        return sizes

    def scripts(self) -> dict[str, int]:
        """For each component that was received last: the bytes of script, style and markup that it
        brought along.
        """
        found = {}
        for frame in self.received:
            element = ForwardMsg.FromString(frame).delta.new_element
            if element.WhichOneof("type") == "bidi_component":
                drawn = element.bidi_component
                found[drawn.component_name] = sum(
                    len(text.encode())
                    for text in (drawn.js_content, drawn.css_content, drawn.html_content)
                )
        return found


def _kind(message: ForwardMsg) -> str:
    kind = message.WhichOneof("type")
    if kind != "delta":
        return str(kind)
    if message.delta.WhichOneof("type") != "new_element":
        return str(message.delta.WhichOneof("type"))
    element = message.delta.new_element
    if element.WhichOneof("type") == "bidi_component":
        return element.bidi_component.component_name
    return str(element.WhichOneof("type"))


class Listener:
    """Hears all of a page's sockets and of what it fetches, from before it is opened."""

    def __init__(self, page: Page) -> None:
        self._traffic = Traffic()
        page.on("websocket", self._listen)
        page.on("response", self._count)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self._traffic.received.append(_bytes(frame)))
        socket.on("framesent", lambda frame: self._traffic.sent.append(_bytes(frame)))

    def _count(self, response: Response) -> None:
        self._traffic.fetched_bytes += int(response.headers.get("content-length", 0))

    @contextmanager
    def heard(self) -> Iterator[Traffic]:
        """What passes from here on; it can be read to the end of the block and after it."""
        self._traffic = Traffic()
        yield self._traffic
        self._traffic = Traffic()


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


class Wire:
    """A way to the server that counts every byte, headers too, as compressed as it is."""

    def __init__(self, server: str) -> None:
        self._there = (urlsplit(server).hostname or "", urlsplit(server).port or 80)
        self._here = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._here.getsockname()[1]}"
        self.received = 0  # by the browser
        self.sent = 0
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        self._here.shutdown(socket.SHUT_RDWR)  # which wakes who waits for a browser
        self._accepting.join()
        self._here.close()

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._here.accept()
            except OSError:
                return  # closed
            server = socket.create_connection(self._there)
            threading.Thread(
                target=self._carry, args=(browser, server, "sent"), daemon=True
            ).start()
            threading.Thread(
                target=self._carry, args=(server, browser, "received"), daemon=True
            ).start()

    def _carry(self, source: socket.socket, to: socket.socket, way: str) -> None:
        """Carry all that comes; the other thread closes the socket that this one carries to."""
        with source, suppress(OSError):
            while data := source.recv(65536):
                setattr(self, way, getattr(self, way) + len(data))
                to.sendall(data)
        with suppress(OSError):
            to.shutdown(socket.SHUT_RDWR)


def answered_edit(app: App) -> None:
    """The first layer's channels, which are marked, become another number by one key; wait until
    its row tells, and Python has answered.
    """
    before = app.row(0).locator(".shape").inner_text()
    app.page.keyboard.press("9" if not before.startswith("9") else "8")
    expect(app.row(0).locator(".shape")).not_to_have_text(before)
    expect(app.page.locator(".editor.asking")).to_have_count(0)


def wait_for_values(app: App) -> None:
    """Until the panel beside shows values, which it asks for once nothing is typed any more."""
    expect(app.page.locator('.figure[data-answered="exact"]')).to_be_visible()
    app.settled()
