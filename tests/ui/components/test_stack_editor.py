"""The stack editor's Python half: what it tells the browser, and what it makes of what the browser
sends.

What the browser does with it is in tests/browser.
"""

import json
import math
import re
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from explorer.network.analysis import analyze
from explorer.network.hints import hints
from explorer.network.layers import LAYERS
from explorer.network.spec import (
    LAYER_MODELS,
    MAX_LAYERS,
    AdaptiveAvgPool2d,
    Architecture,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    arguments,
    new_layer,
)
from explorer.refusal import Refusal
from explorer.ui.components.stack_editor import DraftError, Stack, palette, parse_draft
from explorer.ui.components.stack_editor.analysis_data import analysis_data, answer_question
from explorer.ui.components.stack_editor.component import asks_itself, editor_data
from tests.network.stacks import architectures

FIELDS = [(kind, field) for kind, row in palette().items() for field in row["fields"]]
SMALL = (Conv2d(out_channels=4, kernel_size=3), ReLU(), Flatten(), Linear(out_features=10))


def draft(*layers, base=0, seq=1, selected=None, **extra):
    """A draft as the browser sends it; layers without a uid get one."""
    return {
        "base": base,
        "seq": seq,
        "stack": [{"uid": f"u{index}", **layer} for index, layer in enumerate(layers)],
        "selected": selected,
        **extra,
    }


# --- the palette ----------------------------------------------------------------------------------


def test_the_palette_has_every_kind_and_is_json():
    assert list(palette()) == list(LAYERS)
    assert json.loads(json.dumps(palette(), allow_nan=False)) == json.loads(json.dumps(palette()))
    assert all(row["group"] and row["summary"] for row in palette().values())


@pytest.mark.parametrize("kind", LAYERS)
def test_every_argument_with_a_choice_is_drawn(kind):
    drawn = [field["name"] for field in palette()[kind]["fields"]]
    expected = [
        name
        for name, info in LAYER_MODELS[kind].model_fields.items()
        if name != "kind"
        and not (
            typing.get_origin(info.annotation) is typing.Literal
            and len(typing.get_args(info.annotation)) == 1
        )
    ]
    assert drawn == expected


@pytest.mark.parametrize(
    ("kind", "field"), FIELDS, ids=lambda value: value if isinstance(value, str) else value["name"]
)
def test_bounds_and_choices_are_those_of_the_models(kind, field):
    def accepted(value):
        try:
            parse_draft(
                draft(
                    {
                        **json.loads(json.dumps(arguments(new_layer(kind)))),
                        "kind": kind,
                        field["name"]: value,
                    }
                )
            )
        except DraftError:
            return False
        return True

    assert field["type"] in {"int", "pair", "quad", "float", "bool", "choice"}
    assert field["help"]
    assert field["expected"]
    assert "null" not in field["expected"]
    assert accepted(None) == field["optional"] == (field["empty"] is not None)
    if field["type"] == "bool":
        assert accepted(True)
        assert accepted(False)
        return
    if field["type"] == "choice":
        assert all(map(accepted, field["choices"]))
        assert not accepted("something else")
        return
    low, high = field["min"], field["max"]
    assert accepted(low) == (not field["above_min"])
    assert accepted(high)
    assert not accepted(low - 1)
    assert not accepted(high + 1)
    assert accepted([high, low]) == (field["type"] == "pair")
    assert accepted([high, low, low, low]) == (field["type"] == "quad")
    assert all(map(accepted, field["words"]))
    assert not accepted("word")


def test_the_row_shows_what_has_no_default_and_no_more_than_fits():
    hidden = [
        (kind, field["name"]) for kind, field in FIELDS if field["required"] and not field["on_row"]
    ]
    assert hidden == []
    for kind, row in palette().items():
        assert sum(field["on_row"] for field in row["fields"]) <= 4, kind


def test_padding_of_a_convolution_takes_words():
    field = next(field for field in palette()["Conv2d"]["fields"] if field["name"] == "padding")
    assert (field["type"], field["words"]) == ("pair", ["same", "valid"])


# --- drafts ---------------------------------------------------------------------------------------


def values(field):
    """Every value that a field takes, as JSON."""
    options = [st.none()] if field["optional"] else []
    if field["type"] in ("bool", "choice"):
        return st.one_of(
            *options,
            st.sampled_from([True, False] if field["type"] == "bool" else field["choices"]),
        )
    if field["type"] == "float":
        return st.one_of(
            *options,
            st.floats(field["min"], field["max"], exclude_min=field["above_min"], allow_nan=False),
        )
    number = st.integers(field["min"], field["max"])
    more = {
        "int": [],
        "pair": [st.lists(number, min_size=2, max_size=2)],
        "quad": [st.lists(number, min_size=4, max_size=4)],
    }
    words = [st.sampled_from(field["words"])] if field["words"] else []
    return st.one_of(*options, number, *more[field["type"]], *words)


def entries(kind):
    fields = palette()[kind]["fields"]
    return st.fixed_dictionaries(
        {"kind": st.just(kind), **{f["name"]: values(f) for f in fields if f["required"]}},
        optional={f["name"]: values(f) for f in fields if not f["required"]},
    )


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(list(LAYERS)).flatmap(entries), max_size=8))
def test_layers_survive_the_way_to_the_browser_and_back(stack):
    layers = parse_draft(draft(*stack)).layers
    there = Stack.of(layers)
    back = parse_draft(
        json.loads(json.dumps({"base": 0, "seq": 1, "stack": there.to_data(), "selected": None}))
    )
    assert (back.layers, back.uids) == (there.layers, there.uids)


CONV = {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3}
HOSTILE = {
    "nothing": None,
    "a word": "draft",
    "a list": [1, 2],
    "no stack": {"base": 0, "seq": 1},
    "stack is a word": draft(stack="Conv2d"),
    "stack is an object": draft(stack={"0": CONV}),
    "layers that are words": draft(stack=["Conv2d"]),
    "layers that are null": draft(stack=[None]),
    "no uid": draft(stack=[CONV]),
    "uid is a number": draft({**CONV, "uid": 7}),
    "uid is empty": draft({**CONV, "uid": ""}),
    "uid is huge": draft({**CONV, "uid": "u" * 1_000_000}),
    "uid is HTML": draft({**CONV, "uid": "<b>"}),
    "uid twice": draft({**CONV, "uid": "a"}, {**CONV, "uid": "a"}),
    "kind is unknown": draft({"kind": "Conv9d"}),
    "kind is missing": draft({}),
    "kind is null": draft({"kind": None}),
    "kind is a list": draft({"kind": ["Conv2d"]}),
    "kind is huge": draft({"kind": "C" * 5_000_000}),
    "kind is half a character": draft({"kind": "\ud800"}),
    "field is unknown": draft({**CONV, "channels_in": 3}),
    "field is huge": draft({**CONV, "f" * 1_000_000: 3}),
    "argument is missing": draft({"kind": "Conv2d", "kernel_size": 3}),
    "text for a number": draft({**CONV, "kernel_size": "3"}),
    "a number too large": draft({**CONV, "out_channels": 10**9}),
    "a number very much too large": draft({**CONV, "out_channels": 10**3000}),
    "a number too small": draft({**CONV, "kernel_size": 0}),
    "a broken number": draft({**CONV, "kernel_size": 3.5}),
    "true for a number": draft({**CONV, "kernel_size": True}),
    "three for a pair": draft({**CONV, "kernel_size": [3, 3, 3]}),
    "not a number": draft({"kind": "Dropout", "p": math.nan}),
    "infinite": draft({"kind": "LeakyReLU", "negative_slope": math.inf}),
    "one for true": draft({**CONV, "bias": 1}),
    "nested without end": draft({**CONV, "kernel_size": json.loads("[" * 500 + "]" * 500)}),
    "ten thousand layers": draft(*[{"kind": "ReLU"}] * 10_000),
    "one layer too many": draft(*[{"kind": "ReLU"}] * (MAX_LAYERS + 1)),
    "selected is not there": draft(CONV, selected="u7"),
    "selected is a list": draft(CONV, selected=["u0"]),
    "base is a word": draft(CONV, base="0"),
    "base is below zero": draft(CONV, base=-1),
    "seq is null": draft(CONV, seq=None),
    "seq is true": draft(CONV, seq=True),
    "seq is not a number": draft(CONV, seq=math.nan),
    "seq is huge": draft(CONV, seq=2**64),
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_drafts_are_refused_in_a_sentence(value):
    with pytest.raises(DraftError) as caught:
        parse_draft(value)
    assert 0 < len(caught.value.message) < 1000
    caught.value.message.encode()  # no half characters
    before = Stack.of(SMALL, selected=1)
    after = before.accepting(value)  # never raises, and never loses the layers
    assert (after.layers, after.uids, after.selected, after.base) == (
        before.layers,
        before.uids,
        before.selected,
        before.base,
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(json_values, st.sampled_from(["draft", "stack", "layer", "argument"]))
def test_any_json_is_a_draft_or_an_error(value, where):
    sent = {
        "draft": value,
        "stack": draft(stack=value),
        "layer": draft(stack=[{"uid": "a", **CONV}, value]),
        "argument": draft({**CONV, "kernel_size": value}),
    }[where]
    stack = Stack.of(SMALL).accepting(sent)
    assert stack.layers == SMALL or stack.refusal is None


def test_an_error_names_its_row_and_not_its_place():
    with pytest.raises(DraftError) as caught:
        parse_draft(draft({"kind": "ReLU"}, {**CONV, "kernel_size": 0}))
    assert caught.value.index == 1
    assert (
        caught.value.message
        == "kernel_size must be a whole number from 1 to 4096, or two of them; this has 0"
    )


# --- the stack ------------------------------------------------------------------------------------


def test_a_draft_is_accepted_once_and_in_order():
    start = Stack.of(SMALL)
    first = start.accepting(draft(CONV, seq=3, selected="u0"))
    assert (first.layers, first.uids, first.seq, first.selected_path) == (
        (Conv2d(out_channels=4, kernel_size=3),),
        ("u0",),
        3,
        (0,),
    )
    assert first.accepting(draft(CONV, seq=3)) is first
    assert first.accepting(draft(seq=2)) is first
    assert first.accepting(None) is first
    assert first.accepting(draft(seq=4)).layers == ()


def test_a_draft_on_a_replaced_stack_comes_too_late():
    replaced = Stack.of(SMALL).accepting(draft(CONV, seq=5)).replaced(SMALL, selected=2)
    assert (replaced.base, replaced.seq, replaced.selected_path) == (1, 5, (2,))
    assert replaced.accepting(draft(CONV, base=0, seq=6)) is replaced
    assert replaced.accepting(draft(CONV, base=1, seq=6)).seq == 6


def test_a_refused_draft_is_acknowledged_and_says_why():
    start = Stack.of(SMALL)
    refused = start.accepting(draft({**CONV, "kernel_size": 0}, seq=1))
    assert (refused.layers, refused.seq) == (SMALL, 1)
    assert refused.refusal is not None
    assert refused.refusal.index == 0
    assert refused.accepting(draft({**CONV, "kernel_size": 0}, seq=1)) is refused
    assert refused.accepting(draft(CONV, seq=2)).refusal is None


def test_uids_of_a_replaced_stack_are_new():
    start = Stack.of(SMALL)
    assert not set(start.uids) & set(start.replaced(SMALL).uids)


# --- what the browser is told ---------------------------------------------------------------------


def told(*layers, classes=10):
    stack = Stack.of(layers)
    return editor_data(stack, analyze(Architecture(layers=layers)), whole=True, classes=classes)


def fixed(data, fix):
    """The analysis after the change that the browser makes of a fix."""
    before = data["whole"]["stack"]
    stack = [*before[: fix["at"]], *fix["layers"], *before[fix["at"] + fix["remove"] :]]
    return analyze(
        Architecture(
            layers=parse_draft(
                draft(*[{**entry, "uid": f"m{i}"} for i, entry in enumerate(stack)])
            ).layers
        )
    )


def test_rows_carry_shape_receptive_field_and_parameters():
    data = told(*SMALL)
    assert data["input"] == (1, 28, 28)
    assert data["analysis"]["rows"] == [
        ["p0-0", (4, 26, 26), (3, 3), 40],
        ["p0-1", (4, 26, 26), (3, 3), 0],
        ["p0-2", (2704,), (28, 28), 0],
        ["p0-3", (10,), (28, 28), 27050],
    ]
    assert [layer["uid"] for layer in data["whole"]["stack"]] == ["p0-0", "p0-1", "p0-2", "p0-3"]
    assert data["analysis"]["problem"] is None
    json.dumps(data, allow_nan=False)


@pytest.mark.parametrize(
    ("layers", "fix"),
    [
        (
            (Conv2d(out_channels=4, kernel_size=3), Linear(out_features=10)),
            {"at": 1, "remove": 0, "layers": [{"kind": "Flatten"}]},
        ),
        (
            (MaxPool2d(kernel_size=40), ReLU()),
            {"at": 0, "remove": 1, "layers": [{"kind": "MaxPool2d", "kernel_size": 28}]},
        ),
        (
            (ReLU(), AvgPool2d(kernel_size=2, padding=2)),
            {
                "at": 1,
                "remove": 1,
                "layers": [{"kind": "AvgPool2d", "kernel_size": 2, "padding": 1}],
            },
        ),
        (
            (Flatten(), Flatten(), MaxPool2d(kernel_size=2)),
            {
                "at": 0,
                "remove": 3,
                "layers": [
                    {"kind": "MaxPool2d", "kernel_size": 2},
                    {"kind": "Flatten"},
                    {"kind": "Flatten"},
                ],
            },
        ),
        ((AdaptiveAvgPool2d(output_size=4096),), None),
    ],
)
def test_a_problem_carries_its_fix_as_a_change_of_the_stack(layers, fix):
    data = told(*layers)
    problem = data["analysis"]["problem"]
    assert problem["uid"] == data["whole"]["stack"][len(data["analysis"]["rows"])]["uid"]
    assert problem["message"]
    assert problem["fix"] == fix
    assert problem["alternative"] is None or problem["alternative"]["fix"]["layers"][0]["padding"]
    if fix:
        assert fixed(data, fix).problem is None


@pytest.mark.parametrize(
    ("layers", "index", "fix"),
    [
        (
            (Conv2d(out_channels=4, kernel_size=3), BatchNorm2d(), ReLU()),
            0,
            {
                "at": 0,
                "remove": 1,
                "layers": [{"kind": "Conv2d", "out_channels": 4, "kernel_size": 3, "bias": False}],
            },
        ),
        (
            (Dropout(), BatchNorm2d()),
            0,
            {"at": 0, "remove": 2, "layers": [{"kind": "BatchNorm2d"}, {"kind": "Dropout"}]},
        ),
        ((Flatten(), Linear(out_features=10), ReLU()), 2, {"at": 2, "remove": 1, "layers": []}),
        ((ReLU(), MaxPool2d(kernel_size=3)), 1, None),
    ],
)
def test_a_hint_carries_its_fix_as_a_change_of_the_stack(layers, index, fix):
    data = told(*layers)
    told_hints = data["analysis"]["hints"]
    assert [(hint["uid"], hint["fix"]) for hint in told_hints] == [(f"p0-{index}", fix)]
    assert told_hints[0]["message"]
    if fix:
        assert hints(fixed(data, fix)) == ()


def test_the_part_inside_the_image_is_told_where_it_differs():
    data = told(
        Conv2d(out_channels=1, kernel_size=3, padding=1), MaxPool2d(kernel_size=30, padding=1)
    )
    assert [row[2:] for row in data["analysis"]["rows"]] == [[(3, 3), 10], [(32, 32), 0, (28, 28)]]


def test_the_layers_go_only_to_an_editor_that_has_not_got_them():
    stack = Stack.of(SMALL)
    assert not stack.is_held_by_sender(None)
    sent = draft(*stack.to_data(), seq=1)
    accepted = stack.accepting(sent)
    assert accepted.is_held_by_sender(sent)
    assert not stack.replaced(SMALL).is_held_by_sender(sent)
    # What an editor before this one said.
    assert not accepted.is_held_by_sender(draft(*stack.to_data(), seq=0))
    refused = draft({"kind": "Nothing"}, seq=2)
    assert accepted.accepting(refused).is_held_by_sender(refused)
    assert "stack" not in json.dumps(
        editor_data(accepted, analyze(Architecture(layers=SMALL)), whole=False, key="k")
    )


def test_the_analysis_goes_only_to_an_editor_that_does_not_ask_for_it_itself():
    asking = draft(*Stack.of(SMALL).to_data(), asked=True)
    assert asks_itself(asking)
    for other in (None, [], draft(), {**asking, "asked": False}, {**asking, "asked": [1, 28, 28]}):
        assert not asks_itself(other)
    digits = analyze(Architecture(layers=SMALL))
    stack = Stack.of(SMALL).accepting(asking)
    assert editor_data(stack, digits, whole=False, analyzed=False)["analysis"] is None
    found = editor_data(stack, digits, whole=False)["analysis"]
    assert found == analysis_data(stack.uids, digits)


# --- what an editor asks by itself ----------------------------------------------------------------


def question(*layers, input=(1, 28, 28), **extra):
    return {"input": list(input), "stack": draft(*layers)["stack"], **extra}


@given(architectures())
@settings(deadline=None)
def test_what_an_editor_asks_is_answered_as_the_page_would(architecture):
    stack = Stack.of(architecture.layers)
    asked = {"input": list(architecture.input_shape), "stack": stack.to_data()}
    told = editor_data(stack, analyze(architecture), whole=True)
    assert answer_question(asked) == told["analysis"]


def test_what_a_layer_states_of_its_input_is_held_against_what_comes_in():
    conv = {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3}
    assert answer_question(question({**conv, "in_channels": 1}))["problem"] is None
    problem = answer_question(question({**conv, "in_channels": 3}))["problem"]
    assert problem["uid"] == "u0"
    assert "in_channels" in problem["message"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (None, "a question is an object with input and stack"),
        ([], "a question is an object with input and stack"),
        ({}, "the stack is a list of layers"),
        (question(input=[1, 28]), "input_shape"),
        (question(input=[1, 28, 2049]), "input_shape: an image has 1 to 2,048 columns"),
        (question(input="1×28×28"), "input_shape"),
        (question(*[{"kind": "ReLU"}] * (MAX_LAYERS + 1)), f"at most {MAX_LAYERS} layers"),
        (question({"kind": "Nothing"}), "Nothing"),
        (question({"kind": "Conv2d", "out_channels": 0, "kernel_size": 3}), "out_channels"),
        (question({"kind": "ReLU", "uid": "<b>"}), "uid"),
    ],
)
def test_what_is_no_question_is_refused_in_a_sentence(asked, says):
    with pytest.raises(Refusal, match=re.escape(says)):
        answer_question(asked)


# --- on a page ------------------------------------------------------------------------------------


def page():
    import streamlit as st

    from explorer.network.analysis import analyze
    from explorer.network.spec import Architecture, Conv2d, ReLU
    from explorer.ui.components.stack_editor import Stack, sent_draft, stack_editor

    @st.fragment
    def build():
        stack = st.session_state.get("stack") or Stack.of(
            [Conv2d(out_channels=8, kernel_size=3), ReLU()]
        )
        st.session_state.stack = stack = stack.accepting(sent_draft("editor"))
        analysis = analyze(Architecture(layers=stack.layers))
        stack_editor(stack, analysis, key="editor", changed=lambda: None)
        st.write(f"{analysis.total_params} parameters")

    build()


def test_one_run_shows_what_the_browser_sent():
    at = AppTest.from_function(page, default_timeout=30).run()
    assert not at.exception
    assert at.markdown[0].value == "80 parameters"
    at.session_state["editor"] = {
        "draft": draft({**CONV, "out_channels": 16}, BatchNorm2d().model_dump(mode="json"))
    }
    at.run()
    assert not at.exception
    assert at.markdown[0].value == "192 parameters"
    at.session_state["editor"] = {"draft": draft({"kind": "<script>"}, seq=2)}
    at.run()
    assert not at.exception
    assert at.markdown[0].value == "192 parameters"
    assert "unknown kind" in at.session_state["stack"].refusal.message
