"""Blocks of branches: made, broken, mended, folded, moved and undone, by keys and by the pointer."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, expect

from explorer.link import PARAMETER, decode
from explorer.network.spec import (
    Architecture,
    BatchNorm2d,
    Branches,
    Conv2d,
    Flatten,
    Linear,
    Nodes,
    ReLU,
)
from tests.browser.conftest import App, box_of, open_network

pytestmark = pytest.mark.browser


def rows(app: App) -> list[str]:
    """The stack as it is drawn: layers by kind, a block as "[", its branches as "|", its end as
    "]".
    """
    signs = {"Branches": "[", "Next": "|", "End": "]"}
    kinds = [row.get_attribute("data-kind") or "" for row in app.page.locator(".rows .row").all()]
    return [signs.get(kind, kind) for kind in kinds]


def wait_for_rows(app: App, text: str) -> None:
    """Also until Python has answered, which may take longer than what the editor says of a change
    is shown: look for that first.
    """
    wanted = text.split()
    expect(app.page.locator(".rows .row")).to_have_count(len(wanted))
    expect(app.page.locator(".editor.asking")).to_have_count(0)
    assert rows(app) == wanted


def press(app: App, *keys: str) -> None:
    for key in keys:
        app.page.keyboard.press(key)


def add(app: App, search: str) -> None:
    press(app, "/")
    expect(app.page.locator(".palette")).to_be_visible()
    app.page.keyboard.type(search)
    press(app, "Enter")
    expect(app.page.locator(".palette")).to_be_hidden()


def names_in_address(app: App) -> list[str]:
    """The names of the blocks in the link that the browser's address is."""
    (link,) = parse_qs(urlsplit(app.page.url).query)[PARAMETER]
    return [node.name for node in decode(link).architecture.layers if isinstance(node, Branches)]


def block(app: App, path: str) -> Locator:
    return app.page.locator(f'[data-layer-index="{path}"]')


def end_of_blocks(app: App) -> Locator:
    return app.page.locator(".row.end-of-block")


def start(app: App) -> None:
    app.open()
    app.preset("blank")
    expect(app.page.locator(".rows .row")).to_have_count(0)
    app.page.get_by_role("button", name="Add layer").first.focus()


def open_layers(app: App, layers: Nodes) -> None:
    open_network(app, Architecture(name="blocks", layers=layers))


def test_a_residual_block_from_nothing_broken_mended_folded_dragged_and_undone(app: App):
    start(app)
    for kind in ("conv2d", "conv2d", "relu"):
        add(app, kind)
    wait_for_rows(app, "Conv2d Conv2d ReLU")
    status = app.page.locator(".editor .status")

    # Wrapped by a key. Its shapes do not agree, and the row where they meet says so.
    press(app, "Shift+ArrowUp", "r")
    expect(status).to_have_text("Wrapped in a residual block")
    wait_for_rows(app, "Conv2d [ Conv2d ReLU | ]")
    expect(block(app, "1")).to_be_focused()
    expect(block(app, "1").locator(".kind").first).to_have_text("Residual")
    expect(app.page.locator(".row.next .identity")).to_have_text("passes on what comes in")
    problem = end_of_blocks(app).locator(".problem")
    expect(problem).to_contain_text(
        "Branch 1 gives 8×24×24, branch 2 gives 8×26×26: add needs equal shapes"
    )

    # A folded block still says that it does not fit.
    press(app, "ArrowLeft")
    wait_for_rows(app, "Conv2d [")
    expect(block(app, "1").locator(".problem")).to_contain_text("add needs equal shapes")
    press(app, "ArrowRight")
    wait_for_rows(app, "Conv2d [ Conv2d ReLU | ]")

    problem.get_by_role("button", name="Apply fix").click()
    expect(problem).to_be_hidden()
    expect(end_of_blocks(app).locator(".shape")).to_have_text("8×26×26")
    expect(app.row("1.0.0").locator("input[name=padding]")).to_have_value("1")

    # Folded to one line, with the parameters of all that is inside.
    block(app, "1").locator(".kind").first.click()
    press(app, " ")
    wait_for_rows(app, "Conv2d [")
    expect(block(app, "1").locator(".name")).to_have_text("Residual1 convolution")
    expect(block(app, "1").locator(".params")).to_have_text("584")
    expect(block(app, "1")).to_have_attribute("aria-expanded", "false")

    # Dragged to the top, whole.
    grip, target = box_of(block(app, "1").locator(".grip")), box_of(app.row("0"))
    app.page.mouse.move(grip["x"] + 6, grip["y"] + grip["height"] / 2)
    app.page.mouse.down()
    app.page.mouse.move(grip["x"] + 6, target["y"] + 3, steps=6)
    app.page.mouse.up()
    expect(status).to_have_text("Residual moved to position 0")
    wait_for_rows(app, "[ Conv2d")

    # One image channel comes in now: the sum no longer fits, nor do the steps that led here stay.
    undo = app.page.get_by_role("button", name="Undo")
    for _ in range(2):  # the drag, the fix
        undo.click()
    press(app, "Escape")
    expect(block(app, "1").locator(".problem")).to_contain_text("add needs equal shapes")
    undo.click()  # the block
    wait_for_rows(app, "Conv2d Conv2d ReLU")
    for _ in range(3):
        undo.click()
    wait_for_rows(app, "")


def test_a_block_of_the_literature_is_made_of_the_numbers_asked_for(app: App):
    start(app)
    add(app, "conv2d")
    wait_for_rows(app, "Conv2d")
    palette, question = app.page.locator(".palette"), app.page.locator(".palette .question")
    press(app, "/")
    app.page.keyboard.type("residual block")
    press(app, "Enter")
    out, stride = question.get_by_label("Output channels"), question.get_by_label("Stride")
    expect(out).to_be_focused()
    expect(out).to_have_value("8")  # as many as come in
    expect(question).to_contain_text("The skip passes its input on as it is.")
    press(app, "Escape")  # back to the list, which is as it was
    expect(app.page.locator(".palette .search")).to_be_focused()
    expect(app.page.locator(".palette .search")).to_have_value("residual block")
    press(app, "Enter")
    app.page.keyboard.type("0")
    press(app, "Enter")  # it takes 1 and more
    expect(question).to_be_visible()
    out.fill("16")
    press(app, "Tab")
    expect(stride).to_be_focused()
    app.page.keyboard.type("2")
    expect(question).to_contain_text("so the skip is a 1×1 convolution.")
    press(app, "Enter")
    expect(palette).to_be_hidden()
    inside = "Conv2d BatchNorm2d ReLU Conv2d BatchNorm2d | Conv2d BatchNorm2d"
    expect(app.page.locator(".editor .status")).to_have_text("Residual block added")
    wait_for_rows(app, f"Conv2d [ {inside} ] ReLU")
    expect(end_of_blocks(app).locator(".shape")).to_have_text("16×13×13")
    press(app, "Control+z")
    wait_for_rows(app, "Conv2d")

    # By the pointer as well, and left without a trace.
    app.page.get_by_role("button", name="Add layer").first.click()
    palette.get_by_role("option", name="Inception").click()
    expect(question).to_contain_text("Together they give 40 channels.")
    question.get_by_label("3×3", exact=True).fill("20")
    question.get_by_role("heading").click()  # beside the inputs: nothing is lost
    question.get_by_text("1×1 after pooling").click()
    expect(question.get_by_label("1×1 after pooling")).to_be_focused()
    expect(question).to_contain_text("Together they give 44 channels.")
    question.get_by_role("button", name="Back").click()
    palette.get_by_role("option", name="Inception").click()
    app.page.locator(".editor .head-layer").click()
    expect(palette).to_be_hidden()
    wait_for_rows(app, "Conv2d")


def test_branches_are_added_filled_removed_and_unwrapped_by_keys(app: App):
    start(app)
    add(app, "relu")
    press(app, "b")
    expect(app.page.locator(".editor .status")).to_have_text("Split into 2 branches")
    wait_for_rows(app, "[ ReLU | ]")

    # A layer goes into the empty branch below its row, and from there across.
    press(app, "ArrowDown", "ArrowDown")
    expect(app.page.locator(".row.next")).to_be_focused()
    add(app, "tanh")
    wait_for_rows(app, "[ ReLU | Tanh ]")
    expect(app.row("0.1.0")).to_have_attribute(
        "aria-label", re.compile("^Layer 0.1.0, Tanh, in branch 2 of block 0")
    )
    press(app, "Alt+ArrowUp")
    wait_for_rows(app, "[ ReLU Tanh | ]")
    press(app, "Alt+ArrowDown", "Alt+ArrowDown")
    wait_for_rows(app, "[ ReLU | ] Tanh")
    press(app, "Alt+ArrowUp")
    wait_for_rows(app, "[ ReLU | Tanh ]")

    # More branches, fewer, and none.
    press(app, "Shift+B")
    wait_for_rows(app, "[ ReLU | Tanh | ]")
    press(app, "Delete")  # that row alone is no layer
    expect(app.page.locator(".editor .status")).to_contain_text("Delete the block at its first row")
    wait_for_rows(app, "[ ReLU | Tanh | ]")
    press(app, "Shift+Delete")
    wait_for_rows(app, "[ ReLU | Tanh ]")
    press(app, "u")
    expect(app.page.locator(".editor .status")).to_contain_text("branch 2 deleted")
    wait_for_rows(app, "ReLU")
    press(app, "Control+z")
    wait_for_rows(app, "[ ReLU | Tanh ]")
    expect(end_of_blocks(app).locator(".shape")).to_have_text("2×28×28")


def test_the_menu_offers_what_can_be_done_with_what_is_selected(app: App):
    start(app)
    add(app, "relu")
    menu = app.page.get_by_role("button", name="Block", exact=True)
    item = app.page.get_by_role("menuitem", disabled=False)
    menu.click()
    expect(item).to_have_text([re.compile("Wrap in a residual"), re.compile("Split into")])
    expect(item.first).to_be_focused()
    press(app, "ArrowDown", "Enter")
    wait_for_rows(app, "[ ReLU | ]")
    expect(block(app, "0")).to_be_focused()
    menu.click()
    app.page.get_by_role("menuitem", name="Add a branch").click()
    wait_for_rows(app, "[ ReLU | | ]")

    # The merge is a choice on the block's first row.
    merge = block(app, "0").get_by_role("combobox", name="Block 0, merge")
    merge.select_option("add")
    expect(end_of_blocks(app).locator(".kind")).to_have_text("add")
    expect(end_of_blocks(app).locator(".shape")).to_have_text("1×28×28")
    expect(block(app, "0").locator(".kind").first).to_have_text("Sum of 3 branches")


def test_a_block_is_given_a_name_which_stays_and_goes_out(app: App):
    start(app)
    add(app, "relu")
    press(app, "r")
    wait_for_rows(app, "[ ReLU | ]")
    name = block(app, "0").get_by_role("textbox", name="Block 0, name")
    expect(name).to_have_attribute("placeholder", "unnamed")
    name.fill("stem <b>1</b>")
    app.until(lambda: "stem <b>1</b>" in names_in_address(app), "the address holds the name")
    # Unfolded it stands in its input, folded in the place of what the block is.
    expect(block(app, "0").locator(".name")).to_have_text("Residual")
    press(app, "Escape")
    block(app, "0").locator(".fold").click()
    expect(block(app, "0").locator(".name")).to_have_text("stem <b>1</b>Residual · 1 layer")
    expect(block(app, "0")).to_have_attribute("aria-label", re.compile(r"stem <b>1</b>"))
    app.page.reload()
    app.settled()
    expect(name).to_have_value("stem <b>1</b>")
    name.fill("n" * 121)
    expect(block(app, "0").locator(".problem")).to_contain_text(
        "name must be a text of at most 120 characters"
    )
    name.fill("")
    expect(block(app, "0").locator(".problem")).to_be_hidden()
    expect(end_of_blocks(app).locator(".shape")).to_have_text("1×28×28")


def test_what_is_chosen_is_whole_blocks_and_a_block_does_not_go_into_itself(app: App):
    start(app)
    for kind in ("relu", "tanh", "gelu"):
        add(app, kind)
    press(app, "ArrowUp", "r")
    wait_for_rows(app, "ReLU [ Tanh | ] GELU")
    app.row("0").locator(".kind").click()
    app.row("1.0.0").locator(".kind").click(modifiers=["Shift"])
    expect(app.page.locator(".several .count")).to_have_text("1 layer and 1 block")
    expect(app.page.locator(".row.chosen")).to_have_count(5)
    press(app, "Control+d")
    wait_for_rows(app, "ReLU [ Tanh | ] ReLU [ Tanh | ] GELU")
    press(app, "Delete")
    wait_for_rows(app, "ReLU [ Tanh | ] GELU")

    grip, target = box_of(block(app, "1").locator(".grip")), box_of(app.row("1.0.0"))
    app.page.mouse.move(grip["x"] + 6, grip["y"] + 12)
    app.page.mouse.down()
    app.page.mouse.move(grip["x"] + 6, target["y"] + target["height"] - 3, steps=6)
    expect(app.page.locator(".drop")).to_be_hidden()
    app.page.mouse.up()
    wait_for_rows(app, "ReLU [ Tanh | ] GELU")

    # A layer from outside goes into the empty branch.
    grip, target = box_of(app.row("2").locator(".grip")), box_of(end_of_blocks(app))
    app.page.mouse.move(grip["x"] + 6, grip["y"] + 12)
    app.page.mouse.down()
    app.page.mouse.move(grip["x"] + 6, target["y"] + 4, steps=6)
    expect(app.page.locator(".drop")).to_be_visible()
    app.page.mouse.up()
    wait_for_rows(app, "ReLU [ Tanh | GELU ]")


def test_the_graph_beside_the_list_shows_what_is_selected_and_selects(app: App):
    start(app)
    for kind in ("conv2d", "relu"):
        add(app, kind)
    wait_for_rows(app, "Conv2d ReLU")
    graph, spots = app.page.locator(".graph"), app.page.locator(".graph .spot")
    expect(graph).to_be_hidden()  # of what stands in one line it would show nothing
    press(app, "r")
    wait_for_rows(app, "Conv2d [ ReLU | ]")
    expect(spots).to_have_count(3)
    expect(spots.locator("title")).to_have_text(["0 Conv2d", "1.0.0 ReLU", "1 Residual"])
    selected = app.page.locator(".graph .spot.selected title")
    expect(selected).to_have_text("1 Residual")
    press(app, "ArrowUp")
    expect(selected).to_have_text("0 Conv2d")

    # What a folded block holds is drawn as well; a click on it unfolds the block.
    block(app, "1").locator(".fold").click()
    wait_for_rows(app, "Conv2d [")
    spots.nth(1).click()
    wait_for_rows(app, "Conv2d [ ReLU | ]")
    expect(app.row("1.0.0")).to_be_focused()
    expect(selected).to_have_text("1.0.0 ReLU")
    press(app, "Alt+ArrowDown", "Alt+ArrowDown")
    wait_for_rows(app, "Conv2d [ | ] ReLU")
    expect(spots.locator("title")).to_have_text(["0 Conv2d", "1 Residual", "2 ReLU"])
    press(app, "Control+z", "Control+z", "Control+z")
    wait_for_rows(app, "Conv2d ReLU")
    expect(graph).to_be_hidden()


CONV = Conv2d(out_channels=4, kernel_size=3, padding=1)


def test_a_long_stack_begins_folded_and_leads_to_what_does_not_fit_inside(app: App):
    residual = Branches(merge="add", branches=((CONV, ReLU(), CONV), ()))
    inner = Branches(merge="concat", branches=((), (ReLU(), Linear(out_features=10))))
    broken = Branches(merge="add", branches=((inner,), ()), name="layer3.0")
    open_layers(app, (CONV, *(residual,) * 6, broken, Flatten()))
    wait_for_rows(app, "Conv2d" + " [" * 7 + " Flatten")
    expect(block(app, "1").locator(".inside")).to_have_text("2 convolutions")
    expect(block(app, "1").locator(".params")).to_have_text("296")
    line = block(app, "7")
    expect(line.locator(".name")).to_have_text("layer3.0Residual · 2 layers")
    problem = line.locator(".problem")
    expect(problem).to_contain_text("Inside, at layer 7.0.0.1.1 (Linear): Linear takes a vector")

    problem.get_by_role("button", name="Show").click()
    expect(app.row("7.0.0.1.1")).to_be_focused()
    expect(app.row("7.0.0.1.1").locator(".problem")).to_contain_text("Linear takes a vector")
    assert rows(app) == [
        *("Conv2d", "[", "[", "[", "[", "[", "["),
        *("[", "[", "|", "ReLU", "Linear", "]", "|", "]", "Flatten"),
    ]

    # Folding what holds the selected row selects the block.
    press(app, "ArrowLeft")  # to its block
    expect(block(app, "7.0.0")).to_be_focused()
    line.locator(".fold").click()
    expect(line).to_be_focused()
    wait_for_rows(app, "Conv2d" + " [" * 7 + " Flatten")


def test_a_selected_block_is_told_of_by_its_merge(app: App):
    open_layers(app, (CONV, Branches(merge="concat", branches=((CONV,), ()))))
    block(app, "1").locator(".kind").first.click()
    expect(app.page.locator(".layer h2").first).to_have_text("1 · concat of 2")
    app.row("1.0.0").locator(".kind").click()
    expect(app.page.locator(".layer h2").first).to_have_text("1.0.0 · Conv2d")
    end_of_blocks(app).locator(".kind").click()
    expect(app.page.locator(".layer h2").first).to_have_text("1 · concat of 2")


def test_a_folded_block_tells_of_the_hints_that_it_hides(app: App):
    biased = (CONV, BatchNorm2d(), ReLU(), CONV, BatchNorm2d())
    open_layers(app, (CONV, Branches(merge="add", branches=(biased, ()))))
    wait_for_rows(app, "Conv2d [ Conv2d BatchNorm2d ReLU Conv2d BatchNorm2d | ]")
    expect(app.row("1.0.0").locator(".hint-mark")).to_be_visible()
    line = block(app, "1")
    expect(line.locator(".hint-mark")).to_have_count(0)
    line.locator(".fold").click()
    wait_for_rows(app, "Conv2d [")
    expect(line.locator(".hints")).to_have_text("2 hints inside: unfold the block.")
    line.locator(".fold").click()
    wait_for_rows(app, "Conv2d [ Conv2d BatchNorm2d ReLU Conv2d BatchNorm2d | ]")
    expect(line.locator(".hint-mark")).to_have_count(0)


def test_of_a_very_long_stack_only_what_is_in_view_is_kept_up_to_date(app: App):
    dense = [Branches(merge="concat", branches=((), (ReLU(), CONV, ReLU()))) for _ in range(125)]
    open_layers(app, (CONV, *dense))
    app.page.get_by_role("button", name="Block", exact=True).click()
    app.page.get_by_role("menuitem", name="Unfold all blocks").click()
    expect(app.page.locator(".rows .row")).to_have_count(1 + 125 * 6)
    # Its end, reached by a key, has its numbers.
    app.row("0").locator(".kind").click()
    press(app, "End")
    last = end_of_blocks(app).last
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    expect(last.locator(".shape")).to_have_text("504×28×28")
    # What is edited elsewhere is seen there once it comes into view again, and not before.
    press(app, "Home")
    expect(app.row("0")).to_be_focused()
    app.row("0").locator("input[name=out_channels]").fill("9")
    expect(app.row("0").locator(".shape")).to_have_text("9×28×28")
    expect(app.row("1.1.1").locator(".shape")).to_have_text("4×28×28")
    shape = last.locator(".shape")
    assert shape.text_content() == "504×28×28"
    app.page.locator(".scroller").evaluate("each => each.scrollTo(0, each.scrollHeight)")
    expect(shape).to_have_text("509×28×28")
    # What was selected is not, though it is out of view.
    app.row("125.1.1").locator(".kind").click()
    expect(app.page.locator(".rows [aria-selected=true]")).to_have_count(1)
    expect(app.page.locator('.rows [tabindex="0"][role=row]')).to_have_count(1)
    # A click in the picture leads to the middle.
    app.page.locator(".graph .spot").nth(2 + 4 * 60).click()
    row = app.row("61.1.1")
    expect(row).to_be_focused()
    expect(row).to_be_in_viewport()
    expect(row.locator(".sees")).to_have_text(f"{3 + 2 * 61}×{3 + 2 * 61}")
