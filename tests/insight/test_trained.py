"""A run's network, ready to answer."""

import pytest
import torch
import torch.nn.functional as F

from explorer.insight.trained import Trained, TrainedNetworks
from explorer.network.spec import Architecture
from explorer.runs.manager import JobManager
from explorer.training.dataset_files import Dataset
from tests.people.shared import SOMEBODY
from tests.runs.shared import recipe, wait
from tests.tiny import linear, network


@pytest.fixture
def run_id(manager: JobManager, small: Architecture) -> str:
    made = manager.submit(small, recipe(epochs=3), SOMEBODY)
    assert wait(manager, made).status == "finished"
    return made


def read(manager: JobManager, networks: TrainedNetworks, run_id: str, after: int) -> Trained:
    return networks.of(manager.snapshot(run_id, 0).run, manager.weights(run_id, after))


def test_it_answers_as_in_the_run_s_own_test(manager, run_id, tiny: Dataset):
    last = manager.snapshot(run_id, 0).epochs[-1]
    trained = read(manager, TrainedNetworks(), run_id, 3)
    assert (trained.run_id, trained.epoch, trained.note) == (run_id, 3, "")
    scores = trained.scores(tiny.test.images)
    right = (scores.argmax(1) == tiny.test.labels).sum().item()
    assert right / len(tiny.test.labels) == last.metrics["test_accuracy"]
    loss = F.cross_entropy(scores, tiny.test.labels).item()
    assert loss == pytest.approx(last.metrics["test_loss"], rel=1e-6)


def test_probabilities_also_of_a_network_without_log_softmax(manager, run_id, tiny: Dataset):
    trained = read(manager, TrainedNetworks(), run_id, 3)  # it ends in a LogSoftmax
    torch.testing.assert_close(
        trained.probabilities(tiny.test.images), trained.scores(tiny.test.images).exp()
    )
    plain = manager.submit(network("Flatten", linear()), recipe(epochs=1), SOMEBODY)
    assert wait(manager, plain).status == "finished"
    found = read(manager, TrainedNetworks(), plain, 1).probabilities(tiny.test.images)
    torch.testing.assert_close(found.sum(1), torch.ones(len(found)))
    assert (found >= 0).all()


def test_each_epoch_has_its_own_network_which_is_made_once(manager, run_id):
    networks = TrainedNetworks()
    first, last = (read(manager, networks, run_id, epoch) for epoch in (1, 3))
    assert (first.epoch, last.epoch) == (1, 3)
    assert read(manager, networks, run_id, 3).network is last.network is not first.network
    assert not all(
        torch.equal(a, b)
        for a, b in zip(first.network.parameters(), last.network.parameters(), strict=True)
    )


def test_weights_that_are_read_anew_are_not_taken_for_those_before(manager, run_id):
    networks = TrainedNetworks()
    run, found = manager.snapshot(run_id, 0).run, manager.weights(run_id, 3)
    made = networks.of(run, found)
    other = found._replace(weights={name: each * 2 for name, each in found.weights.items()})
    assert networks.of(run, other).network is not made.network


def test_a_note_is_that_of_this_reading(manager, run_id):
    networks = TrainedNetworks()
    run, found = manager.snapshot(run_id, 0).run, manager.weights(run_id, 3)
    assert networks.of(run, found._replace(note="another epoch")).note == "another epoch"
    assert networks.of(run, found).note == ""
