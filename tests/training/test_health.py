"""How the layers of a network fare at the end of an epoch."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explorer.network.analysis import analyze
from explorer.network.build import build
from explorer.presets import load_presets
from explorer.training.checkpoint import Checkpoint, network_weights
from explorer.training.dataset_files import Dataset
from explorer.training.engine import Noted, train
from explorer.training.health import (
    FIRING_IMAGES,
    FiringUnits,
    LayerHealth,
    WeightChanges,
    _layers,
    gradient_images,
    measure_health,
)
from explorer.training.images import normalise
from explorer.training.recipe import parse_recipe
from explorer.training.validation_split import split_off
from tests.training.test_answers import with_everything

CPU = torch.device("cpu")


def lengths(network: nn.Module) -> dict[str, float]:
    """Of every weight, by its layer's name."""
    return {
        name.removesuffix(".weight"): each.detach().double().norm().item()
        for name, each in network.named_parameters()
        if name.endswith("weight")
    }


def units_that_fire(network: nn.Module, images: torch.Tensor) -> dict[str, list[bool]]:
    """Of each ReLU, by its name."""
    fired: dict[str, list[bool]] = {}

    def look(name: str, output: torch.Tensor) -> None:
        fired[name] = [bool((output[:, unit] > 0).any()) for unit in range(output.shape[1])]

    hooks = [
        module.register_forward_hook(lambda _, __, output, name=name: look(name, output))
        for name, module in network.named_modules()
        if isinstance(module, nn.ReLU | nn.ReLU6)
    ]
    network(images)
    for hook in hooks:
        hook.remove()
    return fired


def test_after_an_epoch_they_are_what_plain_hooks_find(tiny: Dataset):
    architecture = with_everything(tiny)
    recipe = parse_recipe(
        {"dataset": "tiny", "epochs": 2, "batch_size": 32, "device": "cpu", "validation_images": 9}
    )
    noted: list[Noted] = []
    reached: list[Checkpoint] = []
    list(train(architecture, recipe, tiny, CPU, after_epoch=reached.append, note=noted.append))
    for each, checkpoint in zip(noted, reached, strict=True):
        network = build(architecture)
        network.load_state_dict(network_weights(checkpoint))
        network.eval()
        first = tiny.test.images[:FIRING_IMAGES]
        fired = units_that_fire(network, normalise(first.float() / 255, tiny.kind))
        learned, _ = split_off(tiny.train, recipe)
        count = gradient_images(len(learned.labels), recipe.batch_size)
        scores = network(normalise(learned.images[:count].float() / 255, tiny.kind))
        F.cross_entropy(scores, learned.labels[:count]).backward()
        places = [row.place for row in analyze(architecture).rows if row.kind != "Branches"]
        found = dict(zip(places, each.health, strict=True))
        assert {name for name, layer in found.items() if not math.isnan(layer.silent)} == {*fired}
        for name, units in fired.items():
            assert found[name].silent == pytest.approx(1 - sum(units) / len(units), abs=1e-6)
        expected = lengths(network)
        assert {name for name, layer in found.items() if not math.isnan(layer.weight)} == {
            *expected
        }
        for name, length in expected.items():
            weight = network.get_submodule(name).weight
            assert found[name].weight == pytest.approx(length, rel=1e-5)
            assert found[name].gradient == pytest.approx(
                weight.grad.double().norm().item(), rel=1e-4
            )
        norm = network.get_submodule("1")
        assert found["1"].mean == pytest.approx(norm.running_mean.abs().max().item())
        assert found["1"].least_variance == pytest.approx(norm.running_var.min().item())
        assert math.isnan(found["0"].mean)


def test_by_how_much_a_step_changes_a_weight():
    network = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 2))
    firing, changes = FiringUnits(), WeightChanges()
    with firing.watched(network):
        network(torch.ones(1, 3))
    with changes.watched(network), torch.no_grad():
        network[0].weight += 0.5  # six values
        network[2].weight[0, 0] -= 3.0
    health = measure_health(network, firing, changes, lambda: network(torch.ones(1, 3)).sum())
    assert [layer.update for layer in health] == pytest.approx(
        [math.sqrt(6) / 2, math.nan, 3.0], rel=1e-6, nan_ok=True
    )


@pytest.mark.parametrize("is_training", [True, False])
def test_a_look_leaves_the_network_as_it_was(is_training):
    network = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5), nn.Linear(3, 2), nn.ReLU())
    network.train(is_training)
    network(torch.randn(4, 3)).sum().backward()
    before = [network.state_dict()[name].clone() for name in network.state_dict()]
    gradient = network[2].weight.grad.clone()
    chance = torch.get_rng_state()
    firing, changes = FiringUnits(), WeightChanges()
    with firing.watched(network), changes.watched(network):
        pass
    measure_health(network, firing, changes, lambda: network(torch.ones(4, 3)).sum())
    assert all(map(torch.equal, before, network.state_dict().values()))
    assert torch.equal(network[2].weight.grad, gradient)
    assert torch.equal(torch.get_rng_state(), chance)
    assert network.training == is_training
    assert not network[3]._forward_hooks


def test_units_are_channels_or_values_and_the_first_images_alone_count():
    network = nn.ReLU()
    firing = FiringUnits()
    maps = torch.full((FIRING_IMAGES + 1, 4, 5, 5), -1.0)
    maps[:, 0] = 1.0
    maps[7, 1, 2, 3] = 0.1  # once is enough
    maps[FIRING_IMAGES, 2] = 1.0  # too late
    maps[:, 3] = 0.0  # not above it
    with firing.watched(network):
        network(maps)
        network(torch.ones(9, 4, 5, 5))  # the next batch
    assert firing.silent_share(network).item() == 0.5
    with firing.watched(network):
        network(torch.tensor([[1.0, -1.0, 0.0], [-1.0, -1.0, 2.0]]))
    assert firing.silent_share(network).item() == pytest.approx(1 / 3)
    assert firing.silent_share(nn.ReLU()) is None


@pytest.mark.parametrize("id", load_presets())
def test_there_is_one_for_each_layer_of_a_preset_in_the_order_of_its_rows(id):
    architecture = load_presets()[id].architecture
    with torch.device("meta"):
        network = build(architecture)
    rows = [row for row in analyze(architecture).rows if row.kind != "Branches"]
    modules = [network.get_submodule(row.place) for row in rows]
    found = _layers(network)
    assert len(found) == len(modules)
    assert all(one is other for one, other in zip(found, modules, strict=True))


@pytest.mark.parametrize(
    ("train_images", "batch_size", "expected"),
    [
        (60_000, 128, 128),  # no more than a step takes
        (60_000, 1_000, 256),
        (10_000, 512, 100),
        (1_437, 64, 16),
        (10, 64, 10),
        (60_000, 1, 1),
    ],
)
def test_how_many_images_the_gradient_is_taken_on(train_images, batch_size, expected):
    assert gradient_images(train_images, batch_size) == expected


def test_a_network_without_weights_has_nothing_to_tell():
    network = nn.Sequential(nn.Flatten())
    weight = torch.ones((), requires_grad=True)
    firing, changes = FiringUnits(), WeightChanges()
    (health,) = measure_health(network, firing, changes, lambda: weight * 2)
    assert all(math.isnan(value) for value in LayerHealth(*health))
