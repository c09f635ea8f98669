"""A file that is being downloaded is there until the browser has fetched it."""

import asyncio
import json
import urllib.request
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from explorer.ui.server.kept_downloads import ENTRY_BYTES, KEPT_BYTES, KeptDownloads
from tests.browser.conftest import serving
from tests.ui.socket_client import visiting

FILE = b"a report"


def told(place: str) -> bytes:
    message = ForwardMsg()
    message.backend_operation_response.deferred_file.url = place
    return message.SerializeToString()


class Streamlit:
    """Tells of a file on each websocket, and has the files for as long as `files` holds them."""

    def __init__(self, files: dict[str, bytes], messages: list[dict[str, Any]]) -> None:
        self.files, self.messages = files, messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            for message in self.messages:
                await send({"type": "websocket.send", **message})
            return
        body = self.files.get(scope["path"])
        headers = {"Content-Disposition": 'attachment; filename="report.zip"'}
        await Response(body or b"gone", 200 if body else 404, headers)(scope, receive, send)


def run(app: KeptDownloads, scope: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(app({"headers": [], "query_string": b"", **scope}, receive, send))
    return sent


def listen(app: KeptDownloads, base: str = "") -> list[dict[str, Any]]:
    return run(app, {"type": "websocket", "path": f"{base}/_stcore/stream"})


def get(app: KeptDownloads, path: str, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    start, *rest = run(app, {"type": "http", "method": method, "path": path})
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], b"".join(each.get("body", b"") for each in rest), headers


@pytest.mark.parametrize("base", ["", "/a/b"])
def test_a_file_is_there_though_it_was_deleted_meanwhile(base):
    """Streamlit's page asks for it twice, and other visitors may have been told of the same one."""
    files = {f"{base}/media/1.zip": FILE}
    app = KeptDownloads(Streamlit(files, [{"bytes": told("/media/1.zip")}]))
    assert listen(app, base) == [{"type": "websocket.send", "bytes": told("/media/1.zip")}]
    files.clear()
    for method, expected in (("GET", FILE), ("HEAD", b""), ("GET", FILE)):
        status, body, headers = get(app, f"{base}/media/1.zip", method)
        assert (status, body) == (200, expected)
        assert headers["content-disposition"].endswith('"report.zip"')
        assert headers["content-length"] == str(len(FILE))
    assert get(app, f"{base}/media/2.zip")[0] == 404


def test_what_is_not_there_or_too_large_is_left_to_streamlit():
    files = {"/media/large.bin": b"x" * KEPT_BYTES}
    told_of = [{"bytes": told("/media/gone.zip")}, {"bytes": told("/media/large.bin")}]
    app = KeptDownloads(Streamlit(files, told_of))
    assert len(listen(app)) == 2
    assert get(app, "/media/gone.zip")[0] == 404
    assert get(app, "/media/large.bin")[:2] == (200, files["/media/large.bin"])


def test_a_file_that_cannot_be_kept_keeps_nothing_from_the_browser(caplog):
    class Broken(Streamlit):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                raise OSError("no room")
            await super().__call__(scope, receive, send)

    message = {"bytes": told("/media/1.zip")}
    assert listen(KeptDownloads(Broken({}, [message]))) == [{"type": "websocket.send", **message}]
    assert "could not be kept" in caplog.text


def test_other_messages_and_other_questions_pass():
    messages = [{"text": "hello"}, {"bytes": b"\xff"}, {"bytes": ForwardMsg().SerializeToString()}]
    app = KeptDownloads(Streamlit({"/media/1.zip": FILE}, messages))
    assert listen(app) == [{"type": "websocket.send", **each} for each in messages]
    assert get(app, "/media/1.zip")[:2] == (200, FILE)


def test_not_all_files_that_nobody_fetches_are_kept():
    half = b"x" * (KEPT_BYTES // 2 - ENTRY_BYTES)
    files = {f"/media/{place}.bin": half for place in range(3)}
    app = KeptDownloads(Streamlit(files, [{"bytes": told(place)} for place in files]))
    listen(app)
    names = list(files)
    files.clear()
    assert [get(app, name)[0] for name in names] == [404, 200, 200]


@pytest.mark.slow
def test_a_file_is_there_though_others_use_the_server_before_it_is_fetched(tmp_path):
    with serving(tmp_path) as server, visiting(server.url) as visitor:
        share = visitor.the("popover", "-share")
        visitor.run({share: lambda state: setattr(state, "bool_value", True)})
        button = visitor.inputs[visitor.the("download_button", ".json")].element
        place = visitor.make_file(button.deferred_file_id)
        with visiting(server.url) as other:
            for _ in range(3):
                other.run()
        for _ in range(2):
            with urllib.request.urlopen(server.url + place) as answer:
                assert "layers" in json.load(answer)
