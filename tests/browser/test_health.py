"""How the layers of a network fare while it learns: what is wrong, and the map over the epochs."""

import re

import pytest
from playwright.sync_api import expect

from explorer.network.spec import Architecture, Flatten, Linear, ReLU
from tests.browser.conftest import App, open_network

pytestmark = pytest.mark.browser

NETWORK = Architecture(
    name="without BatchNorm",
    layers=(Flatten(), Linear(out_features=32), ReLU(), Linear(out_features=10)),
)


def test_units_that_died_of_too_high_a_rate_are_seen_and_told_of(app: App) -> None:
    open_network(app, NETWORK)
    app.go_to("Train")
    app.page.get_by_label("lr", exact=True).fill("2")
    app.page.get_by_label("lr", exact=True).press("Enter")
    app.settled()
    app.train_on_digits(3)
    expect(app.run_status).to_have_text("finished", timeout=120_000)
    app.settled()
    app.choice("Health").click()
    told = app.page.locator(".diagnosis")
    expect(told).to_contain_text("After epoch 3:")
    expect(told).to_contain_text(re.compile(r"(9\d %|None) of the units of layer 2 \(ReLU\)"))
    app.settled()
    app.page.get_by_role("button", name="Show the numbers").click()
    numbers = app.page.get_by_role("region", name="Units that never fire, the numbers")
    expect(numbers.get_by_role("columnheader")).to_have_text(["epoch", "2 ReLU"])
    expect(numbers.get_by_role("rowheader")).to_have_text(["1", "2", "3"])
    app.page.keyboard.press("Escape")
    app.settled()
    # A reload shows the same view, and so does the link.
    expect(app.page).to_have_url(re.compile("[?&]look=health(&|$)"))
    app.page.reload()
    expect(told).to_contain_text("After epoch 3:")
    app.settled()
    expect(app.choice("Health")).to_be_checked()
    app.choice("Gradient").click()
    expect(app.page.get_by_role("heading", name="Length of the gradient")).to_be_visible()
    app.settled()
    app.page.get_by_role("button", name="Show the numbers").click()
    numbers = app.page.get_by_role("region", name="Length of the gradient, the numbers")
    expect(numbers.get_by_role("columnheader")).to_have_text(["epoch", "1 Linear", "3 Linear"])
