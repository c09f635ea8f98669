"""Runs of small networks on the built-in images, as the job manager keeps them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.exports.report.reading import read_trained
from explorer.exports.report.run_report import Trained
from explorer.network.spec import Architecture, BatchNorm2d, Conv2d, Flatten, Linear, ReLU, Softmax
from explorer.runs.manager import JobManager
from explorer.training.recipe import Recipe
from tests.exports.trees import conv, head, inception, residual, squeeze_excitation, strided
from tests.people.shared import SOMEBODY
from tests.runs.shared import wait

SMALL = Architecture(
    name="small",
    layers=(
        Conv2d(out_channels=4, kernel_size=5, stride=3),
        ReLU(),
        BatchNorm2d(),
        Flatten(),
        Linear(out_features=10),
        Softmax(dim=1),
    ),
)
BLOCKS = Architecture(
    name="blocks",
    layers=(
        *(conv(4, 5, stride=4), residual(4), ReLU(), residual(4), ReLU()),
        *(strided(6, squeeze_excitation(6, 2)), ReLU(), inception(*range(1, 7)), *head()),
    ),
)
RECIPE = Recipe(dataset="digits", epochs=2, batch_size=64, device="cpu", precision="fp32")


@pytest.fixture
def jobs():
    with JobManager() as manager:
        yield manager


@pytest.fixture
def trained(jobs: JobManager, tmp_path: Path) -> Callable[..., Trained]:
    def train(architecture: Architecture = SMALL, **changes: object) -> Trained:
        run_id = jobs.submit(architecture, RECIPE.model_copy(update=changes), SOMEBODY)
        wait(jobs, run_id)
        return read_trained(jobs, run_id, tmp_path)

    return train
