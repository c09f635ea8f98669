"""Keep out what the browser says that no input of ours could have said.

Streamlit (1.67) reads the state of an input or a component where the page is drawn. A state that it
cannot read (no JSON, brackets nested without end, a number for a text) raises there, and stays in
the session: every later run of it raises too, until the page is loaded anew. So such a state is
taken out of the message before Streamlit gets it. The session goes on with the state before, the
visitor is told, and the log has one line.

What an input may say follows from its kind, and the server itself tells the browser of the kinds.
"""

import json
import logging
import math
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cachetools import LRUCache
from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

from explorer.ui.server.message_fields import has_more_fields
from explorer.ui.server.windows import number_window, this_window

log = logging.getLogger(__name__)

# Bytes of a message. The largest that a browser of ours sends is a pasted text, of at most half as
# much (explorer/imports/opening.py: MAX_PASTED); what is larger is uploaded as a file. Streamlit's
# own limit holds both ways, and what the server sends is larger.
MAX_MESSAGE = 2_000_000
TOO_LARGE = 1009  # the websocket close code for that
MAX_DEPTH = 100  # of brackets in brackets; a draft of layers has five
MAX_STATES = 5_000  # in one message; a page has some hundred inputs
MAX_FIELDS = 2 * MAX_STATES  # in one message that is too large, down to its states
MAX_JSON = 1_200_000  # characters in one message, read in some 0.1 s while every visitor waits
KNOWN_INPUTS = 50_000  # ids whose kind is remembered, for all visitors together
KNOWN_WINDOWS = 1_000  # that may still have something to be told
# The fields in each other in which a browser's message holds its states.
_STATES = tuple(
    message.DESCRIPTOR.fields_by_name[name].number
    for message, name in (
        (BackMsg, "rerun_script"),
        (ClientState, "widget_states"),
        (WidgetStates, "widgets"),
    )
)
TOLD = "Something that the browser sent could not be read, and was left out"
TOLD_TOO_LONG = (
    "A text that the browser sent is too long, and was left out; a longer one: upload the file"
)

# The value fields that Streamlit's page fills for an input, by the kinds of Streamlit's messages.
# One that is not named here is let through: a field that is missing would make an input deaf, so
# the tests read each of these off the scripts of Streamlit's own page.
BUTTON, TEXT, SWITCH = {"trigger_value"}, {"string_value"}, {"bool_value"}
SAYS: dict[str, set[str]] = {
    "bidi_component": {"json_value"},  # what a component triggers goes by an id of its own
    "button": BUTTON,
    "button_group": {"string_array_value"},
    "checkbox": SWITCH,
    "date_time_input": {"string_array_value"},
    "dialog": BUTTON,
    "download_button": BUTTON,
    "expandable": SWITCH,
    "file_uploader": {"file_uploader_state_value"},
    "multiselect": {"string_array_value"},
    "number_input": {"double_value", "int_value"},  # whole numbers come as the latter
    "popover": SWITCH,
    "selectbox": TEXT,
    "tab_container": TEXT,
    "text_area": TEXT,
    "text_input": TEXT,
    "vega_lite_chart": TEXT,
}
SELECTABLE = ("vega_lite_chart",)  # their text is JSON: what is selected in them
JSON_FIELDS = ("json_value", "json_trigger_value")


class InputKinds:
    """The kind of each input that was drawn lately."""

    def __init__(self, room: int = KNOWN_INPUTS):
        self._kinds: LRUCache[str, str] = LRUCache(room)

    def learn(self, data: bytes) -> None:
        """Note the kind of the input that a message to the browser draws, if it draws one.

        Reading the largest, 15 MB, takes 7 ms, and those of a usual edit some 10 µs each.
        """
        try:
            message = ForwardMsg.FromString(data)
        except DecodeError:
            return
        if message.WhichOneof("type") != "delta":
            return
        of = message.delta.WhichOneof("type")
        if of not in ("new_element", "add_block"):
            return
        drawn = getattr(message.delta, of)
        kind = drawn.WhichOneof("type")
        id = getattr(getattr(drawn, kind), "id", "") if kind else ""
        if id:
            self._kinds[id] = kind

    def reasons(self, states: Sequence[WidgetState]) -> list[str]:
        """Why Streamlit must not get each of these states of one message; "" where it may.

        A message that holds too much to look through is not read at all: all visitors would wait.
        """
        if len(states) > MAX_STATES:
            return [f"{len(states):,} states in one message"] * len(states)
        length = sum(len(self._json(state)) for state in states)
        if length <= MAX_JSON:
            return [self.why_not(state) for state in states]
        too_long = f"JSON of {length:,} characters in one message"
        return [too_long if self._json(state) else self.why_not(state) for state in states]

    def why_not(self, state: WidgetState) -> str:
        """Why Streamlit must not get this state; "" where it may."""
        field = state.WhichOneof("value")
        if field is None:  # an input that was emptied
            return ""
        kind = self._kinds.get(state.id)
        if kind in SAYS and field not in SAYS[kind]:
            return f"a {kind} says {' or '.join(SAYS[kind])}, not {field}"
        if field == "double_value" and not math.isfinite(state.double_value):
            return f"{state.double_value} is no number for an input"
        if kind in SELECTABLE:
            return _why_unreadable(state.string_value, dict, _why_no_selection)
        if field in JSON_FIELDS:
            says_objects = kind == "bidi_component" and field == "json_value"
            return _why_unreadable(getattr(state, field), dict if says_objects else object)
        return ""

    def _json(self, state: WidgetState) -> str:
        """The text of a state that Streamlit reads as JSON, "" of other states."""
        field = state.WhichOneof("value")
        if field == "string_value":
            return state.string_value if self._kinds.get(state.id) in SELECTABLE else ""
        return getattr(state, field) if field in JSON_FIELDS else ""


def _why_unreadable(
    text: str, type: type, why_wrong: Callable[[Any], str] = lambda value: ""
) -> str:
    """Why this text is no JSON of such a type, as deep as MAX_DEPTH at most, or what is wrong with
    its value; "" where nothing is.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        return f"brackets nested more than {MAX_DEPTH} deep"
    except ValueError as error:
        return f"no JSON that can be read: {error}"
    if not isinstance(value, type):
        return "JSON, but no object"
    if _is_deeper(value, MAX_DEPTH):
        return f"brackets nested more than {MAX_DEPTH} deep"
    return why_wrong(value)


def _why_no_selection(value: dict[str, object]) -> str:
    """Why this is no selection in a table or a chart; "" where it is, or where it names none, which
    Streamlit takes for an empty one."""
    is_one = isinstance(value.get("selection", {}), dict)
    return "" if is_one else "a selection that is no object"


def _is_deeper(value: object, depth: int) -> bool:
    """Whether lists and objects are nested more than `depth` deep, found without recursion."""
    level = [value]
    for _ in range(depth + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


class MessageGuard:
    """ASGI middleware that removes unreadable states from the browser's messages."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kinds = InputKinds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        window = number_window(scope)
        has_closed = False

        async def received() -> Message:
            nonlocal has_closed
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            if message.get("bytes"):
                message = {**message, "bytes": self._without_unreadable(message["bytes"], window)}
            size = len(message.get("bytes") or message.get("text") or "")
            if size <= MAX_MESSAGE:
                return message
            log.warning("closed the connection of a browser that sent %d bytes at once", size)
            has_closed = True
            await send({"type": "websocket.close", "code": TOO_LARGE})
            return {"type": "websocket.disconnect", "code": TOO_LARGE}

        async def sent(message: Message) -> None:
            if has_closed:
                return
            if message["type"] == "websocket.send" and message.get("bytes"):
                self._kinds.learn(message["bytes"])
            await send(message)

        await self.app(scope, received, sent)

    def _without_unreadable(self, data: bytes, window: str) -> bytes:
        """Like `without_unreadable`, but returns unchanged what is no message at all: Streamlit has
        its own answer to that. So is what is too large to be read: a pasted text is few fields.
        """
        if len(data) > MAX_MESSAGE and has_more_fields(data, MAX_FIELDS, _STATES):
            return data
        try:
            told = without_unreadable(self._kinds, data)
        except DecodeError:
            return data
        if told is not data:
            _leave_word(window, TOLD_TOO_LONG if len(data) > MAX_MESSAGE else TOLD)
        return told


def without_unreadable(kinds: InputKinds, data: bytes) -> bytes:
    """A browser's message without the states that cannot be read, and without the largest of those
    that make it too large; the same object if there are none.

    Raises DecodeError if it is no message of Streamlit's.
    """
    message = BackMsg.FromString(data)
    if message.WhichOneof("type") != "rerun_script":
        return data
    states = message.rerun_script.widget_states.widgets
    reasons = [
        unreadable or large
        for unreadable, large in zip(
            kinds.reasons(states), _why_too_large(states, len(data)), strict=True
        )
    ]
    if not any(reasons):
        return data
    readable = [state for state, reason in zip(states, reasons, strict=True) if not reason]
    wrong = [reason for reason in reasons if reason]
    log.warning("left out %d of %d states of a browser: %.200s", len(wrong), len(states), wrong[0])
    del states[:]
    states.extend(readable)
    told: bytes = message.SerializeToString()
    return told


def _why_too_large(states: Sequence[WidgetState], size: int) -> list[str]:
    """Why the largest of these states are too much for one message of this size; "" for those that
    may stay.
    """
    reasons = [""] * len(states)
    if size <= MAX_MESSAGE:
        return reasons
    sizes = [state.ByteSize() for state in states]
    for place in sorted(range(len(states)), key=lambda place: -sizes[place]):
        if size <= MAX_MESSAGE:
            break
        size -= sizes[place]
        reasons[place] = f"{sizes[place]:,} bytes in a message of more than {MAX_MESSAGE:,}"
    return reasons


_lock = threading.Lock()
_untold: dict[str, str] = {}  # by window, what its visitor has not been told yet


def _leave_word(window: str, words: str) -> None:
    with _lock:
        if len(_untold) >= KNOWN_WINDOWS:  # of windows that were closed at once
            _untold.clear()
        _untold[window] = words


def unreadable_message() -> str:
    """What to tell the visitor of the page that is being drawn, once; "" mostly."""
    with _lock:
        return _untold.pop(this_window(), "")
