"""A real server and a real Chromium: the one that the system has, found on the path."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FloatRect,
    Locator,
    Page,
    Playwright,
    Request,
    TimeoutError,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from explorer.assignment.assignment import Assignment
from explorer.link import PARAMETER, Shared, encode
from explorer.network.spec import Architecture
from explorer.runs.run import Status
from explorer.runs.store import Store
from explorer.training.event import Event
from explorer.training.recipe import Recipe
from tests.browser.slow_wire import slow_wire
from tests.browser.wire_watch import GIVEN_UP, SETTLED, WATCH
from tests.runs.shared import wait_until

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    # nothing of Chromium's own may look for its maker's hosts
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The first two would draw what drops down from the address bar, which nobody sees: a quarter of
    # what it costs to open a page. The others are of Playwright's own list, which this replaces.
    "--disable-features="
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "AimEnabled,HttpsUpgrades,MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,PaintHolding",
]
NEXT_FRAME = "() => new Promise(requestAnimationFrame)"
PATIENCE = 30_000  # milliseconds; these machines are sometimes busy
# How long what is said to a server, and what it answers, is on its way. For trying the tests as in
# a distant classroom: EXPLORER_WIRE_DELAY=0.12 python -m pytest tests/browser
WIRE_DELAY = float(os.environ.get("EXPLORER_WIRE_DELAY", "0"))  # seconds

expect.set_options(timeout=PATIENCE)


@dataclass
class Server:
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def end(self) -> int:
        """Ask the server to end as an init system does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def stop_runs(self) -> None:
        """Take what waits out of the queue, and have what trains end, as a start of the same would
        else be taken for that run.
        """
        with closing(Store(self.log.parent / "home")) as store:
            runs = list(store.revisions())

            def have_ended() -> bool:
                going_on = [run for run in store.summaries(runs)[0].values() if not run.ended]
                for each in going_on:
                    if each.status == Status.STOPPING:
                        continue  # another one may be queued by now, as its turn has ended
                    if not store.withdraw(each.run.id, Status.STOPPED, Event(kind="stopped")):
                        store.ask_to_stop(each.run.id, "stop")
                return not going_on

            wait_until(have_ended)


def start_server(
    folder: Path,
    script: str = "app.py",
    root: Path = ROOT,
    address: str = "127.0.0.1",
    **environment: str,
) -> Server:
    """`streamlit run app.py`, or another script, on a free port, once it answers.

    `root` is the build's own folder. With the address "0.0.0.0" it answers other machines too, so
    that whoever opens it is one of a class.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        script,
        "--server.port",
        str(port),
        "--server.address",
        address,
    ]
    # Without data of its own the server must do with what is built in, as in a classroom without
    # internet.
    surroundings = {
        **os.environ,
        "EXPLORER_DATA": str(folder / "data"),
        "EXPLORER_HOME": str(folder / "home"),
        **environment,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=root, env=surroundings, stdout=output, stderr=subprocess.STDOUT
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_until(lambda: process.poll() is not None or _answers(server), patience=180)
        assert process.poll() is None
    except AssertionError:
        process.kill()
        raise RuntimeError(f"the server did not start:\n{log.read_text()}") from None
    if WIRE_DELAY:
        server.url = slow_wire(server.url, WIRE_DELAY)
    return server


@contextmanager
def serving(
    folder: Path,
    script: str = "app.py",
    root: Path = ROOT,
    address: str = "127.0.0.1",
    **environment: str,
) -> Iterator[Server]:
    """Like `start_server`; the server ends with the block, unless the block has ended it
    already.
    """
    server = start_server(folder, script, root, address, **environment)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


def _answers(server: Server) -> bool:
    try:
        with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2) as answer:
            return answer.read() == b"ok"
    except OSError:
        return False


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server
    # The guard of messages is deaf to no honest browser.
    assert "left out" not in server.log.read_text()


# Not longer: while Playwright is open, this thread has an event loop that runs.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on the path; Debian's package is called chromium")
    playwright: Playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


_waits = count(1)


@dataclass
class App:
    """One browser window on the app, and what went wrong in it."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    fetching: dict[Request, float] = field(default_factory=dict)  # since when, monotonic seconds

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)
        self.settled()
        # The browser loads the stack editor's script once Python is done already.
        if "page=" not in path:
            self.page.wait_for_selector(".editor[data-ack]")

    def settled(self) -> None:
        """Wait until the script has run and nothing more is on its way: no answer of the server,
        and no style, font or script of the page's parts, which are fetched when they are needed.
        """
        self._until_answered()
        while self._is_fetching():
            self.until(lambda: not self._is_fetching(), "all that the page needs is fetched")
            self.next_frame()
            self._until_answered()

    def _until_answered(self) -> None:
        self.page.wait_for_function(SETTLED, arg=next(_waits), timeout=PATIENCE)

    def _is_fetching(self) -> bool:
        given_up = time.monotonic() - GIVEN_UP / 1000  # a download is never called finished
        return any(since > given_up for since in self.fetching.values())

    def next_frame(self) -> None:
        """Let the browser draw, and whatever it says meanwhile come in here."""
        self.page.evaluate(NEXT_FRAME)

    def until(self, reached: Callable[[], object], what: str) -> None:
        """Wait for what no locator can see, such as what the browser has sent."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not reached():
            assert time.monotonic() < deadline, f"waited in vain until {what}"
            self.next_frame()

    def link_to(self, page: str) -> Locator:
        return self.page.get_by_role("navigation", name="Pages").get_by_role(
            "link", name=page, exact=True
        )

    def choice(self, name: str) -> Locator:
        """One of those that stand beside each other, of which one is chosen, like Compare's
        views.
        """
        return (
            self.page.get_by_role("radio", name=name, exact=True)
            .or_(self.page.get_by_role("button", name=name, exact=True))
            .first
        )

    def go_to(self, page: str) -> None:
        self.link_to(page).click()
        self.page.wait_for_url(re.compile(rf"[?&]page={page.lower()}\b"))
        self.settled()

    # Each of these has another key with other work. While that is drawn, the one before may still
    # stand beside it: the last is the one that stays.

    @property
    def started_from(self) -> Locator:
        """The menu of what the work can start from, which says what it did start from."""
        return self.page.get_by_role("button", name="Start from").last

    @property
    def name_box(self) -> Locator:
        """The network's name."""
        return self.page.get_by_role("textbox", name="Name", exact=True).last

    @property
    def images_box(self) -> Locator:
        """The list of images, on Build or on Train."""
        return self.page.get_by_role("combobox", name="Images").last

    # A run that goes on again is drawn above what there was of it, which then goes: the first stays.

    @property
    def run_status(self) -> Locator:
        """How the shown run stands, in a word."""
        return self.page.locator(".run .status").first

    @property
    def run_epochs(self) -> Locator:
        """What the shown run reached; `data-epochs` counts its whole epochs."""
        return self.page.locator(".run-epochs").first

    def row(self, index: int | str) -> Locator:
        return self.page.locator(f'[data-layer-index="{index}"]')

    def cells(self, name: str) -> list[str]:
        """The texts of one column of the stack, top to bottom: shape, sees or params."""
        rows = self.page.locator("[data-layer-index]")
        return [rows.nth(i).locator(f".{name}").inner_text().strip() for i in range(rows.count())]

    def type_into(self, index: int, name: str, value: str) -> None:
        box = self.row(index).locator(f'input[name="{name}"]')
        box.fill(value)

    def choose_digits(self) -> None:
        """Of the images.

        A list that opens while the page is still being put together may close again.
        """
        for _ in range(5):
            self.images_box.click()
            option = self.page.get_by_role("option", name="Digits", exact=True)
            try:
                option.click(timeout=PATIENCE / 5)
                break
            except TimeoutError:
                self.page.keyboard.press("Escape")
        self.settled()

    @property
    def run_in_address(self) -> str:
        """The id of the run that the page's address names; empty if it names none.

        The rest of an address also changes, a little after what the page says: it holds the work.
        """
        found = re.search(r"[?&]run=(\w+)", self.page.url)
        return found[1] if found else ""

    def start_training(self) -> None:
        """Also where another test has just started the very same.

        Not where the page shows that run and it still trains: then the press starts nothing.
        """
        before = self.run_in_address
        another = self.page.get_by_role("button", name="Start another")
        self.page.get_by_role("button", name="Start training").click()
        self.until(
            lambda: self.run_in_address != before or another.is_visible(),
            "a run is started, or there is one already",
        )
        self.settled()
        if self.run_in_address == before:
            another.click()
        self.until(lambda: self.run_in_address != before, "the address names the new run")
        self.settled()

    def train_on_digits(self, epochs: int) -> None:
        """On the Train page: start a run on the built-in images, and wait until it trains."""
        self.choose_digits()
        length = self.page.get_by_role("spinbutton", name="Epochs", exact=True)
        length.fill(str(epochs))
        length.press("Enter")
        self.settled()
        self.start_training()
        # A short one may be done.
        expect(self.run_status).to_have_text(re.compile("running|finished"))

    def preset(self, id: str) -> None:
        self.started_from.click()
        # Streamlit writes a dot of a key as a dash.
        entry = self.page.locator(f".st-key-preset-{id.replace('.', '-')}")
        entry.get_by_role("button").click()
        # The menu closes once it is done: that may be the preset that was open before.
        expect(entry).to_have_count(0)
        expect(self.started_from).to_contain_text(id)
        self.settled()


def open_network(app: App, architecture: Architecture) -> None:
    """By a link that holds it."""
    app.open(f"/?{PARAMETER}={encode(Shared(architecture, Recipe(), Assignment()))}")


def open_menu(app: App, name: str) -> None:
    app.page.get_by_role("button", name=name).click()
    app.settled()


def box_of(part: Locator) -> FloatRect:
    """Where a part stands on the screen. One that is drawn anew just then has no place for a
    moment, and is looked at again.
    """
    for _ in range(100):
        if found := part.bounding_box():
            return found
        part.page.evaluate(NEXT_FRAME)
    raise AssertionError(f"{part} stands nowhere on the screen")


_opened: list[App] = []  # every window of the test that runs


def open_app(context: BrowserContext, url: str) -> App:
    page = context.new_page()
    page.add_init_script(WATCH)
    app = App(page, url)
    _opened.append(app)
    page.on("request", lambda request: app.requests.append(request.url))
    page.on("request", lambda request: app.fetching.update({request: time.monotonic()}))
    for ended in ("requestfinished", "requestfailed"):
        page.on(ended, lambda request: app.fetching.pop(request, None))
    page.on("pageerror", lambda error: app.errors.append(str(error)))
    page.on("console", lambda said: app.errors.extend(_violations(said.text)))
    page.set_default_timeout(PATIENCE)
    return app


def _violations(said: str) -> list[str]:
    """What the browser says of something that the server's own headers keep a page from."""
    policies = ("Content Security Policy", "Permissions-Policy", "Permissions policy")
    return [said] if any(policy in said for policy in policies) else []


@pytest.fixture(autouse=True)
def only_this_machine() -> Iterator[None]:
    """No window of any test asks another host for anything, fails in a script, or needs what the
    security headers forbid.
    """
    _opened.clear()
    yield
    for app in _opened:
        asked = [urlsplit(url) for url in app.requests]
        assert [
            url.geturl()
            for url in asked
            if url.scheme not in ("data", "blob") and url.hostname != "127.0.0.1"
        ] == []
        assert app.errors == []


@pytest.fixture(autouse=True)
def no_run_goes_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test trains on the server of all is over with it, also where it fails or is skipped:
    the next one's run would wait for it.
    """
    yield
    if "server" in request.fixturenames:
        request.getfixturevalue("server").stop_runs()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what stood in the test's windows."""
    report = yield
    if report.when == "call" and report.failed:
        for app in _opened:
            with suppress(PlaywrightError):
                shown = app.page.locator("body").aria_snapshot(timeout=5000)
                report.sections.append((f"Window on {app.page.url}", shown))
    return report


@pytest.fixture
def app(chromium: Browser, server: Server) -> Iterator[App]:
    """A fresh window. At the end: no traceback in it."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    app = open_app(context, server.url)
    yield app
    assert app.page.get_by_test_id("stException").count() == 0
    context.close()
