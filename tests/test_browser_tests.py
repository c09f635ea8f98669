"""The browser's tests wait for what is to be seen, never for a time that they hope is long
enough.
"""

import ast
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.browser.slow_wire import slow_wire

FILES = sorted((Path(__file__).parent / "browser").glob("*.py"))
SLEEPS = {"sleep", "wait_for_timeout"}


def sleeps(source: str) -> list[int]:
    """The lines on which something waits for a fixed time."""
    found = []
    for node in ast.walk(ast.parse(source)):
        named = {
            ast.Attribute: lambda node: node.attr in SLEEPS,
            ast.Name: lambda node: node.id in SLEEPS,
            ast.alias: lambda node: node.name in SLEEPS,
        }.get(type(node))
        if named and named(node):
            found.append(node.lineno)
    return sorted(set(found))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_browser_test_waits_for_a_fixed_time(file: Path):
    assert sleeps(file.read_text()) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import time\ntime.sleep(1)", [2]),
        ("from time import sleep", [1]),
        ("app.page.wait_for_timeout(10)", [1]),
        ("wait = page.wait_for_timeout", [1]),
        ("expect(row).to_be_visible(timeout=10)\ntime.monotonic()", []),
    ],
)
def test_a_fixed_wait_is_found(source: str, lines: list[int]):
    assert sleeps(source) == lines


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: it would be printed among the tests."""


def test_a_slow_wire_brings_all_that_is_said_later_and_in_order():
    said = bytes(range(256)) * 4096
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = slow_wire(f"http://127.0.0.1:{server.server_port}", delay=0.2)
        began = time.monotonic()
        with urllib.request.urlopen(url, said, timeout=60) as answer:
            assert answer.read() == said
        assert time.monotonic() - began >= 2 * 0.2  # there and back
        server.shutdown()
