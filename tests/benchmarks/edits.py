"""How long an edit takes to show: from the press of a key to the frame with the new number.

Run: python -m tests.benchmarks.edits [--edits 120] [--rounds 1] [-- CHECKOUT …]

In a real Chromium on this machine, on a stack of 17 layers, on one of 30 and on ResNet-18 with all
its blocks unfolded, while the server is idle and while it trains a network on the CPU (on MNIST
where EXPLORER_DATA is set, else on the built-in digits). The keys are those of a person at work:
other channels and kernels by digits and by arrows, a layer doubled, and that undone, with a pause
after each.

The page itself takes the time: from the keydown event to the frame after the one in which a row
first shows another output shape, receptive field or number of parameters than when the key was
pressed. CHECKOUT is the folder of another build; in each round all builds are measured by turns.
"""

import argparse
import pathlib
import random
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import NamedTuple

from playwright.sync_api import Browser, TimeoutError, expect, sync_playwright

from explorer.network.analysis import analyze
from explorer.network.spec import (
    Architecture,
    Branches,
    Conv2d,
    Path,
    count_layers,
    path_text,
    walk,
    walk_layers,
)
from explorer.network.tree import chain_at, with_instead
from explorer.presets import load_presets
from tests.benchmarks.long_training import data_folder, last_step, queue_long_run
from tests.benchmarks.machine import describe, spread
from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, App, open_app, serving
from tests.browser.traffic import wait_for_values
from tests.runs.shared import wait_until

PRESETS = ("adaptive-pool-16k", "avg-pool-13k", "resnet-18")
PAUSES = (250, 700)  # milliseconds between two keys of a person at work: at least, at most
POLLING = 50  # milliseconds; to look at the page more often would cost it time
CONDITIONS = ("idle", "training")

# A modifier is a key too: the last key before the change counts.
PROBE = """
() => {
  const roots = [document, ...[...document.querySelectorAll("*")].flatMap((each) => each.shadowRoot ?? [])];
  const list = roots.map((root) => root.querySelector(".rows")).find(Boolean);
  const numbers = () => new Map([...list.querySelectorAll("[data-uid]")].map((row) => [
    row.dataset.uid,
    ["shape", "sees", "params"].map((name) => row.querySelector(`.${name}`).textContent).join(" "),
  ]));
  let pressed = null;
  window.times = [];
  addEventListener("keydown", (event) => {
    pressed = { at: event.timeStamp, numbers: numbers() };
  }, true);
  new MutationObserver(() => {
    if (pressed === null) return;
    const { at, numbers: before } = pressed;
    const isNew = [...numbers()].some(([uid, text]) => text.trim() && text !== before.get(uid));
    if (!isNew) return;
    pressed = null;
    requestAnimationFrame(() => requestAnimationFrame((now) => window.times.push(performance.now() - at)));
  }).observe(list, { characterData: true, childList: true, subtree: true });
}
"""


class Edit(NamedTuple):
    """A key that changes a number, and what makes ready for it."""

    row: Path
    field: str  # the input that is entered first; "" for none
    key: Callable[[str], str]  # by what the input holds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=120, help="of each stack, each time")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("checkouts", nargs="*", type=pathlib.Path, help="folders of other builds")
    options = parser.parse_args()
    assert CHROMIUM, "no Chromium on the path"
    print(describe("streamlit", "torch"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for _ in range(options.rounds):
            for condition in CONDITIONS:
                for checkout in [*options.checkouts, ROOT]:
                    report(browser, checkout, condition, options.edits)
        browser.close()


def report(browser: Browser, checkout: pathlib.Path, condition: str, edits: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run_id = queue_long_run(folder) if condition == "training" else None
        with serving(folder, root=checkout, **data_folder()) as server:
            if run_id:
                wait_until(lambda: last_step(folder, run_id) is not None)
            for preset in PRESETS:
                if not (checkout / "presets" / f"{preset}.json").exists():
                    continue
                before = run_id and last_step(folder, run_id)
                times = edit_times(
                    browser, server.url, load_presets()[preset].architecture, edits, preset
                )
                after = run_id and last_step(folder, run_id)
                assert before != after or run_id is None, "the training stood still"
                layers = count_layers(load_presets()[preset].architecture.layers)
                build = checkout.resolve().name
                print(f"{build}, {layers} layers, {condition}: {spread(times)}", flush=True)


def edit_times(
    browser: Browser, url: str, architecture: Architecture, edits: int, preset: str
) -> list[float]:
    """Milliseconds of each edit of this preset."""
    app = open_app(browser.new_context(viewport={"width": 1440, "height": 900}), url)
    pauses = random.Random(0)
    app.open()
    app.preset(preset)
    if any(isinstance(node, Branches) for node in architecture.layers):
        app.page.get_by_role("button", name="Block", exact=True).click()
        app.page.get_by_role("menuitem", name="Unfold all blocks").click()
    nodes = sum(1 for _ in walk(architecture.layers))
    expect(app.page.locator("[data-layer-index]")).to_have_count(nodes)
    wait_for_values(app)
    app.page.evaluate(PROBE)
    for number, edit in enumerate(islice(cycle(varied_edits(architecture)), edits)):
        make(app, edit, pauses)
        try:
            app.page.wait_for_function(
                "(count) => window.times.length > count", arg=number, polling=POLLING
            )
        except TimeoutError:
            row = app.row(path_text(edit.row)).inner_text()
            raise RuntimeError(f"edit {number}, {edit}, changed no number: {row}") from None
    times: list[float] = app.page.evaluate("window.times")
    assert len(times) == edits
    app.page.context.close()
    return times


def make(app: App, edit: Edit, pauses: random.Random) -> None:
    """Go to the input, pause as a person does, and press the key."""
    held = ""
    if edit.field:
        box = app.row(path_text(edit.row)).locator(f'input[name="{edit.field}"]')
        box.select_text()
        held = box.input_value()
    app.page.wait_for_timeout(pauses.uniform(*PAUSES))
    app.page.keyboard.press(edit.key(held))


def varied_edits(architecture: Architecture) -> Iterator[Edit]:
    """Edits after all of which the stack is one that can be edited so again."""
    for path, layer in walk_layers(architecture.layers):
        if not isinstance(layer, Conv2d) or not has_free_channels(architecture, path):
            continue
        yield Edit(path, "out_channels", lambda held: "9" if held == "8" else "8")
        yield Edit(path, "out_channels", lambda held: "ArrowUp")
        yield Edit(path, "out_channels", lambda held: "ArrowUp")
        larger = layer.model_copy(update={"kernel_size": 5})
        layers = with_instead(architecture.layers, path, larger)
        changed = architecture.model_copy(update={"layers": layers})
        if layer.kernel_size == 3 and analyze(changed).problem is None:
            yield Edit(path, "kernel_size", lambda held: "5")
            yield Edit(path, "kernel_size", lambda held: "3")
        if layer.kernel_size != 1:  # two 1x1 for one leave all other rows' numbers as they are
            yield Edit(path, "out_channels", lambda held: "Control+d")
            yield Edit(path, "", lambda held: "Control+z")


def has_free_channels(architecture: Architecture, path: Path) -> bool:
    """Whether the network fits, however many channels this convolution gives: in one with blocks,
    where another follows in the same branch.
    """
    if not any(isinstance(node, Branches) for node in architecture.layers):
        return True
    after = chain_at(architecture.layers, path[:-1])[path[-1] + 1 :]
    return len(path) > 1 and any(isinstance(node, Conv2d) for node in after)


if __name__ == "__main__":
    main()
