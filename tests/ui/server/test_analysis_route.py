"""The address at which an editor asks for an analysis: what is answered there, and to whom."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette

from explorer.ui.components.stack_editor.analysis_data import answer_question
from explorer.ui.server.analysis_route import JSON, MAX_BYTES, PATH, analysis_routes

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


def ask(
    *pieces: bytes, type: str | None = JSON, path: str = PATH, base: str = "", method: str = "POST"
) -> Answer:
    """What a server that has its pages under `base` answers to a question in these pieces."""
    sent: list[dict[str, Any]] = []
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", type.encode())] if type else []
    scope = {"type": "http", "method": method, "path": f"/{path}", "query_string": b""}
    app = Starlette(routes=analysis_routes(base))
    asyncio.run(app(scope | {"headers": headers}, receive, send))
    start, *bodies = sent
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    content = b"".join(each["body"] for each in bodies)
    return Answer(start["status"], told, content, len(pieces) - len(left))


@pytest.mark.parametrize("base", ["", "explorer", "/a/b/"])
def test_an_analysis_is_answered(base):
    path = f"{base.strip('/')}/{PATH}".lstrip("/")
    answer = ask(ASKED[:40], ASKED[40:], path=path, base=base)
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
    assert (answer.status, answer.read) == (413, MAX_BYTES // 100_000 + 1)
