"""How many bytes an edit and a first visit cost.

Run: python -m tests.benchmarks.wire [-- CHECKOUT …]

A real Chromium opens the page, and one key changes the first layer's channels: on the first preset,
and on a stack of 30 layers. What passes from then on is counted twice: on the wire, as compressed
as it is, and as the messages themselves, by what they draw. CHECKOUT is the folder of another
build, measured before this one.
"""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from explorer.presets import load_presets
from tests.benchmarks.machine import describe
from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, open_app, serving
from tests.browser.traffic import Listener, Wire, answered_edit, wait_for_values

PRESETS = ("adaptive-pool-16k", "avg-pool-13k")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, help="folders of other builds")
    checkouts = parser.parse_args().checkouts
    assert CHROMIUM, "no Chromium on the path"
    print(describe("streamlit"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for checkout in [*checkouts, ROOT]:
            with (
                tempfile.TemporaryDirectory() as folder,
                serving(Path(folder), root=checkout) as server,
            ):
                print(f"\n{checkout.resolve().name}")
                report(browser, Wire(server.url))
        browser.close()


def report(browser: Browser, wire: Wire) -> None:
    app = open_app(browser.new_context(viewport={"width": 1440, "height": 900}), wire.url)
    listener = Listener(app.page)
    with listener.heard() as traffic:
        app.open()
        wait_for_values(app)
    print(
        f"a first visit: {wire.received:,} bytes on the wire; {traffic.received_bytes:,} of "
        "messages"
    )
    for preset in PRESETS:
        layers = len(load_presets()[preset].architecture.layers)
        app.preset(preset)
        expect(app.page.locator("[data-layer-index]")).to_have_count(layers)
        app.row(0).locator('input[name="out_channels"]').select_text()
        wait_for_values(app)
        before = wire.received, wire.sent
        with listener.heard() as traffic:
            answered_edit(app)
            wait_for_values(app)
        received, sent = wire.received - before[0], wire.sent - before[1]
        print(
            f"an edit of {preset}, {layers} layers, with the panel's values: "
            f"{received:,} bytes on the wire, {sent:,} back"
        )
        answer = traffic.answers()[0]
        print(
            f"  messages {traffic.received_bytes:,}, fetched {traffic.fetched_bytes:,}; of the "
            f"edit's own answer {answer.received_bytes:,} and what was fetched:"
        )
        print("  " + ", ".join(f"{kind} {size:,}" for kind, size in answer.by_kind().most_common()))
        print(f"  inline code {sum(answer.scripts().values()):,}")
    app.page.context.close()


if __name__ == "__main__":
    main()
