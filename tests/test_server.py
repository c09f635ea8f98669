"""The server as README starts it: whom it asks, whom it answers, when it refuses to start, how it
ends.
"""

import base64
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path

import pytest

from explorer.network.spec import Architecture, ReLU
from explorer.runs.new_run import new_run
from explorer.runs.store import Store
from explorer.training.recipe import Recipe

ROOT = Path(__file__).parents[1]
PATIENCE = 120  # seconds; these machines are sometimes busy

# Before anything of the server's: each name that is looked up and each address that is called, but
# for this machine's.
WATCHED = """
import os, sys
OWN = (None, "", "::", "::1", "0.0.0.0", "127.0.0.1", "localhost")
def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        asked = arguments[0]
    elif event in ("socket.connect", "socket.sendto"):
        asked = arguments[1][0] if isinstance(arguments[1], tuple) else None
    else:
        return
    if (asked.decode() if isinstance(asked, bytes) else asked) not in OWN:
        with open(os.environ["ASKED"], "a") as file:
            file.write(f"{event} {asked!r}\\n")
sys.addaudithook(watch)
"""


def start(folder: Path, *arguments: str, **environment: str) -> tuple[subprocess.Popen[bytes], int]:
    """README's own command on a free port; the process and the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "watch").mkdir(exist_ok=True)
    (folder / "watch" / "sitecustomize.py").write_text(WATCHED)
    surroundings = {
        **os.environ,
        "EXPLORER_HOME": str(folder / "home"),
        "EXPLORER_DATA": str(folder / "data"),
    }
    surroundings |= {
        "PYTHONPATH": str(folder / "watch"),
        "ASKED": str(folder / "asked"),
        **environment,
    }
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        *arguments,
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, cwd=ROOT, env=surroundings, stdout=log, stderr=subprocess.STDOUT
        ), port


def healthy(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/_stcore/health", timeout=2
            ) as answer:
                return bool(answer.read() == b"ok")
        except OSError:
            time.sleep(0.1)
    return False


@contextmanager
def server(folder: Path, *arguments: str, **environment: str) -> Iterator[int]:
    """Its port, once it answers; ended as an init system does."""
    process, port = start(folder, *arguments, **environment)
    try:
        assert healthy(process, port), (folder / "log").read_text()
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        # uvicorn leaves in order, and then lets the signal have its way
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM), (folder / "log").read_text()


def handshake(port: int, origin: str | None) -> tuple[int, float]:
    """Ask for Streamlit's websocket as a page of that site would; the HTTP status, and the seconds
    that it took.
    """
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *([f"Origin: {origin}"] if origin else []),
    ]
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = connection.recv(1000).decode("latin-1")
    return int(answer.split()[1]), time.monotonic() - began


def asked_as(port: int, host: str, path: str) -> tuple[int, Message]:
    """Ask for a page by this name of the server's; the HTTP status, and the answer's headers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.headers


@pytest.mark.slow
def test_no_other_host_is_asked_and_a_foreign_page_is_refused_at_once(tmp_path: Path) -> None:
    with server(tmp_path) as port:
        for foreign in (
            "http://evil.example",
            "https://evil.example:8501",
            f"http://127.0.0.1:{port + 1}",
            "null",
            "http://[",
        ):
            status, seconds = handshake(port, foreign)
            assert (status, seconds < 2) == (403, True), foreign
        for ours in (f"http://127.0.0.1:{port}", f"HTTPS://127.0.0.1:{port}", None):
            assert handshake(port, ours)[0] == 101, ours
        for path in ("/", "/_stcore/health", "/explorer-device", "/explorer-assets/none"):
            status, headers = asked_as(port, "evil.example", path)
            assert (status, headers["X-Content-Type-Options"]) == (400, "nosniff"), path
            headers = asked_as(port, f"localhost:{port}", path)[1]
            assert "default-src 'none'" in headers["Content-Security-Policy"], path
    log = (tmp_path / "log").read_text()
    assert not (tmp_path / "asked").exists(), (tmp_path / "asked").read_text()
    assert f"http://localhost:{port}\n" in log
    assert "Whoever can open this address can see every run, train networks" in log
    assert "Nobody is a teacher. To be one, start it with EXPLORER_TEACHER_KEY=" in log
    assert "Traceback" not in log


@pytest.mark.slow
def test_a_site_that_the_server_was_told_of_is_let_in_without_asking(tmp_path: Path) -> None:
    named = ["--server.corsAllowedOrigins", "https://explorer.school.example"]
    with server(tmp_path, *named) as port:
        assert handshake(port, "https://explorer.school.example")[0] == 101
        assert handshake(port, "https://other.example")[0] == 403
    assert not (tmp_path / "asked").exists(), (tmp_path / "asked").read_text()


@pytest.mark.slow
def test_a_home_that_cannot_be_written_stops_the_start_unless_nothing_is_to_be_kept(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("in the way")
    home = str(tmp_path / "file" / "home")
    process, _ = start(tmp_path, EXPLORER_HOME=home)
    assert process.wait(PATIENCE) == 1
    said = (tmp_path / "log").read_text()
    assert re.search(
        r"^error: the runs cannot be opened: .*file/home cannot be written: Not a directory\.$",
        said,
        re.M,
    )
    assert "streamlit run app.py -- --in-memory" in said
    assert "Traceback" not in said
    process, _ = start(tmp_path, "--", "--in-memroy")
    assert process.wait(PATIENCE) == 1
    assert "'--in-memroy' is no option of this server" in (tmp_path / "log").read_text()
    with server(tmp_path, "--", "--in-memory", EXPLORER_HOME=home):
        pass
    assert "Runs are kept in memory only" in (tmp_path / "log").read_text()


@pytest.mark.slow
def test_checkpoints_without_a_run_are_told_at_the_start(tmp_path: Path) -> None:
    """The file of runs was emptied, or replaced: the server starts, and says what is missing."""
    store = Store(tmp_path / "home")
    run = new_run(Architecture(layers=(ReLU(),)), Recipe(device="cpu"))
    store.add(run)
    store.close()
    lost = tmp_path / "home" / "checkpoints" / "lostlostlost"
    lost.mkdir()
    (lost / "epoch-00004.safetensors").write_bytes(b"weights")
    (lost / "epoch-00005.safetensors.part").write_bytes(b"half")
    with server(tmp_path):
        pass
    log = (tmp_path / "log").read_text()
    assert "the checkpoints of 1 run lie there, and it does not list them" in log
    assert "lostlostlost" in log
    assert "deleted 1 file that a killed process had left half written" in log
    assert sorted(file.name for file in lost.iterdir()) == ["epoch-00004.safetensors", "lock"]


@pytest.mark.slow
def test_a_locked_database_is_waited_for_at_the_start(tmp_path: Path) -> None:
    Store(tmp_path / "home").close()
    other = sqlite3.connect(tmp_path / "home" / "runs.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    process, port = start(tmp_path)
    time.sleep(6)  # of the ten seconds that a start waits
    other.execute("ROLLBACK")
    other.close()
    assert healthy(process, port), (tmp_path / "log").read_text()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) in (0, -signal.SIGTERM)
