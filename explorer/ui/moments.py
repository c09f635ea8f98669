"""Moments as this visitor's clock shows them: the browser tells its time zone."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


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
