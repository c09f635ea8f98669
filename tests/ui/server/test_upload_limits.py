"""Files that are sent to the server: how many it keeps, and how long it waits for one."""

import asyncio
import http.client
import socket
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from http.cookiejar import CookieJar
from urllib.parse import urlsplit

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.WidgetStates_pb2 import WidgetState

from explorer.people.cookie import PersonCookie
from explorer.ui.server import upload_limits
from explorer.ui.server.upload_limits import (
    AT_ONCE,
    AT_ONCE_OF_A_PAGE,
    AT_ONCE_OF_ONE,
    FILES_OF_A_PAGE,
    FILES_OF_ONE,
    UploadLimits,
)
from tests.browser.conftest import ROOT, Server, serving
from tests.runs.shared import wait_until
from tests.ui.socket_client import visiting

COOKIE = PersonCookie(b"a" * 32)
FORM = b'--x\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n%s\r\n--x--\r\n'


IMPATIENT = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
from starlette.middleware import Middleware
from explorer.people.cookie import PersonCookie
from explorer.ui.server.upload_limits import UploadLimits

limits = Middleware(UploadLimits, PersonCookie(b"a" * 32), silent_seconds=1.0)
app = st.App(__file__, middleware=[limits])
st.file_uploader("File")
"""


def path(page: int, file: int) -> str:
    return f"/_stcore/upload_file/page{page}/file{file}"


class Storage:
    """Keeps files as Streamlit does: as many as it is sent. Refuses the pages in `closed`."""

    def __init__(self, closed: frozenset[str] = frozenset()) -> None:
        self.files: dict[str, int] = {}
        self.closed = closed
        self.wait = asyncio.Event()
        self.wait.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "DELETE":
            self.files.pop(scope["path"], None)
            await send({"type": "http.response.start", "status": 204})
            return
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message["more_body"]
        await self.wait.wait()
        is_open = scope["path"].split("/")[-2] not in self.closed
        if is_open:
            self.files[scope["path"]] = size
        await send({"type": "http.response.start", "status": 204 if is_open else 400})


async def ask(
    app: UploadLimits,
    method: str,
    path: str,
    pieces: list[int] | None = None,
    person: str | None = None,
) -> tuple[int, str]:
    """The status and text of the answer; without `pieces` nothing of a file ever comes. Each page
    is of somebody else, where no person is named; "" keeps no cookies.
    """
    if person is None:
        person = f"{int(path.split('/')[-2].removeprefix('page')):016}"
    cookie = f"{COOKIE.name}={COOKIE.value(person)}" if person else ""
    left = list(pieces or ())
    status, text = 0, b""

    async def receive() -> Message:
        if pieces is None:
            await asyncio.Event().wait()
        size = left.pop(0)
        return {"type": "http.request", "body": b"x" * size, "more_body": bool(left)}

    async def send(message: Message) -> None:
        nonlocal status, text
        status, text = message.get("status", status), text + message.get("body", b"")

    scope = {"type": "http", "method": method, "path": path, "client": ("192.0.2.7", 1)}
    await app({**scope, "headers": [(b"cookie", cookie.encode())]}, receive, send)
    return status, text.decode()


def run(test: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(test())


def test_a_page_keeps_its_newest_files():
    async def test() -> None:
        storage = Storage()
        app = UploadLimits(storage, COOKIE)
        for file in range(50):
            for page in range(3):
                assert await ask(app, "PUT", path(page, file), [500, 500]) == (204, "")
        newest = range(50 - FILES_OF_A_PAGE, 50)
        assert storage.files == {path(page, file): 1000 for page in range(3) for file in newest}

    run(test)


@pytest.mark.parametrize(("size", "kept"), [(100_000, 9), (1, 99), (2_000_000, 1)])
def test_all_pages_together_keep_so_many_bytes_of_the_newest(size, kept):
    async def test() -> None:
        storage = Storage()
        app = UploadLimits(storage, COOKIE, most_bytes=1_000_000)
        for page in range(120):
            await ask(app, "PUT", path(page, 0), [size])
        assert list(storage.files) == [path(page, 0) for page in range(120 - kept, 120)]

    run(test)


def test_what_was_deleted_or_never_kept_or_sent_again_is_not_counted_twice():
    async def test() -> None:
        storage = Storage(closed=frozenset({"page1"}))
        app = UploadLimits(storage, COOKIE)
        await ask(app, "PUT", path(0, 0), [1])
        await ask(app, "PUT", path(0, 0), [7])
        await ask(app, "PUT", path(0, 1), [1])
        for file in range(9):
            assert (await ask(app, "PUT", path(1, file), [1]))[0] == 400
        assert storage.files == {path(0, 0): 7, path(0, 1): 1}
        await ask(app, "DELETE", path(0, 1), [0])
        await ask(app, "PUT", path(0, 2), [1])
        assert list(storage.files) == [path(0, 0), path(0, 2)]

    run(test)


def test_only_so_many_files_are_on_their_way_at_once():
    async def test() -> None:
        storage = Storage()
        storage.wait.clear()
        app = UploadLimits(storage, COOKIE)
        own = [
            asyncio.create_task(ask(app, "PUT", path(0, file), [1]))
            for file in range(AT_ONCE_OF_A_PAGE)
        ]
        await asyncio.sleep(0)
        assert await ask(app, "PUT", path(0, 9), [1]) == (429, upload_limits.PAGE_BUSY)
        others = range(1, AT_ONCE - AT_ONCE_OF_A_PAGE + 1)
        own += [asyncio.create_task(ask(app, "PUT", path(page, 0), [1])) for page in others]
        await asyncio.sleep(0)
        assert await ask(app, "PUT", path(99, 0), [1]) == (429, upload_limits.BUSY)
        storage.wait.set()
        assert {status for status, _ in await asyncio.gather(*own)} == {204}
        assert (await ask(app, "PUT", path(99, 0), [1]))[0] == 204

    run(test)


@pytest.mark.parametrize(
    ("person", "kept", "at_once"),
    [
        ("a" * 16, FILES_OF_ONE.of_a_person, AT_ONCE_OF_ONE.of_a_person),
        ("", FILES_OF_ONE.of_an_address, AT_ONCE_OF_ONE.of_an_address),
    ],
)
def test_a_person_with_many_pages_keeps_and_sends_no_more_than_one(person, kept, at_once):
    """Who keeps no cookies shares this with all of their address."""

    async def test() -> None:
        storage = Storage()
        app = UploadLimits(storage, COOKIE)
        await ask(app, "PUT", path(0, 0), [1], "b" * 16)
        for page in range(1, 61):
            assert await ask(app, "PUT", path(page, 0), [1], person) == (204, "")
        newest = [path(page, 0) for page in range(61 - kept, 61)]
        assert list(storage.files) == [path(0, 0), *newest]  # nobody else's
        storage.wait.clear()
        own = [
            asyncio.create_task(ask(app, "PUT", path(page, 1), [1], person))
            for page in range(at_once)
        ]
        await asyncio.sleep(0)
        assert await ask(app, "PUT", path(99, 1), [1], person) == (429, upload_limits.OWN_BUSY)
        own.append(asyncio.create_task(ask(app, "PUT", path(99, 1), [1], "b" * 16)))
        storage.wait.set()
        assert {status for status, _ in await asyncio.gather(*own)} == {204}
        assert (await ask(app, "PUT", path(99, 2), [1], person))[0] == 204

    run(test)


@pytest.mark.parametrize("limits", [{"silent_seconds": 0.05}, {"whole_seconds": 0.05}])
def test_a_file_that_does_not_come_is_given_up(limits, caplog):
    async def test() -> None:
        app = UploadLimits(Storage(), COOKIE, **limits)
        for _ in range(AT_ONCE + 1):  # it makes room for the next
            assert await ask(app, "PUT", path(0, 0)) == (408, upload_limits.TOO_SLOW)

    run(test)
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert not any(record.exc_info for record in caplog.records)


# --- on a real server -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("uploads")) as server:
        yield server


def kept_bytes(server: Server) -> int:
    """What Streamlit says that it keeps, or kept some seconds ago."""
    with urllib.request.urlopen(
        f"{server.url}/_stcore/metrics?families=cache_memory_bytes"
    ) as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if "UploadedFileManager" in line)


def xsrf_headers(server: Server) -> dict[str, str]:
    """With what one of Streamlit's own pages shows that a request is its own."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    opener.open(f"{server.url}/_stcore/health").read()
    tokens = {cookie.name: cookie.value or "" for cookie in jar}
    return {
        "X-Xsrftoken": tokens["_streamlit_xsrf"],
        "Cookie": f"_streamlit_xsrf={tokens['_streamlit_xsrf']}",
    }


def put(
    server: Server,
    session: str,
    file: str,
    data: bytes,
    headers: dict[str, str],
    name: str = "f.txt",
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    form = {"Content-Type": "multipart/form-data; boundary=x", **headers}
    connection.request(
        "PUT", f"/_stcore/upload_file/{session}/{file}", FORM % (name.encode(), data), form
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def begin(server: Server, session: str, headers: dict[str, str]) -> socket.socket:
    """Send the head of a file and half of its content."""
    address = urlsplit(server.url)
    connection = socket.create_connection((address.hostname, address.port))
    body = FORM % (b"f.txt", b"x" * 1000)
    lines = [f"PUT /_stcore/upload_file/{session}/half HTTP/1.1", f"Host: {address.netloc}"]
    lines += [f"Content-Length: {len(body)}", "Content-Type: multipart/form-data; boundary=x"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + body[:500])
    return connection


@pytest.fixture
def impatient_server(tmp_path) -> Iterator[Server]:
    """Waits for a second where ours does for half a minute."""
    script = tmp_path / "impatient.py"
    script.write_text(IMPATIENT.format(root=str(ROOT)))
    with serving(tmp_path, script=str(script)) as server:
        yield server


@pytest.mark.slow
def test_a_server_gives_up_a_file_of_which_only_half_comes(impatient_server):
    server = impatient_server
    with (
        visiting(server.url) as visitor,
        begin(server, visitor.session, xsrf_headers(server)) as connection,
    ):
        connection.settimeout(30)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))  # until the server hangs up
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(upload_limits.TOO_SLOW.encode())
    assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
def test_a_server_keeps_the_newest_files_of_a_page_and_deletes_the_others(server):
    headers = xsrf_headers(server)
    with visiting(server.url) as visitor:
        for file in range(100):
            assert put(server, visitor.session, f"file{file}", b"x" * 1_000_000, headers) == (
                204,
                "",
            )
        wait_until(lambda: kept_bytes(server) == FILES_OF_A_PAGE * 1_000_000)
        assert put(server, visitor.session, "large", b"x" * 34_000_000, headers)[0] == 413
    assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["f.txt", "f.pdf", "f", ".htaccess", "f\0.txt", "../../f.txt"])
def test_no_name_of_a_file_breaks_the_session_that_it_comes_to(server, name):
    with visiting(server.url) as visitor:
        visitor.run(
            {visitor.the("button", "-open"): lambda state: setattr(state, "trigger_value", True)}
        )
        id = visitor.the("file_uploader", "open-file")
        assert put(server, visitor.session, "file", b"no network", xsrf_headers(server), name) == (
            204,
            "",
        )

        def choose_file(state: WidgetState) -> None:
            state.file_uploader_state_value.uploaded_file_info.add(
                file_id="file", name=name, size=10
            )

        visitor.run({id: choose_file}, fragment=visitor.inputs[id].fragment)
        assert not visitor.errors
        assert "Nothing to open" in visitor.alerts[-1]
        visitor.run({id: choose_file})
        assert not visitor.errors
    assert "Traceback" not in server.log.read_text()
