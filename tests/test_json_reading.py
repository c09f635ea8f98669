"""JSON from outside: within a limit, and never another error than the reader's own."""

import pytest

from explorer.json_reading import decode_json, shown


class Refused(Exception):
    pass


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 11, "the text has 11 characters; a thing has at most 10"),
        ("{", "not JSON: it cannot be read on from line 1, column 2"),
        (b"\xff", "not JSON: "),
        ("", "not JSON: "),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text, message):
    with pytest.raises(Refused) as caught:
        decode_json(text, "a thing", 10, Refused)
    assert str(caught.value).startswith(message)


def test_deep_nesting_is_refused():
    with pytest.raises(Refused, match="nested too deeply"):
        decode_json("[" * 100_000, "a thing", 200_000, Refused)


def test_what_can_be_read():
    assert decode_json('{"a": [1]}', "a thing", 10, Refused) == {"a": [1]}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), ("é", '"é"'), ([1, 2], "[1, 2]"), ("x" * 100, '"' + "x" * 56 + "...")],
)
def test_values_as_errors_quote_them(value, text):
    assert shown(value) == text
