"""A socket between browser and server that can be held up, and told on message by message."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import WebSocketRoute
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import App


@dataclass
class Held:
    """A message that waits on the wire."""

    to: WebSocketRoute
    data: bytes


@dataclass
class HeldWire:
    """The socket between browser and server, which can be held up."""

    app: App
    holds: bool = False
    held: list[Held] = field(default_factory=list)
    server: WebSocketRoute | None = None

    def __post_init__(self) -> None:
        self.app.page.route_web_socket(re.compile("_stcore/stream"), self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        server = self.server = browser.connect_to_server()
        browser.on_message(lambda message: self._carry(server, message))
        server.on_message(lambda message: self._carry(browser, message))

    def _carry(self, to: WebSocketRoute, message: str | bytes) -> None:
        if self.holds and isinstance(message, bytes):
            self.held.append(Held(to, message))
        else:
            to.send(message)

    def hold(self) -> None:
        """From now on what is said waits, once all that is under way has arrived."""
        self.app.settled()
        self.holds = True

    def asked(self) -> list[bytes]:
        """The runs that the browser has asked for and that wait on the wire."""
        said = [held.data for held in self.held if held.to is self.server]
        return [
            data for data in said if BackMsg.FromString(data).WhichOneof("type") == "rerun_script"
        ]

    def until_asked(self, *parts: bytes) -> None:
        """Wait until runs wait on the wire, one with each of these in what is asked for."""
        for part in parts:
            self.app.until(
                lambda part=part: any(part in data for data in self.asked()),
                f"{part!r} is asked for",
            )

    def until_told(self, kind: str) -> None:
        """Wait until the server has said something of this kind, which waits on the wire."""
        self.app.until(lambda: kind in self.told(), f"the server tells {kind}")

    def told(self) -> list[str | None]:
        told = [held.data for held in self.held if held.to is not self.server]
        return [ForwardMsg.FromString(data).WhichOneof("type") for data in told]

    def to_server(self) -> None:
        """Let through what the browser said so far, and nothing to the browser."""
        said = [held for held in self.held if held.to is self.server]
        self.held = [held for held in self.held if held.to is not self.server]
        for each in said:
            each.to.send(each.data)

    def release(self) -> None:
        """All that was held up, a message a frame, as from a server that takes its time."""
        while self.held:
            each = self.held.pop(0)
            each.to.send(each.data)
            self.app.next_frame()
        self.holds = False

    def ask_for(self, page: str) -> None:
        """Click on another page; the question for it waits on the wire."""
        before = len(self.asked())
        self.app.link_to(page).click()
        self.app.until(lambda: len(self.asked()) > before, f"{page} is asked for")
