"""A learning rate is found for the network at hand, taken by one click, and trained with."""

import re

import pytest
from playwright.sync_api import expect

from explorer.runs.home import open_store
from tests.browser.conftest import App, Server

pytestmark = pytest.mark.browser


def test_a_rate_is_found_and_trained_with(app: App, server: Server):
    app.open("/?page=train")
    app.choose_digits()
    app.page.get_by_role("button", name="Find a learning rate").click()
    take = app.page.get_by_role("button", name=re.compile(r"^\S*\s*Use [0-9.e-]+$")).first
    expect(take).to_be_visible()
    app.settled()
    rate = re.search(r"Use ([0-9.e-]+)", take.inner_text())[1]
    take.click()
    app.settled()
    box = app.page.get_by_role("spinbutton", name="lr", exact=True)
    expect(box).to_have_value(rate)

    app.train_on_digits(1)
    expect(app.run_status).to_have_text("finished")
    store = open_store(server.log.parent / "home")
    recipe = store.stored_run(app.run_in_address).run.recipe
    store.close()
    assert recipe.optimizer.lr == float(rate)
