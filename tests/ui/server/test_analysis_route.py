"""The address at which an editor asks for an analysis: what is answered there, and to whom."""

import asyncio
import json
import threading
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette

from explorer.ui.components.stack_editor.analysis_data import answer_question
from explorer.ui.server import analysis_route as analysis_route_module
from explorer.ui.server import question_route
from explorer.ui.server.analysis_route import MAX_BYTES, PATH, analysis_route
from explorer.ui.server.question_route import AT_ONCE, JSON, WAITING

QUESTION = {
    "input": [1, 28, 28],
    "stack": [
        {"uid": "a", "kind": "Conv2d", "out_channels": 8, "kernel_size": 3},
        {"uid": "b", "kind": "Linear", "out_features": 10},
    ],
}
ASKED = json.dumps(QUESTION).encode()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes
    read: int  # pieces of the question that were taken


async def asking(app: Starlette, *pieces: bytes | None, **how: Any) -> Answer:
    """What a server answers to a question in these pieces, of which None is the end of the
    connection.
    """
    sent: list[dict[str, Any]] = []
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()  # the browser is silent, and there
        if (piece := left.pop(0)) is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": any(each for each in left)}

    async def send(message: Any) -> None:
        sent.append(message)

    type = how.get("type", JSON)
    headers = [(b"content-type", type.encode())] if type else []
    scope = {"type": "http", "method": how.get("method", "POST"), "query_string": b""}
    await app(scope | {"path": how.get("path", f"/{PATH}"), "headers": headers}, receive, send)
    start, *bodies = sent
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    content = b"".join(each["body"] for each in bodies)
    return Answer(start["status"], told, content, len(pieces) - len(left))


def ask(*pieces: bytes | None, base: str = "", **how: Any) -> Answer:
    """What a new server answers, which has its pages under `base`."""
    return asyncio.run(asking(Starlette(routes=[analysis_route(base)]), *pieces, **how))


@pytest.mark.parametrize("base", ["", "/explorer", "/a/b"])
def test_an_analysis_is_answered(base):
    answer = ask(ASKED[:40], ASKED[40:], path=f"{base}/{PATH}", base=base)
    assert answer.status == 200
    found = json.loads(answer.content)
    assert found == json.loads(json.dumps(answer_question(QUESTION)))
    assert [row[0] for row in found["rows"]] == ["a"]
    assert found["problem"]["uid"] == "b"
    assert answer.headers["content-type"] == JSON
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("type", [None, "", "text/plain", "application/x-www-form-urlencoded"])
def test_no_page_of_another_site_can_have_it_compute(type):
    """These types a browser lets any page send. For JSON it asks first, with OPTIONS, and is not
    told that it may.
    """
    answer = ask(ASKED, type=type)
    assert (answer.status, answer.read) == (415, 0)
    asked_first = ask(b"", type=None, method="OPTIONS")
    assert asked_first.status == 405
    assert not [name for name in asked_first.headers if name.startswith("access-control")]


def test_nothing_is_answered_to_other_methods():
    assert ask(b"", method="GET").status == 405


@pytest.mark.parametrize(
    "question", [b"", b"{", b"null", b"\xff", b"[" * 50_000, b'{"stack": [{}]}', b"9" * 5_000]
)
def test_what_is_no_question_is_refused_in_a_sentence(question):
    answer = ask(question)
    assert answer.status == 422
    assert answer.headers["content-type"].startswith("text/plain")
    assert b"Traceback" not in answer.content
    assert 5 < len(answer.content) < 200


def test_a_question_that_is_too_long_is_not_read_to_its_end():
    answer = ask(*[b" " * 100_000] * 50)
    assert (answer.status, answer.read) == (422, MAX_BYTES // 100_000 + 1)


@pytest.mark.parametrize("pieces", [[b"", None], [ASKED[:40], b" ", None]])
def test_a_question_that_is_cut_short_is_no_fault_of_the_server(pieces):
    assert ask(*pieces).status == 408


def test_a_question_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(question_route, "SECONDS", 0.01)
    assert ask().status == 408


def test_two_are_answered_at_a_time_and_more_than_can_wait_are_sent_away(monkeypatch):
    """Who has gone meanwhile costs nothing."""
    begun: list[bytes] = []
    done = threading.Event()

    def slow(question: bytes) -> bytes:
        begun.append(question)
        assert done.wait(30)
        return b"{}"

    monkeypatch.setattr(analysis_route_module, "answer_to", slow)

    async def everybody() -> list[Answer]:
        app = Starlette(routes=[analysis_route("")])
        here = [asyncio.create_task(asking(app, ASKED)) for _ in range(AT_ONCE)]
        while len(begun) < AT_ONCE:
            await asyncio.sleep(0)
        gone = [asyncio.create_task(asking(app, ASKED, None)) for _ in range(WAITING - AT_ONCE)]
        for _ in range(20):  # until all of them wait
            await asyncio.sleep(0)
        assert (await asking(app, ASKED)).status == 503
        assert len(begun) == AT_ONCE
        done.set()
        return [await each for each in (*gone, *here)]

    answers = asyncio.run(everybody())
    assert [each.status for each in answers].count(408) == WAITING - AT_ONCE
    assert [each.status for each in answers].count(200) == AT_ONCE
    assert len(begun) == AT_ONCE
