"""States that no browser of ours sends: left out, said, and the session goes on."""

import json
import math
from collections.abc import Iterator
from functools import partial

import pytest
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from explorer.presets import load_presets
from explorer.training.run import new_run
from explorer.training.store import open_store
from explorer.ui.message_guard import MAX_DEPTH, SAYS, TOLD, InputKinds
from tests.browser.conftest import Server, start_server
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
    "json_value": ('{"draft": null}', ["", "{no JSON", "[1]", "3", "[" * 50_000, DEEP]),
    "json_trigger_value": ('[{"event": "x"}]', ["{no JSON", "[" * 50_000, DEEP]),
    "bytes_value": (b"\xff\x00", []),
    "file_uploader_state_value": (None, []),
    "chat_input_value": (None, []),
    "string_trigger_value": (None, []),
}
UNREADABLE_SELECTIONS = ["{no JSON", "[]", "[" * 50_000, '{"selection": 5}', "{}"]


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


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, (_, wrong) in VALUES.items() for value in wrong])
def test_a_value_that_cannot_be_read_is_left_out_of_whatever_input(name, value):
    assert InputKinds().why_not(filled(WidgetState(id="unknown"), name, value))


@pytest.mark.parametrize("text", UNREADABLE_SELECTIONS)
def test_a_selection_that_is_none_is_left_out(text):
    kinds = InputKinds()
    kinds.learn(drawn("dataframe"))
    assert kinds.why_not(WidgetState(id="dataframe", string_value=text))


def test_what_is_not_known_yet_is_let_through_as_after_a_cut_connection():
    for name, (value, _) in VALUES.items():
        assert InputKinds().why_not(filled(WidgetState(id="unknown"), name, value)) == ""


def test_only_so_many_kinds_are_remembered():
    kinds = InputKinds(room=1)
    kinds.learn(drawn("button"))
    kinds.learn(drawn("checkbox"))
    assert kinds.why_not(WidgetState(id="checkbox", int_value=1))
    assert kinds.why_not(WidgetState(id="button", int_value=1)) == ""


# --- on a real socket ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("forged")
    store = open_store(folder / "home")  # so that there is a table on Runs
    preset = load_presets()["gap-17k"]
    store.begin(new_run(preset.architecture, preset.recipe)).lock.release()
    store.close()
    server = start_server(folder)
    yield server
    server.end()


FORGED = [(name, value) for name, (right, wrong) in VALUES.items() for value in [right, *wrong]]
FORGED += [("string_value", text) for text in UNREADABLE_SELECTIONS]
FORGED += [("string_value", '{"selection": {"rows": ["x", 99999, -1], "columns": 5}}')]
PRESSED = ("trigger_value", "string_trigger_value", "json_trigger_value")


@pytest.mark.slow
@pytest.mark.parametrize("page", ["", "train", "compare", "runs"])
def test_no_forged_state_breaks_a_session(server, page):
    with visiting(server.url) as visitor:
        visitor.run(page=page)
        assert visitor.inputs
        unknown = {each.kind for each in visitor.inputs.values()} - set(SAYS)
        assert not unknown, "kinds of input that the guard does not know"
        before = server.log.read_text().count("left out")
        for name, value in FORGED:  # to all inputs at once, but that no button is pressed
            pressing = name in PRESSED
            ids = [id for id, each in visitor.inputs.items() if not pressing or name not in SAYS[each.kind]]
            visitor.run(dict.fromkeys(ids, partial(filled, name=name, value=value)), page=page)
            assert not visitor.errors, (name, value)
        visitor.run(page=page)
        assert not visitor.errors
        assert TOLD in visitor.toasts
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
        draft = {"base": before["base"], "seq": before["seq"] + 1, "work": before["work"]}
        draft |= {"selected": None, "stack": before["stack"][:2]}
        good = json.dumps({"draft": draft})
        visitor.run({editor: partial(filled, name="json_value", value=good)})
        after = visitor.data(editor)
        assert not visitor.errors
        assert (after["seq"], len(after["rows"])) == (before["seq"] + 1, 2)


@pytest.mark.parametrize(("name", "value"), [("int_value", 3), ("double_value", 1.5)])
def test_a_number_that_was_typed_is_heard_whole_or_not(name, value):
    """A browser says a whole number as one: an input of whole numbers would be deaf to it."""
    kinds = InputKinds()
    kinds.learn(drawn("number_input"))
    assert kinds.why_not(filled(WidgetState(id="number_input"), name, value)) == ""
