"""A child process that answers one request at a time, and may die without harm to this process.

The parent sends a request as one line of JSON. The child answers with a line of JSON, {"bytes": N,
"error": TEXT, "last": whether it ends now}, and N bytes. The child imports nothing of its parent's
main module; it ends when its standard input does, so that it outlives no parent, however the parent
ends.
"""

import atexit
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from explorer.refusal import Refusal

Request = dict[str, Any]

AT_ONCE_SECONDS = 1.0  # within which a child that was dead already is found to be

_ROOT = Path(__file__).resolve().parents[3]  # the folder that holds the package `explorer`


class ChildError(Exception):
    """The child gave no answer; the message says whether it died, took too long, or refused."""


class ChildDied(ChildError):
    """The child ended before it answered."""


# --- the parent's side ----------------------------------------------------------------------------


class ChildProcess:
    """A process that is started when it is first asked, and again whenever it has died.

    Every method may be called from any thread; requests are answered one after the other.
    """

    def __init__(self, module: str, idle_seconds: float):
        """`module` is run as `python -m module`, and calls `serve`.

        The child ends after `idle_seconds` without a request.
        """
        self._module, self._idle_seconds = module, idle_seconds
        self._turn = threading.Lock()  # held while the child works
        self._child: subprocess.Popen[bytes] | None = None
        # The child that was ended on purpose last.
        self._closed: subprocess.Popen[bytes] | None = None
        self._rest: threading.Timer | None = None
        atexit.register(self.close)

    def ask(self, request: Request, timeout: float) -> bytes:
        """The child's answer. Raises ChildError. The child is killed if it takes more than
        `timeout` seconds.
        """
        line = json.dumps(request).encode() + b"\n"
        with self._turn:
            was_there = self.pid is not None
            child, asked = self._running(), time.monotonic()
            try:
                return _answer(child, line, timeout)
            except ChildDied:
                at_once = time.monotonic() - asked < AT_ONCE_SECONDS
                if not (was_there and at_once) or child is self._closed:
                    raise  # it died of this request, and the next child would too
                # It had died before, while it had nothing to do.
                return _answer(self._running(), line, timeout)
            finally:
                self._end_when_idle()

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        child = self._child
        return child.pid if child and child.poll() is None else None

    def close(self) -> None:
        """End the child at once. Whoever waits for it gets ChildDied; the next request starts
        another child.
        """
        if self._rest:
            self._rest.cancel()
        if child := self._child:
            self._closed = child
            child.kill()
            self._end_idle()  # where it was answering, whoever waits for that lets go of its pipes

    def _running(self) -> subprocess.Popen[bytes]:
        if self._rest:
            self._rest.cancel()
        if self._child is None or self._child.poll() is not None:
            if self._child:
                _end(self._child)
            self._child = _start(self._module)
        return self._child

    def _end_when_idle(self) -> None:
        self._rest = threading.Timer(self._idle_seconds, self._end_idle)
        self._rest.daemon = True
        self._rest.start()

    def _end_idle(self) -> None:
        if self._turn.acquire(blocking=False):
            try:
                if self._child:
                    _end(self._child)
            finally:
                self._turn.release()


def _start(module: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": path},
        start_new_session=True,  # Ctrl+C in the server's terminal is for the server
    )


def _answer(child: subprocess.Popen[bytes], line: bytes, timeout: float) -> bytes:
    assert child.stdin
    assert child.stdout
    late = threading.Event()

    def give_up() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(timeout, give_up)
    timer.daemon = True
    timer.start()
    try:
        child.stdin.write(line)
        child.stdin.flush()
        head = json.loads(child.stdout.readline())
        body: bytes = child.stdout.read(head["bytes"])
        if len(body) < head["bytes"]:
            raise EOFError
    except (OSError, ValueError, EOFError):
        words = _last_words(child)
        raise (
            ChildError(f"it took more than {timeout:g} seconds")
            if late.is_set()
            else ChildDied(words)
        ) from None
    finally:
        timer.cancel()
    if head["last"]:
        _end(child)
    if head["error"]:
        raise ChildError(head["error"])
    return body


def _last_words(child: subprocess.Popen[bytes]) -> str:
    _end(child)
    code = child.returncode
    return (
        f"the process that makes it was ended by signal {-code}"
        if code < 0
        else "the process that makes it ended"
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and close its pipes. It keeps no state that would be worth waiting for."""
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        with suppress(OSError, ValueError):
            if pipe:
                pipe.close()


# --- the child's side -----------------------------------------------------------------------------


def serve(answer: Callable[[Request], bytes], most_memory: int) -> None:
    """Answer requests until the parent ends or closes the pipe, or more than `most_memory` bytes
    are in use.

    What `answer` raises is sent to the parent, and the next request is answered. The process ends
    with its parent, even in the middle of an answer.
    """
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not come between the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=[requests], daemon=True).start()
    while True:
        body, error = b"", ""
        try:
            body = answer(json.loads(requests.get()))
        except Refusal as refusal:
            error = str(refusal)
        except Exception as exception:  # whatever it is, the parent goes on
            error = f"{type(exception).__name__}: {exception}"
        last = _memory_in_use() > most_memory
        replies.write(
            json.dumps({"bytes": len(body), "error": error, "last": last}).encode() + b"\n" + body
        )
        replies.flush()
        if last:
            return


def _listen(requests: "queue.SimpleQueue[bytes]") -> None:
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)  # the main thread may be busy for long


def _memory_in_use() -> int:
    """Bytes of memory that this process uses, 0 if the system does not tell. (Its peak would count
    the parent's too.)
    """
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
