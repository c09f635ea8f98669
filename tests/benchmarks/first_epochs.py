"""Thirty people who press Start at once: when has each of them seen a first epoch?

Run: python -m tests.benchmarks.first_epochs [--people 30] [--dataset digits]

Each has a browser's cookie and a websocket of their own, opens Train with the defaults of the first
preset (20 epochs) on these images, and presses Start. The server runs in a process of its own, on
the same cores. Then the server is killed and started again, and each is asked who they are.
"""

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import fmean

from explorer.link import Shared, encode
from explorer.presets import load_presets
from explorer.runs.home import open_store
from tests.benchmarks.long_training import data_folder
from tests.benchmarks.machine import describe
from tests.browser.conftest import Server, serving
from tests.ui.socket_client import cookie_from, visiting

PRESET = "adaptive-pool-16k"
LOOK_EVERY = 0.1  # seconds
KEY = "a teacher's"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--dataset", default="digits")
    options = parser.parse_args()
    print(describe("streamlit", "torch"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(
            folder, address="0.0.0.0", EXPLORER_TEACHER_KEY=KEY, **data_folder()
        ) as server:
            cookies = [cookie_from(server.url) for _ in range(options.people)]
            began, clicked = start_all(server, cookies, options.dataset)
            print(f"{options.people} starts took {clicked:.1f} s")
            report(folder, began, options.people)
            before = people(folder)
            server.process.kill()
            server.process.wait()
        with serving(
            folder, address="0.0.0.0", EXPLORER_TEACHER_KEY=KEY, **data_folder()
        ) as server:
            for cookie in cookies:
                with visiting(server.url, cookie):
                    pass
            after = people(folder)
            print(f"after a restart: {len(before & after)} of {len(before)} are who they were")


def start_all(server: Server, cookies: list[str], dataset: str) -> tuple[float, float]:
    """Everybody opens Train and presses Start; when the first did, and for how long it took."""
    preset = load_presets()[PRESET]
    recipe = preset.recipe.model_copy(update={"dataset": dataset})
    link = encode(Shared(preset.architecture, recipe))
    with ExitStack() as windows:
        visitors = [
            windows.enter_context(visiting(server.url, cookie, a=link)) for cookie in cookies
        ]
        for visitor in visitors:
            visitor.run(page="train")
        began = time.monotonic()
        for visitor in visitors:
            visitor.use("button", "Start training")
        for visitor in visitors:
            visitor.hear_of_a_start()
            visitor.hear_of_an_end()
        return began, time.monotonic() - began


def report(folder: Path, began: float, count: int) -> None:
    """Wait until every run has a first epoch, and say when that was."""
    seen: dict[str, float] = {}
    owners: dict[str, str] = {}
    store = open_store(folder / "home")
    while len(seen) < count:
        now = time.monotonic() - began
        with store.database.read() as connection:
            rows = connection.execute(
                "SELECT id, owner FROM runs WHERE number IN "
                "(SELECT run FROM events WHERE kind = 'epoch' AND epoch = 1)"
            ).fetchall()
        for row in rows:
            seen.setdefault(row["id"], now)
            owners[row["id"]] = row["owner"]
        time.sleep(LOOK_EVERY)
    epochs = [
        event.metrics["seconds"]
        for run_id in seen
        for event in store.events(run_id)
        if event.kind == "epoch"
    ]
    store.close()
    epoch, last = fmean(epochs), max(seen.values())
    print(
        f"{len(set(owners.values()))} people have a first epoch after {last:.1f} s; an epoch takes "
        f"{epoch:.2f} s in the mean, so {last / (count * epoch):.2f} epochs each "
        "(2 are allowed)"
    )


def people(folder: Path) -> set[tuple[str, str]]:
    """Everybody's ids and names."""
    store = open_store(folder / "home")
    with store.database.read() as connection:
        found = {tuple(row) for row in connection.execute("SELECT id, name FROM people")}
    store.close()
    return found


if __name__ == "__main__":
    main()
