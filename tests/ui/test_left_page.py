"""What the server is told by a window that goes from page to page."""

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


def begun() -> bytes:
    message = ForwardMsg()
    message.new_session.page_script_hash = "any"
    return message.SerializeToString()


def finished(how: int) -> bytes:
    return ForwardMsg(script_finished=how).SerializeToString()


def run(visit: Visit) -> None:
    """What Streamlit sends of a run, from its beginning to its end."""
    for message in (begun(), finished(ForwardMsg.FINISHED_SUCCESSFULLY)):
        assert to_browser(visit, message) == message


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


def test_inputs_that_were_read_are_not_brought_along():
    visit = on("train")
    told(visit, rerun("train", epochs=7, seed=1))
    run(visit)
    assert inputs(told(visit, rerun("runs"))) == {}


def test_of_the_inputs_those_that_were_changed_since_they_were_read_are_brought_along():
    visit = on("train")
    told(visit, rerun("train", epochs=7, seed=1))
    run(visit)
    told(visit, rerun("train", epochs=7, seed=2))
    assert inputs(told(visit, rerun("runs"))) == {"seed": 2}
    assert inputs(told(visit, rerun("runs"))) == {"seed": 2}  # a second click ends the run that the first began
    run(visit)
    assert inputs(told(visit, rerun("build"))) == {}


def test_of_what_is_said_late_the_changed_inputs_are_told():
    visit = on("train")
    told(visit, rerun("train", epochs=7, seed=1))
    run(visit)
    told(visit, rerun("runs"))
    assert inputs(told(visit, rerun("train", epochs=8, seed=1))) == {"epochs": 8}
    assert inputs(told(visit, rerun("compare"))) == {"epochs": 8}


@pytest.mark.parametrize(
    "messages",
    [
        [finished(ForwardMsg.FINISHED_SUCCESSFULLY)],  # of a run that had begun before
        [begun(), finished(ForwardMsg.FINISHED_EARLY_FOR_RERUN)],
        [begun()],
    ],
)
def test_inputs_are_not_read_before_a_run_that_began_with_them_has_ended(messages: list[bytes]):
    visit = on("train")
    told(visit, rerun("train", epochs=7))
    for message in messages:
        to_browser(visit, message)
    assert inputs(told(visit, rerun("runs"))) == {"epochs": 7}


def test_a_run_that_the_click_has_ended_does_not_take_the_window_back():
    visit = on("build")
    told(visit, rerun("train"))
    to_browser(visit, navigation("build"))
    assert told(visit, rerun("build", fragment="panel")).page_script_hash == "train"
    to_browser(visit, navigation("train"))
    to_browser(visit, navigation("build"))  # and now Python has chosen it
    assert told(visit, rerun("build", fragment="panel")).fragment_id == "panel"


def test_what_is_said_late_leaves_the_address_to_the_back_button():
    visit = on("compare")
    told(visit, rerun("runs"))
    told(visit, rerun("compare", query="view=Verdict", history=True))
    late = told(visit, rerun("runs", search=1))
    assert (late.page_script_hash, late.query_string, late.is_history_navigation) == ("compare", "view=Verdict", True)


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

    coroutine = LeftPages(repeat)({"type": "websocket"}, receive, send)
    # It waits for nothing, so it is stepped through by hand: the browser's tests may have an event loop running in this thread.
    with pytest.raises(StopIteration):
        coroutine.send(None)
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
