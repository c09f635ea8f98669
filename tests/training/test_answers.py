"""What a network answers to each image that it is tested on."""

import pytest
import torch
import torch.nn.functional as F

from explorer.network.spec import Architecture
from explorer.training.answers import Answers
from explorer.training.dataset_files import Dataset
from explorer.training.engine import train
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
    answers: list[Answers] = []
    events = list(train(small, recipe, tiny, CPU, after_test=answers.append))
    epochs = [event for event in events if event.kind == "epoch"]
    assert len(answers) == len(epochs) == 3
    for each, epoch in zip(answers, epochs, strict=True):
        right = (each.predicted == tiny.test.labels).sum().item()
        assert right / len(tiny.test.labels) == epoch.metrics["test_accuracy"]
        assert each.loss.mean().item() == pytest.approx(epoch.metrics["test_loss"], rel=1e-6)


def test_noting_them_changes_no_number_of_the_training(small: Architecture, tiny: Dataset):
    recipe = parse_recipe({"dataset": "tiny", "epochs": 3, "batch_size": 32, "device": "cpu"})
    kept: list[list] = [[], []]
    with_them = train(small, recipe, tiny, CPU, after_epoch=kept[0].append, after_test=print)
    without = train(small, recipe, tiny, CPU, after_epoch=kept[1].append)
    assert [*map(without_times, with_them)] == [*map(without_times, without)]
    for one, other in zip(*kept, strict=True):
        assert one.tensors.keys() == other.tensors.keys()
        assert all(torch.equal(one.tensors[name], other.tensors[name]) for name in one.tensors)
