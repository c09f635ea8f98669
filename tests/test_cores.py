"""How many threads a training takes, and that torch hears of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.cores import training_threads

ROOT = Path(__file__).parents[1]
THREADS = "from explorer.cores import limit_threads; limit_threads(); import torch; print(torch.get_num_threads())"


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 1), (4, 2), (6, 3), (8, 4), (64, 4)])
def test_half_the_cores_and_never_many(cores: int, threads: int) -> None:
    assert training_threads(cores) == threads


@pytest.mark.parametrize("asked", [None, "2"])
def test_torch_computes_with_so_many(asked: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {"OMP_NUM_THREADS": asked} if asked else {}
    done = subprocess.run([sys.executable, "-c", THREADS], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) == (int(asked) if asked else training_threads(len(os.sched_getaffinity(0))))
