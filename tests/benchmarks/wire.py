"""How many bytes an edit and a first visit cost. Run: python -m tests.benchmarks.wire [-- CHECKOUT …]

One edit in a real Chromium, on the first preset and on a stack of 30 layers: what the server sends until the page is
settled, by kind, and what the browser sends. CHECKOUT is the folder of another build, measured before this one.
"""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from explorer.presets import load_presets
from tests.benchmarks.machine import describe
from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, App, open_app, serving
from tests.browser.traffic import Listener, Traffic, downloaded

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
            with tempfile.TemporaryDirectory() as folder, serving(Path(folder), root=checkout) as server:
                print(f"\n{checkout.resolve().name}")
                report(browser, server.url)
        browser.close()


def report(browser: Browser, url: str) -> None:
    app = open_app(browser.new_context(viewport={"width": 1440, "height": 900}), url)
    listener = Listener(app.page)
    with downloaded(app.page) as files, listener.heard() as traffic:
        app.open()
        app.settled()
    whole = sum(files.values()) + traffic.received_bytes
    print(f"a first visit: {whole:,} bytes, {sum(files.values()):,} of them files, {len(files)} files")
    for preset in PRESETS:
        layers = len(load_presets()[preset].architecture.layers)
        app.preset(preset)
        expect(app.page.locator("[data-layer-index]")).to_have_count(layers)
        app.settled()
        app.row(0).locator('input[name="out_channels"]').select_text()
        settle(app)
        with listener.heard() as traffic:
            edit(app)
        tell(f"an edit of {preset}, {layers} layers", traffic)
    app.page.context.close()


def edit(app: App) -> None:
    """The first layer, which is selected, gets another number of channels, by one key."""
    before = app.row(0).locator(".shape").inner_text()
    app.page.keyboard.press("9")
    expect(app.row(0).locator(".shape")).not_to_have_text(before)
    settle(app)


def settle(app: App) -> None:
    """The panel beside has asked for its values, which it does once nothing is typed any more."""
    app.page.wait_for_timeout(1500)
    app.settled()


def tell(what: str, traffic: Traffic) -> None:
    scripts = sum(traffic.scripts().values())
    print(f"{what}: {traffic.received_bytes:,} bytes received, {traffic.sent_bytes:,} sent; inline code {scripts:,}")
    print("  " + ", ".join(f"{kind} {size:,}" for kind, size in traffic.by_kind().most_common()))


if __name__ == "__main__":
    main()
