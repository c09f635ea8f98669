"""The stack editor's own JavaScript, as the browser gets it: layers made, text read, steps taken
back.
"""

from functools import cache
from typing import Any

import pytest

from explorer.network.layers import LAYERS
from explorer.network.spec import new_layer
from explorer.ui.components.field_view import component as field_view
from explorer.ui.components.stack_editor import component as stack_editor
from explorer.ui.components.stack_editor import palette, parse_draft
from tests.ui.javascript import evaluate


def editor(expression: str) -> Any:
    return evaluate(stack_editor.FOLDER, stack_editor.CONSTANTS, expression)


def parsed(*layers: dict[str, Any]) -> tuple[Any, ...]:
    return parse_draft({"base": 0, "seq": 1, "stack": list(layers), "selected": None}).layers


# --- layers ---------------------------------------------------------------------------------------


@cache
def made() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = editor("Object.keys(KINDS).map((kind) => makeLayer(kind))")
    return found


@pytest.mark.parametrize("kind", LAYERS)
def test_what_the_palette_adds_is_the_new_layer(kind: str) -> None:
    (layer,) = (each for each in made() if each["kind"] == kind)
    assert parsed(layer) == (new_layer(kind),)


def test_no_two_layers_have_the_same_uid() -> None:
    uids = editor("Array.from({length: 2000}, () => makeUid())")
    assert len(set(uids)) == 2000


STACK = 'const s = [..."abcde"].map((uid) => ({uid, kind: "ReLU"}))'


def order(expression: str) -> str:
    found: str = editor(
        f"(() => {{ {STACK}; return {expression}.map((layer) => layer.uid).join('') }})()"
    )
    return found


@pytest.mark.parametrize(
    ("expression", "uids"),
    [
        ("moveLayers(s, ['b'], 0)", "bacde"),
        ("moveLayers(s, ['b'], 1)", "abcde"),
        ("moveLayers(s, ['b'], 2)", "abcde"),
        ("moveLayers(s, ['b'], 5)", "acdeb"),
        ("moveLayers(s, ['a', 'd'], 3)", "bcade"),
        ("moveLayers(s, ['d', 'a'], 5)", "bcead"),
        ("removeLayers(s, ['a', 'e', 'x'])", "bcd"),
        ("insertLayers(s, 2, [{uid: 'x'}])", "abxcde"),
    ],
)
def test_layers_are_moved_removed_and_put_in(expression: str, uids: str) -> None:
    assert order(expression) == uids


def test_copies_follow_the_last_of_the_originals() -> None:
    found = editor(
        f"(() => {{ {STACK}; const made = duplicateLayers(s, ['b', 'd'], 2);"
        " return {stack: made.stack.map((each) => made.copies.includes(each) ? 'copy' : each.uid),"
        " fresh: new Set(made.stack.map((each) => each.uid)).size} })()"
    )
    assert found == {"stack": ["a", "b", "c", "d", *["copy"] * 4, "e"], "fresh": 9}


# --- values ---------------------------------------------------------------------------------------

FIELDS = {
    (kind, field["name"]): field for kind, row in palette().items() for field in row["fields"]
}


@pytest.mark.parametrize(
    ("kind", "name", "text", "read"),
    [
        ("Conv2d", "kernel_size", "3", {"value": 3}),
        ("Conv2d", "kernel_size", " 3×5 ", {"value": [3, 5]}),
        ("Conv2d", "kernel_size", "(3, 5)", {"value": [3, 5]}),
        ("Conv2d", "kernel_size", "[3 5]", {"value": [3, 5]}),
        ("Conv2d", "kernel_size", "3x3", {"value": 3}),
        ("Conv2d", "kernel_size", "3x", {"unfinished": True}),
        ("Conv2d", "kernel_size", "(3,", {"unfinished": True}),
        ("Conv2d", "kernel_size", "", {"unfinished": True}),
        ("Conv2d", "kernel_size", "0", {"wrong": True}),
        ("Conv2d", "kernel_size", "-1", {"wrong": True}),
        ("Conv2d", "kernel_size", "4097", {"wrong": True}),
        ("Conv2d", "kernel_size", "3.5", {"wrong": True}),
        ("Conv2d", "kernel_size", "3,3,3", {"wrong": True}),
        ("Conv2d", "kernel_size", "three", {"wrong": True}),
        ("Conv2d", "kernel_size", "<b>", {"wrong": True}),
        ("Conv2d", "padding", "sa", {"unfinished": True}),
        ("Conv2d", "padding", "same", {"value": "same"}),
        ("MaxPool2d", "stride", "", {"value": None}),
        ("Dropout", "p", "0", {"value": 0}),
        ("Dropout", "p", "0,25", {"value": 0.25}),
        ("Dropout", "p", "1e-1", {"value": 0.1}),
        ("Dropout", "p", "0.", {"value": 0}),
        ("Dropout", "p", ".", {"unfinished": True}),
        ("Dropout", "p", "1.5", {"wrong": True}),
        ("BatchNorm2d", "eps", "0.0", {"unfinished": True}),
    ],
)
def test_text_is_read_as_a_value(kind: str, name: str, text: str, read: dict[str, Any]) -> None:
    assert (kind, name) in FIELDS
    field = f"KINDS[{kind!r}].fields.find((field) => field.name === {name!r})"
    assert editor(f"readText({text!r}, {field})") == read


@pytest.mark.parametrize(
    ("kind", "name", "text", "by", "stepped"),
    [
        ("Conv2d", "kernel_size", "3", 1, "4"),
        ("Conv2d", "kernel_size", "3×5", -1, "2×4"),
        ("Conv2d", "kernel_size", "1", -1, "1"),
        ("Dropout", "p", "0.1", 1, "0.15"),
        ("Dropout", "p", "1", 1, "1"),
        ("Conv2d", "padding", "same", 1, None),
        ("Conv2d", "kernel_size", "x", 1, None),
    ],
)
def test_an_arrow_key_steps_within_the_bounds(
    kind: str, name: str, text: str, by: int, stepped: str | None
) -> None:
    field = f"KINDS[{kind!r}].fields.find((field) => field.name === {name!r})"
    assert editor(f"stepText({text!r}, {field}, {by})") == stepped


def test_what_the_row_does_not_show_is_told_beside_it_where_it_is_not_the_default() -> None:
    """Every argument is either on the row or a chip once it is changed."""
    hidden = {key: field for key, field in FIELDS.items() if not field["on_row"]}
    assert hidden
    assert not any(field["required"] for field in hidden.values())
    chips = editor(
        "Object.entries(KINDS).flatMap(([kind, row]) => row.fields.filter((field) => "
        "!field.on_row).map((field) => [kind, field.name, isDefault(makeLayer(kind), field), "
        "chipText(makeLayer(kind), field)]))"
    )
    assert {(kind, name) for kind, name, *_ in chips} == set(hidden)
    for _, name, is_default, text in chips:
        assert is_default
        assert text.startswith(f"{name} ")
        assert "undefined" not in text
        assert "null" not in text


# --- history --------------------------------------------------------------------------------------


def test_undo_and_redo_travel_step_by_step_and_digits_are_one_step() -> None:
    found = editor(
        "(() => { const h = openHistory('k'), seen = []; let now = 'a'; const edit = (next, "
        "merging) => { remember(h, now, merging); now = next; }; "
        "const go = (back) => { const to = travel(h, now, back); if (to !== null) now = to; "
        "seen.push(to); }; edit('b'); edit('c1', 'x'); edit('c12', 'x'); edit('d'); go(true); "
        "go(true); go(true); go(true); go(false); edit('e'); go(false); go(true); return {seen, "
        "now, same: openHistory('k') === h}; })()"
    )
    assert found == {"seen": ["c12", "b", "a", None, "b", None, "b"], "now": "b", "same": True}


# --- the field view's words -----------------------------------------------------------------------

DATA = """{
  isMap: true, apart: false, theoretical: [7, 7], jump: [1, 1], note: "", channels: 4, names: null,
  rows: {seen: [[[0, 3]], [[0, 2], [4, 1]]], window: [5, 5], inside: [3, 5], unseen: [[9, 1]]},
  columns: {seen: [[[2, 1]], [[0, 5]]], window: [5, 5], inside: [5, 5], unseen: []},
}"""


def words(expression: str) -> Any:
    return evaluate(field_view.FOLDER, field_view.CONSTANTS, f"((data) => ({expression}))({DATA})")


def test_a_unit_is_said_to_see_the_pixels_that_python_counted() -> None:
    exact = words("[exactWords(data, {row: 0, column: 0}), exactWords(data, {row: 1, column: 1})]")
    assert "3×1 pixels" in exact[0]["title"]
    assert "3×5 pixels, with gaps" in exact[1]["title"]
    facts = [{name: value for name, value, *_ in each["facts"]} for each in exact]
    assert (facts[0]["Rows"], facts[0]["Columns"]) == ("0–2", "2")
    assert facts[1]["Rows"] == "0–1, 4"
    assert facts[0]["Padding"].startswith("40 %")  # 3×5 of 5×5 lie inside
    assert facts[1]["Padding"] == "no padding in its window"
    assert facts[0]["Unseen pixels"] == "row 9"


def test_long_lists_of_ranges_are_cut_and_none_is_said() -> None:
    assert words("rangesText([[3, 1], [5, 1], [7, 1], [9, 2], [27, 1]])") == "3, 5, 7 … 27"
    assert words("rangesText([])") == "none"


def test_the_effective_field_says_how_many_pixels_matter() -> None:
    effective = "{half: HALF, finite: true, strongest: [1, 2], images: 8, channel: null}"
    titles = words(
        f"[effectiveWords(data, {{row: 1, column: 1}}, {effective.replace('HALF', '1')}).title,"
        f" effectiveWords(data, {{row: 1, column: 1}}, {effective.replace('HALF', '6')}).title]"
    )
    assert titles[0] == "Half of the influence comes from 1 of its 15 pixels"
    assert titles[1] == "Half of the influence comes from 6 of its 15 pixels"
