"""Several rows at once, blocks, hints, and the way back: what an experienced hand does with the
stack.
"""

import re

import pytest
from playwright.sync_api import expect

from explorer.network.spec import MAX_LAYERS
from explorer.presets import load_presets
from tests.browser.conftest import App, box_of

pytestmark = pytest.mark.browser


def kinds(app: App) -> list[str]:
    """The names in the stack, top to bottom."""
    return [
        row.get_attribute("data-kind") or "" for row in app.page.locator("[data-layer-index]").all()
    ]


def of_preset(name: str) -> list[str]:
    return [layer.kind for layer in load_presets()[name].architecture.layers]


def wait_for_kinds(app: App, wanted: list[str]) -> None:
    """Also until Python has answered for every row."""
    expect(app.page.locator("[data-layer-index]")).to_have_count(len(wanted))
    expect(app.page.locator(".editor.asking")).to_have_count(0)
    assert kinds(app) == wanted


def start(app: App, preset: str) -> list[str]:
    app.open()
    app.preset(preset)
    wait_for_kinds(app, of_preset(preset))
    return of_preset(preset)


def press(app: App, index: int, *modifiers: str) -> None:
    """A press on a layer's name."""
    app.row(index).locator(".kind").click(modifiers=list(modifiers))


def chosen(app: App) -> list[int]:
    return [
        int(row.get_attribute("data-layer-index") or -1)
        for row in app.page.locator("[data-layer-index].chosen").all()
    ]


def add(app: App, search: str) -> None:
    app.page.keyboard.press("/")
    app.page.keyboard.type(search)
    app.page.keyboard.press("Enter")


def test_rows_are_chosen_with_shift_and_control(app):
    names = start(app, "strided-20k")
    bar = app.page.locator(".several")
    expect(bar).to_be_hidden()
    press(app, 2)
    assert chosen(app) == []
    press(app, 5, "Shift")
    assert chosen(app) == [2, 3, 4, 5]
    expect(bar.locator(".count")).to_have_text("4 layers")
    press(app, 8, "Control")
    assert chosen(app) == [2, 3, 4, 5, 8]
    press(app, 3, "Control")
    assert chosen(app) == [2, 4, 5, 8]
    app.page.keyboard.press("Escape")
    assert chosen(app) == []
    expect(bar).to_be_hidden()
    press(app, 4)
    for _ in range(2):
        app.page.keyboard.press("Shift+ArrowDown")
    assert chosen(app) == [4, 5, 6]
    for _ in range(3):
        app.page.keyboard.press("Shift+ArrowUp")
    assert chosen(app) == [3, 4]
    app.page.keyboard.press("Control+a")
    assert len(chosen(app)) == len(names)
    app.page.keyboard.press("ArrowDown")
    assert chosen(app) == []


def test_chosen_rows_are_moved_duplicated_repeated_and_deleted(app):
    names = start(app, "strided-20k")
    press(app, 0)
    press(app, 2, "Shift")
    app.page.keyboard.press("Alt+ArrowDown")
    wait_for_kinds(app, [names[3], *names[:3], *names[4:]])
    assert chosen(app) == [1, 2, 3]
    app.page.keyboard.press("Alt+ArrowUp")
    app.page.keyboard.press("Alt+ArrowUp")  # they are at the top already
    wait_for_kinds(app, names)

    app.page.keyboard.press("Control+d")
    wait_for_kinds(app, [*names[:3], *names])
    assert chosen(app) == [3, 4, 5]
    app.page.keyboard.press("Delete")
    wait_for_kinds(app, names)
    assert chosen(app) == []

    press(app, 0)
    press(app, 2, "Shift")
    times = app.page.get_by_role("spinbutton", name="Times")
    times.fill("3")
    app.page.get_by_role("button", name="Repeat").click()
    wait_for_kinds(app, [*names[:3] * 3, *names[3:]])
    app.page.keyboard.press("Control+z")
    wait_for_kinds(app, names)

    app.page.keyboard.press("Control+a")
    times.fill("10")
    times.press("Enter")
    wait_for_kinds(app, names * 10)
    times.fill("10")
    times.press("Enter")
    expect(app.page.locator(".editor .status")).to_contain_text(f"at most {MAX_LAYERS} layers")
    assert kinds(app) == names * 10
    times.press("Escape")
    assert chosen(app) == []


def test_chosen_rows_are_dragged_together(app):
    names = start(app, "strided-20k")
    press(app, 1)
    press(app, 2, "Shift")
    grip, target = box_of(app.row(1).locator(".grip")), box_of(app.row(4))
    app.page.mouse.move(grip["x"] + 6, grip["y"] + grip["height"] / 2)
    app.page.mouse.down()
    app.page.mouse.move(grip["x"] + 6, target["y"] + target["height"] - 3, steps=6)
    app.page.mouse.up()
    wait_for_kinds(app, [names[0], *names[3:5], *names[1:3], *names[5:]])


def test_a_block_comes_and_goes_in_one_step(app):
    names = start(app, "strided-20k")
    press(app, 0)
    channels = app.row(0).locator("input[name=out_channels]").input_value()
    add(app, "depthwise")
    wait_for_kinds(app, [names[0], "Conv2d", "Conv2d", *names[1:]])
    expect(app.row(1).locator("input[name=out_channels]")).to_have_value(channels)
    expect(app.row(1).locator(".chips")).to_contain_text(f"groups {channels}")
    assert chosen(app) == [1, 2]
    app.page.keyboard.press("Control+z")
    wait_for_kinds(app, names)
    for search, kinds in (
        ("conv-bn", ["Conv2d", "BatchNorm2d", "ReLU"]),
        ("gap", ["AdaptiveAvgPool2d", "Flatten", "Linear"]),
    ):
        add(app, search)
        wait_for_kinds(app, [names[0], *kinds, *names[1:]])
        app.page.keyboard.press("Control+z")
        wait_for_kinds(app, names)


def test_a_problem_is_mended_by_its_fix(app):
    start(app, "blank")
    app.page.get_by_role("button", name="Add layer").first.click()
    app.page.keyboard.type("conv2d")
    app.page.keyboard.press("Enter")
    add(app, "linear")
    expect(app.row(1).locator(".problem")).to_be_visible()
    app.row(1).get_by_role("button", name="Apply fix").click()
    wait_for_kinds(app, ["Conv2d", "Flatten", "Linear"])
    expect(app.page.locator(".problem:visible")).to_have_count(0)
    expect(app.row(2).locator(".shape")).to_have_text("10")


def test_undo_to_the_start_and_redo_to_the_end(app):
    names = start(app, "strided-20k")
    before = app.cells("params")
    press(app, 0)
    edits = (
        "Control+d",
        "Alt+ArrowDown",
        "Delete",
        "Shift+ArrowDown",
        "Control+d",
        "Alt+ArrowDown",
        "Delete",
        "Control+d",
        "Delete",
    )
    for keys in edits:
        app.page.keyboard.press(keys)
    app.type_into(0, "out_channels", "12")
    expect(app.row(0).locator(".shape")).to_have_text(re.compile(r"^12×"))
    expect(app.page.locator(".editor.asking")).to_have_count(0)
    after, params = kinds(app), app.cells("params")
    undo, redo = (
        app.page.get_by_role("button", name="Undo"),
        app.page.get_by_role("button", name="Redo"),
    )
    # The preset that was picked is a step as well, and it stays.
    for _ in range(len(edits)):
        undo.click()
    wait_for_kinds(app, names)
    app.until(lambda: app.cells("params") == before, "the numbers are those of the start")
    while redo.is_enabled():
        redo.click()
    wait_for_kinds(app, after)
    app.until(lambda: app.cells("params") == params, "the numbers are those of the end")


def test_undo_past_a_preset_brings_back_its_name_images_and_recipe(app):
    start(app, "strided-20k")
    name = app.name_box
    before = name.input_value()
    app.preset("blank")
    wait_for_kinds(app, [])
    expect(name).not_to_have_value(before)
    app.page.get_by_role("button", name="Undo").click()
    wait_for_kinds(app, of_preset("strided-20k"))
    expect(name).to_have_value(before)
    expect(app.started_from).to_contain_text("strided-20k")
    expect(app.page.locator(".origin")).not_to_have_class(re.compile("changed"))
    app.page.get_by_role("button", name="Redo").click()
    wait_for_kinds(app, [])
    expect(app.started_from).to_contain_text("blank")
    app.page.get_by_role("button", name="Undo").click()
    wait_for_kinds(app, of_preset("strided-20k"))
    app.page.get_by_role("button", name="Undo").click()  # to what the page opened with
    wait_for_kinds(app, of_preset("adaptive-pool-16k"))
    expect(app.started_from).to_contain_text("adaptive-pool-16k")


def test_a_pair_is_taken_as_torch_writes_it(app):
    start(app, "adaptive-pool-16k")
    app.type_into(0, "kernel_size", "(3, 5)")
    expect(app.row(0).locator(".shape")).to_have_text("8×26×24")


def test_a_page_begins_at_the_first_convolution_and_marks_it_before_any_is_selected(app):
    app.open()  # as a visitor comes
    documented = [id for id, preset in load_presets().items() if preset.documented]
    for preset in [None, *documented, "vgg-16", "resnet-50"]:  # the last begins folded
        if preset:
            start(app, preset)
        told = app.page.locator(".layer h2").first
        expect(told).to_have_text("0 · Conv2d")
        marked = app.page.locator(".row.described")
        expect(marked).to_have_count(1)
        expect(marked).to_have_attribute("data-layer-index", "0")
        expect(app.page.locator(".row.selected")).to_have_count(0)
    press(app, 1)
    expect(told).to_have_text(re.compile("^1 · "))
    expect(marked).to_have_count(0)
    expect(app.row(1)).to_have_class(re.compile("selected"))


def test_a_hint_is_quiet_until_its_row_is_selected_and_then_applied(app):
    start(app, "gap-17k")
    mark, words = app.row(0).locator(".hint-mark"), app.row(0).locator(".hints")
    expect(mark).to_be_visible()
    expect(words).to_be_hidden()
    press(app, 0)
    expect(words).to_contain_text("cancels this bias")
    words.get_by_role("button", name="Apply").click()
    expect(app.row(0).locator(".chips")).to_have_text("bias off")
    expect(mark).to_have_count(0)
    expect(words).to_be_hidden()
    app.page.keyboard.press("Control+z")
    expect(mark).to_be_visible()


def test_a_press_is_not_lost_when_a_hint_above_it_closes(app):
    names = start(app, "gap-17k")
    press(app, 0)
    expect(app.row(0).locator(".hints")).to_be_visible()
    app.row(2).hover()
    app.row(2).get_by_role("button", name="Duplicate").click()
    wait_for_kinds(app, [*names[:3], *names[2:]])
    expect(app.row(0).locator(".hints")).to_be_hidden()


def test_a_second_remedy_is_taken(app):
    start(app, "strided-20k")
    app.type_into(0, "kernel_size", "40")
    problem = app.row(0).locator(".problem")
    expect(problem).to_contain_text("Conv2d 40×40 needs a map of at least 40×40")
    problem.get_by_role("button", name="set padding to").click()
    expect(problem).to_be_hidden()
    expect(app.row(0).locator("input[name=kernel_size]")).to_have_value("40")
    app.page.keyboard.press("Control+z")
    expect(problem).to_be_visible()
    problem.get_by_role("button", name="shrink kernel_size").click()
    expect(problem).to_be_hidden()
    expect(app.row(0).locator("input[name=kernel_size]")).not_to_have_value("40")
