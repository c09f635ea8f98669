"""A class: each one is who they were, sees all, and changes what is their own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from explorer.runs.store import Store
from tests.browser.conftest import App, Server, open_app, serving
from tests.browser.test_accessibility import AXE, FOUND, HAS_THEME

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KEY = "open sesame"


@contextmanager
def class_server(folder: Path) -> Iterator[Server]:
    with serving(folder, address="0.0.0.0", EXPLORER_TEACHER_KEY=KEY) as server:
        yield server


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that others reach."""
    with class_server(tmp_path_factory.mktemp("school")) as server:
        yield server
    assert "left out" not in server.log.read_text()


def window(chromium: Browser, url: str) -> App:
    """A browser of somebody else's."""
    return open_app(chromium.new_context(viewport={"width": 1440, "height": 900}), url)


def arrive(chromium: Browser, url: str, name: str) -> App:
    """Somebody who comes and tells this name."""
    app = window(chromium, url)
    app.open("/")
    app.page.get_by_label("What shall the class call you?").fill(name)
    app.page.get_by_role("button", name="Use this name").click()
    expect(menu(app)).to_have_text(re.compile(name))
    app.settled()
    return app


def menu(app: App) -> Locator:
    return app.page.locator(".st-key-person-menu").get_by_role("button").first


def open_person_menu(app: App) -> None:
    menu(app).click()
    expect(app.page.locator(".st-key-person-panel")).to_be_visible()
    app.settled()


def close(*apps: App) -> None:
    for app in apps:
        assert app.page.get_by_test_id("stException").count() == 0
        app.page.context.close()


def own_runs(app: App) -> Locator:
    """The rows of the list once it shows one's own alone."""
    app.go_to("Runs")
    app.page.get_by_text("Mine only", exact=True).click()
    app.settled()
    return app.page.get_by_role("grid", name="Runs").locator("tbody tr")


def test_one_is_the_same_after_a_reload_in_a_second_tab_and_after_a_restart(
    chromium: Browser, tmp_path: Path
) -> None:
    with class_server(tmp_path) as server:
        ann, ben = (arrive(chromium, server.url, name) for name in ("Ann", "Ben"))
        ann.go_to("Train")
        ann.train_on_digits(1)
        expect(ann.run_status).to_have_text("finished")
        ann.page.reload()
        ann.settled()
        tab = open_app(ann.page.context, server.url)
        tab.open("/?page=train")
        for each in (ann, tab):
            expect(menu(each)).to_have_text(re.compile("Ann"))
            expect(own_runs(each)).to_have_count(1)
        expect(menu(ben)).to_have_text(re.compile("Ben"))
        ben.go_to("Runs")
        ben.page.get_by_text("Mine only", exact=True).click()
        expect(ben.page.get_by_text("None of these runs is yours")).to_be_visible()
        for each in (ann, tab, ben):
            each.page.goto("about:blank")
    with class_server(tmp_path) as server:
        for each, name, runs in ((ann, "Ann", 1), (ben, "Ben", 0)):
            each.url = server.url
            each.open("/?page=train")
            expect(menu(each)).to_have_text(re.compile(name))
            expect(own_runs(each)).to_have_count(runs)
            expect(each.page.get_by_text("What shall the class call you?")).to_have_count(0)
        close(ann, ben)


def test_others_runs_are_looked_at_and_a_teacher_stops_them(
    chromium: Browser, school: Server
) -> None:
    ann, ben = (arrive(chromium, school.url, name) for name in ("Cleo", "Dan"))
    ann.go_to("Train")
    ann.train_on_digits(1000)
    expect(ann.page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    ben.open(f"/?page=train&run={ann.run_in_address}")
    expect(ben.run_status).to_have_text("running")
    expect(ben.run_epochs).to_be_visible()
    expect(ben.page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    expect(ben.page.get_by_role("button", name="Pause", exact=True)).to_have_count(0)
    open_person_menu(ben)
    key = ben.page.get_by_label("Teacher's key")
    key.fill("open barley")
    key.press("Enter")
    expect(ben.page.get_by_text("This is not the teacher's key of this server.")).to_be_visible()
    ben.settled()
    if not key.is_visible():
        open_person_menu(ben)
    key.fill(KEY)
    key.press("Enter")
    expect(ben.page.get_by_text("You are a teacher here.", exact=True).first).to_be_visible()
    ben.settled()
    ben.page.get_by_role("button", name="Stop", exact=True).click()
    expect(ben.run_status).to_have_text("stopped")
    expect(ann.run_status).to_have_text("stopped")
    expect(ann.page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    close(ann, ben)


def test_a_second_device_is_the_same_person(chromium: Browser, school: Server) -> None:
    eve, telephone = arrive(chromium, school.url, "Eve"), window(chromium, school.url)
    open_person_menu(eve)
    eve.page.get_by_role("button", name="Show a code").click()
    code = eve.page.locator(".device-code b")
    expect(code).to_have_text(re.compile(r"^[A-Z0-9]{6}$"))
    picture = eve.page.locator(".device-code img")
    assert picture.evaluate("(image) => image.complete && image.naturalWidth > 100")
    # What the picture says is the address with the code, which the form takes over.
    telephone.page.goto(f"{school.url}/explorer-device?code={code.inner_text()}")
    assert telephone.page.get_by_role("textbox").input_value() == code.inner_text()
    telephone.page.get_by_role("button", name="Continue here").click()
    telephone.page.wait_for_url(f"{school.url}/")
    telephone.settled()
    expect(menu(telephone)).to_have_text(re.compile("Eve"))
    again = window(chromium, school.url)
    again.page.goto(f"{school.url}/explorer-device?code={code.inner_text()}")
    again.page.get_by_role("button", name="Continue here").click()
    expect(again.page.get_by_role("alert")).to_contain_text("No device shows this code now")
    close(eve, telephone, again)


def test_a_deleted_run_comes_back(chromium: Browser, school: Server) -> None:
    fay = arrive(chromium, school.url, "Fay")
    fay.go_to("Train")
    fay.train_on_digits(1)
    expect(fay.run_status).to_have_text("finished")
    own_runs(fay).first.click()
    fay.page.get_by_role("button", name="Delete", exact=True).click()
    fay.page.get_by_role("button", name="Delete this run").click()
    expect(fay.page.get_by_text("Deleted. It stays in the bin for a week.")).to_be_visible()
    fay.settled()
    fay.page.get_by_role("button", name="Bin (1)").click()
    fay.page.get_by_role("button", name="Restore").click()
    expect(fay.page.get_by_text(re.compile("^Restored"))).to_be_visible()
    fay.settled()
    expect(fay.page.get_by_role("grid", name="Runs").locator("tbody tr")).to_have_count(1)
    close(fay)


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)], ids=str)
def test_nothing_of_it_overlaps_and_everybody_can_read_it(
    size: tuple[int, int], chromium: Browser, school: Server
) -> None:
    app = open_app(chromium.new_context(viewport={"width": size[0], "height": size[1]}), school.url)
    app.open("/")
    links = app.page.get_by_role("navigation", name="Pages").get_by_role("link").last
    left, right = links.bounding_box(), menu(app).bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert right["x"] + right["width"] <= size[0] - 40  # Streamlit's own menu
    app.page.evaluate(AXE)
    open_person_menu(app)
    app.page.get_by_role("button", name="Show a code").click()
    expect(app.page.locator(".device-code img")).to_be_visible()
    for theme in ("dark", "light"):
        app.page.emulate_media(color_scheme=theme)
        app.page.wait_for_function(HAS_THEME, arg=theme)
        app.settled()
        for part in (".st-key-person-panel", ".st-key-name-question", ".st-key-person"):
            assert app.page.locator(part).evaluate(FOUND, {}) == [], (part, theme)
    app.page.goto(f"{school.url}/explorer-device")
    app.page.evaluate(AXE)
    assert app.page.locator(":root").evaluate(FOUND, {}) == []
    close(app)


def become_teacher(app: App) -> None:
    open_person_menu(app)
    key = app.page.get_by_label("Teacher's key")
    key.fill(KEY)
    key.press("Enter")
    expect(app.link_to("Class")).to_be_visible()
    app.settled()


def limits_are_set_and_taken_back(app: App, folder: Path) -> None:
    store = Store(folder / "home")
    app.page.get_by_role("button", name="Limits").click()
    for text, kept in (("5", 5), ("", None)):
        box = app.page.get_by_role("spinbutton", name="Epochs of a run")
        box.fill(text)
        box.press("Enter")
        app.until(
            lambda kept=kept: store.rules().most_epochs == kept,  # type: ignore[misc]
            f"the limit is {kept}",
        )
        app.settled()
    store.close()
    app.page.keyboard.press("Escape")


def test_a_teacher_has_everybodys_eyes_and_everybodys_training(
    chromium: Browser, tmp_path: Path
) -> None:
    with class_server(tmp_path) as server:
        tess, gus = (arrive(chromium, server.url, name) for name in ("Tess", "Gus"))
        expect(tess.link_to("Class")).to_have_count(0)
        gus.go_to("Train")
        gus.train_on_digits(1000)
        become_teacher(tess)
        tess.go_to("Class")
        row = tess.page.get_by_role("grid", name="People").get_by_role(
            "row", name=re.compile("Gus")
        )
        expect(row).to_contain_text("running")
        message = tess.page.get_by_label("Message for everybody")
        message.fill("Look at the board <b>now</b>")
        message.press("Enter")
        tess.page.get_by_text("Eyes up: pause training").click()
        for app in (tess, gus):  # nobody reloads anything
            expect(app.page.get_by_text("Look at the board <b>now</b>.")).to_be_visible()
            expect(app.page.get_by_text("Eyes up! Training is paused")).to_be_visible()
        expect(row).to_contain_text("in queue")
        expect(gus.page.get_by_text(re.compile("^Waiting for its next turn"))).to_be_visible()
        tess.page.get_by_text("Eyes up: pause training").click()
        expect(gus.page.get_by_text("Eyes up! Training is paused")).to_have_count(0)
        expect(row).to_contain_text("running")
        limits_are_set_and_taken_back(tess, tmp_path)
        row.click()
        tess.page.get_by_role("button", name="Stop 1 run").click()
        expect(gus.run_status).to_have_text("stopped")
        expect(row).to_contain_text("stopped")
        gus.open("/?page=class")
        expect(gus.page.get_by_text("This page is for teachers")).to_be_visible()
        close(tess, gus)
