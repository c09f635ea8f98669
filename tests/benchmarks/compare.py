"""What the Compare page takes: five presets side by side, and ten runs of many events.

Run: python -m tests.benchmarks.compare

In a real Chromium. A server just started is opened for the first time on /compare, and the time
from the browser's load event to the whole structure view is taken; so again with each view of ten
runs with many step events each, and with each new look while another run trains, whose bytes on the
websocket are counted.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

from explorer.presets import load_presets
from explorer.runs.home import open_store
from explorer.runs.new_run import new_run
from explorer.training.event import Event
from explorer.training.recipe import Recipe
from tests.benchmarks.machine import describe
from tests.benchmarks.made_up import made_up_events
from tests.browser.conftest import CHROMIUM, FLAGS, start_server

COLD_STARTS = 3
RUNS, EPOCHS = 10, 50
VIEWS = ("Structure", "Shape of computation", "Learning", "Verdict", "Trade-off")
# Of a view, once it is whole; else a chart.
SHOWN = {"Structure": ".compare tfoot", "Verdict": ".figures tbody tr"}
CHART = "[data-testid=stVegaLiteChart] :is(canvas, svg)"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=50_000, help="step events of each run")
    options = parser.parse_args()
    assert CHROMIUM, "no Chromium on the path"
    print(describe("streamlit", "torch"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        cold = []
        for _ in range(COLD_STARTS):
            with tempfile.TemporaryDirectory() as folder:
                server = start_server(Path(folder))
                cold.append(
                    first_look(
                        browser.new_context(viewport={"width": 1440, "height": 900}), server.url
                    )
                )
                server.end()
        print(
            "cold start, load event to five presets side by side: "
            f"{', '.join(f'{ms:.0f}' for ms in cold)} ms"
        )
        with tempfile.TemporaryDirectory() as folder:
            keys = fill(Path(folder) / "home", options.events)
            server = start_server(Path(folder))
            try:
                ten_runs(
                    browser.new_context(viewport={"width": 1440, "height": 900}),
                    server.url,
                    keys,
                    options.events,
                )
            finally:
                server.end()
        browser.close()


def first_look(context: BrowserContext, url: str) -> float:
    """Milliseconds from the load event to the table's last row."""
    page = context.new_page()
    page.add_init_script(
        """addEventListener('load', () => { window.loaded = performance.now(); });
        new MutationObserver(() => {
          if (window.whole === undefined && document.querySelector('.compare tfoot tr:last-child td:last-child'))
            requestAnimationFrame(() => { window.whole ??= performance.now(); });
        }).observe(document, { childList: true, subtree: true });"""
    )
    page.goto(f"{url}/?page=compare")
    page.wait_for_function(
        "() => window.whole !== undefined && window.loaded !== undefined", timeout=60_000
    )
    taken: float = page.evaluate("window.whole - window.loaded")
    context.close()
    return taken


def fill(home: Path, events: int) -> str:
    """Ten runs, two of each documented network, with so many step events each; the page's link to
    them.
    """
    store = open_store(home)
    documented = [preset for preset in load_presets().values() if preset.documented]
    for number in range(RUNS):
        preset = documented[number % len(documented)]
        recipe = Recipe(dataset="digits", epochs=EPOCHS, device="cpu", seed=number)
        run = new_run(preset.architecture, recipe, "benchmark")
        claim = store.begin(run)
        every = made_up_events(
            events, EPOCHS, lambda epoch, number=number: 0.99 - 0.3 / epoch - number / 1000
        )
        accuracy = every[-1].metrics["test_accuracy"]
        last = {
            "test_accuracy": accuracy,
            "best_test_accuracy": accuracy,
            "best_epoch": EPOCHS,
            "seconds": 500.0,
        }
        every.append(
            Event(kind="finished", time=events / 50, epoch=EPOCHS, step=events, metrics=last)
        )
        store.append(run.id, 0, every)
        store.end(run.id, "finished")
        claim.lock.release()
    store.close()
    return ",".join(preset.id for preset in documented)


def ten_runs(context: BrowserContext, url: str, keys: str, events: int) -> None:
    page, received = context.new_page(), [0]

    def count(frame: bytes | str) -> None:
        received[0] += len(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", count))
    page.goto(f"{url}/?page=compare&compare={keys}")
    page.wait_for_selector(SHOWN["Structure"], timeout=60_000)
    rest(page)
    choose_digits(page)
    print(f"{RUNS} runs of {events:,} step events each on the page:")
    for view in VIEWS[1:] + VIEWS[:1]:
        taken = []
        for _ in range(5):
            other = "Structure" if view != "Structure" else "Verdict"
            open_view(page, other)
            rest(page)
            received[0] = 0
            began = time.perf_counter()
            open_view(page, view)
            page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
            taken.append(1000 * (time.perf_counter() - began))
            rest(page)
        median, largest = statistics.median(taken), max(taken)
        print(
            f"  {view}: click to drawn, median {median:.0f} ms, largest {largest:.0f} ms; "
            f"{received[0] / 1e3:.0f} kB received"
        )


def choose_digits(page: Page) -> None:
    """The runs' own images: the presets' shipped results are of others."""
    page.get_by_role("combobox", name="Results on").click()
    page.get_by_role("option", name="on Digits").click()
    rest(page)


def open_view(page: Page, view: str) -> None:
    page.get_by_role("radio", name=view).or_(
        page.get_by_role("button", name=view, exact=True)
    ).first.click()
    page.wait_for_selector(SHOWN.get(view, CHART), timeout=60_000)


def rest(page: Page) -> None:
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(800)


if __name__ == "__main__":
    main()
