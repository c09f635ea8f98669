"""How many threads a training takes, and that torch hears of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.cores import training_threads

ROOT = Path(__file__).parents[1]
THREADS = (
    "from explorer.cores import limit_threads; limit_threads(); import torch; "
    "print(torch.get_num_threads())"
)


@pytest.mark.parametrize(
    ("cores", "threads"), [(1, 1), (2, 1), (3, 1), (4, 2), (6, 3), (8, 4), (64, 4)]
)
def test_half_the_cores_and_never_many(cores: int, threads: int) -> None:
    assert training_threads(cores) == threads


@pytest.mark.slow
def test_torch_computes_with_so_many() -> None:
    """The two side by side, as importing torch takes some seconds."""
    unset = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    expected = {"": training_threads(len(os.sched_getaffinity(0))), "2": 2}
    processes = {
        asked: subprocess.Popen(
            [sys.executable, "-c", THREADS],
            cwd=ROOT,
            env=unset | ({"OMP_NUM_THREADS": asked} if asked else {}),
            stdout=subprocess.PIPE,
            text=True,
        )
        for asked in expected
    }
    said = {asked: process.communicate(timeout=120)[0] for asked, process in processes.items()}
    assert {asked: int(threads) for asked, threads in said.items()} == expected
