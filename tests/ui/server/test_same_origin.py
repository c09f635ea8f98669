"""Which site's pages may send something here."""

from typing import Any

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some

from explorer.ui.server.same_origin import is_let_in

HOST = "127.0.0.1:8501"
OPTIONS = {
    "server.enableCORS": True,
    "server.corsAllowedOrigins": [],
    "browser.serverAddress": None,
}


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts the server with these options, in the test's mind."""

    def started_with(changes: dict[str, Any]) -> None:
        monkeypatch.setattr(st, "get_option", (OPTIONS | changes).__getitem__)

    return started_with


SCHOOL = {"server.corsAllowedOrigins": ["https://cnn.school.example"]}


@pytest.mark.parametrize(
    ("changes", "origin", "is_in"),
    [
        ({}, "", True),  # no browser leaves it out
        ({}, "http://127.0.0.1:8501", True),
        ({}, "HTTPS://127.0.0.1:8501", True),
        ({}, "http://127.0.0.1:8502", False),
        ({}, "http://localhost:8501", False),
        ({}, "https://evil.example", False),
        ({}, "null", False),
        ({}, "http://[", False),
        (SCHOOL, "https://cnn.school.example", True),
        (SCHOOL, "https://CNN.school.example:443", True),
        (SCHOOL, "https://cnn.school.example.evil.example", False),
        (SCHOOL, "https://school.example", False),
        ({"browser.serverAddress": "cnn.school.example"}, "https://cnn.school.example", True),
        ({"server.enableCORS": False}, "https://evil.example", True),
        # What cannot be read allows nobody, least of all a page without an origin.
        ({"server.corsAllowedOrigins": ["http://["]}, "null", False),
        ({"server.corsAllowedOrigins": [""]}, "null", False),
    ],
)
def test_which_pages_are_let_in(
    changes: dict[str, Any], origin: str, is_in: bool, options: Any
) -> None:
    options(changes)
    assert is_let_in(origin, HOST) is is_in


@given(some.text(min_size=1))
def test_no_other_origin_is_let_in_however_it_is_written(text: str) -> None:
    for origin in (text, f"http://{text}", f"http://{HOST}.{text}", f"http://{text}@evil.example"):
        if is_let_in(origin, HOST):
            assert origin.lower().rstrip("/?#").endswith(f"//{HOST}")
