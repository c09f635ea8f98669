"""In and out of the Build page, as a class does it: links, pasted tables, saved work, downloads."""

import ast
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from explorer.exports.onnx import onnx_bytes
from explorer.exports.summary_text import summary_table
from explorer.imports.summary_table import import_summary
from explorer.link import Shared, encode
from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture, to_json
from explorer.network.spec import Architecture, Conv2d, Flatten, Linear
from explorer.presets import load_presets
from explorer.text import size_text
from explorer.ui.build.open_dialog import FILES, MAX_MB
from tests.browser.conftest import App, Server, open_app, open_menu, serving

pytestmark = pytest.mark.browser

PRESETS = load_presets()
SOURCES = Path(__file__).parents[1] / "imports" / "sources"


def has_rows(app: App, architecture: Architecture) -> None:
    rows = analyze(architecture).rows
    expect(app.page.locator("[data-layer-index]")).to_have_count(len(rows))
    for row in rows:
        expect(app.row(row.index).locator(".shape")).to_have_text(size_text(row.output_shape))
        expect(app.row(row.index).locator(".params")).to_have_text(f"{row.params:,}")


UNFOLDED = """() => {
  const details = document.querySelector('[role="dialog"] details[open]');
  return details && !details.getAnimations({subtree: true}).some((animation) => animation.playState === "running");
}"""


def changed(architecture: Architecture, index: int, **arguments: object) -> Architecture:
    layers = list(architecture.layers)
    layers[index] = layers[index].model_copy(update=arguments)
    return architecture.model_copy(update={"layers": tuple(layers)})


def clause(app: App, limit: str) -> Locator:
    return app.page.locator(f'.assignment [data-limit="{limit}"]')


def close_menu(app: App) -> None:
    app.page.keyboard.press("Escape")
    app.settled()


def rename(app: App, name: str) -> None:
    box = app.name_box
    box.fill(name)
    box.press("Enter")
    app.settled()


# --- links ----------------------------------------------------------------------------------------


def test_a_link_opened_in_a_second_browser_gives_the_same_page(
    app: App, chromium: Browser, server: Server
):
    app.open()
    app.preset("strided-20k")
    app.type_into(0, "kernel_size", "3")
    work = changed(PRESETS["strided-20k"].architecture, 0, kernel_size=3)
    has_rows(app, work)
    rename(app, "Anna’s net · 网络")
    open_menu(app, "Assignment")
    app.page.locator(".st-key-assignment-panel").get_by_text("More").click()
    app.page.get_by_role("spinbutton", name="Max. layers").fill("21")
    app.page.get_by_role("spinbutton", name="Max. layers").press("Enter")
    expect(clause(app, "max_layers")).to_have_text("✗ 22 > 21 layers")
    close_menu(app)
    open_menu(app, "Share & save")
    box = app.page.get_by_role("textbox", name="Link to this page")
    expect(box).to_have_value(re.compile("a="))  # its script fills it once it is there
    link = box.input_value()
    close_menu(app)
    assert len(link) < 2000
    expect(app.page).to_have_url(link)

    other = open_app(chromium.new_context(viewport={"width": 1024, "height": 768}), "")
    other.open(link)
    has_rows(other, work)
    for selector in (".assignment", ".totals"):
        assert other.page.locator(selector).inner_text() == app.page.locator(selector).inner_text()
    expect(other.page.locator(".origin")).to_have_text(
        "since strided-20k: 1 layer changed · −512 parameters"
    )
    expect(other.name_box).to_have_value("Anna’s net · 网络")
    expect(other.started_from).to_contain_text("strided-20k")
    expect(other.page).to_have_url(link)
    other.go_to("Train")
    assert other.page.get_by_role("spinbutton", name="Epochs", exact=True).input_value() == str(
        PRESETS["strided-20k"].recipe.epochs
    )
    other.page.context.close()


def test_the_assignment_shows_its_limits_whatever_was_opened_before(app: App):
    app.open()
    open_menu(app, "Start from")
    close_menu(app)
    open_menu(app, "Assignment")
    for label, value in (
        ("Parameters below", "20000"),
        ("Max. epochs", "20"),
        ("Test accuracy, %", "99.4"),
    ):
        expect(app.page.get_by_role("spinbutton", name=label)).to_have_value(value)
    epochs = app.page.get_by_role("spinbutton", name="Max. epochs")
    epochs.fill("")
    epochs.press("Enter")
    expect(clause(app, "max_epochs")).to_have_count(0)
    expect(epochs).to_have_value("")
    expect(app.page.get_by_role("spinbutton", name="Parameters below")).to_have_value("20000")


def test_the_address_keeps_the_work_and_adds_no_steps_to_go_back(app: App):
    app.open()
    assert "?" not in app.page.url
    steps = app.page.evaluate("history.length")
    for kernel in (5, 7, 4):
        app.type_into(0, "kernel_size", str(kernel))
        expect(app.row(0).locator(".shape")).to_have_text(f"8×{29 - kernel}×{29 - kernel}")
    preset = PRESETS["adaptive-pool-16k"]
    work = Shared(changed(preset.architecture, 0, kernel_size=4), preset.recipe, start=preset.id)
    expect(app.page).to_have_url(f"{app.url}/?a={encode(work)}")
    assert app.page.evaluate("history.length") == steps
    app.page.reload()
    expect(app.row(0).locator(".shape")).to_have_text("8×25×25")
    app.go_to("Train")
    app.page.go_back()
    expect(app.row(0).locator(".shape")).to_have_text("8×25×25")


def test_the_recipe_of_the_train_page_is_in_the_link(app: App):
    app.open()
    app.go_to("Train")
    rate = app.page.get_by_role("spinbutton", name="lr", exact=True)
    rate.fill("0.07")
    rate.press("Enter")
    app.settled()
    app.go_to("Build")
    expect(app.page).to_have_url(re.compile(r"[?&]a=1\."))
    app.page.reload()
    app.settled()
    app.go_to("Train")
    expect(rate).to_have_value("0.07")


def test_a_link_that_is_cut_off_is_said_and_the_first_network_shown(app: App):
    app.open("/?a=1.eNq9VE1rGzEQ_StBZ6V4162J")
    expect(app.page.get_by_test_id("stAlert")).to_contain_text(
        "This link cannot be opened: the link is damaged"
    )
    has_rows(app, PRESETS["adaptive-pool-16k"].architecture)
    expect(app.page).to_have_url(re.compile(r"/$"))
    app.preset("strided-20k")
    expect(app.page.get_by_test_id("stAlert")).to_have_count(0)


# --- files and tables -----------------------------------------------------------------------------


def test_a_readme_is_pasted_and_a_row_answered_otherwise(app: App):
    table = summary_table(analyze(PRESETS["adaptive-pool-16k"].architecture))
    indented = "\n".join(f"    {line}" for line in table.splitlines())
    app.open()
    app.preset("blank")
    app.page.get_by_role("button", name="Open…").click()
    app.page.get_by_role("textbox", name="Text").fill(
        f"# What we built\n\nNo bias anywhere | see\n\n{indented}\n\nEpoch 1: 98 %\n"
    )
    app.page.get_by_role("button", name="Read", exact=True).click()
    dialog = app.page.get_by_role("dialog")
    expect(dialog.locator("[data-read]")).to_have_text(
        "17 layers · 16,426 parameters · images 1×28×28"
    )
    expect(dialog).to_contain_text("the table has no dropout rates")
    dialog.get_by_text("ambiguous; the simplest reading was used").click()
    # A list that opens while the expander unfolds closes again.
    app.page.wait_for_function(UNFOLDED)
    dialog.get_by_role("combobox", name=re.compile("MaxPool2d-7")).click()
    app.page.get_by_role("option", name="MaxPool2d kernel_size 3, stride 2, padding 1").click()
    app.settled()
    dialog.get_by_role("textbox", name="Name").fill("from a README")
    dialog.get_by_role("textbox", name="Name").press("Enter")
    app.settled()
    dialog.get_by_role("button", name="Open in Build").click()
    expect(dialog).to_have_count(0)
    expect(app.name_box).to_have_value("from a README")
    has_rows(
        app,
        changed(PRESETS["adaptive-pool-16k"].architecture, 6, kernel_size=3, stride=2, padding=1),
    )
    expect(app.row(6).locator('input[name="kernel_size"]')).to_have_value("3")


def test_text_without_a_table_is_said(app: App):
    app.open()
    app.page.get_by_role("button", name="Open…").click()
    app.page.get_by_role("textbox", name="Text").fill("Dear all,\nplease find no table here.")
    app.page.get_by_role("button", name="Read", exact=True).click()
    expect(app.page.get_by_role("dialog").get_by_test_id("stAlert")).to_contain_text(
        "Nothing to open"
    )
    app.page.get_by_role("textbox", name="Text").fill('{"layers": [{"kind": "Conv3d"}]}')
    app.page.get_by_role("button", name="Read", exact=True).click()
    expect(app.page.get_by_role("dialog").get_by_test_id("stAlert")).to_contain_text(
        'unknown kind "Conv3d"'
    )


def test_what_is_pasted_after_a_file_is_what_is_read(app: App, tmp_path: Path):
    (tmp_path / "empty.txt").write_text("")
    app.open()
    app.page.get_by_role("button", name="Open…").click()
    dialog = app.page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "empty.txt")
    expect(dialog.get_by_test_id("stAlert")).to_contain_text("Nothing to open: empty.txt is empty")
    app.page.get_by_role("textbox", name="Text").fill(to_json(PRESETS["gap-17k"].architecture))
    app.page.get_by_role("button", name="Read", exact=True).click()
    expect(dialog.locator("[data-read]")).to_contain_text("17,498 parameters")


def test_a_file_that_cannot_be_opened_has_a_sentence_that_says_what_to_do(app: App, tmp_path: Path):
    files = {
        "picture.png": b"\x89PNG\r\n",
        "large.ipynb": b"x" * (MAX_MB * 2**20 + 1),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    app.open()
    app.page.get_by_role("button", name="Open…").click()
    dialog = app.page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "picture.png")
    expect(dialog.get_by_test_id("stAlert")).to_contain_text(
        "this is a picture; copy the table as text"
    )
    # Of a file that is too large only the browser knows, so the sentence is always there.
    dialog.locator("input[type=file]").set_input_files(tmp_path / "large.ipynb")
    expect(dialog.get_by_test_id("stFileUploader")).to_contain_text("large.ipynb")
    expect(dialog.get_by_text(FILES)).to_be_in_viewport(ratio=1)
    assert f"up to {MAX_MB} MB" in FILES


@pytest.mark.parametrize("ending", ["json", "onnx"])
def test_a_file_is_uploaded(app: App, tmp_path: Path, ending: str):
    layers = (Conv2d(out_channels=4, kernel_size=5, stride=2), Flatten(), Linear(out_features=10))
    colour = Architecture(name="colour", input_shape=(3, 32, 32), layers=layers)
    file = tmp_path / f"colour.{ending}"
    file.write_bytes(to_json(colour).encode() if ending == "json" else onnx_bytes(colour))
    app.open()
    app.page.get_by_role("button", name="Open…").click()
    app.page.locator('input[type="file"]').set_input_files(file)
    read_as = "Read as an ONNX file" if ending == "onnx" else ""
    expect(app.page.get_by_role("dialog").locator(".read-as")).to_have_text(read_as)
    app.page.get_by_role("button", name="Open in Build").click()
    has_rows(app, colour)
    expect(app.images_box).to_have_value("CIFAR-10 · 3×32×32")


def test_every_form_is_downloaded_and_is_what_it_says(app: App, tmp_path: Path):
    onnx = pytest.importorskip("onnx")
    preset = PRESETS["gap-17k"]
    app.open()
    app.preset("gap-17k")
    open_menu(app, "Share & save")
    files = {}
    for label, ending in (
        ("JSON", "json"),
        ("PyTorch", "py"),
        ("Notebook", "ipynb"),
        ("ONNX", "onnx"),
        ("Summary", "txt"),
    ):
        with app.page.expect_download() as download:
            app.page.get_by_role("button", name=re.compile(f"{label} ·")).click()
        assert download.value.suggested_filename.endswith(f".{ending}")
        files[ending] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[ending])
    assert parse_architecture(files["json"].read_bytes()) == preset.architecture
    names = [
        node.name
        for node in ast.walk(ast.parse(files["py"].read_text()))
        if isinstance(node, ast.ClassDef)
    ]
    assert files["py"].stem in names
    assert json.loads(files["ipynb"].read_text())["nbformat"] == 4
    onnx.checker.check_model(onnx.load(files["onnx"]))
    assert files["txt"].read_text().rstrip("\n") == summary_table(analyze(preset.architecture))
    assert import_summary(files["txt"].read_text()).problem is None


def test_what_does_not_fit_goes_out_as_json_only(app: App):
    app.open()
    app.type_into(6, "kernel_size", "99")
    expect(app.row(6)).to_contain_text("needs a map")
    open_menu(app, "Share & save")
    expect(app.page.get_by_role("button", name=re.compile("JSON ·"))).to_be_enabled()
    for label in ("PyTorch", "Notebook", "ONNX", "Summary"):
        expect(
            app.page.get_by_role(
                "button", name=re.compile(f"{label} · not available while layer 6")
            )
        ).to_be_disabled()


# --- saved work, reset, undo ----------------------------------------------------------------------


def test_saved_work_is_opened_by_another_and_deleted_by_its_owner(
    chromium: Browser, tmp_path: Path
):
    with serving(tmp_path, address="0.0.0.0") as server:  # a class, where nobody is the teacher
        _saved_opened_and_deleted(
            open_app(chromium.new_context(viewport={"width": 1440, "height": 900}), server.url),
            chromium,
            server,
        )


def _saved_opened_and_deleted(app: App, chromium: Browser, server: Server) -> None:
    app.open()
    app.type_into(0, "out_channels", "12")
    expect(app.row(0).locator(".params")).to_have_text("120")
    open_menu(app, "Share & save")
    box = app.page.get_by_role("textbox", name="Save on this server as")
    box.fill("Twelve *maps*")
    app.page.get_by_role("button", name="Save", exact=True).click()
    expect(app.page.get_by_text("Saved as “Twelve *maps*”")).to_be_visible()
    # What a callback says must not stand in place of the page's own style sheet.
    assert (
        app.page.locator(".totals").evaluate("(totals) => getComputedStyle(totals).display")
        == "grid"
    )
    close_menu(app)

    other = open_app(chromium.new_context(), server.url)
    other.open()
    open_menu(other, "Start from")
    other.page.get_by_role("button", name=re.compile("Twelve .maps.")).click()
    has_rows(other, changed(PRESETS["adaptive-pool-16k"].architecture, 0, out_channels=12))
    expect(other.started_from).to_contain_text("Twelve *maps*")
    open_menu(other, "Start from")
    expect(other.page.locator('[class*="st-key-delete-"]')).to_have_count(0)
    other.page.context.close()

    open_menu(app, "Start from")
    app.page.locator('[class*="st-key-delete-"] button').first.click()
    app.settled()
    expect(app.page.get_by_role("button", name=re.compile("Twelve .maps."))).to_have_count(0)


def test_what_changed_is_listed_and_reset(app: App):
    app.open()
    app.preset("strided-20k")
    app.type_into(0, "kernel_size", "3")
    expect(app.page.locator(".origin")).to_have_text(
        "since strided-20k: 1 layer changed · −512 parameters"
    )
    open_menu(app, "Start from")
    expect(app.page.locator(".changes li")).to_have_text(["≠0 Conv2d: kernel_size 5 → 3"])
    app.page.get_by_role("button", name="Reset to strided-20k").click()
    has_rows(app, PRESETS["strided-20k"].architecture)
    expect(app.page.locator(".origin")).to_have_text(PRESETS["strided-20k"].character)


def test_undo_to_the_start_and_redo_to_the_end(app: App):
    app.open()
    first = PRESETS["adaptive-pool-16k"].architecture
    has_rows(app, first)
    work = first
    for index, name, value in (
        (0, "out_channels", 12),
        (3, "kernel_size", 5),
        (7, "padding", 1),
        (14, "output_size", 2),
    ):
        app.type_into(index, name, str(value))
        work = changed(work, index, **{name: value})
        has_rows(app, work)
        app.row(index).locator(f'input[name="{name}"]').press("Escape")
    app.page.keyboard.press("Delete")
    work = work.model_copy(update={"layers": (*work.layers[:14], *work.layers[15:])})
    has_rows(app, work)
    app.preset("strided-20k")
    has_rows(app, PRESETS["strided-20k"].architecture)
    for _ in range(40):
        app.page.keyboard.press("Control+z")
    has_rows(app, first)
    for _ in range(40):
        app.page.keyboard.press("Control+y")
    has_rows(app, PRESETS["strided-20k"].architecture)
    app.page.keyboard.press("Control+z")
    has_rows(app, work)


# --- the assignment -------------------------------------------------------------------------------


def test_the_assignment_follows_every_edit_and_a_run(app: App):
    app.open()
    expect(clause(app, "max_params")).to_have_text("✓ 16,426 < 20,000 parameters")
    expect(clause(app, "min_accuracy")).to_have_text("○ 99.4 % test accuracy: no finished run yet")
    app.type_into(7, "out_channels", "64")
    expect(clause(app, "max_params")).to_have_text(
        re.compile(r"✗ \d\d,\d\d\d parameters \(limit: below 20,000\)")
    )
    app.type_into(7, "out_channels", "32")
    expect(clause(app, "max_params")).to_have_text("✓ 16,426 < 20,000 parameters")
    open_menu(app, "Assignment")
    app.page.get_by_role("spinbutton", name="Test accuracy").fill("10")
    app.page.get_by_role("spinbutton", name="Test accuracy").press("Enter")
    expect(clause(app, "min_accuracy")).to_have_text("○ 10 % test accuracy: no finished run yet")
    app.page.get_by_role("combobox", name="Required").click()
    app.page.get_by_role("option", name="global average pooling").click()
    expect(clause(app, "global_pooling")).to_have_text("✗ needs global average pooling")
    close_menu(app)
    app.go_to("Train")
    app.train_on_digits(4)
    expect(app.run_status).to_have_text("finished")
    app.go_to("Build")
    expect(app.images_box).to_have_value("Digits · 1×28×28")
    expect(clause(app, "max_epochs")).to_have_text("✓ 4 ≤ 20 epochs")
    expect(clause(app, "min_accuracy")).to_have_text(
        re.compile(r"[✓✗] [\d.]+ % [≥<] 10 % test accuracy")
    )


# --- code -----------------------------------------------------------------------------------------

WRONG_CLASS = """
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 5, padding=2)
        self.conv2 = nn.Conv2d(4, 8, 5)
        self.fc1 = nn.Linear(256, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc1(x.view(x.size(0), -1))

RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x200 and 256x10)
"""


def read(app: App, text: str) -> Locator:
    """The dialog, which has read a text."""
    app.page.get_by_role("button", name="Open…").click()
    app.page.get_by_role("textbox", name="Text").fill(text)
    app.page.get_by_role("button", name="Read", exact=True).click()
    return app.page.get_by_role("dialog")


def test_a_class_with_a_wrong_number_teaches_is_mended_and_learns(app: App):
    app.open()
    dialog = read(app, WRONG_CLASS)
    expect(dialog.locator(".read-as")).to_have_text("Read as PyTorch code, Net")
    expect(dialog.get_by_test_id("stAlert")).to_contain_text(
        "Layer 7 (line 10) doesn’t fit: it is said to take 256 values (in_features) and gets 200"
    )
    dialog.get_by_role("button", name="Open in Build").click()
    expect(dialog).to_have_count(0)
    expect(app.name_box).to_have_value("Net")
    row = app.row(7)
    expect(row).to_contain_text("It is said to take 256 values (in_features) and gets 200")
    row.get_by_role("button", name="Apply fix").click()
    expect(row.locator(".params")).to_have_text("2,010")
    app.settled()
    app.link_to("Train").click()
    app.settled()
    app.train_on_digits(1)
    expect(app.page.get_by_role("status").filter(has_text="Finished")).to_have_count(
        1, timeout=90_000
    )


def test_a_residual_network_comes_in_with_its_blocks_folded(app: App):
    app.open()
    source = (SOURCES / "residual_blocks.py").read_text().replace("[1, 2, 1]", "[3, 3, 3]")
    dialog = read(app, source)
    expect(dialog.locator("[data-read]")).to_contain_text("64 layers · 68,786 parameters")
    expect(dialog.locator(".notes")).to_contain_text("32×32 is assumed")
    dialog.get_by_role("spinbutton", name="Image size in pixels").fill("28")
    dialog.get_by_role("spinbutton", name="Image size in pixels").press("Enter")
    expect(dialog.locator("[data-read]")).to_contain_text("images 3×28×28")
    dialog.get_by_role("button", name="Open in Build").click()
    expect(dialog).to_have_count(0)
    blocks = app.page.locator(".inside", has_text="2 convolutions")
    expect(blocks.locator("visible=true")).to_have_count(7)
    expect(app.page.get_by_text("layer1.0", exact=True)).to_be_visible()


def test_what_code_leaves_open_is_asked_for_and_what_it_cannot_be_is_said(app: App):
    app.open()
    dialog = read(
        app, WRONG_CLASS.replace("(self)", "(self, width)").replace("4, 5, p", "width, 5, p")
    )
    expect(dialog.get_by_test_id("stAlert")).to_contain_text("Net needs a value for width")
    dialog.get_by_role("textbox", name="Value of width").fill("4")
    dialog.get_by_role("textbox", name="Value of width").press("Enter")
    expect(dialog.locator("[data-read]")).to_contain_text("images 1×28×28")
    app.page.get_by_role("textbox", name="Text").fill(
        WRONG_CLASS.replace("self.fc1(x.view(x.size(0), -1))", "x[:, :4]")
    )
    app.page.get_by_role("button", name="Read", exact=True).click()
    # While it is drawn, what was said before may still stand beside it.
    said = "Line 15: x[…] takes a part of the channels; a network here passes whole maps on."
    expect(dialog.get_by_test_id("stAlert").filter(has_text=said)).to_be_visible()
    expect(dialog.get_by_test_id("stAlert")).to_have_count(1)
    expect(dialog.locator("[data-read]")).to_contain_text("6 layers")
