"""How many fields a message has, counted as protobuf itself writes them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.proto.BackMsg_pb2 import BackMsg

from explorer.ui.server.message_fields import has_more_fields
from explorer.ui.server.message_guard import _STATES, MAX_FIELDS, MAX_MESSAGE


def message(*values: object) -> bytes:
    """A browser's message with these values in its inputs."""
    written = BackMsg()
    states = written.rerun_script.widget_states.widgets
    for value in values:
        name = {str: "string_value", float: "double_value", int: "int_value"}[type(value)]
        setattr(states.add(id="input"), name, value)
    return written.SerializeToString()


VALUES = some.text() | some.integers(-(2**63), 2**63 - 1) | some.floats()


@given(some.lists(VALUES, min_size=1, max_size=30))
def test_fields_are_counted_down_to_the_states_and_no_further(values: list[object]) -> None:
    data = message(*values)
    count = 2 + len(values)  # the request, its states, and each of these
    assert not has_more_fields(data, count, _STATES[:2])
    assert has_more_fields(data, count - 1, _STATES[:2])
    assert not has_more_fields(data, 1)
    # In each state its id and its value.
    assert not has_more_fields(data, count + 2 * len(values), _STATES)
    assert has_more_fields(data, count + 2 * len(values) - 1, _STATES)


@pytest.mark.parametrize(
    "data", [b"\xff", b"\x80" * 11, b"\x0a", b"\x0a\x05ab", b"\x0b", b"\x09123", message("a")[:-1]]
)
def test_what_is_no_message_has_too_many(data: bytes) -> None:
    assert has_more_fields(data, 100, _STATES)


@given(some.binary(max_size=200))
def test_any_bytes_are_looked_through(data: bytes) -> None:
    if not has_more_fields(data, 5, _STATES):
        assert not has_more_fields(data, 10, _STATES)


def test_a_long_text_is_few_fields_and_no_number_of_fields_takes_long() -> None:
    assert not has_more_fields(message("x" * 4 * MAX_MESSAGE), MAX_FIELDS, _STATES)
    began = time.perf_counter()
    for data in (b"\x08\x00" * 8_000_000, message(*[0] * 200_000)):
        assert has_more_fields(data, MAX_FIELDS, _STATES)
    assert time.perf_counter() - began < 2
