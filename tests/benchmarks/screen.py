"""How long an edit takes to show. Run: python -m tests.benchmarks.screen

Types into the first layer of a 30-layer stack in a real Chromium, and times each key press until
the frame in which a number far below has changed: with nothing else going on, and while a run
trains in the same process.
"""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.benchmarks.machine import describe
from tests.browser.conftest import CHROMIUM, FLAGS, App, open_app, start_server

EDITS = 60
PAUSE = 250  # milliseconds between two edits: a quick typist's
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
            start_run(watcher)
            watcher.page.close()
            report("the same while a run trains", edit_times(app))
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


def start_run(app: App) -> None:
    """A long one, on the built-in digits."""
    app.open("/?page=train")
    app.train_on_digits(epochs=1000)


def report(what: str, times: list[float]) -> None:
    times = sorted(times)
    p95 = times[int(0.95 * len(times))]
    print(
        f"{what}: n={len(times)} median {statistics.median(times):.0f} ms, "
        f"95th percentile {p95:.0f} ms, max {times[-1]:.0f} ms"
    )


if __name__ == "__main__":
    main()
