"""A network's answers are those of the engine's own test."""

import pytest

from explorer.insight.measuring import measure
from explorer.network.spec import Architecture
from explorer.runs.manager import JobManager
from explorer.training.dataset_files import Dataset
from tests.people.shared import SOMEBODY
from tests.runs.shared import recipe, wait


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("epoch", [2, 3])
def test_they_are_what_the_run_reported(
    precision: str, epoch: int, manager: JobManager, small: Architecture, tiny: Dataset
) -> None:
    run_id = manager.submit(small, recipe(epochs=3, precision=precision), SOMEBODY)
    assert wait(manager, run_id).status == "finished"
    weights = manager.weights(run_id, epoch)
    found = measure(small, weights.weights, tiny, weights.precision)
    reported = manager.snapshot(run_id, 0).epochs[epoch - 1].metrics
    assert (found.accuracy, found.loss) == (reported["test_accuracy"], reported["test_loss"])
    right = (found.answers.predicted == tiny.test.labels).sum().item()
    assert right / len(tiny.test.labels) == found.accuracy
