"""A network that draws from its run's own generators."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import Generator

from explorer.network.analysis import analyze
from explorer.network.build import Merging, build
from explorer.network.spec import LAYER_MODELS, Architecture, Branches, Conv2d, ReLU
from explorer.training.initialisation import RandomStreams, new_network, trainable
from tests.network.stacks import branching

HEAD = ["Flatten", {"kind": "Linear", "out_features": 3}]
VECTOR_ONLY = {"Linear", "BatchNorm1d"}
NEEDED = {
    "Conv2d": {"out_channels": 4, "kernel_size": 3},
    "ConvTranspose2d": {"out_channels": 4, "kernel_size": 2},
    "MaxPool2d": {"kernel_size": 2},
    "AvgPool2d": {"kernel_size": 2},
    "AdaptiveAvgPool2d": {"output_size": 2},
    "AdaptiveMaxPool2d": {"output_size": 2},
    "ZeroPad2d": {"padding": 1},
    "ConstantPad2d": {"padding": 1, "value": 0.5},
    "ReflectionPad2d": {"padding": 1},
    "Upsample": {"scale_factor": 2},
    "GroupNorm": {"num_groups": 1},
    "InstanceNorm2d": {"affine": True},
    "LocalResponseNorm": {"size": 5},
    "ChannelShuffle": {"groups": 1},
    "Linear": {"out_features": 5},
}


def generator(seed: int) -> Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", LAYER_MODELS)
def test_weights_are_torchs_own_for_the_seed(kind: str, stack: Callable[..., Architecture]) -> None:
    layer = {"kind": kind, **NEEDED.get(kind, {})}
    architecture = stack("Flatten", layer, HEAD[1]) if kind in VECTOR_ONLY else stack(layer, *HEAD)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        expected = build(architecture).state_dict()
        before = torch.get_rng_state()
        found = new_network(architecture, generator(7), generator(8)).state_dict()
        assert torch.equal(torch.get_rng_state(), before)
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("Dropout", (64, 6, 15, 15)), ("Dropout2d", (640, 60, 5, 5)), ("Dropout", (640, 60))],
)
@pytest.mark.parametrize("p", [0.0, 0.02, 0.25, 0.999, 1.0])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_dropout_is_torchs_but_for_its_generator(
    kind: str,
    shape: tuple[int, ...],
    p: float,
    layout: torch.memory_format,
    stack: Callable[..., Architecture],
) -> None:
    map_shape = (*shape[1:], 1, 1)[:3]
    network = new_network(
        stack({"kind": kind, "p": p}, *HEAD, shape=map_shape), generator(0), generator(3)
    )
    x = torch.rand(shape, generator=generator(1)) + 1
    x = x.contiguous(memory_format=layout) if x.dim() == 4 else x
    before = torch.get_rng_state()
    y = network[0](x)
    assert torch.equal(torch.get_rng_state(), before)
    torch.testing.assert_close(y, torch.where(y == 0, 0, x / (1 - p) if p < 1 else x))
    kept = (y != 0).float()
    if kind == "Dropout2d":  # whole maps, kept or not
        assert torch.equal(kept, kept[..., :1, :1].expand_as(kept))
        kept = kept[..., 0, 0]
    deviation = (p * (1 - p) / kept.numel()) ** 0.5
    assert kept.mean().item() == pytest.approx(1 - p, abs=5 * deviation + 1e-5)
    # No place is dropped more often than chance has it: neither an image, nor a channel, nor a row,
    # nor a column.
    for dim in range(kept.dim()):
        shares = kept.movedim(dim, 0).flatten(1).mean(1)
        assert (shares - (1 - p)).abs().max() <= 6 * deviation * kept.shape[dim] ** 0.5 + 1e-5
    network.eval()
    assert network[0](x) is x


def test_a_last_softmax_becomes_its_logarithm(stack: Callable[..., Architecture]) -> None:
    kinds = {
        ("Flatten", "Linear", "Softmax"): "LogSoftmax",
        ("Softmax", "Flatten"): "LogSoftmax",
        ("Softmax", "Flatten", "Linear"): "Softmax",
    }
    for before, after in kinds.items():
        layers = [HEAD[1] if kind == "Linear" else kind for kind in before]
        changed = trainable(stack(*layers))
        expected = [after if kind == "Softmax" else kind for kind in before]
        assert [layer.kind for layer in changed.layers] == expected


def test_seeds_of_one_run_share_no_numbers_with_anothers() -> None:
    chances = [RandomStreams.of(seed, torch.device("cpu")) for seed in (0, 1, 999_999)]
    seeds = [source.initial_seed() for chance in chances for source in chance]
    assert len(set(seeds)) == len(seeds)


# --- networks that branch -------------------------------------------------------------------------

branching_networks = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@branching_networks
@given(branching())
def test_no_relu_writes_over_what_another_branch_needs(architecture: Architecture) -> None:
    if analyze(architecture).problem:
        return
    trained = new_network(architecture, generator(7), generator(8)).eval()
    plain = build(trainable(architecture)).eval()
    plain.load_state_dict(trained.state_dict())
    found = []
    for network in (plain, trained):
        image = torch.rand(2, *architecture.input_shape, generator=generator(1))
        scores = network(image.requires_grad_())
        (gradient,) = torch.autograd.grad(scores.sum(), image)
        found.append((scores, gradient))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


def test_a_relu_writes_over_its_input_only_where_nothing_else_needs_it() -> None:
    conv = Conv2d(out_channels=4, kernel_size=3, padding=1)
    block = Branches(merge="add", branches=((ReLU(), conv, ReLU()), ()))
    network = new_network(Architecture(layers=(conv, block, ReLU())), generator(7), generator(8))
    block_module, after = network[1], network[2]
    assert isinstance(block_module, Merging)
    first, _, last = block_module.sequences()[0]
    assert [relu.inplace for relu in (first, last, after)] == [False, True, True]
