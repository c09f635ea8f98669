"""Runs of several visitors: queued, paused, resumed, continued, listed, taken away."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect
from safetensors.torch import load

from explorer.network.build import build
from explorer.presets import load_presets
from explorer.runs.home import open_store
from explorer.runs.store import Store
from tests.browser.conftest import App, Server, open_app
from tests.runs.shared import wait_until

pytestmark = pytest.mark.browser


def status(app: App, text: str) -> None:
    expect(app.run_status).to_have_text(text)


def start(app: App, epochs: int, times: int = 1) -> None:
    """Queue runs on the built-in images, each with another seed."""
    prepare(app, epochs)
    for seed in range(times):
        if times > 1:
            fill(app, "Seed", seed)
        app.start_training()


def prepare(app: App, epochs: int) -> None:
    app.choose_digits()
    fill(app, "Epochs", epochs)


def fill(app: App, label: str, value: int) -> None:
    box = app.page.get_by_role("spinbutton", name=label, exact=True)
    box.fill(str(value))
    box.press("Enter")
    app.settled()


def open_runs(app: App) -> None:
    app.go_to("Runs")
    expect(rows(app).first).to_be_visible()
    app.settled()


def rows(app: App) -> Locator:
    return app.page.get_by_role("grid", name="Runs").locator("tbody tr")


def choose(app: App, row: int) -> None:
    """Choose this run, if it is not chosen since the page was looked at before."""
    found = rows(app).nth(row)
    expect(found).to_have_attribute("aria-selected", re.compile("true|false"))
    if found.get_attribute("aria-selected") == "false":
        found.click()
    expect(app.page.get_by_role("button", name="Show curves")).to_be_visible()


def home(server: Server) -> Path:
    return server.log.parent / "home"


def test_a_run_is_paused_resumed_stopped_and_resumed(app: App):
    epochs = app.run_epochs

    def ended() -> int:
        return int(epochs.get_attribute("data-epochs"))

    app.open("/?page=train")
    start(app, 1000)  # longer than this test takes on any machine
    status(app, "running")
    expect(epochs).to_be_visible()
    app.page.get_by_role("button", name="Pause").click()
    status(app, "paused")
    assert 1 <= ended() < 1000
    app.page.reload()  # it is the server's, not the page's
    app.settled()
    status(app, "paused")
    paused = ended()
    app.page.get_by_role("button", name="Resume").click()
    status(app, "running")
    app.page.get_by_role("button", name="Stop").click()
    status(app, "stopped")
    assert paused <= ended() < 1000
    stopped = ended()
    app.page.get_by_role("button", name="Resume").click()
    status(app, "running")
    expect(epochs).not_to_have_attribute("data-epochs", str(stopped))
    app.page.get_by_role("button", name="Stop").click()
    status(app, "stopped")
    assert stopped < ended() < 1000


def test_a_finished_run_goes_on_for_more_epochs(app: App):
    epochs = app.run_epochs
    app.open("/?page=train")
    start(app, 2)
    status(app, "finished")
    expect(epochs).to_have_attribute("data-epochs", "2")
    app.page.get_by_role("button", name="Continue").click()
    more = app.page.get_by_role("spinbutton", name="Additional epochs")
    more.fill("3")
    app.page.get_by_role("button", name="Continue training").click()
    expect(epochs).to_have_attribute("data-epochs", "5")
    status(app, "finished")


def test_what_was_typed_last_is_kept_when_the_page_is_left(app: App):
    app.open("/?page=train")
    length = app.page.get_by_role("spinbutton", name="Epochs", exact=True)
    length.fill("77")
    app.link_to("Runs").click()
    app.page.wait_for_url(re.compile("page=runs"))
    app.go_to("Train")
    expect(length).to_have_value("77")


@pytest.mark.slow
def test_a_long_run_lets_those_of_two_visitors_train_between_its_epochs(
    chromium: Browser, server: Server
):
    """Nobody stops it: it waits for its next turn, and says so."""
    visitors = [
        open_app(chromium.new_context(viewport={"width": 1440, "height": 900}), server.url)
        for _ in range(3)
    ]
    first = visitors[0]
    first.open("/?page=train")
    start(first, 1000)
    status(first, "running")
    long_one = first.run_in_address
    store = open_store(home(server))
    before = set(store.revisions())
    for visitor in visitors[1:]:
        visitor.open("/?page=train")
        prepare(visitor, 10)
    for visitor in visitors[1:]:
        visitor.start_training()
    wait_until(lambda: len(set(store.revisions()) - before) == 2)  # the last click's, too
    expect(first.page.get_by_text(re.compile("^Waiting for its next turn: "))).to_be_visible()
    queued = set(store.revisions()) - before
    assert len(_ends(store, queued)) == 2
    assert store.stored_run(long_one).status in ("queued", "preparing", "running")
    for visitor in visitors[1:]:
        status(visitor, "finished")
    first.page.get_by_role("button", name="Stop", exact=True).click()
    status(first, "stopped")
    open_runs(first)
    expect(first.page.locator("[data-runs]")).to_contain_text("0 in training, 0 queued")
    for window in visitors:
        window.page.context.close()


def _ends(store: Store, runs: set[str]) -> list[str]:
    """The runs in the order in which they finish."""
    ended: list[str] = []

    def all_ended() -> bool:
        ended.extend(
            run_id
            for run_id in runs
            if run_id not in ended and store.stored_run(run_id).status == "finished"
        )
        return len(ended) == len(runs)

    wait_until(all_ended, patience=240)
    return ended


def test_a_run_is_named_opened_downloaded_and_deleted(app: App, tmp_path: Path):
    app.open()
    app.preset("bias-free-12k")
    app.go_to("Train")
    app.train_on_digits(1)
    status(app, "finished")
    open_runs(app)
    choose(app, 0)
    app.page.get_by_role("button", name="Rename").click()
    name = app.name_box
    name.fill("<b>Mine</b> & *yours*")
    name.press("Enter")
    expect(app.page.locator(".run h2")).to_have_text("<b>Mine</b> & *yours*")
    app.page.get_by_role("button", name="Download", exact=True).click()
    with app.page.expect_download() as download:
        app.page.get_by_role("button", name=re.compile("^Weights")).click()
    download.value.save_as(tmp_path / "weights")
    build(load_presets()["bias-free-12k"].architecture).load_state_dict(
        load((tmp_path / "weights").read_bytes())
    )
    with app.page.expect_download() as download:
        app.page.get_by_role("button", name="Events").click()
    download.value.save_as(tmp_path / "events")
    lines = (tmp_path / "events").read_text().splitlines()
    assert lines[0].startswith("kind,time,epoch,step,message")
    assert [line.split(",")[0] for line in lines[1:]][0 :: len(lines) - 2] == [
        "started",
        "finished",
    ]
    app.page.get_by_role("button", name=re.compile("Report")).click()
    with app.page.expect_download(timeout=120_000) as download:
        app.page.get_by_role("button", name=re.compile("Save: Report")).click(timeout=120_000)
    download.value.save_as(tmp_path / "report.zip")
    assert {"README.md", "model.py", "weights.safetensors", "accuracy.svg"} <= {
        Path(name).name for name in zipfile.ZipFile(tmp_path / "report.zip").namelist()
    }
    app.page.keyboard.press("Escape")
    app.page.get_by_role("button", name="Open in Build").click()
    expect(app.started_from).to_contain_text("bias-free-12k")
    open_runs(app)
    choose(app, 0)
    run_id = app.page.locator(".run p").inner_text().split()[1]
    app.page.get_by_role("button", name="Delete", exact=True).click()
    app.page.get_by_role("button", name="Delete this run").click()
    expect(
        app.page.get_by_text("Select a run to open").or_(app.page.get_by_text("No runs yet"))
    ).to_be_visible()
    app.open(f"/?page=train&run={run_id}")
    expect(app.page.get_by_test_id("stAlert")).to_contain_text(
        f"Run {run_id} was deleted; it lies in the bin on the Runs page"
    )


def test_rows_are_chosen_and_sorted_by_the_keyboard_alone(app: App):
    app.open("/?page=train")
    start(app, 1, times=2)
    status(app, "finished")
    open_runs(app)
    names = [row.get_attribute("data-id") for row in rows(app).all()]
    assert len(names) >= 2
    rows(app).first.focus()
    app.page.keyboard.press("ArrowDown")
    expect(rows(app).nth(1)).to_be_focused()
    for key in ("Enter", "Space"):
        app.page.keyboard.press(key)
        is_chosen = key == "Enter"  # the chosen one, chosen again, is chosen no more
        expect(rows(app).nth(1)).to_have_attribute("aria-selected", str(is_chosen).lower())
        app.settled()
        expect(rows(app).nth(1)).to_be_focused()
    app.page.keyboard.press("End")
    app.page.keyboard.press("Space")
    expect(rows(app).last).to_have_attribute("aria-selected", "true")
    app.settled()  # the list that is on its way has the order that the page knows of
    heading = app.page.get_by_role("columnheader", name="Submitted").get_by_role("button")
    heading.focus()
    app.page.keyboard.press("Enter")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("columnheader", name="Submitted")).to_have_attribute(
        "aria-sort", "ascending"
    )
    expect(rows(app).first).to_have_attribute("data-id", names[-1] or "")
