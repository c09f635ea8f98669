"""How many of the machine's cores a training takes.

Read before torch is imported, so nothing here imports it.
"""

import os

MOST = 4  # networks as small as these gain little beyond


def limit_threads() -> None:
    """Have torch compute with OMP_NUM_THREADS threads or, without it, with `training_threads()`. To
    be called before torch is imported.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(training_threads(_cores())))


def training_threads(cores: int) -> int:
    """Half the cores, four at most, so that the screens keep the others."""
    return max(1, min(MOST, cores // 2))


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
