"""Moments as this visitor's clock shows them: the browser tells its time zone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

LATEST = timedelta(days=3650)  # that can be chosen, from now


def here() -> tzinfo:
    """The visitor's time zone; UTC where the browser tells none that is known."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def moment_text(seconds: float) -> str:
    """Seconds since 1970 as "Fri 4 December, 23:59", with the year where it is another one."""
    moment, now = datetime.fromtimestamp(seconds, here()), datetime.now(here())
    year = "" if moment.year == now.year else f" {moment.year}"
    zone = "" if st.context.timezone else " UTC"
    return f"{moment:%a} {moment.day} {moment:%B}{year}, {moment:%H:%M}{zone}"


def as_wall_time(seconds: float) -> datetime:
    """Seconds since 1970 as the visitor's clock shows it, without a zone, as an input takes it."""
    return datetime.fromtimestamp(seconds, here()).replace(tzinfo=None)


def from_wall_time(moment: datetime) -> int:
    """Seconds since 1970 of what the visitor's clock shows then."""
    return int(moment.replace(tzinfo=here()).timestamp())


def _latest(shown: datetime) -> datetime:
    """What can be chosen at most, and never less than what is shown: that would stand there as if
    it were none. Streamlit cuts it off to whole minutes.
    """
    minute = timedelta(minutes=1)
    return max(datetime.now() + LATEST, min(shown, datetime.max - minute) + minute)


def moment_input(
    label: str, seconds: float | None, key: str, change: Callable[..., None], args: tuple[Any, ...]
) -> None:
    """Ask for a moment. After each change `change` is called with `args`, and finds what was chosen
    in the state, without a zone, see `from_wall_time`; None where the input was emptied.
    """
    # By the state: an input that is given a value cannot be emptied.
    shown = st.session_state[key] = None if seconds is None else as_wall_time(seconds)
    st.datetime_input(
        label,
        value=None,
        min_value=datetime(2000, 1, 1),
        max_value=_latest(shown or datetime.min),
        key=key,
        format="YYYY-MM-DD",
        on_change=change,
        args=args,
    )
