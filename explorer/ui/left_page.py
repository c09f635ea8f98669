"""What a browser says while it leaves a page.

A click on another page asks the server for it, and until the answer has come the browser stands on the old one. What it sends
meanwhile bears the old page's name: a field that is left, a component that asks for numbers.
Streamlit (1.67) takes it at its word: a fragment of the old page empties the new one, and anything else goes back to the old.
And the click ends what is under way, so that what was typed just before may never be read.

Between Streamlit and the browser, this sends the former on in the new page's name, and lets a click on another page bring the
old page's inputs along, so that their callbacks are called: what was typed counts, and the new page is drawn with it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

# Buttons and their like: what was pressed is not pressed again.
TRIGGERS = ("trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value")


@dataclass
class Visit:
    """One browser window, as far as its messages tell."""

    page: str = ""  # the page that it stands on or has asked for; "" before the first is known
    query: str = ""  # of the last request for a page as a whole
    inputs: tuple[WidgetState, ...] = ()  # the page's, as they were sent last


def to_server(visit: Visit, data: bytes) -> bytes:
    """What the server is told in place of `data`. Raises DecodeError where that is no message of Streamlit's."""
    message = BackMsg.FromString(data)
    if message.WhichOneof("type") != "rerun_script":
        return data
    request = message.rerun_script
    of_inputs = bool(request.fragment_id or request.widget_states.widgets)
    elsewhere = bool(visit.page) and request.page_script_hash not in ("", visit.page)
    if of_inputs and elsewhere and not request.is_history_navigation:  # a click on a page holds no inputs: the new one has others
        request.fragment_id = ""
        request.page_script_hash, request.query_string = visit.page, visit.query
    else:
        if elsewhere:
            request.widget_states.widgets.extend(visit.inputs)
        _note(visit, request, elsewhere)
    told: bytes = message.SerializeToString()
    return told


def _note(visit: Visit, request: ClientState, elsewhere: bool) -> None:
    if not request.fragment_id:
        visit.page, visit.query = request.page_script_hash or visit.page, request.query_string
    inputs = tuple(state for state in request.widget_states.widgets if state.WhichOneof("value") not in TRIGGERS)
    visit.inputs = () if elsewhere else inputs or visit.inputs


def to_browser(visit: Visit, data: bytes) -> bytes:
    """As it is. It may tell which page the window is on from now on: the first, or one that Python has chosen.
    Raises DecodeError as above."""
    message = ForwardMsg.FromString(data)
    if message.WhichOneof("type") == "navigation" and message.navigation.page_script_hash != visit.page:
        visit.page, visit.inputs = message.navigation.page_script_hash, ()
    return data


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
