"""What a network answers to each image that it is tested on."""

import pytest
import torch
import torch.nn.functional as F

from explorer.network.architecture_json import parse_architecture
from explorer.network.spec import Architecture
from explorer.training.answers import Answers
from explorer.training.dataset_files import Dataset
from explorer.training.engine import Noted, train
from explorer.training.recipe import parse_recipe
from tests.runs.shared import without_times

CPU = torch.device("cpu")


def test_they_are_what_a_plain_loop_finds():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(50, 7, generator=generator)
    labels = torch.randint(7, (50,), generator=generator)
    found = Answers.of(scores, labels)
    for image in range(50):
        shares = scores[image].softmax(0)
        assert found.predicted[image] == shares.argmax()
        assert found.probability[image].item() == pytest.approx(shares.max().item(), rel=1e-5)
        expected = F.cross_entropy(scores[image][None], labels[image][None]).item()
        assert found.loss[image].item() == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_an_epochs_answers_are_those_of_its_test(small: Architecture, tiny: Dataset):
    recipe = parse_recipe({"dataset": "tiny", "epochs": 3, "batch_size": 32, "device": "cpu"})
    noted: list[Noted] = []
    events = list(train(small, recipe, tiny, CPU, note=noted.append))
    epochs = [event for event in events if event.kind == "epoch"]
    assert len(noted) == len(epochs) == 3
    for (each, _), epoch in zip(noted, epochs, strict=True):
        right = (each.predicted == tiny.test.labels).sum().item()
        assert right / len(tiny.test.labels) == epoch.metrics["test_accuracy"]
        assert each.loss.mean().item() == pytest.approx(epoch.metrics["test_loss"], rel=1e-6)


def with_everything(dataset: Dataset) -> Architecture:
    """A network with each kind of layer that may be hurt by a look at it."""
    layers = [
        {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3},
        {"kind": "BatchNorm2d"},
        {"kind": "ReLU"},
        {"kind": "Dropout2d", "p": 0.3},
        {"kind": "Branches", "merge": "add", "branches": [[{"kind": "ReLU6"}], []]},
        {"kind": "Flatten"},
        {"kind": "Dropout", "p": 0.2},
        {"kind": "Linear", "out_features": 10},
        {"kind": "LogSoftmax"},
    ]
    shape = list(dataset.kind.input_shape)
    return parse_architecture({"schema_version": 1, "input_shape": shape, "layers": layers})


def test_noting_them_changes_no_number_of_the_training(tiny: Dataset):
    """Also where a layer has statistics, draws, or writes over what it gets."""
    network = with_everything(tiny)
    recipe = parse_recipe({"dataset": "tiny", "epochs": 3, "batch_size": 32, "device": "cpu"})
    kept: list[list] = [[], []]
    with_them = train(network, recipe, tiny, CPU, after_epoch=kept[0].append, note=print)
    without = train(network, recipe, tiny, CPU, after_epoch=kept[1].append)
    assert [*map(without_times, with_them)] == [*map(without_times, without)]
    for one, other in zip(*kept, strict=True):
        assert one.tensors.keys() == other.tensors.keys()
        assert all(torch.equal(one.tensors[name], other.tensors[name]) for name in one.tensors)
