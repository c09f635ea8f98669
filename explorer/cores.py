"""How many of the machine's cores a training takes. Read before torch is imported, so nothing here imports it."""

import os

MOST = 4  # networks as small as these gain little beyond


def limit_threads() -> None:
    """Before torch is imported: it computes with OMP_NUM_THREADS threads, and where that isn't set, with this many."""
    os.environ.setdefault("OMP_NUM_THREADS", str(training_threads(_cores())))


def training_threads(cores: int) -> int:
    """Half the cores, so that the screen keeps the others: a second thread beside a busy server only waits."""
    return max(1, min(MOST, cores // 2))


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
