"""What a browser says while it leaves a page.

A click on another page asks the server for it, and until the answer has come the browser stands on the old one. What it sends
meanwhile bears the old page's name: a field that is left, a component that asks for numbers.
Streamlit (1.67) takes it at its word: a fragment of the old page empties the new one, and anything else goes back to the old.
And the click ends what is under way, so that what was typed just before may never be read.

Between Streamlit and the browser, this sends the former on in the new page's name, and lets a click on another page bring along
those of the old page's inputs that no run has read yet. Their callbacks are called: what was typed counts, and the new page is
drawn with it.

A request that holds no inputs is a click on a page, as the new page's are others: main.py itself must draw none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

# Buttons and their like: what was pressed is not pressed again.
TRIGGERS = ("trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value")
ENDED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)

Inputs = dict[str, WidgetState]


@dataclass
class Visit:
    """One browser window, as far as its messages tell."""

    page: str = ""  # the page that it stands on or has asked for; "" before the first is known
    left: str = ""  # the page before, as long as the server has not told of this one
    asked: ClientState = field(default_factory=ClientState)  # the last request for a page as a whole
    said: Inputs = field(default_factory=dict)  # the page's inputs as the browser told them last
    read: Inputs = field(default_factory=dict)  # and as they were when a run began that has ended since
    begun: bool = False  # a run has begun since they were told

    def unread(self) -> list[WidgetState]:
        return [state for id, state in self.said.items() if self.read.get(id) != state]


def to_server(visit: Visit, data: bytes) -> bytes:
    """What the server is told in place of `data`. Raises DecodeError where that is no message of Streamlit's."""
    message = BackMsg.FromString(data)
    if message.WhichOneof("type") != "rerun_script":
        return data
    request = message.rerun_script
    inputs = {state.id: state for state in request.widget_states.widgets if state.WhichOneof("value") not in TRIGGERS}
    of_inputs = bool(request.fragment_id or request.widget_states.widgets)
    if of_inputs and _elsewhere(visit, request) and not request.is_history_navigation:
        visit.said, visit.begun = visit.said | inputs, False
        _of_the_page_asked_for(visit, request)
    elif of_inputs:
        visit.said, visit.begun = inputs, False
        if not request.fragment_id:
            _asked(visit, request)
    else:
        _asked(visit, request)
        if unread := visit.unread():
            request.widget_states.widgets.extend(unread)
    told: bytes = message.SerializeToString()
    return told


def _elsewhere(visit: Visit, request: ClientState) -> bool:
    """It names another page than the one the window is on."""
    return bool(visit.page) and request.page_script_hash not in ("", visit.page)


def _asked(visit: Visit, request: ClientState) -> None:
    if _elsewhere(visit, request):
        visit.left = visit.page
    visit.page = request.page_script_hash or visit.page
    visit.asked = request


def _of_the_page_asked_for(visit: Visit, request: ClientState) -> None:
    unread = visit.unread()
    del request.widget_states.widgets[:]
    request.widget_states.widgets.extend(unread)
    request.fragment_id = ""
    request.page_script_hash, request.query_string = visit.page, visit.asked.query_string
    request.is_history_navigation = visit.asked.is_history_navigation


def to_browser(visit: Visit, data: bytes) -> bytes:
    """As it is, but it tells of the window: the page that Python has put it on, and that a run has begun or ended.
    Raises DecodeError as above."""
    message = ForwardMsg.FromString(data)
    kind = message.WhichOneof("type")
    if kind == "navigation":
        _put_on(visit, message.navigation.page_script_hash)
    elif kind == "new_session":
        visit.begun = True
    elif kind == "script_finished" and visit.begun and message.script_finished in ENDED:
        visit.read = dict(visit.said)
    return data


def _put_on(visit: Visit, page: str) -> None:
    if page == visit.page:
        visit.left = ""
    elif page != visit.left:  # else this is of a run that the click has ended
        visit.page, visit.left = page, ""


class LeftPages:
    """ASGI middleware over Streamlit's socket: one `Visit` a connection."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        visit = Visit()

        async def received() -> Message:
            return _changed(await receive(), "websocket.receive", lambda data: to_server(visit, data))

        async def sent(message: Message) -> None:
            await send(_changed(message, "websocket.send", lambda data: to_browser(visit, data)))

        await self.app(scope, received, sent)


def _changed(message: Message, type: str, change: Callable[[bytes], bytes]) -> Message:
    """The message with its content changed. What is no message of Streamlit's stays as it is: Streamlit has its own answer."""
    if message["type"] != type or not message.get("bytes"):
        return message
    try:
        return {**message, "bytes": change(message["bytes"])}
    except DecodeError:
        return message
