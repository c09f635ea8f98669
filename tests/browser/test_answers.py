"""What a run has learnt, image by image: the worst one is found, a cell of the confusion matrix is
looked into, by mouse and by keyboard.
"""

import re

import pytest
from playwright.sync_api import Locator, expect

from explorer.insight.predictions import (
    Order,
    Predictions,
    confusion_matrix,
    find_images,
    most_frequent_confusions,
)
from explorer.runs.answers_format import answers_from_bytes
from explorer.runs.home import open_store
from explorer.training.dataset_files import load_dataset
from tests.browser.conftest import App, Server

pytestmark = pytest.mark.browser


def trained(app: App, server: Server) -> Predictions:
    """Trains two epochs, and reads what the run answered from the store."""
    app.open("/?page=train")
    app.train_on_digits(2)
    expect(app.run_status).to_have_text("finished")
    app.settled()
    store = open_store(server.log.parent / "home")
    data = store.answers(app.run_in_address, 2)
    store.close()
    assert data
    return Predictions(load_dataset("digits").test.labels, answers_from_bytes(data))


def pictures(app: App) -> Locator:
    return app.page.get_by_role("option").filter(has=app.page.locator("img"))


def look_at(app: App, view: str) -> None:
    app.choice(view).click()
    app.settled()


def test_the_worst_image_is_found_and_says_why(app: App, server: Server):
    found = trained(app, server)
    look_at(app, "Predictions")
    worst, second = find_images(found, Order.WRONG_FIRST)[:2].tolist()
    first = pictures(app).first
    expect(first).to_have_attribute("aria-label", re.compile(rf"^test image {worst}: "))
    first.click()
    heading = app.page.get_by_role("heading", name=f"Test image {worst:,}", exact=True)
    expect(heading).to_be_visible()
    bars = app.page.get_by_role("table", name="Probability of each class")
    expect(bars.get_by_role("row")).to_have_count(10)
    label, answer = int(found.labels[worst]), int(found.answers.predicted[worst])
    expect(app.page.get_by_text(f"taken for {answer}; it is {label}")).to_be_visible()

    first.press("ArrowRight")
    pictures(app).nth(1).press("Enter")
    expect(
        app.page.get_by_role("heading", name=f"Test image {second:,}", exact=True)
    ).to_be_visible()
    expect(pictures(app).nth(1)).to_have_attribute("aria-selected", "true")
    expect(pictures(app).nth(1)).to_be_focused()


def test_a_cell_of_the_confusion_matrix_shows_its_images(app: App, server: Server):
    found = trained(app, server)
    counts = confusion_matrix(found, 10)
    look_at(app, "Confusion")
    most = most_frequent_confusions(counts, 1)[0]
    matrix = app.page.get_by_role("grid", name=re.compile("^Confusion of "))
    cells = matrix.get_by_role("gridcell")
    expect(cells).to_have_count(100)
    cells.nth(10 * most.label + most.predicted).click()
    title = f"{most.label} taken for {most.predicted}: {most.images} test image"
    expect(app.page.get_by_text(title).first).to_be_visible()
    expect(pictures(app)).to_have_count(min(60, most.images))

    # By the keyboard to the images of the class that are recognised, unless there are none.
    label = int(counts.diagonal().argmax())
    assert counts[label, label]
    at = cells.nth(10 * most.label + most.predicted)
    at.focus()
    keys = ["ArrowDown" if label > most.label else "ArrowUp"] * abs(label - most.label)
    keys += ["ArrowRight" if label > most.predicted else "ArrowLeft"] * abs(label - most.predicted)
    for key in keys:
        app.page.keyboard.press(key)
    expect(cells.nth(11 * label)).to_be_focused()
    app.page.keyboard.press("Enter")
    title = f"{label} recognised: {counts[label, label]} test image"
    expect(app.page.get_by_text(title).first).to_be_visible()
