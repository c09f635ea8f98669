"""States that no browser of ours sends: left out, said, and the session goes on."""

import asyncio
import json
import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import streamlit
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from explorer.network.spec import MAX_LAYERS
from explorer.presets import load_presets
from explorer.runs.home import open_store
from explorer.runs.new_run import new_run
from explorer.ui import messages
from explorer.ui.components.stack_editor import palette
from explorer.ui.server.message_guard import (
    MAX_DEPTH,
    MAX_JSON,
    MAX_MESSAGE,
    MAX_STATES,
    SAYS,
    SELECTABLE,
    TOLD,
    TOLD_TOO_LONG,
    TOO_LARGE,
    InputKinds,
    MessageGuard,
    without_unreadable,
)
from tests.browser.conftest import Server, serving
from tests.ui.socket_client import visiting

SELECTION = json.dumps({"selection": {"rows": [0], "columns": []}})
DEEP = '{"a":' * (MAX_DEPTH + 1) + "0" + "}" * (MAX_DEPTH + 1)

# What may be in a state, by the name of its field: right, then wrong whatever input it is of.
VALUES: dict[str, tuple[object, list[object]]] = {
    "trigger_value": (True, []),
    "bool_value": (True, []),
    "int_value": (3, []),
    "double_value": (1.5, [math.nan, math.inf, -math.inf]),
    "string_value": (SELECTION, []),
    "string_array_value": (["a"], []),
    "int_array_value": ([1], []),
    "double_array_value": ([1.0], []),
    "json_value": ('{"draft": null}', ["", "{no JSON", "[" * 50_000, DEEP]),
    "json_trigger_value": ('[{"event": "x"}]', ["{no JSON", "[" * 50_000, DEEP]),
    "bytes_value": (b"\xff\x00", []),
    "file_uploader_state_value": (None, []),
    "chat_input_value": (None, []),
    "string_trigger_value": (None, []),
}
UNREADABLE_SELECTIONS = ["{no JSON", "[]", "[" * 50_000, '{"selection": 5}', '{"selection": null}']
NO_OBJECTS = ["[1]", "3", "null", '"text"']


def filled(state: WidgetState, name: str, value: object) -> WidgetState:
    if isinstance(value, list):
        getattr(state, name).data.extend(value)
    elif value is None:
        getattr(state, name).SetInParent()
    else:
        setattr(state, name, value)
    return state


def drawn(kind: str) -> bytes:
    """What the server sends to have an input of this kind drawn."""
    message = ForwardMsg()
    delta = message.delta
    of = delta.new_element if kind in Element.DESCRIPTOR.fields_by_name else delta.add_block
    getattr(of, kind).id = kind
    return message.SerializeToString()


def test_every_kind_and_every_field_is_one_of_streamlits():
    kinds = {*Element.DESCRIPTOR.fields_by_name, *Block.DESCRIPTOR.fields_by_name}
    assert set(SAYS) <= kinds
    assert set().union(*SAYS.values()) <= set(VALUES) <= set(WidgetState.DESCRIPTOR.fields_by_name)


@pytest.mark.parametrize("kind", SAYS)
def test_an_input_says_what_its_kind_says_and_nothing_else(kind):
    kinds = InputKinds()
    kinds.learn(drawn(kind))
    for name, (value, _) in VALUES.items():
        left_out = bool(kinds.why_not(filled(WidgetState(id=kind), name, value)))
        assert left_out == (name not in SAYS[kind]), name
    assert kinds.why_not(WidgetState(id=kind)) == ""  # an input that was emptied


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (_, wrong) in VALUES.items() for value in wrong]
)
def test_a_value_that_cannot_be_read_is_left_out_of_whatever_input(name, value):
    assert InputKinds().why_not(filled(WidgetState(id="unknown"), name, value))


@pytest.mark.parametrize("kind", SELECTABLE)
@pytest.mark.parametrize("text", UNREADABLE_SELECTIONS)
def test_a_selection_that_is_none_is_left_out(text, kind):
    kinds = InputKinds()
    kinds.learn(drawn(kind))
    assert kinds.why_not(WidgetState(id=kind, string_value=text))


@pytest.mark.parametrize("kind", SELECTABLE)
@pytest.mark.parametrize("text", ["{}", '{"selection": {}}', '{"edited_rows": {}}'])
def test_a_state_without_a_selection_is_let_through(text, kind):
    kinds = InputKinds()
    kinds.learn(drawn(kind))
    assert kinds.why_not(WidgetState(id=kind, string_value=text)) == ""


@pytest.mark.parametrize("text", NO_OBJECTS)
def test_a_component_of_ours_says_an_object_and_one_of_streamlits_older_kind_anything(text):
    kinds = InputKinds()
    for kind in ("bidi_component", "component_instance"):
        kinds.learn(drawn(kind))
    assert kinds.why_not(WidgetState(id="bidi_component", json_value=text))
    assert kinds.why_not(WidgetState(id="component_instance", json_value=text)) == ""


def test_what_is_no_message_of_streamlits_teaches_nothing_and_breaks_nothing():
    kinds = InputKinds()
    for data in (b"", b"\xff", b"\x08", drawn("button")[:-1], b"{}" * 1000):
        kinds.learn(data)
    assert kinds.why_not(WidgetState(id="button", int_value=1)) == ""


# --- how much one message may hold ----------------------------------------------------------------


def json_state(id: str, text: str) -> WidgetState:
    return WidgetState(id=id, json_value=text)


@pytest.mark.parametrize("kind", [*SELECTABLE, "bidi_component", "not drawn yet"])
@pytest.mark.parametrize("pieces", [1, 50])
def test_json_that_would_take_long_to_read_is_left_out_unread(kind, pieces, monkeypatch):
    kinds = InputKinds()
    if kind in SAYS:
        kinds.learn(drawn(kind))
    text = json.dumps({"a": [0] * (MAX_JSON // 3 // pieces + 1)})
    field = "string_value" if kind in SELECTABLE else "json_value"
    states = [filled(WidgetState(id=kind), field, text) for _ in range(pieces)]
    # No JSON, such as a pasted notebook.
    honest = WidgetState(id="typed", string_value="x" * (MAX_JSON + 1))
    monkeypatch.setattr("json.loads", lambda text: pytest.fail("it was read"))
    assert all(kinds.reasons(states))
    assert [bool(why) for why in kinds.reasons([*states, honest])] == [True] * pieces + [False]


def test_json_as_long_as_may_be_is_read():
    text = json.dumps({"a": "x" * (MAX_JSON - 10)})
    assert len(text) <= MAX_JSON
    assert InputKinds().reasons([json_state("draft", text)]) == [""]


def test_the_longest_draft_is_far_below_what_is_read():
    """Each argument of each layer given, with numbers of ten digits."""
    longest = max(
        len(
            json.dumps(
                {"kind": kind, "uid": 10**10}
                | {field["name"]: [10**10] * 4 for field in row["fields"]}
            )
        )
        for kind, row in palette().items()
    )
    assert MAX_LAYERS * longest < MAX_JSON / 2


def test_a_message_with_more_states_than_any_page_has_is_left_out_whole():
    states = [WidgetState(id=str(number), bool_value=True) for number in range(MAX_STATES + 1)]
    assert all(InputKinds().reasons(states))
    assert not any(InputKinds().reasons(states[:-1]))


def message_of(*lengths: int) -> bytes:
    """A browser's message with texts of these lengths in its inputs, named by their places."""
    message = BackMsg()
    for place, length in enumerate(lengths):
        message.rerun_script.widget_states.widgets.add(id=str(place)).string_value = "x" * length
    return message.SerializeToString()


@pytest.mark.parametrize(
    ("lengths", "left"),
    [
        ([10, MAX_MESSAGE - 1_000], ["0", "1"]),
        ([10, MAX_MESSAGE, 20], ["0", "2"]),
        ([900_000, MAX_MESSAGE, 900_000], ["0", "2"]),
        ([900_000] * 3, ["1", "2"]),
        ([3 * MAX_MESSAGE, 10, 4 * MAX_MESSAGE], ["1"]),
    ],
)
def test_of_a_message_that_is_too_large_the_largest_states_are_left_out(lengths, left):
    told = without_unreadable(InputKinds(), message_of(*lengths))
    assert len(told) <= MAX_MESSAGE
    kept = [state.id for state in BackMsg.FromString(told).rerun_script.widget_states.widgets]
    assert kept == left


def through_the_guard(message: Message) -> list[Message]:
    """What a server behind the guard hears of a browser's message, and what the browser then hears
    of an answer.
    """
    said: list[Message] = []

    async def receive() -> Message:
        return message

    async def send(answer: Message) -> None:
        said.append(answer)

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        said.append(await receive())
        await send({"type": "websocket.send", "bytes": b""})

    scope = {"type": "websocket", "headers": []}
    asyncio.run(MessageGuard(server)(scope, receive, send))
    return said


@pytest.mark.parametrize(
    "message",
    [
        {"bytes": b"\xff" * (MAX_MESSAGE + 1)},  # no message of Streamlit's
        {"bytes": BackMsg().SerializeToString() + b"\x12\x00" * MAX_MESSAGE},  # of fields alone
        {"bytes": b"", "text": "x" * (MAX_MESSAGE + 1)},
        {
            "bytes": BackMsg(debug_disconnect_websocket=True).SerializeToString()
            + b"\x00" * MAX_MESSAGE
        },
    ],
)
def test_what_is_too_large_and_holds_no_states_closes_the_connection(message):
    assert through_the_guard({"type": "websocket.receive", **message}) == [
        {"type": "websocket.close", "code": TOO_LARGE},
        {"type": "websocket.disconnect", "code": TOO_LARGE},
    ]


def test_what_is_large_enough_passes():
    for data in (b"\xff" * MAX_MESSAGE, message_of(MAX_MESSAGE - 1_000)):
        heard, answer = through_the_guard({"type": "websocket.receive", "bytes": data})
        assert heard["bytes"] == data
        assert answer["type"] == "websocket.send"


# --- what Streamlit's own page says ---------------------------------------------------------------

# The script in which each kind of input lies, and where in it: near this test id, in one with more.
SCRIPTS: dict[str, tuple[str, str]] = {
    "bidi_component": ("BidiComponent", ""),
    "button": ("Button", ""),
    "button_group": ("ButtonGroup", ""),
    "checkbox": ("Checkbox", ""),
    "date_time_input": ("DateTimeInput", ""),
    "dialog": ("index", "stDialog"),
    "download_button": ("DownloadButton", ""),
    "expandable": ("index", "stExpander"),
    "file_uploader": ("FileUploader", ""),
    "multiselect": ("Multiselect", ""),
    "number_input": ("NumberInput", ""),
    "popover": ("index", "stPopover"),
    "selectbox": ("Selectbox", ""),
    "tab_container": ("index", "stTabs"),
    "text_area": ("TextArea", ""),
    "text_input": ("TextInput", ""),
    "vega_lite_chart": ("ArrowVegaLiteChart", ""),
}
# Said by an id of its own, not the input's: buttons in a table's cells, what a component triggers.
OTHER_IDS = {"bidi_component": {"trigger_value"}}
SETTER = re.compile(r"\.set([A-Z]\w*?Value)\(")
NEAR = 4_000  # characters of script on either side of a test id


def fields_set(kind: str) -> set[str]:
    """The value fields that the script of this kind of input fills."""
    script, near = SCRIPTS[kind]
    folder = Path(streamlit.__file__).parent / "static" / "static" / "js"
    (file,) = folder.glob(f"{script}.{'?' * 8}.js")  # with a hash in its name
    text = file.read_text()
    if near:
        at = text.index(f'"data-testid":`{near}`')
        text = text[max(0, at - NEAR) : at + NEAR]
    named = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in SETTER.findall(text)}
    return named & set(WidgetState.DESCRIPTOR.fields_by_name)


@pytest.mark.parametrize("kind", SAYS)
def test_every_field_that_streamlits_page_fills_is_let_through(kind):
    assert fields_set(kind) - OTHER_IDS.get(kind, set()) == SAYS[kind]


def test_what_is_not_known_yet_is_let_through_as_after_a_cut_connection():
    for name, (value, _) in VALUES.items():
        assert InputKinds().why_not(filled(WidgetState(id="unknown"), name, value)) == ""


def test_only_so_many_kinds_are_remembered():
    kinds = InputKinds(room=1)
    kinds.learn(drawn("button"))
    kinds.learn(drawn("checkbox"))
    assert kinds.why_not(WidgetState(id="checkbox", int_value=1))
    assert kinds.why_not(WidgetState(id="button", int_value=1)) == ""


# --- on a real socket -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("forged")
    store = open_store(folder / "home")  # so that there is a table on Runs
    preset = load_presets()["gap-17k"]
    store.begin(new_run(preset.architecture, preset.recipe)).lock.release()
    store.close()
    with serving(folder) as server:
        yield server


def honest(kind: str, element: Any) -> Callable[[WidgetState], object]:
    """What a browser says of an input as it was drawn: its first value, or that it is open."""
    fields = {
        "bidi_component": lambda: {"json_value": "{}"},
        "button_group": lambda: {
            "string_array_value": [element.options[i].content for i in element.default]
        },
        "checkbox": lambda: {"bool_value": element.default},
        "date_time_input": lambda: {"string_array_value": list(element.default)},
        "expandable": lambda: {"bool_value": True},
        "file_uploader": lambda: {"file_uploader_state_value": None},
        "multiselect": lambda: {
            "string_array_value": [element.options[i] for i in element.default]
        },
        "number_input": lambda: {
            "int_value" if element.data_type == element.INT else "double_value": element.default
        },
        "popover": lambda: {"bool_value": True},
        "selectbox": lambda: {"string_value": element.options[element.default]},
        "text_area": lambda: {"string_value": element.default},
        "text_input": lambda: {"string_value": element.default},
        "vega_lite_chart": lambda: {"string_value": '{"selection": {}}'},
    }
    ((name, value),) = fields[kind]().items()
    value = int(value) if name == "int_value" else value
    return partial(filled, name=name, value=value)


TO_PRESS = {"button", "dialog", "download_button"}
# These need a pasted table or a trained run, or have an id only where a callback is told of them.
NOT_DRAWN = {"tab_container", "vega_lite_chart"}


@pytest.mark.slow
def test_nothing_that_an_honest_browser_says_is_left_out(server):
    """Every input of every page, once all that opens has been opened."""
    met: set[str] = set()
    with visiting(server.url) as visitor:
        for page in ("build", "train", "compare", "runs"):
            visitor.run(page=page)
            if page == "build":
                opens = visitor.the("button", "-open")
                visitor.run({opens: partial(filled, name="trigger_value", value=True)})
            known = 0
            while known < len(visitor.inputs):  # what was opened has inputs too
                known = len(visitor.inputs)
                inputs = [
                    (id, each) for id, each in visitor.inputs.items() if each.kind not in TO_PRESS
                ]
                visitor.run({id: honest(each.kind, each.element) for id, each in inputs}, page=page)
                assert not visitor.errors
        assert messages.shown(TOLD) not in visitor.toasts
        met |= {each.kind for each in visitor.inputs.values()}
    assert met == set(SAYS) - NOT_DRAWN
    assert "left out" not in server.log.read_text()


FORGED = [(name, value) for name, (right, wrong) in VALUES.items() for value in [right, *wrong]]
FORGED += [("json_value", text) for text in NO_OBJECTS]
FORGED += [("string_value", text) for text in UNREADABLE_SELECTIONS]
FORGED += [("string_value", '{"selection": {"rows": ["x", 99999, -1], "columns": 5}}')]
PRESSED = ("trigger_value", "string_trigger_value", "json_trigger_value")


@pytest.mark.slow
@pytest.mark.parametrize("page", ["build", "train", "compare", "runs"])
def test_no_forged_state_breaks_a_session(server, page):
    with visiting(server.url) as visitor:
        visitor.run(page=page)
        assert visitor.inputs
        unknown = {each.kind for each in visitor.inputs.values()} - set(SAYS)
        assert not unknown, "kinds of input that the guard does not know"
        before = server.log.read_text().count("left out")
        for name, value in FORGED:  # to all inputs at once, but that no button is pressed
            pressing = name in PRESSED
            ids = [
                id
                for id, each in visitor.inputs.items()
                if not pressing or name not in SAYS[each.kind]
            ]
            visitor.run(dict.fromkeys(ids, partial(filled, name=name, value=value)), page=page)
            assert not visitor.errors, (name, value)
        visitor.run(page=page)
        assert not visitor.errors
        assert messages.shown(TOLD) in visitor.toasts
    log = server.log.read_text()
    assert "Traceback" not in log
    assert 0 < log.count("left out") - before <= len(FORGED)  # one line a message


def test_after_a_forged_draft_the_same_session_edits_on(server):
    with visiting(server.url) as visitor:
        editor = visitor.the("bidi_component", "stack_editor")
        before = visitor.data(editor)
        for value in ("{no JSON", "[" * 50_000, '{"draft": ' * 3000):
            visitor.run({editor: partial(filled, name="json_value", value=value)})
        visitor.run({editor: partial(filled, name="bytes_value", value=b"\xff")})
        assert not visitor.errors
        draft = {"base": before["base"], "seq": before["seq"] + 1, "work": before["whole"]["work"]}
        draft |= {"selected": None, "stack": before["whole"]["stack"][:2]}
        good = json.dumps({"draft": draft})
        visitor.run({editor: partial(filled, name="json_value", value=good)})
        after = visitor.data(editor)
        assert not visitor.errors
        assert (after["seq"], len(after["analysis"]["rows"])) == (before["seq"] + 1, 2)


def test_a_paste_that_is_too_long_is_said_in_the_dialog_and_the_session_goes_on(server):
    with visiting(server.url) as visitor:
        visitor.use("button", "Open…")
        visitor.hear_of_an_end()
        text = visitor.the("text_area", "open-text")
        fragment = visitor.inputs[text].fragment
        for length, told in ((MAX_MESSAGE, TOLD_TOO_LONG), (1_000_001, "has 1,000,001 bytes")):
            pasted = partial(filled, name="string_value", value="x" * length)
            visitor.run({text: pasted}, fragment=fragment)
            assert not visitor.errors
            assert any(told in alert.replace("\\", "") for alert in visitor.alerts), visitor.alerts


@pytest.mark.parametrize(("name", "value"), [("int_value", 3), ("double_value", 1.5)])
def test_a_number_that_was_typed_is_heard_whole_or_not(name, value):
    """A browser says a whole number as one: an input of whole numbers would be deaf to it."""
    kinds = InputKinds()
    kinds.learn(drawn("number_input"))
    assert kinds.why_not(filled(WidgetState(id="number_input"), name, value)) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", [" ", "\u200b", "A\u0000B\u200b"])
def test_a_name_that_is_refused_or_cleaned_leaves_nothing_in_the_log(server, name):
    with visiting(server.url) as visitor:
        box = visitor.the("text_input", "-name-")
        shown = visitor.inputs[box].element.value or visitor.inputs[box].element.default
        visitor.run({box: partial(filled, name="string_value", value=name)})
        assert not visitor.errors
        assert visitor.inputs[box].element.value == ("AB" if "A" in name else shown)
    assert "Session State API" not in server.log.read_text()
