"""A browser without a screen: speaks Streamlit's protocol on the socket, honestly or not."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

from tests.ui.page_tree import PageTree

PATIENCE = 60  # seconds

Fill = Callable[[WidgetState], object]


@dataclass
class Input:
    """An input or a component as the server told of it."""

    kind: str
    fragment: str
    element: Any


@dataclass
class SocketClient:
    socket: ClientConnection
    query: str = ""  # of the address, behind the question mark
    session: str = ""
    page: str = "build"
    requests: int = 0  # for a page, so far
    tree: PageTree = field(default_factory=PageTree)
    inputs: dict[str, Input] = field(default_factory=dict)  # by id, of all that was drawn
    errors: list[str] = field(default_factory=list)  # exceptions that the last run showed
    toasts: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)  # errors, warnings and the like on the pages

    def run(
        self, states: dict[str, Fill] | None = None, *, page: str | None = None, fragment: str = ""
    ) -> None:
        """Ask for a page, the same again where none is named, with these states of its inputs; wait
        until it is drawn.
        """
        states = dict(states or {})
        if page and page != self.page:
            self.requests, self.page = self.requests + 1, page
            text = json.dumps({"request": {"number": self.requests, "page": page}})
            states[self.the("bidi_component", "explorer.navigation")] = lambda state: setattr(
                state, "json_value", text
            )
        self.ask(states, fragment)
        self.hear_of_an_end()

    def ask(self, states: dict[str, Fill] | None = None, fragment: str = "") -> None:
        """Ask for the page or a part of it, and don't wait."""
        message = BackMsg()
        request = message.rerun_script
        request.fragment_id = fragment
        request.query_string = self.query
        for id, fill in (states or {}).items():
            fill(request.widget_states.widgets.add(id=id))
        self.errors.clear()
        self.socket.send(message.SerializeToString())

    def use(self, kind: str, label: str) -> None:
        """Click a button, or tick a box: a message of its own. Don't wait."""
        found = self.labelled(label, kind=kind)
        value = {"button": "trigger_value", "checkbox": "bool_value"}[kind]
        self.ask({found.element.id: lambda state: setattr(state, value, True)}, found.fragment)

    def hear_of_a_start(self) -> None:
        """Take in all messages until a run has begun."""
        while True:
            message = ForwardMsg.FromString(self.socket.recv(PATIENCE))
            self._hear(message)
            if message.WhichOneof("type") == "new_session":
                return

    def hear(self, alert: str) -> None:
        """Take in all messages until the page has said this, or that something went wrong."""
        while alert not in self.alerts and not self.errors:
            self._hear(ForwardMsg.FromString(self.socket.recv(PATIENCE)))

    def hear_of_an_end(self) -> None:
        """Take in all messages until a run has ended that no other one overtook."""
        while not self._hear(ForwardMsg.FromString(self.socket.recv(PATIENCE))):
            pass

    def wait_for(self, alert: str) -> None:
        """Wait until the page has said this, asking for it again after each run."""
        deadline = time.monotonic() + PATIENCE
        while alert not in self.alerts:
            assert time.monotonic() < deadline, f"the page says {self.alerts[-3:]}"
            self.run()

    def make_file(self, id: str) -> str:
        """Have the server make the file of a download button; the path at which it lies then."""
        message = BackMsg()
        message.backend_operation_request.request_id = "a file"
        message.backend_operation_request.session_id = self.session
        message.backend_operation_request.deferred_file.file_id = id
        self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(self.socket.recv(PATIENCE))
            if answer.WhichOneof("type") == "backend_operation_response":
                return str(answer.backend_operation_response.deferred_file.url)

    def the(self, kind: str, name: str) -> str:
        """The id of the one input of this kind whose id or component has this name."""
        (found,) = (
            id
            for id, each in self.inputs.items()
            if each.kind == kind and name in f"{id} {getattr(each.element, 'component_name', '')}"
        )
        return found

    def labelled(self, label: str, *, kind: str = "") -> Input:
        """The one input with this label, of this kind where one is named."""
        (found,) = (
            each
            for each in self.inputs.values()
            if getattr(each.element, "label", "") == label and kind in ("", each.kind)
        )
        return found

    def data(self, id: str) -> Any:
        """What a component was given to draw."""
        return json.loads(self.inputs[id].element.bytes)

    def _hear(self, message: ForwardMsg) -> bool:
        """Whether the run has ended."""
        self.tree.hear(message)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id
        elif kind == "delta":
            self._draw(message)
        return (
            kind == "script_finished"
            and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        )

    def _draw(self, message: ForwardMsg) -> None:
        of = message.delta.WhichOneof("type")
        if of not in ("new_element", "add_block"):
            return
        drawn = getattr(message.delta, of)
        kind = drawn.WhichOneof("type")
        element = getattr(drawn, kind) if kind else None
        if kind == "exception":
            self.errors.append(element.message)
        elif kind == "toast":
            self.toasts.append(element.body)
        elif kind == "alert":
            self.alerts.append(element.body)
        if id := getattr(element, "id", ""):
            self.inputs[id] = Input(kind, message.delta.fragment_id, element)


def cookie_from(url: str, cookie: str = "") -> str:
    """The cookie that a browser has after it opened the page, with this one where it had one."""
    request = urllib.request.Request(url, headers={"Cookie": cookie} if cookie else {})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        given: str = answer.headers["Set-Cookie"]
        return given.partition(";")[0]


@contextmanager
def visiting(url: str, cookie: str = "", **query: str) -> Iterator[SocketClient]:
    """A new visitor, in a browser with this cookie, once the page at this address is drawn."""
    address = f"{url.replace('http', 'ws')}/_stcore/stream"
    headers = {"Cookie": cookie} if cookie else {}
    with connect(
        address,
        subprotocols=["streamlit"],
        max_size=None,
        compression=None,
        additional_headers=headers,
    ) as socket:
        client = SocketClient(socket, urlencode(query))
        client.run()
        yield client
