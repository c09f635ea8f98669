"""Who can reach the server, and who sits at it."""

from typing import Any

import pytest
import streamlit as st

from explorer.ui.server.reach import others_reach_it, sits_at_it

OPTIONS = {
    "server.address": "localhost",
    "browser.serverAddress": None,
    "server.corsAllowedOrigins": [],
    "server.enableCORS": True,
}


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts the server with these options, in the test's mind."""

    def started_with(**changes: Any) -> None:
        changed = OPTIONS | {name.replace("_", "."): value for name, value in changes.items()}
        monkeypatch.setattr(st, "get_option", changed.__getitem__)

    return started_with


@pytest.mark.parametrize(
    ("changes", "reached"),
    [
        ({}, False),
        ({"server_address": "127.0.0.1"}, False),
        ({"server_address": "::1"}, False),
        ({"server_address": None}, True),
        ({"server_address": "0.0.0.0"}, True),
        ({"server_address": "192.0.2.7"}, True),
        ({"browser_serverAddress": "localhost"}, False),
        ({"browser_serverAddress": "cnn.school.example"}, True),  # behind a proxy
        ({"server_corsAllowedOrigins": ["https://cnn.school.example"]}, True),
        ({"server_corsAllowedOrigins": ["http://localhost:3000"]}, False),
        ({"server_enableCORS": False}, True),
    ],
)
def test_whether_others_reach_it(changes: dict[str, Any], reached: bool, options: Any) -> None:
    options(**changes)
    assert others_reach_it() is reached
    assert sits_at_it({"Host": "localhost:8501"}) is not reached


@pytest.mark.parametrize(
    ("headers", "sits"),
    [
        ({"Host": "localhost:8501"}, True),
        ({"host": "127.0.0.1:8501"}, True),
        ({"Host": "[::1]:8501"}, True),
        ({"Host": "LOCALHOST"}, True),
        ({}, False),
        ({"Host": ""}, False),
        ({"Host": "192.0.2.7:8501"}, False),
        ({"Host": "evil.example:8501"}, False),  # a name that was made to lead to 127.0.0.1
        ({"Host": "localhost.evil.example"}, False),
        ({"Host": "localhost@evil.example"}, False),
        ({"Host": "[::1"}, False),
        ({"Host": "localhost:8501", "X-Forwarded-For": "192.0.2.7"}, False),
        ({"Host": "localhost:8501", "Forwarded": "for=192.0.2.7"}, False),
        ({"Host": "localhost:8501", "X-Real-IP": "192.0.2.7"}, False),
        ({"Host": "localhost:8501", "via": "1.1 proxy"}, False),
    ],
)
def test_who_sits_at_it(headers: dict[str, str], sits: bool, options: Any) -> None:
    options()
    assert sits_at_it(headers) is sits
