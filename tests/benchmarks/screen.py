"""How long an edit takes to show, and what a watching page costs a training. Run: python -m tests.benchmarks.screen

Types into the first layer of a 30-layer stack in a real Chromium, and times each key press until the frame in which a
number far below has changed: with nothing else going on, and while a run trains in the same process. Then one run
trains by turns watched and unwatched; its own events say how fast it was in each turn.
"""

import statistics
import tempfile
import time
from io import StringIO
from pathlib import Path

import pandas as pd
from playwright.sync_api import expect, sync_playwright

from tests.benchmarks.machine import describe
from tests.browser.conftest import CHROMIUM, FLAGS, App, Server, open_app, start_server

EDITS = 60
PAUSE = 250  # milliseconds between two edits: a quick typist's
TURNS, TURN = 4, 15.0  # seconds
PROBE = """
() => {
  const find = (selector) => {
    const roots = [document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)];
    return roots.map((root) => root.querySelector(selector)).find(Boolean);
  };
  const cell = find('[data-layer-index="26"] .sees');
  window.times = [];
  let pressed = null;
  addEventListener('keydown', () => { pressed = performance.now(); }, true);
  new MutationObserver(() => {
    if (pressed === null) return;
    const started = pressed;
    pressed = null;
    requestAnimationFrame(() => requestAnimationFrame(() => window.times.push(performance.now() - started)));
  }).observe(cell, { characterData: true, childList: true, subtree: true });
}
"""


def main() -> None:
    assert CHROMIUM, "no Chromium on the path"
    print(describe("streamlit", "torch"))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = start_server(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            app = open_app(browser.new_context(viewport={"width": 1440, "height": 900}), server.url)
            report("key press to changed number, idle", edit_times(app))
            watcher = open_app(browser.new_context(), server.url)
            link = start_run(watcher)
            watcher.page.close()
            report("the same while a run trains", edit_times(app))
            app.page.close()
            watched_speed(server, link, browser.new_context())
        finally:
            browser.close()
            server.end()


def edit_times(app: App) -> list[float]:
    """Milliseconds of each edit: the first kernel is set to 3, 5, 3, … by one key each."""
    app.open()
    app.preset("avg-pool-13k")
    expect(app.page.locator("[data-layer-index]")).to_have_count(30)
    app.page.wait_for_timeout(1000)
    app.page.evaluate(PROBE)
    box = app.row(0).locator('input[name="kernel_size"]')
    for edit in range(EDITS):
        box.select_text()
        app.page.keyboard.press("53"[edit % 2])
        app.page.wait_for_function("(n) => window.times.length >= n", arg=edit + 1)
        app.page.wait_for_timeout(PAUSE)
    return app.page.evaluate("window.times")


def start_run(app: App) -> str:
    """Start a long run on the built-in digits; its link."""
    app.open("/train")
    app.train_on_digits(epochs=1000)
    return app.page.url


def watched_speed(server: Server, link: str, context) -> None:
    """Steps a second of the same run, by turns with one page watching and with none."""
    turns = []
    for turn in range(2 * TURNS):
        page = None
        if turn % 2:
            page = context.new_page()
            page.goto(link)
            page.wait_for_selector(".run .status")
            page.wait_for_timeout(2000)  # opening the page costs too, but once
        began = time.time()
        time.sleep(TURN)
        turns.append((turn % 2, began, time.time()))
        if page:
            page.close()
            time.sleep(1)
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Download", exact=True).click()
    page.get_by_role("button", name="Events").wait_for()
    asked = time.time()
    with page.expect_download() as download:
        page.get_by_role("button", name="Events").click()
    events = pd.read_csv(StringIO(Path(download.value.path()).read_text()))
    steps = events[events.kind == "step"]
    # The run's clock starts at its own beginning; its newest event is of about the moment of the download.
    offset = asked - steps.time.iloc[-1]
    speeds: dict[int, list[float]] = {0: [], 1: []}
    for watched, began, ended in turns:
        inside = steps[(steps.time + offset > began) & (steps.time + offset < ended)]
        speeds[watched].append((inside.step.iloc[-1] - inside.step.iloc[0]) / (inside.time.iloc[-1] - inside.time.iloc[0]))
    alone, watched = statistics.median(speeds[0]), statistics.median(speeds[1])
    print(
        f"training unwatched {alone:.1f} steps/s, watched by one page {watched:.1f} steps/s: {100 * (1 - watched / alone):.1f} % less"
    )
    page.get_by_role("button", name="Stop").click()
    page.wait_for_timeout(1000)


def report(what: str, times: list[float]) -> None:
    times = sorted(times)
    p95 = times[int(0.95 * len(times))]
    print(
        f"{what}: n={len(times)} median {statistics.median(times):.0f} ms, 95th percentile {p95:.0f} ms, max {times[-1]:.0f} ms"
    )


if __name__ == "__main__":
    main()
