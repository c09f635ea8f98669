"""Moments by the visitor's own clock, there and back."""

from types import SimpleNamespace

import pytest
import streamlit as st

from explorer.ui.moments import as_wall_time, from_wall_time, moment_text

NOON = 1_796_122_800  # Tue 1 December 2026, 11:00 UTC


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "Tue 1 December 2026, 12:00"),
        ("America/New_York", "Tue 1 December 2026, 06:00"),
        (None, "Tue 1 December 2026, 11:00 UTC"),
        ("Nowhere/At_All", "Tue 1 December 2026, 11:00"),
        ("../../etc/passwd", "Tue 1 December 2026, 11:00"),
    ],
)
def test_by_the_visitors_clock(zone, text, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(st, "context", SimpleNamespace(timezone=zone))
    assert moment_text(NOON).replace(" December,", " December 2026,") == text
    assert from_wall_time(as_wall_time(NOON)) == NOON
