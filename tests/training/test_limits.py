"""What is too large to be trained here is refused in words, whatever can be analysed."""

import pytest

from explorer.network import spec
from explorer.network.analysis import analyze
from explorer.network.spec import Architecture, Layer
from explorer.training.datasets import DATASETS
from explorer.training.limits import find_excess
from explorer.training.problems import find_problem

CONV = spec.Conv2d(out_channels=8, kernel_size=3, padding=1)


def network(*layers: Layer) -> Architecture:
    return Architecture(layers=(*layers, spec.Flatten(), spec.Linear(out_features=10)))


TOO_LARGE = [
    (
        network(spec.Flatten(), spec.Linear(out_features=60_000), spec.Linear(out_features=1000)),
        "it has 107,111,010 parameters, and the limit is 50,000,000; "
        "layer 2 (Linear) alone has 60,001,000: give it fewer out_features, "
        "or pool the map further before it is flattened",
    ),
    (
        network(
            spec.Conv2d(out_channels=30_000, kernel_size=1), spec.AdaptiveAvgPool2d(output_size=1)
        ),
        "it has 23,580,010 values in its layers' outputs for each image, "
        "and the limit is 16,000,000; layer 0 (Conv2d)",
    ),
    (
        network(
            *[spec.Conv2d(out_channels=1024, kernel_size=3, padding=1)] * 5,
            spec.AdaptiveAvgPool2d(output_size=1),
        ),
        "it has 29,603,047,424 mult-adds for each image, and the limit is 20,000,000,000; "
        "layer 1 (Conv2d)",
    ),
]


@pytest.mark.parametrize(("architecture", "message"), TOO_LARGE)
def test_a_network_too_large_to_be_trained_is_analysed_and_refused_in_words(
    architecture: Architecture, message: str
) -> None:
    assert analyze(architecture).problem is None
    obstacle = find_problem(architecture, DATASETS["digits"])
    assert obstacle is not None
    assert obstacle.message.startswith(f"the network is too large to be trained here: {message}")


def test_a_network_at_its_limit_is_trained() -> None:
    architecture = network(CONV)
    assert find_excess(analyze(architecture)) is None
    assert find_problem(architecture, DATASETS["digits"]) is None


def test_the_remedy_can_be_followed() -> None:
    """The layer that is named is the one that a smaller argument makes fit."""
    architecture, _ = TOO_LARGE[0]
    layers = list(architecture.layers)
    layers[2] = replace_out_features(layers[2], 100)
    layers[1] = replace_out_features(layers[1], 6000)
    assert (
        find_problem(architecture.model_copy(update={"layers": tuple(layers)}), DATASETS["digits"])
        is None
    )


def replace_out_features(layer: Layer, count: int) -> Layer:
    return layer.model_copy(update={"out_features": count})
