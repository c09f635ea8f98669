"""What passes between a browser and the server: the bytes of each message, and of a first visit."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page, WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


@dataclass
class Traffic:
    """The bytes on the page's socket, without what TLS and the frames themselves add."""

    received: list[bytes] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    @property
    def received_bytes(self) -> int:
        return sum(map(len, self.received))

    @property
    def sent_bytes(self) -> int:
        return sum(map(len, self.sent))

    def by_kind(self) -> Counter[str]:
        """The bytes that were received, by what they draw or tell."""
        sizes: Counter[str] = Counter()
        for frame in self.received:
            sizes[_kind(ForwardMsg.FromString(frame))] += len(frame)
        return sizes

    def scripts(self) -> dict[str, int]:
        """For each component that was received last: the bytes of script, style and markup that it brought along."""
        found = {}
        for frame in self.received:
            element = ForwardMsg.FromString(frame).delta.new_element
            if element.WhichOneof("type") == "bidi_component":
                drawn = element.bidi_component
                found[drawn.component_name] = sum(
                    len(text.encode()) for text in (drawn.js_content, drawn.css_content, drawn.html_content)
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
    """Hears all of a page's sockets, from before it is opened."""

    def __init__(self, page: Page) -> None:
        self._traffic = Traffic()
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self._traffic.received.append(_bytes(frame)))
        socket.on("framesent", lambda frame: self._traffic.sent.append(_bytes(frame)))

    @contextmanager
    def heard(self) -> Iterator[Traffic]:
        """What passes from here on; it can be read to the end of the block and after it."""
        self._traffic = Traffic()
        yield self._traffic
        self._traffic = Traffic()


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


@contextmanager
def downloaded(page: Page) -> Iterator[Counter[str]]:
    """The bytes on the wire of each file that the page asks for, as compressed as it comes; sockets are not among them."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: Counter[str] = Counter()

    def finished(event: dict[str, object]) -> None:
        sizes[urls.get(str(event["requestId"]), "?")] += int(str(event["encodedDataLength"]).split(".")[0])

    session.on("Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]}))
    session.on("Network.loadingFinished", finished)
    yield sizes
    session.detach()
