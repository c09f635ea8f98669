"""The effective receptive field: a mean of gradients, and nothing outside what the exact one
allows.
"""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from explorer.network import spec
from explorer.network.analysis import analyze, receptive_fields
from explorer.network.architecture_json import parse_architecture
from explorer.network.build import build
from explorer.network.effective_field import EffectiveField, effective_field
from explorer.network.evaluation import layer_modules, network_with, outputs
from explorer.network.spec import Architecture, MaxPool2d, SiLU
from tests.network.stacks import architectures

drawn = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def stack(*layers, shape=(1, 12, 12)) -> Architecture:
    data = [{"kind": layer} if isinstance(layer, str) else layer for layer in layers]
    return parse_architecture({"name": "tested", "input_shape": list(shape), "layers": data})


def conv(out=4, kernel=3, **fields):
    return {"kind": "Conv2d", "out_channels": out, "kernel_size": kernel, **fields}


def images(architecture: Architecture, count: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, *architecture.input_shape, generator=generator, dtype=torch.float64)


def fitting(architecture: Architecture) -> Architecture:
    return architecture.model_copy(
        update={"layers": architecture.layers[: len(analyze(architecture).rows)]}
    )


def layer_outputs(architecture, weights, x):
    """The images, then what each layer and merge makes of them."""
    rows = analyze(architecture).rows
    return [*outputs(rows, layer_modules(rows, weights), x).values()]


# --- the network on the side ----------------------------------------------------------------------


# A pooling whose window touches its border alone gives −∞, and SiLU makes that no number, here and
# in torch.
OF_A_BORDER_ALONE = Architecture(
    input_shape=(1, 1, 1), layers=(MaxPool2d(kernel_size=2, padding=1, dilation=(1, 2)), SiLU())
)


@drawn
@given(architectures())
@example(OF_A_BORDER_ALONE)
def test_every_layers_output_is_torchs(architecture):
    architecture = fitting(architecture)
    plain, x = build(architecture), images(architecture)
    found = layer_outputs(architecture, plain.state_dict(), x)
    expected = x
    assert torch.equal(found[0], x)
    for module, values in zip(plain.double().eval(), found[1:], strict=True):
        expected = module(expected)
        torch.testing.assert_close(
            values, expected.detach(), rtol=1e-10, atol=1e-12, equal_nan=True
        )


def test_the_weights_are_copied_and_no_random_number_is_drawn():
    architecture = stack(
        conv(),
        "BatchNorm2d",
        {"kind": "Dropout", "p": 0.9},
        "Flatten",
        {"kind": "Linear", "out_features": 3},
    )
    weights = build(architecture).state_dict()
    before, state = (
        {name: tensor.clone() for name, tensor in weights.items()},
        torch.random.get_rng_state(),
    )
    network = network_with(architecture, weights)
    first = network(images(architecture).double())
    assert torch.equal(network(images(architecture).double()), first)
    effective_field(network, (0, 0), 1, images(architecture))
    next(network.parameters()).data.zero_()
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights.items())


def test_the_weights_of_a_longer_network_do():
    whole = stack(conv(), "ReLU", conv(2), "Flatten", {"kind": "Linear", "out_features": 3})
    start = whole.model_copy(update={"layers": whole.layers[:3]})
    weights = build(whole).state_dict()
    x = images(whole)
    assert torch.equal(layer_outputs(start, weights, x)[-1], layer_outputs(whole, weights, x)[3])


# --- the field ------------------------------------------------------------------------------------


@drawn
@given(architectures(), st.data())
def test_no_influence_outside_the_exact_mask(architecture, data):
    architecture = fitting(architecture)
    if not architecture.layers:
        return
    index = data.draw(st.integers(0, len(architecture.layers) - 1))
    start = architecture.model_copy(update={"layers": architecture.layers[: index + 1]})
    field = receptive_fields(analyze(start))[-1]
    unit = (
        data.draw(st.integers(0, field.units[0] - 1)),
        data.draw(st.integers(0, field.units[1] - 1)),
    )
    channels = analyze(start).output_shape[0]
    channel = data.draw(st.none() | st.integers(0, channels - 1))
    found = effective_field(
        network_with(start, build(start).state_dict()), unit, channel, images(start)
    )
    assert found.influence.shape == start.input_shape[1:]
    assert not found.influence[~field.mask(*unit)].any()


CASES = {
    "plain": (conv(), "ReLU", conv(3, 3, stride=2, padding=1)),
    "trained statistics": (conv(), "BatchNorm2d", "Tanh", conv(2)),
    "the batch's own statistics": (
        conv(),
        {"kind": "BatchNorm2d", "track_running_stats": False},
        conv(2),
    ),
    "over the image": (conv(), {"kind": "GroupNorm", "num_groups": 2}, "SiLU"),
    "a vector": (conv(2), "Flatten", {"kind": "Linear", "out_features": 4}),
}


@pytest.mark.parametrize("layers", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("channel", [None, 1])
@pytest.mark.parametrize("colours", [1, 3])
def test_it_is_the_mean_absolute_gradient(layers, channel, colours):
    architecture = stack(*layers, shape=(colours, 12, 12))
    network = build(architecture)
    weights = network.state_dict()
    network.double().eval()
    unit = (2, 3) if analyze(architecture).output_shape[1:] else (0, 0)
    gradients = []
    for image in images(architecture, 5):
        x = image[None].requires_grad_()
        y = network(x)[0]
        values = y[:, unit[0], unit[1]] if y.dim() == 3 else y
        (values.sum() if channel is None else values[channel]).backward()
        gradients.append(x.grad[0].abs().sum(0).numpy())
    found = effective_field(
        network_with(architecture, weights), unit, channel, images(architecture, 5), at_once=2
    )
    np.testing.assert_allclose(found.influence, np.mean(gradients, axis=0), rtol=1e-9, atol=1e-15)
    assert found.images == 5


@pytest.mark.parametrize(
    "last",
    [
        ("Flatten", "Softmax"),
        ("Flatten", {"kind": "LayerNorm"}),
        ("Flatten", {"kind": "GroupNorm", "num_groups": 1}),
        ({"kind": "Softmax", "dim": -3},),
    ],
    ids=str,
)
def test_channels_that_always_add_up_to_the_same_have_no_influence_together(last):
    architecture = stack(conv(3), *last)
    network = network_with(architecture, build(architecture).state_dict())
    together = effective_field(network, (0, 0), None, images(architecture))
    assert (together.pixels_holding(0.5), together.strongest) == (0, None)
    assert effective_field(network, (0, 0), 1, images(architecture)).strongest is not None


def test_the_pixels_that_hold_half():
    field = EffectiveField(np.array([[0.0, 4.0], [3.0, 1.0]]), 1)
    assert [field.pixels_holding(share) for share in (0.4, 0.5, 0.8, 0.875, 0.9, 1)] == [
        1,
        1,
        2,
        2,
        3,
        3,
    ]
    assert field.strongest == (0, 1)
    even = EffectiveField(np.full((10, 10), 0.1), 1)
    assert (even.pixels_holding(0.5), even.pixels_holding(1)) == (50, 100)


def test_a_linear_stack_of_ones_falls_off_from_its_middle():
    architecture = stack(conv(1, bias=False), conv(1, bias=False), shape=(1, 9, 9))
    weights = {
        name: torch.ones_like(tensor) for name, tensor in build(architecture).state_dict().items()
    }
    found = effective_field(
        network_with(architecture, weights), (2, 2), None, images(architecture)
    ).influence
    slope = np.array([0, 0, 1, 2, 3, 2, 1, 0, 0])
    np.testing.assert_allclose(found, np.outer(slope, slope))
    assert spec.Conv2d(out_channels=1, kernel_size=3).padding == 0
