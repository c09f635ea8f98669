"""Many browser windows without browsers, cheap enough that sixty of them take little of a core.

Each is one websocket that says what a browser would say: it asks for its page, repeats the parts of
it that the page tells to repeat, at the interval that it tells, and remembers what its inputs said.
One that edits asks for the numbers beside it.
"""

import asyncio
import json
import random
import re
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.BidiComponent_pb2 import BidiComponent
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from explorer.ui.server.analysis_route import PATH

PANEL_PAUSE = (
    0.7  # seconds after an edit until the panel beside asks for values, as panel.js has it
)
PATIENCE = 10.0  # seconds that an edit may take before it counts as lost


@dataclass
class Window:
    url: str
    socket: websockets.ClientConnection
    page_name: str
    query: str
    page: str = ""  # the page's hash, once the server has told it
    states: dict[str, str] = field(default_factory=dict)  # what each component said last, by id
    every: dict[str, float] = field(default_factory=dict)  # seconds, by the fragment that repeats
    due: dict[str, float] = field(default_factory=dict)  # when each is to be asked for next
    looks: int = 0  # at what repeats itself
    heard_at: float = 0.0
    errors: list[str] = field(default_factory=list)

    async def post(self, path: str, question: str) -> bytes:
        """What is answered to JSON at this path, on a connection of its own: the server ends one that
        was idle for five seconds.
        """
        there = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(there.hostname, there.port)
        body = question.encode()
        writer.write(
            f"POST /{path} HTTP/1.1\r\nHost: {there.netloc}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(re.search(r"content-length: (\d+)", head, re.I)[1])  # type: ignore[index]
        answer = await reader.readexactly(length)
        writer.close()
        assert head.split()[1] == "200", f"{head} {answer!r}"
        return answer

    async def ask(self, fragment: str = "", *, repeats: bool = False) -> None:
        """Ask for the page, or for a fragment of it, with all that the inputs say."""
        message = BackMsg()
        request = message.rerun_script
        request.query_string, request.page_script_hash = self.query, self.page
        if not self.page:
            request.page_name = self.page_name
        request.fragment_id, request.is_auto_rerun = fragment, repeats
        for id, said in self.states.items():
            request.widget_states.widgets.add(id=id, json_value=said)
        await self.socket.send(message.SerializeToString())

    async def hear(self, until: float) -> ForwardMsg | None:
        """The next message, or None at this time or when it is time to look again."""
        await self._look_again()
        wait = min([until, *self.due.values()]) - time.monotonic()
        try:
            data = await asyncio.wait_for(self.socket.recv(), max(0.0, wait))
        except TimeoutError:
            return None
        self.heard_at = time.monotonic()
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.page = message.new_session.page_script_hash
            if not message.metadata.run.fragment_ids:  # a whole page: what repeated is gone
                self.every.clear()
                self.due.clear()
        elif kind == "auto_rerun":
            fragment = message.auto_rerun.fragment_id
            self.every[fragment] = message.auto_rerun.interval
            self.due.setdefault(fragment, self.heard_at + message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self.every.pop(fragment, None)
                self.due.pop(fragment, None)
        elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
            self.errors.append(message.delta.new_element.exception.message)
        return message

    async def _look_again(self) -> None:
        now = time.monotonic()
        for fragment in [fragment for fragment, when in self.due.items() if when <= now]:
            self.due[fragment] += self.every[fragment]
            self.looks += 1
            await self.ask(fragment, repeats=True)


@asynccontextmanager
async def open_window(url: str, path: str) -> AsyncIterator[Window]:
    """A window on this path, followed to where it leads, that has asked for its page."""
    with await asyncio.to_thread(urllib.request.urlopen, f"{url}/{path}") as page:
        address = urlsplit(page.url)
    stream = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
    async with websockets.connect(stream, subprotocols=["streamlit"], max_size=None) as socket:
        window = Window(url, socket, address.path.strip("/"), address.query)
        await window.ask()
        yield window


async def watch(url: str, path: str, ends: float) -> Window:
    """Have a page open until then, and follow it."""
    async with open_window(url, path) as window:
        while time.monotonic() < ends:
            await window.hear(ends)
        return window


@dataclass
class Builder:
    """A window on Build, and what was edited in it."""

    window: Window
    chance: random.Random
    pace: float  # seconds between two edits, in the mean
    base: int = -1
    seq: int = 0
    stack: list[dict[str, Any]] = field(default_factory=list)
    editor: str = ""  # the component's id
    panel: str = ""
    panel_fragment: str = ""  # that the panel is drawn in
    picture: str = ""  # that the panel holds
    sent_at: float | None = None  # when the edit that has no answer yet was made
    next_at: float | None = None  # when the first edit was made that waits for that answer
    asks: bool = False  # for the numbers by their address; a build before had none
    asking: asyncio.Task[None] | None = None
    asked_at: float | None = None  # when the first edit was made whose numbers have not come
    input: list[int] = field(default_factory=list)  # the images' shape
    ask_at: float | None = None  # when the panel will ask for values
    question: dict[str, Any] = field(default_factory=dict)  # that it will ask
    # When an edit was made, and milliseconds until its numbers came, and the page with them.
    times: list[tuple[float, float]] = field(default_factory=list)
    page_times: list[tuple[float, float]] = field(default_factory=list)

    async def build(self, ends: float) -> None:
        edit_at = time.monotonic() + self.chance.uniform(0, self.pace) + PANEL_PAUSE
        while (now := time.monotonic()) < ends:
            if self.ask_at is not None and now >= self.ask_at:
                self.ask_at = None
                self.window.states[self.panel] = json.dumps({"ask": self.question})
                await self.window.ask(self.panel_fragment)
            if now >= edit_at:
                edit_at = now + self.chance.uniform(0.5, 1.5) * self.pace
                await self._edit()
            await self._hear(min(edit_at, self.ask_at or edit_at, ends))

    async def _edit(self) -> None:
        """Change a layer. As in a browser, one draft is on its way at a time."""
        if not self.stack:
            self.window.errors.append("no stack yet")
            return
        layer = self.chance.choice([each for each in self.stack if each["kind"] == "Conv2d"])
        layer["out_channels"] = self.chance.choice(
            [count for count in range(8, 65) if count != layer["out_channels"]]
        )
        now = time.monotonic()
        self.ask_at = None
        if self.asks:
            self.asked_at = self.asked_at or now
            if self.asking is None or self.asking.done():
                self.asking = asyncio.create_task(self._ask_numbers())
        if self.sent_at is None:
            await self._send(now)
        else:
            self.next_at = self.next_at or now
            if now - self.sent_at > PATIENCE:
                self.window.errors.append(f"no answer to an edit in {PATIENCE:.0f} s")

    async def _ask_numbers(self) -> None:
        """Ask for the numbers of the newest edit, until those of the newest have come."""
        while (made_at := self.asked_at) is not None:
            self.asked_at = None
            question = json.dumps({"input": self.input, "stack": self.stack})
            found = json.loads(await self.window.post(PATH, question))
            assert len(found["rows"]) == len(self.stack), "an edit without all numbers"
            self.times.append((made_at, 1000 * (time.monotonic() - made_at)))

    async def _send(self, made_at: float) -> None:
        self.seq += 1
        draft = {"base": self.base, "seq": self.seq, "work": 0}
        draft |= {"stack": self.stack, "selected": None}
        draft |= {"asked": True} if self.asks else {}
        self.window.states[self.editor] = json.dumps({"draft": draft})
        self.sent_at = made_at
        await self.window.ask()

    async def _hear(self, until: float) -> None:
        message = await self.window.hear(until)
        if message is None or message.delta.new_element.WhichOneof("type") != "bidi_component":
            return
        component = message.delta.new_element.bidi_component
        if component.component_name.endswith("stack_editor"):
            await self._take_numbers(component)
        elif component.component_name.endswith("field_view"):
            self.panel_fragment = message.delta.fragment_id
            self._take_panel(component)

    async def _take_numbers(self, component: BidiComponent) -> None:
        answer, self.editor = data_of(component), component.id
        # A build before sent the layers with every answer, and not as a part of their own.
        whole = answer.get("whole") or (answer if self.base < 0 else None)
        if self.base < 0 and whole:
            self.base, self.seq = answer["base"], answer["seq"]
            self.stack = whole["stack"]
            self.asks, self.input = "analysis" in answer, list(answer["input"])
        if answer.get("refusal"):
            self.window.errors.append(f"an edit was refused: {answer['refusal']}")
        if self.sent_at is not None and answer["seq"] >= self.seq:
            taken = self.sent_at, 1000 * (self.window.heard_at - self.sent_at)
            self.page_times.append(taken)
            if not self.asks:
                assert len(answer["rows"]) == len(self.stack), "an edit without all numbers"
                self.times.append(taken)
            self.sent_at = None
            if self.next_at is not None:
                made_at, self.next_at = self.next_at, None
                await self._send(made_at)

    def _take_panel(self, component: BidiComponent) -> None:
        data, self.panel = data_of(component), component.id
        if data["image"].get("pixels") is not None:
            self.picture = data["image"].get("key", "")
        if data["answer"] is None:
            self.question = {**data["ask"], "of": data["of"]}
            if "holds" in self.question:
                self.question["holds"] = self.picture
            self.ask_at = time.monotonic() + PANEL_PAUSE


async def build(url: str, seed: int, pace: float, ends: float) -> Builder:
    """Edit the stack that Build begins with, like a person, until then."""
    async with open_window(url, "") as window:
        builder = Builder(window, random.Random(seed), pace)
        await builder.build(ends)
        return builder


def data_of(component: BidiComponent) -> Any:
    return json.loads(getattr(component, component.WhichOneof("data")))
