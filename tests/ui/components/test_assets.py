"""The components' files: served once, compressed, for ever, and asking nothing elsewhere."""

import asyncio
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from explorer.ui import main  # noqa: F401  # all components are published by what it imports
from explorer.ui.components.assets import asset_routes, publish
from explorer.ui.components.assets.files import FOR_EVER, PREFIX, published
from tests.ui.pages import opened

SVG = "http://www.w3.org/2000/svg"  # the name of a kind of element, which nothing asks
INLINE = 6_000  # bytes of all components together, on any page


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes


def get(path: str, encoding: str = "identity", base: str = "") -> Answer:
    """What a server that has its pages under `base` answers."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"accept-encoding", encoding.encode())],
    }
    asyncio.run(Starlette(routes=asset_routes(base))(scope, receive, send))
    start, *bodies = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], headers, b"".join(each["body"] for each in bodies))


def test_every_file_is_served_as_it_is_and_compressed():
    assert len(published()) > 15
    for path, asset in published().items():
        for encoding in ("identity", "gzip"):
            answer = get(f"/{PREFIX}/{path}", encoding)
            assert answer.status == 200
            assert answer.content == (asset.content if encoding == "identity" else asset.compressed)
            assert answer.headers["cache-control"] == FOR_EVER
            assert answer.headers.get("content-encoding") == (
                None if encoding == "identity" else "gzip"
            )
            assert answer.headers["content-type"].startswith(asset.media_type)
        assert gzip.decompress(asset.compressed) == asset.content


@pytest.mark.parametrize(
    "path", ["", "x", "../app.py", "%2e%2e/app.py", "000000000000/editor.js", "//etc/passwd"]
)
def test_nothing_else_is_served(path: str):
    assert get(f"/{PREFIX}/{path}").status == 404


def test_files_lie_under_the_servers_own_path():
    path = next(iter(published()))
    assert get(f"/a/b/{PREFIX}/{path}", base="/a/b").status == 200
    assert get(f"/{PREFIX}/{path}", base="/a/b").status == 404


def test_other_content_is_another_path(tmp_path: Path):
    (tmp_path / "a.js").write_text("1")
    first = publish(tmp_path)
    assert publish(tmp_path) == first
    assert publish(tmp_path, {"b.js": "export const B = 1;"}) != first
    (tmp_path / "a.js").write_text("2")
    assert publish(tmp_path) != first


def test_no_file_asks_another_host():
    for path, asset in published().items():
        text = asset.content.decode().replace(SVG, "")
        assert "http:" not in text, path
        assert "https:" not in text, path


@pytest.mark.parametrize("page", ["build", "train", "compare", "runs"])
def test_components_add_little_to_a_page(page: str):
    app = opened(page)
    inline = {each.proto.component_name: each.proto for each in app.get("bidi_component")}
    sizes = {
        name: len(proto.js_content) + len(proto.css_content) + len(proto.html_content)
        for name, proto in inline.items()
    }
    assert sizes
    assert sum(sizes.values()) < INLINE, sizes
