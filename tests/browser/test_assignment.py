"""A whole lesson: a teacher gives out an assignment, two students train and hand in, a third tries
to cheat, the board fills, and the teacher stops a run and downloads all.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from explorer.assignment.assignment import Assignment
from explorer.exports.summary_text import summary_table
from explorer.link import Shared, encode
from explorer.network.analysis import analyze
from explorer.network.spec import Architecture, Conv2d, Flatten, Linear
from explorer.training.recipe import SGD, Recipe
from tests.browser.conftest import App, Server
from tests.browser.test_accessibility import AXE, FOUND
from tests.browser.test_class import arrive, become_teacher, class_server, close

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NETWORK = Architecture(
    name="Small",
    layers=(Conv2d(out_channels=4, kernel_size=5, stride=3), Flatten(), Linear(out_features=10)),
)
RECIPE = Recipe(dataset="digits", epochs=2, batch_size=64, device="cpu", precision="fp32")
# What a cheat makes of a report's README.
EDITED = (
    f"# Small\n\nTest accuracy after the final epoch: **100.00 %**\n\n"
    f"```\n{summary_table(analyze(NETWORK))}\n```\n"
)
# What a cheat writes into the link: an assignment that anything meets.
EASY = Assignment(title="Anything goes", max_params=None, max_epochs=None, min_accuracy=None)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with class_server(tmp_path_factory.mktemp("lesson")) as server:
        yield server
    assert "left out" not in server.log.read_text()


def work(network: Architecture = NETWORK, **recipe: object) -> str:
    return encode(Shared(network, RECIPE.model_copy(update=recipe), EASY))


def give_out(teacher: App) -> str:
    """Set an assignment for the digits, give it out, and return its link's id."""
    become_teacher(teacher)
    teacher.page.keyboard.press("Escape")
    teacher.page.get_by_role("button", name="Assignment").click()
    panel = teacher.page.locator(".st-key-assignment-panel")
    for box, text in (
        (panel.get_by_label("Title"), "Read the digits"),
        (panel.get_by_role("spinbutton", name="Parameters below"), "5000"),
        (panel.get_by_role("spinbutton", name="Test accuracy, %"), "30"),
    ):
        box.fill(text)
        box.press("Enter")
        teacher.settled()
    text = panel.get_by_role("textbox", name="What to do")
    text.fill("Reach **30 %** with *few* weights.\n\n- Say why.")
    text.press("Control+Enter")
    teacher.settled()
    panel.get_by_role("combobox", name="Images").click()
    teacher.page.get_by_role("option", name="Digits", exact=True).click()
    teacher.settled()
    panel.get_by_role("button", name="Give out to the class").click()
    code = panel.locator(".device-code b")
    expect(code).to_have_text(re.compile(r"^\w{4}$"))
    teacher.settled()
    found = code.text_content()
    assert found is not None
    return found


def open_hand_in(app: App) -> Locator:
    panel = app.page.locator(".st-key-hand-in-panel")
    if not panel.is_visible():
        app.page.locator(".st-key-hand-in").get_by_role("button").first.click()
    expect(panel).to_be_visible()
    app.settled()
    return panel


def train(app: App) -> str:
    """Start the work's run on Train, wait for its end, and return its id."""
    app.page.get_by_role("button", name="Start training").click()
    expect(app.run_status).to_have_text("finished", timeout=120_000)
    app.settled()
    return app.run_in_address


def test_a_whole_lesson(chromium: Browser, school: Server) -> None:
    teacher = arrive(chromium, school.url, "Tess")
    id = give_out(teacher)
    ann, ben = (arrive(chromium, school.url, name) for name in ("Ann", "Ben"))
    dora = arrive(chromium, school.url, "Dora")  # who only looks on, from before the start
    dora.open("/?page=board")
    expect(dora.page.get_by_text("Nobody has trained a network yet")).to_be_visible()
    runs = []
    for student, seed in ((ann, 0), (ben, 1)):
        student.open(f"/?page=train&assignment={id}&a={work(seed=seed)}")
        line = student.page.locator(".st-key-assigned")
        expect(line).to_contain_text("Read the digits")
        runs.append(train(student))
        panel = open_hand_in(student)
        expect(panel.get_by_role("listitem")).to_have_count(4)
        panel.get_by_role("button", name="Hand in").click()
        expect(line.get_by_role("button", name="Handed in")).to_be_visible()
        student.settled()
    cheat = arrive(chromium, school.url, "Cleo")
    tries_to_cheat(cheat, id, runs[0])
    the_board_fills(dora)
    teacher.page.keyboard.press("Escape")
    teacher_stops_a_run(teacher, cheat)
    teacher_downloads_all(teacher)
    close(teacher, ann, ben, cheat, dora)


def tries_to_cheat(app: App, id: str, anns_run: str) -> None:
    refused = re.compile("No run of yours of this very network has finished on these images")

    def is_refused(link: str) -> None:
        app.open(link)
        open_hand_in(app).get_by_role("button", name="Hand in").click()
        expect(app.page.get_by_test_id("stToast").filter(has_text=refused)).to_be_visible()
        app.settled()

    # The assignment that the link holds beside the teacher's is not what counts.
    app.open(f"/?assignment={id}&a={work()}")
    expect(app.page.locator(".assignment")).to_contain_text("< 5,000 parameters")
    expect(app.page.locator(".st-key-assigned")).to_contain_text("Read the digits")
    app.page.get_by_role("button", name="Assignment").click()
    panel = app.page.locator(".st-key-assignment-panel")
    expect(panel).to_contain_text("only a teacher can change it")
    expect(panel.get_by_role("spinbutton")).to_have_count(0)
    # The very network of Ann, and her run: it is not Cleo's.
    is_refused(f"/?assignment={id}&a={work()}&run={anns_run}&page=train")
    # An own run, but a quick look at a tenth of the images.
    app.open(f"/?page=train&assignment={id}&a={work(seed=7)}")
    app.page.get_by_role("button", name="Quick look").click()
    expect(app.run_status).to_have_text("finished", timeout=120_000)
    app.settled()
    panel = open_hand_in(app)
    panel.get_by_role("button", name="Hand in").click()
    expect(app.page.get_by_test_id("stToast").filter(has_text=refused)).to_be_visible()
    # A report that says what is not so: it brings a network, and no run.
    app.open(f"/?assignment={id}")
    app.page.get_by_role("button", name="Open…").click()
    app.page.get_by_role("textbox", name="Text").fill(EDITED)
    app.page.get_by_role("button", name="Read", exact=True).click()
    dialog = app.page.get_by_role("dialog")
    expect(dialog.locator("[data-read]")).to_be_visible()
    dialog.get_by_role("button", name="Open in Build").click()
    expect(dialog).to_have_count(0)
    app.settled()
    open_hand_in(app).get_by_role("button", name="Hand in").click()
    expect(app.page.get_by_test_id("stToast").filter(has_text=refused)).to_be_visible()
    # Another assignment in the link.
    app.open(f"/?assignment=zzzz&a={work()}")
    expect(app.page.get_by_test_id("stAlert")).to_contain_text(
        "no assignment “zzzz” on this server"
    )
    expect(app.page.locator(".st-key-assigned")).to_have_count(0)


def the_board_fills(app: App) -> None:
    """On a page that was opened before anybody had trained, and is not loaded anew."""
    rows = app.page.get_by_role("grid", name="Class board").locator("tbody tr")
    expect(rows.filter(has_text="Ann")).to_contain_text("met")
    expect(rows.filter(has_text="Ben")).to_contain_text("met")
    expect(rows.filter(has_text="Cleo")).to_have_count(1)  # whose quick look it shows
    expect(app.page.locator("[data-board]")).to_contain_text("2 handed in")
    app.settled()
    app.page.evaluate(AXE)
    assert app.page.locator(".st-key-board-halves").evaluate(FOUND, {}) == []
    rows.filter(has_text="Ann").click()
    app.page.get_by_role("button", name="Open a copy").click()
    expect(app.page.get_by_label("Name", exact=True)).to_have_value("Small")
    app.settled()


def teacher_stops_a_run(teacher: App, student: App) -> None:
    gently = SGD(lr=1e-5)  # at the usual rate, one of many epochs may diverge
    student.open(f"/?page=train&a={work(epochs=900, batch_size=2, optimizer=gently)}")
    student.page.get_by_role("button", name="Start training").click()
    expect(student.run_status).to_have_text("running", timeout=120_000)
    teacher.open("/?page=class")
    teacher.page.get_by_role("grid", name="People").locator("tbody tr").filter(
        has_text="Cleo"
    ).click()
    teacher.page.get_by_role("button", name="Stop 1 run").click()
    expect(student.run_status).to_have_text("stopped", timeout=120_000)
    teacher.settled()


def teacher_downloads_all(teacher: App) -> None:
    expect(teacher.page.locator("[data-handed-in]")).to_contain_text("2 of 4 handed in")
    teacher.page.get_by_role("button", name="Download all").click()
    # Once the reports are made, which is a matter of seconds.
    prepare = teacher.page.get_by_role("button", name=re.compile("All hand-ins · table"))
    teacher.until(lambda: reports_are_made(teacher, prepare), "the reports are made")
    prepare.click()
    save = teacher.page.get_by_role("button", name=re.compile("Save: All hand-ins"))
    expect(save).to_be_visible(timeout=120_000)
    with teacher.page.expect_download() as started:
        save.click()
    with zipfile.ZipFile(io.BytesIO(Path(started.value.path()).read_bytes())) as archive:
        names = archive.namelist()
    assert sum(name.endswith("/report.zip") for name in names) == 2
    assert [name for name in names if name.endswith(".csv")] == [
        next(name for name in names if name.endswith("hand-ins.csv"))
    ]


def reports_are_made(teacher: App, prepare: Locator) -> bool:
    """Whether all can be downloaded; the menu is opened anew, as it is drawn then."""
    if prepare.count() and prepare.is_enabled():
        return True
    for _ in range(2):
        teacher.page.get_by_role("button", name="Download all").click()
        teacher.settled()
    return False


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)], ids=str)
def test_the_line_and_its_menus_overlap_nothing_and_can_be_read(
    size: tuple[int, int], chromium: Browser, school: Server
) -> None:
    teacher = arrive(chromium, school.url, f"Tess {size[0]}")
    id = give_out(teacher)
    teacher.page.set_viewport_size({"width": size[0], "height": size[1]})
    teacher.open(f"/?assignment={id}")
    teacher.page.evaluate(AXE)
    for key, panel in (
        ("hand-in", ".st-key-hand-in-panel"),
        ("assigned-text", ".given-text"),
        ("assignment", ".st-key-assignment-panel"),
    ):
        teacher.page.locator(f".st-key-{key}").get_by_role("button").first.click()
        expect(teacher.page.locator(panel)).to_be_visible()
        teacher.settled()
        box = teacher.page.locator(panel).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
        for part in (".st-key-assigned", panel):
            assert teacher.page.locator(part).evaluate(FOUND, {}) == [], part
        teacher.page.keyboard.press("Escape")
        expect(teacher.page.locator(panel)).to_have_count(0)
    close(teacher)
