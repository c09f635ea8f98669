"""An assignment as data: its JSON form, that of earlier versions, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.assignment.assignment import (
    OLD_SWITCHES,
    Assignment,
    AssignmentError,
    Part,
    parse_assignment,
    to_data,
)
from explorer.assignment.ready_made import READY_MADE


def test_json_form():
    assignment = Assignment(
        title="Small and good",
        text="One.\n\n- Two",
        dataset="mnist",
        max_params=None,
        max_layers=30,
        required=(Part.DROPOUT,),
        forbidden=(Part.LINEAR,),
        seeds=3,
        deadline=1_800_000_000,
    )
    assert parse_assignment(to_data(assignment)) == assignment
    assert parse_assignment({}) == Assignment()


@pytest.mark.parametrize("assignment", READY_MADE.values(), ids=READY_MADE)
def test_the_ready_made_ones_are_assignments_that_can_be_given_out(assignment):
    assert parse_assignment(to_data(assignment)) == assignment
    assert assignment.title
    assert assignment.text


def test_the_switches_of_earlier_versions_are_read():
    switches = {part.value: True for part in OLD_SWITCHES}
    assert parse_assignment(switches) == Assignment(required=OLD_SWITCHES)
    assert parse_assignment(dict.fromkeys(switches, False)) == Assignment()
    both = {"dropout": True, "required": ["skip"]}
    assert parse_assignment(both) == Assignment(required=(Part.DROPOUT, Part.SKIP))


def test_the_same_demands_are_equal_in_whatever_order_they_were_made():
    one = parse_assignment({"required": ["skip", "dropout", "skip"]})
    assert one == parse_assignment({"required": ["dropout", "skip"]})


def test_what_cannot_be_seen_is_left_out_of_texts():
    found = parse_assignment({"title": "a\u202eb\n", "text": "\u202eone\x00\n\n\n\n  - two \t\n"})
    assert (found.title, found.text) == ("ab", "one\n\n  - two")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "an assignment is an object with title, text, dataset, max_params"),
        ({"max_params": 0}, "max_params must be at least 1; this has 0"),
        ({"max_params": True}, "max_params must be a whole number; this has true"),
        ({"max_epochs": 2.0}, "max_epochs must be a whole number; this has 2.0"),
        ({"min_accuracy": float("nan")}, "min_accuracy must be .*; this has NaN"),
        ({"min_accuracy": 99.4}, "min_accuracy must be at most 1.0; this has 99.4"),
        ({"dropout": 1}, "dropout must be true or false; this has 1"),
        ({"max_parameters": 1}, 'unknown limit "max_parameters"; an assignment has title, '),
        ({"required": ["dropuot"]}, r"required\.0 must be .*batch_norm.*"),
        ({"required": "dropout"}, "required must be .*"),
        ({"dataset": "imagenet"}, "dataset must be .*mnist.*"),
        # What a class is asked for, everybody in it can train on.
        ({"dataset": "own-k7f2m4qa-3-1x28x28"}, 'dataset must be .*mnist.*; this has "own-k7'),
        ({"title": "x" * 101}, "title must have at most 100 characters"),
        ({"deadline": True}, "deadline must be a whole number; this has true"),
        ({"deadline": 10**12}, "deadline must be at most 253402127999; this has"),
        ({"required": ["skip"], "forbidden": ["skip"]}, "it both requires and forbids a skip"),
        (
            {"required": ["linear_head"], "forbidden": ["linear"]},
            "it requires a Linear head and forbids Linear",
        ),
        (
            {"min_poolings": 3, "max_poolings": 2},
            "it asks for at least 3 pooling layers and at most 2",
        ),
        ({"seeds": 0}, "seeds must be at least 1; this has 0"),
        ({"\ud800": 1}, "unknown limit"),
    ],
)
def test_what_is_no_assignment(data, message):
    with pytest.raises(AssignmentError, match=message):
        parse_assignment(data)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from([*Assignment.model_fields, *OLD_SWITCHES]) | st.text(max_size=5), ANYTHING
    )
)
def test_anything_is_an_assignment_or_refused_in_words(data):
    try:
        found = parse_assignment(data)
    except AssignmentError:
        return
    assert parse_assignment(to_data(found)) == found
