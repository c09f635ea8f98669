"""Networks that branch, in a real browser: what their units see on an image, and a small one from
the menu to training, comparison and export.
"""

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from explorer.network.spec import Architecture, Branches, Conv2d
from tests.browser.conftest import App, open_menu, open_network

pytestmark = pytest.mark.browser


def says(app: App, text: str) -> None:
    expect(app.page.locator("figcaption .sees")).to_have_text(text)


PAINT_RED = """canvas => {
  const context = canvas.getContext("2d");
  context.fillStyle = "rgb(255, 0, 0)";
  context.fillRect(0, 0, canvas.width, canvas.height);
}"""
IS_RED = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.every((value, place) => value === (place % 4 === 0 || place % 4 === 3 ? 255 : 0));
}"""


# --- what a unit sees -----------------------------------------------------------------------------


def pixels_in_full_view(app: App) -> np.ndarray:
    """(28, 28) bool: which pixels of the image stand out. What the unit does not see is veiled in
    the page's white: on an image that is all red, nothing but that veil has any green to speak of.
    """
    canvas = app.page.locator(".image canvas")
    canvas.scroll_into_view_if_needed()
    app.settled()
    pictures: list[bytes] = []

    def is_painted_and_taken() -> bool:
        """Whether nothing else was drawn meanwhile, as the values that come in are."""
        canvas.evaluate(PAINT_RED)
        pictures.append(app.page.screenshot())
        return bool(canvas.evaluate(IS_RED))

    app.until(is_painted_and_taken, "a picture of the painted image is taken")
    assert canvas.evaluate("canvas => [canvas.width, canvas.height]") == [28, 28]
    box = canvas.bounding_box()
    assert box
    shot = np.asarray(Image.open(io.BytesIO(pictures[-1])).convert("RGB"))
    rows = [round(box["y"] + (row + 0.5) * box["height"] / 28) for row in range(28)]
    columns = [round(box["x"] + (column + 0.5) * box["width"] / 28) for column in range(28)]
    green: np.ndarray = shot[np.ix_(rows, columns)][:, :, 1]
    assert set(np.unique(green > 110)) == {False, True}
    assert not ((green > 60) & (green < 150)).any()
    return green < 110


def test_a_1x7_and_a_7x1_branch_see_a_cross_and_no_square(app: App):
    wide = Conv2d(out_channels=2, kernel_size=(1, 7), padding=(0, 3))
    tall = Conv2d(out_channels=2, kernel_size=(7, 1), padding=(3, 0))
    for merge in ("add", "concat"):
        cross = Branches(merge=merge, branches=((wide,), (tall,)))
        open_network(app, Architecture(name=merge, layers=(cross,)))
        app.row("0").locator(".kind").first.click()
        says(app, "Unit (row 14, column 14) sees 13 of 7×7 pixels")
        expected = np.zeros((28, 28), dtype=bool)
        expected[14, 11:18] = expected[11:18, 14] = True
        np.testing.assert_array_equal(pixels_in_full_view(app), expected)
        # Inside each branch it is a line.
        for path, seen in (("0.0.0", np.s_[14, 11:18]), ("0.1.0", np.s_[11:18, 14])):
            app.row(path).locator(".kind").first.click()
            says(app, f"Unit (row 14, column 14) sees {'1×7' if path == '0.0.0' else '7×1'} pixels")
            expected = np.zeros((28, 28), dtype=bool)
            expected[seen] = True
            np.testing.assert_array_equal(pixels_in_full_view(app), expected)


def test_a_units_pixels_inside_a_branch_and_after_the_merge(app: App):
    app.open()
    app.preset("mini-resnet")
    for path, size in (("3.0.0", 5), ("3.0.3", 7), ("3", 7), ("5.1.0", 7), ("5", 13)):
        app.row(path).locator(".kind").first.click()
        expect(app.page.locator("figcaption .sees")).to_contain_text(f"sees {size}×{size} pixels")
        first = 14 - size // 2
        expected = np.zeros((28, 28), dtype=bool)
        expected[first : first + size, first : first + size] = True
        np.testing.assert_array_equal(pixels_in_full_view(app), expected)
    # The values of the merge are computed, on a digit.
    expect(app.page.locator(".range")).to_have_text(re.compile(r"\d\.\d\d to "))


# --- from the menu to a file that runs ------------------------------------------------------------


def test_mini_resnet_is_trained_compared_exported_and_run(app: App, tmp_path: Path):
    app.open()
    app.preset("mini-resnet")
    app.go_to("Train")
    expect(app.page.get_by_role("button", name="Our recipe")).to_be_visible()
    app.train_on_digits(epochs=1)
    expect(app.run_status).to_have_text("finished")

    app.open("/?page=compare&compare=mini-resnet,gap-17k")
    head = app.page.locator(".compare thead th[scope=col]")
    expect(head).to_have_text([re.compile("mini-resnet"), re.compile("gap-17k")])
    expect(app.page.locator(".compare")).to_contain_text("19,810")
    expect(app.page.locator(".compare")).to_contain_text("17,498")

    app.open()
    app.preset("mini-resnet")
    open_menu(app, "Share & save")
    with app.page.expect_download() as download:
        app.page.get_by_role("button", name=re.compile("PyTorch ·")).click()
    file = tmp_path / "network.py"
    download.value.save_as(file)
    run = "import torch, network; print(network.MiniResNet()(torch.zeros(2, 1, 28, 28)).shape)"
    done = subprocess.run(
        [sys.executable, "-c", run], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "torch.Size([2, 10])", done.stderr
