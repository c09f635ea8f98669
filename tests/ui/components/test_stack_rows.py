"""Blocks of branches in the stack editor's Python half: the tree as a flat list of rows, and back.

What the browser does with the rows is in tests/javascript and tests/browser.
"""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.network.analysis import analyze
from explorer.network.hints import hints
from explorer.network.spec import (
    MAX_BRANCHES,
    MAX_DEPTH,
    MAX_LAYERS,
    Architecture,
    BatchNorm2d,
    Branches,
    Conv2d,
    Node,
    Nodes,
    ReLU,
    walk,
)
from explorer.ui.components.stack_editor import DraftError, Stack, parse_draft
from explorer.ui.components.stack_editor.analysis_data import analysis_data, answer_question
from explorer.ui.components.stack_editor.component import editor_data
from explorer.ui.components.stack_editor.draft import parse_stack, uids_by_path
from explorer.ui.components.stack_editor.rows import flatten

CONV = {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3}
RELU = {"kind": "ReLU"}
BEGIN = {"kind": "Branches", "merge": "add"}
NEXT = {"kind": "Next"}
END = {"kind": "End"}

CONVOLUTION = Conv2d(out_channels=4, kernel_size=3)
RESIDUAL = Branches(merge="add", branches=((CONVOLUTION, ReLU()), ()))


def rows(*contents):
    """Rows as the browser sends them, "u0", "u1", …"""
    return [{"uid": f"u{index}", **content} for index, content in enumerate(contents)]


def draft(*contents, selected=None, base=0, seq=1):
    return {"base": base, "seq": seq, "stack": rows(*contents), "selected": selected}


def nodes(depth: int = 3) -> st.SearchStrategy[Node]:
    layer: st.SearchStrategy[Node] = st.sampled_from([CONVOLUTION, ReLU(), BatchNorm2d()])
    if not depth:
        return layer
    branch = st.lists(nodes(depth - 1), max_size=3).map(tuple)
    block = st.builds(
        Branches,
        merge=st.sampled_from(["add", "concat", "multiply"]),
        branches=st.lists(branch, min_size=2, max_size=4).map(tuple),
        name=st.sampled_from(["", "layer2.0"]),
    )
    return layer | layer | block


trees: st.SearchStrategy[Nodes] = st.lists(nodes(), max_size=5).map(tuple)


# --- there and back -------------------------------------------------------------------------------


@settings(deadline=None)
@given(trees)
def test_a_tree_survives_the_way_to_the_browser_and_back(layers):
    there = Stack.of(layers)
    sent = json.loads(json.dumps(there.to_data()))
    back = parse_draft({"base": 0, "seq": 1, "stack": sent, "selected": None})
    assert (back.layers, back.uids) == (layers, there.uids)


@settings(deadline=None)
@given(trees, st.data())
def test_a_layer_or_block_is_selected_by_its_rows(layers, data):
    stack = Stack.of(layers)
    placed = list(flatten(layers))
    if not placed:
        return
    number = data.draw(st.integers(0, len(placed) - 1))
    assert Stack.of(layers, selected=number).selected_path == placed[number].path
    named = uids_by_path(stack.uids, layers)
    assert set(named) == {path for path, _ in walk(layers)}


def test_a_block_is_a_row_that_begins_it_one_between_its_branches_and_one_that_ends_it():
    assert Stack.of((ReLU(), RESIDUAL)).to_data() == [
        {"uid": "p0-0", "kind": "ReLU"},
        {"uid": "p0-1", "kind": "Branches", "merge": "add"},
        {"uid": "p0-2", "kind": "Conv2d", "out_channels": 4, "kernel_size": 3},
        {"uid": "p0-3", "kind": "ReLU"},
        {"uid": "p0-4", "kind": "Next"},
        {"uid": "p0-5", "kind": "End"},
    ]


def test_every_row_keeps_its_uid_and_a_block_its_name():
    stack = Stack().accepting(draft({**BEGIN, "name": "layer2.0"}, NEXT, CONV, END, selected="u3"))
    assert stack.uids == ("u0", "u1", "u2", "u3")
    assert stack.layers == (Branches(merge="add", branches=((), (CONVOLUTION,)), name="layer2.0"),)
    assert [row["uid"] for row in stack.to_data()] == ["u0", "u1", "u2", "u3"]
    assert stack.to_data()[0]["name"] == "layer2.0"
    assert stack.selected_path == (0,)


# --- what makes no tree ---------------------------------------------------------------------------

DEEP = [BEGIN] * (MAX_DEPTH + 1) + [NEXT, END] * (MAX_DEPTH + 1)
REFUSED = {
    "an end without a beginning": ([CONV, END], 1, "this row ends a block, and none has begun"),
    "a next without a beginning": ([NEXT], 0, "this row continues a block, and none has begun"),
    "an end too many": ([BEGIN, NEXT, END, END], 3, "none has begun"),
    "a block without an end": ([CONV, BEGIN, NEXT, CONV], 1, "this block has no end"),
    "an inner block without an end": ([BEGIN, BEGIN, NEXT, END], 0, "this block has no end"),
    "one branch alone": ([RELU, BEGIN, CONV, END], 1, "a block has at least 2 branches"),
    "too many branches": ([BEGIN, *[NEXT] * MAX_BRANCHES, END], MAX_BRANCHES, "at most 8 branches"),
    "too deep": (DEEP, MAX_DEPTH, f"at most {MAX_DEPTH} deep"),
    "too many": ([RELU] * (MAX_LAYERS - 1) + [BEGIN, NEXT, RELU, END], None, "this has 1,001"),
    "branches in the row": ([{**BEGIN, "branches": [[], []]}, NEXT, END], 0, "rows that follow"),
    "no merge": ([{"kind": "Branches"}, NEXT, END], 0, "merge is missing"),
    "another merge": ([CONV, {**BEGIN, "merge": "mean"}, NEXT, END], 1, 'this has "mean"'),
    "a merge that is a list": ([{**BEGIN, "merge": ["add"]}, NEXT, END], 0, "merge must be"),
    "an unknown field of a block": ([{**BEGIN, "bias": True}, NEXT, END], 0, "unknown field"),
    "a name that is a number": ([{**BEGIN, "name": 7}, NEXT, END], 0, "name must be a text"),
    "a next with arguments": ([BEGIN, {**NEXT, "merge": "add"}, END], 1, "nothing but a uid"),
    "an end with arguments": ([BEGIN, NEXT, {**END, "p": 1}], 2, "nothing but a uid"),
    "a bad layer inside": ([RELU, BEGIN, NEXT, RELU, {**CONV, "stride": 0}, END], 4, "stride must"),
    "an unknown kind inside": ([BEGIN, NEXT, {"kind": "Conv9d"}, END], 2, "unknown kind"),
    "a kind that is a list": ([BEGIN, NEXT, {"kind": ["End"]}, END], 2, "unknown kind"),
}


@pytest.mark.parametrize(("contents", "index", "says"), REFUSED.values(), ids=REFUSED)
def test_rows_that_make_no_tree_are_refused_in_a_sentence_at_their_row(contents, index, says):
    with pytest.raises(DraftError, match=re.escape(says)) as caught:
        parse_stack(rows(*contents))
    assert caught.value.index == index
    assert not caught.value.message.startswith("layer")  # it stands on that row
    before = Stack.of((RESIDUAL,), selected=0)
    after = before.accepting(draft(*contents))
    assert (after.layers, after.uids, after.selected) == (before.layers, before.uids, "p0-0")
    assert after.refusal is not None
    assert after.refusal.index == index


def test_as_many_as_there_may_be_are_taken():
    deepest = [BEGIN] * MAX_DEPTH + [NEXT, END] * MAX_DEPTH
    widest = [BEGIN, *[NEXT] * (MAX_BRANCHES - 1), END]
    most = [RELU] * (MAX_LAYERS - 1 - MAX_DEPTH)
    _, layers = parse_stack(rows(*most, *deepest, *widest))
    assert len(list(walk(layers))) == MAX_LAYERS


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from([RELU, CONV, BEGIN, NEXT, END]), max_size=12))
def test_any_rows_are_a_tree_or_refused(contents):
    stack = Stack().accepting(draft(*contents))
    if stack.refusal is None:
        assert [row["kind"] for row in stack.to_data()] == [each["kind"] for each in contents]
    else:
        assert stack.refusal.index is not None


# --- what the browser is told ---------------------------------------------------------------------


def told(layers: Nodes):
    stack = Stack.of(layers)
    return editor_data(stack, analyze(Architecture(layers=layers)), whole=True)


def after_fix(data, fix) -> Architecture:
    """The network after the change that the browser makes of a fix."""
    before = data["whole"]["stack"]
    changed = [*before[: fix["at"]], *fix["layers"], *before[fix["at"] + fix["remove"] :]]
    _, layers = parse_stack([{**row, "uid": f"m{index}"} for index, row in enumerate(changed)])
    return Architecture(layers=layers)


def test_the_numbers_of_a_merge_travel_under_the_row_that_begins_its_block():
    padded = CONVOLUTION.model_copy(update={"padding": 1})
    data = told((padded, Branches(merge="concat", branches=((padded,), (), ())), ReLU()))
    assert data["analysis"]["rows"] == [
        ["p0-0", (4, 28, 28), (3, 3), 40],
        ["p0-2", (4, 28, 28), (5, 5), 148],
        ["p0-1", (12, 28, 28), (5, 5), 0],
        ["p0-6", (12, 28, 28), (5, 5), 0],
    ]
    json.dumps(data, allow_nan=False)


def test_the_layer_that_the_page_tells_of_is_named_by_its_row():
    stack = Stack.of((RESIDUAL,))
    analysis = analyze(Architecture(layers=stack.layers))
    for path, uid in ((0, 0, 1), "p0-2"), ((0,), "p0-0"), (None, None):
        assert editor_data(stack, analysis, whole=False, described=path)["described"] == uid


def test_branches_that_do_not_agree_are_said_at_their_block_and_mended_by_a_change_of_the_rows():
    data = told((CONVOLUTION, RESIDUAL))
    problem = data["analysis"]["problem"]
    assert problem["uid"] == "p0-1"
    assert "branch 1 gives 4×24×24, branch 2 gives 4×26×26" in problem["message"]
    padded = {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1}
    assert problem["fix"] == {"at": 2, "remove": 1, "layers": [padded]}
    assert analyze(after_fix(data, problem["fix"])).problem is None


def test_a_layer_that_does_not_fit_inside_a_block_is_said_at_its_row():
    grouped = Conv2d(out_channels=4, kernel_size=3, padding=1, groups=3)
    data = told((CONVOLUTION, Branches(merge="concat", branches=((), (ReLU(), grouped)))))
    problem = data["analysis"]["problem"]
    assert problem["uid"] == "p0-4"
    assert problem["fix"]["at"] == 4
    assert analyze(after_fix(data, problem["fix"])).problem is None


def test_a_hint_inside_a_block_is_told_at_its_row_and_applied_there():
    conv = Conv2d(out_channels=4, kernel_size=3, padding=1)
    data = told((conv, Branches(merge="add", branches=((conv, BatchNorm2d()), ()))))
    (hint,) = data["analysis"]["hints"]
    assert hint["uid"] == "p0-2"
    assert hint["fix"]["at"] == 2
    assert hint["fix"]["remove"] == 1
    assert hints(analyze(after_fix(data, hint["fix"]))) == ()


@settings(deadline=None, max_examples=60)
@given(trees)
def test_every_fix_of_any_tree_is_a_change_of_the_rows_that_gives_it(layers):
    analysis = analyze(Architecture(layers=layers))
    data = told(layers)
    told_problem = data["analysis"]["problem"]
    if analysis.problem and analysis.problem.fix:
        assert after_fix(data, told_problem["fix"]).layers == analysis.problem.fix.layers
    for hint, its in zip(hints(analysis), data["analysis"]["hints"], strict=True):
        if hint.fix:
            assert after_fix(data, its["fix"]).layers == hint.fix.layers


@settings(deadline=None, max_examples=60)
@given(trees)
def test_what_an_editor_asks_is_answered_as_the_page_would(layers):
    stack = Stack.of(layers)
    answer = answer_question({"input": [1, 28, 28], "stack": stack.to_data()})
    assert answer == analysis_data(stack.uids, analyze(Architecture(layers=layers)))
