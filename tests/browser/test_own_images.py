"""From one's own images to a network that tells them apart."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import App
from tests.training.own_images.zips import CLASSES, good_zip

pytestmark = pytest.mark.browser


def images_dialog(app: App) -> Locator:
    app.page.get_by_role("button", name="Own images…").click()
    app.settled()
    return app.page.get_by_role("dialog", name="Own images")


def test_upload_images_and_train(app: App, tmp_path: Path) -> None:
    wrong, right = tmp_path / "colours.rar", tmp_path / "colours.zip"
    wrong.write_bytes(b"no zip")
    right.write_bytes(good_zip(20, around="colours/"))
    app.open("/?page=train")
    dialog = images_dialog(app)
    dialog.get_by_label("Title").fill("Three colours")
    dialog.locator("input[type=file]").set_input_files(wrong)
    app.settled()
    dialog.get_by_role("button", name="Add these images").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Nothing was added: this is no zip")

    dialog.locator("input[type=file]").set_input_files(right)
    app.settled()
    dialog.get_by_role("button", name="Add these images").click()
    expect(dialog.locator("[data-own]")).to_have_text("Three colours")
    app.settled()
    rows = dialog.locator(".balance tbody tr")
    expect(rows).to_have_count(3)
    for place, name in enumerate(CLASSES):
        expect(rows.nth(place)).to_have_text(re.compile(rf"{name}\s*16\s*4"))
    pictures = dialog.locator(".samples img")
    expect(pictures).to_have_count(15)
    assert all(width > 0 for width in pictures.evaluate_all("all => all.map(i => i.naturalWidth)"))

    dialog.get_by_role("button", name="Train on these images").click()
    expect(dialog).to_have_count(0)
    app.settled()
    expect(app.images_box).to_have_value("Three colours, your own")
    # The preset ends in ten classes.
    expect(
        app.page.get_by_text("Three colours needs 3 outputs, one per class").last
    ).to_be_visible()
    app.page.get_by_role("button", name="Apply fix").click()
    app.settled()
    length = app.page.get_by_role("spinbutton", name="Epochs", exact=True)
    length.fill("2")
    length.press("Enter")
    app.settled()
    app.start_training()
    expect(app.run_epochs).to_have_attribute("data-epochs", "2")
    expect(app.run_status).to_have_text("finished")

    # Their owner looks into the network on them: what the view asks by itself is answered.
    app.settled()
    app.choice("Inside").click()
    inside = app.page.locator(".inside")
    expect(inside).to_have_attribute("data-answered", "2")
    expect(inside.locator(".verdict")).to_have_text(re.compile(rf"Answers ({'|'.join(CLASSES)}) "))
    app.settled()
    app.choice("Curves").click()
    expect(app.run_epochs).to_have_attribute("data-epochs", "2")
    app.settled()

    # On Build the panel shows them, and the network's input is theirs.
    app.go_to("Build")
    expect(app.images_box).to_have_value("Three colours, your own · 3×32×32")

    # Deleted, the run keeps its name and its curves.
    app.go_to("Train")
    dialog = images_dialog(app)
    dialog.get_by_role("button", name="Delete").click()
    app.settled()
    app.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    app.settled()
    expect(app.images_box).to_have_value("Three colours, deleted")
    expect(app.page.get_by_text("they are deleted: choose other images").last).to_be_visible()
    expect(app.run_epochs).to_have_attribute("data-epochs", "2")
