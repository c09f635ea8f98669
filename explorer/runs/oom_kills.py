"""Whether the system has ended processes for lack of memory."""

from pathlib import Path

OOM_KILLS = Path("/proc/vmstat")


def oom_kills() -> int | None:
    """How many processes the system has ended for lack of memory since it started; None if it does
    not tell.
    """
    try:
        lines = OOM_KILLS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)
