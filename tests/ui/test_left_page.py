"""What the server is told by a window that goes from page to page."""

import asyncio

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from explorer.ui.left_page import LeftPages, Visit, to_browser, to_server


def rerun(page: str, *, fragment: str = "", query: str = "", history: bool = False, **inputs: int | bool) -> bytes:
    """A request of the browser. True is a button that was pressed."""
    message = BackMsg()
    message.rerun_script.page_script_hash = page
    message.rerun_script.fragment_id = fragment
    message.rerun_script.query_string = query
    message.rerun_script.is_history_navigation = history
    for name, value in inputs.items():
        state = message.rerun_script.widget_states.widgets.add(id=name)
        if value is True:
            state.trigger_value = True
        else:
            state.int_value = value
    return message.SerializeToString()


def navigation(page: str) -> bytes:
    message = ForwardMsg()
    message.navigation.page_script_hash = page
    return message.SerializeToString()


def told(visit: Visit, data: bytes) -> ClientState:
    return BackMsg.FromString(to_server(visit, data)).rerun_script


def inputs(request: ClientState) -> dict[str, int]:
    return {state.id: state.int_value for state in request.widget_states.widgets}


def on(page: str) -> Visit:
    """A window that was opened on a page."""
    visit = Visit()
    to_server(visit, rerun(""))
    to_browser(visit, navigation(page))
    return visit


def test_the_first_page_is_the_one_that_python_tells():
    visit = Visit()
    assert told(visit, rerun("")).page_script_hash == ""
    to_browser(visit, navigation("build"))
    assert visit.page == "build"


@pytest.mark.parametrize(
    "data",
    [
        rerun("build", fragment="stack", layer=3),
        rerun("build", name=1),
        rerun("build", query="a=1"),
        rerun("build", start=True),
        BackMsg(stop_script=True).SerializeToString(),
    ],
)
def test_what_is_said_on_the_page_is_told_as_it_is(data: bytes):
    assert BackMsg.FromString(to_server(on("build"), data)) == BackMsg.FromString(data)


@pytest.mark.parametrize("fragment", ["", "panel"])
def test_what_is_said_on_a_page_that_is_left_is_told_of_the_one_asked_for(fragment: str):
    visit = on("build")
    told(visit, rerun("train", query="run=7"))
    late = told(visit, rerun("build", fragment=fragment, query="a=1", epochs=7))
    assert (late.page_script_hash, late.fragment_id, late.query_string) == ("train", "", "run=7")
    assert inputs(late) == {"epochs": 7}


def test_a_fragment_without_inputs_is_told_of_the_new_page_too():
    visit = on("build")
    told(visit, rerun("train"))
    late = told(visit, rerun("build", fragment="panel"))
    assert (late.page_script_hash, late.fragment_id) == ("train", "")


def test_a_click_on_a_page_brings_the_inputs_along_but_presses_no_button_again():
    visit = on("train")
    told(visit, rerun("train", epochs=7, start=True))
    assert inputs(told(visit, rerun("runs"))) == {"epochs": 7}
    assert inputs(told(visit, rerun("train"))) == {}  # those of runs, of which nothing was heard


def test_a_click_that_comes_back_at_once_is_followed():
    visit = on("build")
    assert told(visit, rerun("train")).page_script_hash == "train"
    assert told(visit, rerun("build")).page_script_hash == "build"
    assert told(visit, rerun("build", fragment="stack")).fragment_id == "stack"


def test_the_browsers_back_button_is_followed_whatever_it_holds():
    visit = on("build")
    told(visit, rerun("train"))
    back = told(visit, rerun("build", history=True, name=1))
    assert back.page_script_hash == "build"
    assert visit.page == "build"


def test_a_page_that_python_chose_is_the_one_the_window_is_on():
    visit = on("compare")
    told(visit, rerun("compare", open=True))
    to_browser(visit, navigation("build"))
    assert told(visit, rerun("build", fragment="stack")).fragment_id == "stack"
    assert told(visit, rerun("compare", view=2)).page_script_hash == "build"


def test_a_connection_that_begins_anew_is_believed():
    visit = Visit()
    assert told(visit, rerun("runs", fragment="table")).fragment_id == "table"


def passed(received: list[dict[str, object]]) -> list[dict[str, object]]:
    """What an application beneath hears and, as it repeats it, what the browser gets."""
    heard, got = [], []

    async def repeat(scope: object, receive: object, send: object) -> None:
        for _ in received:
            heard.append(await receive())
            await send({"type": "websocket.send", "bytes": heard[-1].get("bytes")})

    waiting = iter(received)

    async def receive() -> dict[str, object]:
        return next(waiting)

    async def send(message: dict[str, object]) -> None:
        got.append(message.get("bytes"))

    asyncio.run(LeftPages(repeat)({"type": "websocket"}, receive, send))
    assert got == [message.get("bytes") for message in heard]
    return heard


def test_a_socket_is_one_visit():
    late = rerun("build", fragment="panel")
    heard = passed([{"type": "websocket.receive", "bytes": data} for data in (rerun("build"), rerun("train"), late)])
    assert BackMsg.FromString(heard[2]["bytes"]).rerun_script.page_script_hash == "train"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "hello"},
        {"type": "websocket.receive", "bytes": b""},
        {"type": "websocket.receive", "bytes": b"\xff\xff\xff"},
        {"type": "websocket.disconnect", "code": 1001},
    ],
)
def test_what_is_no_message_of_streamlits_passes_as_it_is(message: dict[str, object]):
    assert passed([message]) == [message]
