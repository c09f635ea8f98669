"""A child process may die, hang or grow, and the next request is answered all the same."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.ui.downloads.child_process import ChildDied, ChildError, ChildProcess

CHILD = """
import os, time
from explorer.refusal import Refusal
from explorer.ui.downloads.child_process import serve

def answer(request):
    match request["do"]:
        case "echo":
            return request["text"].encode()
        case "print":
            print("a library says something")
            return b"printed"
        case "pid":
            return str(os.getpid()).encode()
        case "abort":
            os.abort()
        case "die late":
            with open(request["marks"], "a") as marks:
                marks.write("x")
            time.sleep(1.2)
            os.abort()
        case "refuse":
            raise Refusal("that is not to be had")
        case "fail":
            return 1 / 0
        case "sleep":
            time.sleep(600)

if __name__ == "__main__":
    serve(answer, int(os.environ.get("MOST_MEMORY", 10**12)))
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChildProcess]:
    (tmp_path / "some_child.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = ChildProcess("some_child", idle_seconds=60)
    yield found
    found.close()


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while is_there(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_child_answers_request_after_request(child: ChildProcess):
    assert child.pid is None
    assert child.ask({"do": "echo", "text": "größer\n"}, 30) == "größer\n".encode()
    pid = child.pid
    assert child.ask({"do": "print"}, 30) == b"printed"
    assert child.ask({"do": "pid"}, 30) == str(pid).encode()


@pytest.mark.parametrize(
    ("do", "says"),
    [("refuse", "that is not to be had"), ("fail", "ZeroDivisionError: division by zero")],
)
def test_what_goes_wrong_in_it_is_told_and_it_goes_on(child: ChildProcess, do: str, says: str):
    before = child.ask({"do": "pid"}, 30)
    with pytest.raises(ChildError, match=f"^{says}$"):
        child.ask({"do": do}, 30)
    assert child.ask({"do": "pid"}, 30) == before


def test_one_that_aborts_is_told_and_the_next_request_is_answered_by_another(child: ChildProcess):
    with pytest.raises(ChildDied, match=f"ended by signal {signal.SIGABRT.value}"):
        child.ask({"do": "abort"}, 30)
    assert child.ask({"do": "echo", "text": "there"}, 30) == b"there"


def test_one_that_was_killed_while_it_had_nothing_to_do_is_not_noticed(child: ChildProcess):
    child.ask({"do": "pid"}, 30)
    os.kill(child.pid, signal.SIGKILL)
    assert child.ask({"do": "echo", "text": "there"}, 30) == b"there"


def test_what_a_child_died_of_is_not_asked_of_the_next(child: ChildProcess, tmp_path: Path):
    child.ask({"do": "pid"}, 30)
    with pytest.raises(ChildDied):
        child.ask({"do": "die late", "marks": str(tmp_path / "marks")}, 30)
    assert (tmp_path / "marks").read_text() == "x"


def test_one_that_takes_too_long_is_killed_and_said(child: ChildProcess):
    child.ask({"do": "pid"}, 30)
    pid = child.pid
    with pytest.raises(ChildError, match=r"it took more than 0\.2 seconds"):
        child.ask({"do": "sleep"}, 0.2)
    assert not is_there(pid)
    assert child.ask({"do": "echo", "text": "there"}, 30) == b"there"


def test_closing_ends_it_in_the_middle_of_an_answer(child: ChildProcess):
    child.ask({"do": "pid"}, 30)
    pid = child.pid
    closing = threading.Timer(0.3, child.close)
    closing.start()
    with pytest.raises(ChildDied):
        child.ask({"do": "sleep"}, 60)
    closing.join()
    assert not is_there(pid)
    assert child.ask({"do": "echo", "text": "again"}, 30) == b"again"


def test_one_that_nobody_asks_is_ended(tmp_path: Path, child: ChildProcess):
    short = ChildProcess("some_child", idle_seconds=0.1)
    short.ask({"do": "pid"}, 30)
    wait_until_gone(int(short.ask({"do": "pid"}, 30)))
    assert short.ask({"do": "echo", "text": "again"}, 30) == b"again"
    short.close()


def test_one_that_has_grown_answers_and_makes_room_for_a_new_one(
    child: ChildProcess, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MOST_MEMORY", "1")
    first = int(child.ask({"do": "pid"}, 30))
    assert child.pid is None
    assert not is_there(first)
    assert int(child.ask({"do": "pid"}, 30)) != first


@pytest.mark.parametrize("busy", [False, True])
def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path, child: ChildProcess, busy: bool):
    parent = textwrap.dedent(f"""
        import threading
        from explorer.ui.downloads.child_process import ChildProcess
        child = ChildProcess("some_child", 60)
        print(child.ask({{"do": "pid"}}, 30).decode(), flush=True)
        if {busy}:
            child.ask({{"do": "sleep"}}, 600)
        threading.Event().wait()
    """)
    root = Path(__file__).parents[3]
    path = os.pathsep.join([str(tmp_path), str(root)])
    with subprocess.Popen(
        [sys.executable, "-c", parent],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        pid = json.loads(process.stdout.readline())
        assert is_there(pid)
        process.kill()
        process.wait()
    wait_until_gone(pid)
