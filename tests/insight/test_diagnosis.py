"""What is wrong with the layers of a network that learns, in words."""

import math
import re

import pytest

from explorer.insight.diagnosis import diagnose, layers_of
from explorer.network.analysis import Analysis, analyze
from explorer.network.architecture_json import parse_architecture
from explorer.presets import load_presets
from explorer.training.dataset_files import load_dataset
from explorer.training.engine import Noted, train
from explorer.training.health import Health, LayerHealth
from explorer.training.recipe import parse_recipe

NAN = math.nan


def analysis_of(*layers: dict) -> Analysis:
    data = {"schema_version": 1, "input_shape": [1, 12, 12], "layers": list(layers)}
    return analyze(parse_architecture(data))


CONV = {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3}
NORM, RELU, FLATTEN = {"kind": "BatchNorm2d"}, {"kind": "ReLU"}, {"kind": "Flatten"}
LINEAR = {"kind": "Linear", "out_features": 10}
PLAIN = analysis_of(CONV, RELU, FLATTEN, LINEAR)
NORMED = analysis_of(CONV, NORM, RELU, FLATTEN, LINEAR)


def computes(gradient: float = 1.0, update: float = 0.01) -> LayerHealth:
    return LayerHealth(NAN, gradient, 1.0, update, NAN, NAN)


def normalises(least_variance: float = 0.5) -> LayerHealth:
    return LayerHealth(NAN, 1.0, 1.0, 0.001, 0.1, least_variance)


def fires(silent: float = 0.0) -> LayerHealth:
    return LayerHealth(silent, *[NAN] * 5)


NOTHING = LayerHealth(*[NAN] * 6)


LOWER = "lower the learning rate or the weight decay"


@pytest.mark.parametrize(
    ("analysis", "health", "expected"),
    [
        pytest.param(PLAIN, (computes(), fires(0.24), NOTHING, computes()), [], id="all is well"),
        pytest.param(
            PLAIN,
            (computes(), fires(0.37), NOTHING, computes()),
            [
                f"37 % of the units of layer 1 (ReLU) never fire: {LOWER}, or put BatchNorm before "
                "the ReLU"
            ],
            id="silent",
        ),
        pytest.param(
            NORMED,
            (computes(), normalises(), fires(0.5), NOTHING, computes()),
            [f"50 % of the units of layer 2 (ReLU) never fire: {LOWER}"],
            id="silent behind BatchNorm",
        ),
        pytest.param(
            PLAIN,
            (computes(0.0, 0.0), fires(1.0), NOTHING, computes()),
            [
                f"none of the units of layer 1 (ReLU) ever fires: {LOWER}, or put BatchNorm before "
                "the ReLU"
            ],
            id="all silent, which is why no gradient comes through",
        ),
        pytest.param(
            PLAIN,
            (computes(1e-6), fires(), NOTHING, computes(1.5)),
            [
                "the gradient that reaches layer 0 (Conv2d) is 1.5 M times smaller than that of "
                "layer 3 (Linear): BatchNorm or a skip brings more of it back"
            ],
            id="vanishing gradient",
        ),
        pytest.param(
            analysis_of(CONV, {"kind": "Tanh"}, FLATTEN, LINEAR),
            (computes(0.0), NOTHING, NOTHING, computes(1.5)),
            [
                "the gradient that reaches layer 0 (Conv2d) is nothing beside that of layer 3 "
                "(Linear): ReLU in place of Sigmoid or Tanh, BatchNorm or a skip brings more of "
                "it back"
            ],
            id="vanishing behind Tanh",
        ),
        pytest.param(
            PLAIN, (computes(1.0), fires(), NOTHING, computes(math.inf)), [], id="infinite"
        ),
        pytest.param(
            PLAIN,
            (computes(0.0), fires(), NOTHING, computes(0.0)),
            [
                "no layer gets a gradient any more: the network is quite sure of each of its "
                "answers, or its units are all silent"
            ],
            id="no gradient",
        ),
        pytest.param(
            PLAIN,
            (computes(update=0.3), fires(), NOTHING, computes(update=0.45)),
            [
                "one step changed the weights of layer 3 (Linear) by 45 % of their length, where "
                f"up to a few percent is usual: {LOWER}"
            ],
            id="large steps",
        ),
        pytest.param(
            NORMED,
            (computes(), normalises(3e-9), fires(), NOTHING, computes()),
            [
                "a channel that comes into layer 1 (BatchNorm2d) is the same for every image, so "
                f"it tells nothing of any: give the layer before it fewer channels, or {LOWER}"
            ],
            id="a channel that does not vary",
        ),
        pytest.param(
            analysis_of(FLATTEN, {"kind": "BatchNorm1d"}, LINEAR),
            (NOTHING, normalises(0.0), computes()),
            [],
            id="pixels that do not vary",
        ),
    ],
)
def test_what_is_told(analysis: Analysis, health: Health, expected: list[str]):
    assert diagnose(analysis, health) == expected


def test_figures_of_another_network_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        diagnose(PLAIN, (computes(),))


@pytest.mark.parametrize("id", ["mini-inception", "mini-resnet", "densenet-121"])
def test_merges_have_no_figures(id):
    analysis = analyze(load_presets()[id].architecture)
    rows = [row for row in analysis.rows if row.kind != "Branches"]
    found = layers_of(analysis, tuple(NOTHING for _ in rows))
    assert [each.row for each in found] == rows


def test_at_too_high_a_rate_units_die_and_it_says_so():
    digits = load_dataset("digits")
    layers = [FLATTEN, {"kind": "Linear", "out_features": 32}, RELU, LINEAR]
    shape = list(digits.kind.input_shape)
    network = parse_architecture({"schema_version": 1, "input_shape": shape, "layers": layers})
    told = {}
    for rate in (0.02, 2.0):
        optimizer = {"kind": "SGD", "lr": rate}
        recipe = parse_recipe(
            {"dataset": "digits", "epochs": 2, "optimizer": optimizer, "device": "cpu"}
        )
        noted: list[Noted] = []
        list(train(network, recipe, digits, note=noted.append))
        told[rate] = diagnose(analyze(network), noted[-1].health)
    assert told[0.02] == []
    assert re.match(r"(9\d %|none) of the units of layer 2 \(ReLU\)", told[2.0][0])
