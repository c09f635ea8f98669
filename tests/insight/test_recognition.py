"""What a network answers to one image, and the maps of its layers."""

import numpy as np
import pytest
import torch

from explorer.insight import recognition
from explorer.insight.recognition import MOST_MAPS, map_greys, recognise, shown_maps
from explorer.insight.trained import CPU, Trained, with_weights
from explorer.network.analysis import analyze
from explorer.network.spec import Architecture
from explorer.training.engine import Numerics
from explorer.training.images import normalise
from explorer.training.initialisation import RandomStreams, new_network
from tests.tiny import CLASSES, linear, network

BRANCHING = network(
    {"kind": "Conv2d", "out_channels": 20, "kernel_size": 3},
    "ReLU",
    {
        "kind": "Branches",
        "merge": "add",
        "branches": [
            [{"kind": "Conv2d", "out_channels": 20, "kernel_size": 3, "padding": 1}],
            [],
        ],
    },
    "Flatten",
    linear(),
)


def untrained(architecture: Architecture) -> Trained:
    """Its first weights, as a run of the tiny images has them."""
    streams = RandomStreams.of(3, CPU)
    weights = new_network(architecture, streams.weights, streams.dropout).state_dict()
    numerics = Numerics.of("fp32", CPU)
    made = with_weights(architecture, weights, numerics, CPU)
    return Trained("run", 1, architecture, "tiny", made, numerics, "")


@pytest.fixture
def image(tiny) -> np.ndarray:
    return tiny.test.images[0].numpy()


def test_it_answers_as_the_network_does(image):
    trained = untrained(BRANCHING)
    chances = recognise(trained, image)
    assert len(chances) == CLASSES
    expected = trained.probabilities(torch.from_numpy(image)[None])[0]
    assert chances == pytest.approx(expected.tolist(), abs=1e-6)


def test_every_layer_and_merge_has_its_maps(image):
    trained = untrained(BRANCHING)
    shown = shown_maps(analyze(BRANCHING))
    assert [(each.maps, each.rows, each.columns) for each in shown] == [
        (MOST_MAPS, 6, 6),
        (MOST_MAPS, 6, 6),
        (MOST_MAPS, 6, 6),
        (MOST_MAPS, 6, 6),
        (1, 1, 720),
        (1, 1, CLASSES),
    ]
    greys = map_greys(trained, shown, image)
    assert [each.shape for each in greys] == [each[1:] for each in shown]
    x = normalise(torch.from_numpy(image)[None].float() / 255, trained.kind)
    with torch.inference_mode():
        values = trained.network[0](x)[0, :MOST_MAPS].numpy()
    expected = (values - values.min()) / (values.max() - values.min()) * 255
    assert np.abs(greys[0] - expected).max() <= 0.51
    assert all(each.min() == 0 and each.max() == 255 for each in greys)


def test_maps_are_fewer_where_there_are_many_layers(monkeypatch):
    monkeypatch.setattr(recognition, "MOST_PIXELS", 4 * 4 * 36 + 723)
    assert {each.maps for each in shown_maps(analyze(BRANCHING))} == {4, 1}
    monkeypatch.setattr(recognition, "MOST_PIXELS", 1)
    assert {each.maps for each in shown_maps(analyze(BRANCHING))} == {1}


def test_a_large_network_is_looked_into_up_to_where_it_becomes_too_large(monkeypatch, image):
    monkeypatch.setattr(recognition, "MAX_VALUES", 2 * 720)
    shown = shown_maps(analyze(BRANCHING))
    assert len(shown) == 2
    assert len(map_greys(untrained(BRANCHING), shown, image)) == 2


def test_values_that_are_no_numbers_are_drawn_all_the_same(image):
    trained = untrained(network("Flatten", linear()))
    with torch.no_grad():
        trained.network[1].weight.fill_(float("nan"))
    greys = map_greys(trained, shown_maps(analyze(trained.architecture)), image)
    assert greys[1].tolist() == [[[0] * CLASSES]]


def test_two_threads_may_ask_the_same_network(image):
    """Asking changes nothing in it."""
    trained = untrained(BRANCHING)
    before = {name: each.clone() for name, each in trained.network.state_dict().items()}
    shown = shown_maps(analyze(BRANCHING))
    first = map_greys(trained, shown, image)
    second = map_greys(trained, shown, image)
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    for name, each in trained.network.state_dict().items():
        assert torch.equal(each, before[name])
