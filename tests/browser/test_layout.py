"""The pages' parts have room in every window: nothing that is needed is covered, cut off or left
empty.
"""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import App, box_of

pytestmark = pytest.mark.browser

SIZES = [(1440, 900), (1024, 768), (683, 512), (390, 844)]
PROJECTOR = (683, 512)  # 1024x768, enlarged to 150 %


def box(part: Locator) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    found = box_of(part)
    return (found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"])


def overlap(one: Locator, other: Locator) -> bool:
    return boxes_overlap(box(one), box(other))


def boxes_overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def at_size(app: App, size: tuple[int, int], path: str) -> None:
    app.page.set_viewport_size({"width": size[0], "height": size[1]})
    app.open(path)


def test_a_page_is_seen_once_its_styles_are_there(app: App):
    """Not unstyled first, to jump when they come."""
    held: list[Route] = []
    app.page.route("**/all.css", lambda route: held.append(route))
    app.page.goto(f"{app.url}/?page=runs")
    heading = app.page.get_by_role("heading", name="All runs", include_hidden=True)
    expect(heading).to_have_count(1)
    expect(heading).to_be_hidden()
    app.until(lambda: held, "the styles are asked for")
    held.pop().continue_()
    # By the styles themselves, not because it has waited long enough.
    expect(app.page.get_by_role("main")).to_have_css("animation-name", "none")
    expect(heading).to_be_visible()
    size = "(part) => getComputedStyle(part).fontSize"
    assert heading.evaluate(size) == app.page.locator(":root").evaluate(size)


def test_a_page_whose_styles_do_not_come_is_seen_without(app: App):
    app.page.route("**/all.css", lambda route: route.abort())
    app.page.goto(f"{app.url}/?page=runs")
    expect(app.page.get_by_role("heading", name="All runs")).to_be_visible()


@pytest.mark.parametrize("size", [(1440, 900), (1920, 1080), (2560, 1440)])
def test_the_pages_links_stand_above_the_left_edge_of_what_is_below(app: App, size):
    at_size(app, size, "/?page=compare")
    links = app.page.get_by_role("navigation", name="Pages")
    expect(links).to_be_visible()
    assert box(links)[0] == pytest.approx(box(app.page.locator(".compare"))[0], abs=12)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_said_for_a_moment_covers_nothing_that_is_pressed_or_read_next(app: App, size):
    at_size(app, size, "/")
    app.images_box.click()
    app.page.get_by_role("option", name="CIFAR-10 ·").click()
    said = app.page.get_by_test_id("stToast")
    expect(said).to_contain_text("The input is now 3×32×32")
    said.hover()  # so that it stays
    for needed in (
        app.link_to("Train"),
        app.started_from,
        app.name_box,
        app.page.get_by_role("button", name="Share & save").last,
        app.page.locator(".totals"),
    ):
        assert not overlap(said, needed), needed
    app.go_to("Train")
    length = app.page.get_by_role("spinbutton", name="Epochs", exact=True)
    length.fill("0")
    length.press("Enter")
    app.settled()
    images = app.page.get_by_role("combobox", name="Images").last
    images.scroll_into_view_if_needed()
    still_said = said.evaluate_all(  # at once, as they go after a while
        """(toasts) => toasts.map((toast) => toast.getBoundingClientRect())
               .map(({left, top, right, bottom}) => [left, top, right, bottom])"""
    )
    assert not any(boxes_overlap(each, box(images)) for each in still_said)


@pytest.mark.parametrize("size", SIZES)
def test_no_total_has_its_name_cut_off(app: App, size):
    at_size(app, size, "/")
    names = app.page.locator(".totals span")
    expect(names).to_have_count(6)
    assert (
        names.evaluate_all(
            "(names) => names.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)"
        )
        == []
    )


# Pairs of texts in one row that lie over each other.
OVER_EACH_OTHER = """(rows) => {
  const parts = ".index, .kind, .inside, .chips, .arguments, .shape, .sees, .params, .actions";
  const boxes = (part) => {
    const words = document.createRange();
    words.selectNodeContents(part);
    return [...words.getClientRects()];
  };
  const meet = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3; // lines of text may touch
  const found = [];
  for (const row of rows) {
    const shown = [...row.querySelectorAll(parts)].filter((part) => part.checkVisibility({ opacityProperty: true }));
    for (const [i, one] of shown.entries())
      for (const other of shown.slice(i + 1))
        if (!one.contains(other) && boxes(one).some((a) => boxes(other).some((b) => meet(a, b))))
          found.push(`${row.dataset.layerIndex}: ${one.textContent} | ${other.textContent}`);
  }
  return found;
}"""


@pytest.mark.parametrize("network", ["mini-inception", "densenet-121"])
def test_no_text_of_a_row_lies_over_another(app: App, network: str):
    app.open("/")
    app.preset(network)
    rows = app.page.locator("[data-layer-index]")
    for width in (1440, 1024, 980, 820, 683, 390, 340):
        app.page.set_viewport_size({"width": width, "height": 900})
        app.settled()
        assert rows.evaluate_all(OVER_EACH_OTHER) == [], width


def test_images_that_are_not_here_are_told_of_where_they_are_chosen(app: App):
    app.open("/")
    absent = app.page.locator(".absent")
    app.images_box.click()
    app.page.get_by_role("option", name="CIFAR-10 ·").click()
    expect(absent).to_have_text("CIFAR-10 is not on this server yet; training downloads it.")
    app.settled()
    app.images_box.click()
    app.page.get_by_role("option", name="Digits").click()
    expect(absent).to_have_count(0)


@pytest.mark.parametrize("view", ["Structure", "Verdict", "Trade-off"])
def test_the_controls_of_compare_leave_a_low_window_to_what_is_compared(app: App, view: str):
    # A run on other images than the author's, so that there is a choice of images as well.
    app.open("/?page=train")
    app.train_on_digits(1)
    at_size(app, PROJECTOR, f"/?page=compare&view={view}")
    images = app.page.get_by_role("combobox", name="Results on")
    expect(images).to_be_visible()
    menus = app.page.locator(".st-key-compare-line")
    assert box(menus)[3] < PROJECTOR[1] * 0.4
    train, download = (
        app.page.get_by_role("button", name=name, exact=True) for name in ("Train all", "Download")
    )
    views = app.choice("Trade-off")
    for one, other in pairwise([views, images, train, download]):
        assert not overlap(one, other)
        assert abs(box(one)[3] - box(other)[3]) < 8  # in one line
    assert box(download)[2] <= PROJECTOR[0]
    train.click()  # that its words are not seen is no loss to who hears them or presses it
    expect(app.page.get_by_role("spinbutton", name="Seeds")).to_be_visible()


@pytest.mark.parametrize("size", [PROJECTOR, (390, 844)])
def test_no_name_above_the_stacks_side_by_side_is_cut_in_two(app: App, size):
    at_size(app, size, "/?page=compare")
    area = app.page.locator(".compare")
    left, _, right, _ = box(area)
    heads = area.locator("thead th").all()
    shown = [head for head in heads if box(head)[0] < right - 2]
    assert 2 <= len(shown) <= len(heads) == 5
    for head in shown:
        assert box(head)[2] <= right + 1
        assert head.evaluate("(cell) => cell.scrollWidth <= cell.clientWidth")
    # What a row is of stays in view beside the last column.
    area.evaluate("(area) => area.scrollTo(area.scrollWidth, 0)")
    expect(heads[-1]).to_be_in_viewport(ratio=1)
    assert box(area.locator(".stage th").first)[0] == pytest.approx(left, abs=2)


def test_a_network_that_is_pointed_at_in_one_chart_is_lifted_in_all(app: App):
    app.open("/?page=compare&view=Shape of computation")
    charts = app.page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(5)
    lines = ".mark-line path"
    expect(charts.last.locator(lines)).to_have_count(5)
    before = [
        line.evaluate("(line) => getComputedStyle(line).opacity")
        for line in charts.last.locator(lines).all()
    ]
    assert before == ["1"] * 5
    left, top, right, bottom = box(charts.first.locator(".background").first)
    app.page.mouse.move((left + right) / 2, (top + bottom) / 2)
    app.page.mouse.move((left + right) / 2 + 2, (top + bottom) / 2)
    for chart in charts.all():
        expect(chart.locator(lines)).to_have_count(5)
        app.until(
            lambda chart=chart: (
                sorted(
                    line.evaluate("(line) => getComputedStyle(line).opacity")
                    for line in chart.locator(lines).all()
                )
                == ["0.15"] * 4 + ["1"]
            ),
            "one line is lifted",
        )


def test_before_a_run_its_length_and_the_places_of_its_charts_are_shown(app: App):
    app.open("/?page=train")
    coming = app.page.locator(".coming")
    expect(coming).to_contain_text("20 epochs of 469 steps, 9,380 steps in all")
    expect(coming.locator("section h3")).to_have_text(
        ["Loss", "Accuracy after each epoch", "Epochs"]
    )
    app.choose_digits()
    expect(coming).to_contain_text("20 epochs of 12 steps, 240 steps in all")
    loss, accuracy = coming.locator("section.chart").all()
    assert box(loss)[1] == pytest.approx(box(accuracy)[1], abs=1)
    assert box(accuracy)[2] == pytest.approx(box(coming)[2], abs=2)  # no empty third column


def test_the_chart_of_costs_is_told_in_words_and_opens_a_table(app: App):
    app.open("/")
    expect(app.page.locator(".costs caption")).to_have_text(
        "Most parameters: 16 Linear, 35.1 %. Most multiply-adds: 3 Conv2d, 44.4 %."
    )
    numbers = app.page.locator(".costs .numbers")
    expect(numbers).to_be_hidden()
    app.page.locator(".costs summary").click()
    expect(numbers.get_by_role("row", name="All layers")).to_contain_text("16,426")
    app.type_into(0, "out_channels", "9")
    expect(numbers.get_by_role("row", name="0 Conv2d")).to_contain_text("90")  # still open
