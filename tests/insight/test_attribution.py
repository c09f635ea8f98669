"""Grad-CAM against captum's, on every preset; occlusion against a plain loop."""

import threading
from math import prod

import pytest
import torch
from captum.attr import LayerAttribution, LayerGradCam
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from torch import nn

from explorer.insight import attribution
from explorer.insight.attribution import (
    MOST_PLACES,
    WORK,
    enlarged,
    grad_cam,
    occlusion,
    patch_places,
)
from explorer.insight.class_scores import scores_path
from explorer.network.analysis import Row, analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.build import build
from explorer.network.evaluation import modules_in, outputs_beyond
from explorer.network.spec import Architecture
from explorer.network.tree import IMAGE
from explorer.presets import load_presets

LARGE_SIDE = 200  # pixels: presets of larger images take some seconds each


def presets() -> list[object]:
    return [
        pytest.param(
            each.architecture,
            marks=[pytest.mark.slow] if each.architecture.input_shape[1] > LARGE_SIDE else [],
            id=each.id,
        )
        for each in load_presets().values()
        if each.architecture.layers
    ]


def stack(*layers, shape=(1, 12, 12)) -> Architecture:
    data = [{"kind": layer} if isinstance(layer, str) else layer for layer in layers]
    return parse_architecture({"name": "tested", "input_shape": list(shape), "layers": data})


def conv(out=4, kernel=3, **fields):
    return {"kind": "Conv2d", "out_channels": out, "kernel_size": kernel, **fields}


HEAD = ("Flatten", {"kind": "Linear", "out_features": 5})
BLOCK = {
    "kind": "Branches",
    "merge": "add",
    "branches": [[conv(4, padding=1), {"kind": "ReLU"}, conv(4, padding=1)], []],
}


def made(architecture: Architecture, seed: int = 0) -> tuple[tuple[Row, ...], nn.Sequential]:
    """The rows, and the network with statistics that are not those it begins with."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build(architecture).eval()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d) and module.track_running_stats:
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 2)
    return analyze(architecture).rows, network


def image(architecture: Architecture, seed: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, *architecture.input_shape, generator=generator)


def without_the_softmax(rows: tuple[Row, ...], network: nn.Sequential) -> nn.Sequential:
    """The same layers up to the scores, flattened."""
    return nn.Sequential(*network[: scores_path(rows)[0] + 1], nn.Flatten())


def captums(rows: tuple[Row, ...], network: nn.Sequential, x, row: Row, label: int) -> torch.Tensor:
    scores = without_the_softmax(rows, network)
    layer = scores.get_submodule(row.place)
    return LayerGradCam(scores, layer).attribute(x, label, relu_attributions=True).detach()[0]


def maps_rows(rows: tuple[Row, ...]) -> list[Row]:
    """Those of maps on the way to the scores, a few of a deep network, always the last."""
    found = [row for row in rows if len(row.output_shape) == 3 and row.path <= scores_path(rows)]
    return found[:: max(1, len(found) // 4)] + found[-1:]


@pytest.mark.parametrize("architecture", presets())
def test_it_is_captums_on_every_preset(architecture):
    rows, network = made(architecture)
    x, modules = image(architecture), modules_in(network, rows)
    for row in maps_rows(rows):
        for label in (0, 3):
            ours = grad_cam(rows, modules, x, row.path, [label])
            theirs = captums(rows, network, x, row, label)
            assert ours.shape == theirs.shape
            close = {"rtol": 1e-5, "atol": 1e-5 * min(1, float(theirs.max()))}
            torch.testing.assert_close(ours, theirs, **close)
            size = architecture.input_shape[1:]
            large = LayerAttribution.interpolate(theirs[None], size, "bilinear")[0]
            torch.testing.assert_close(enlarged(ours, *size), large, **close)


def test_it_says_something_and_not_the_same_of_two_classes():
    """What is compared with captum's above is not all zero."""
    rows, network = made(
        stack(conv(6, padding=1), "ReLU", BLOCK | {"branches": [[], [conv(6, padding=1)]]}, *HEAD)
    )
    found = grad_cam(rows, modules_in(network, rows), image_of(rows), rows[1].path, range(5))
    assert found.shape == (5, 12, 12)
    assert (found >= 0).all()
    assert len({tuple(each.flatten().tolist()) for each in found}) == 5


def image_of(rows: tuple[Row, ...]) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(1, *rows[0].input_shape, generator=generator)


@pytest.mark.parametrize("path", [(0,), (1,), (2, 0, 0), (2, 0, 1), (2, 0, 2), (2,), (3,)])
def test_it_is_captums_inside_a_block(path):
    rows, network = made(stack(conv(4, padding=1), "ReLU", BLOCK, "ReLU", *HEAD, "LogSoftmax"))
    row = next(row for row in rows if row.path == path)
    x = image_of(rows)
    ours = grad_cam(rows, modules_in(network, rows), x, path, [1])
    torch.testing.assert_close(ours, captums(rows, network, x, row, 1), rtol=1e-5, atol=1e-5)


def test_the_image_itself_is_a_map():
    rows, network = made(stack(conv(), "ReLU", *HEAD))
    x = image_of(rows)
    found = grad_cam(rows, modules_in(network, rows), x, IMAGE, [2])
    given = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(given)[0, 2], given)
    torch.testing.assert_close(found, (gradient.mean() * x[0]).relu())


def test_a_vector_is_no_map():
    rows, network = made(stack(conv(), *HEAD))
    with pytest.raises(ValueError, match="maps"):
        grad_cam(rows, modules_in(network, rows), image_of(rows), rows[-1].path, [0])


def test_a_layer_that_writes_over_what_it_gets_changes_nothing():
    """Networks are trained with such ReLUs."""
    rows, network = made(stack(conv(), "ReLU", conv(), "ReLU", *HEAD))
    x, modules = image_of(rows), modules_in(network, rows)
    expected = [grad_cam(rows, modules, x, row.path, [0, 1]) for row in rows[:4]]
    for module in network:
        if isinstance(module, nn.ReLU):
            module.inplace = True
    found = [grad_cam(rows, modules, x, row.path, [0, 1]) for row in rows[:4]]
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_nothing_is_left_behind():
    rows, network = made(stack(conv(), "BatchNorm2d", "ReLU", "Dropout", *HEAD, "Softmax"))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.random.get_rng_state()
    modules, x = modules_in(network, rows), image_of(rows)
    grad_cam(rows, modules, x, (2,), [0, 4])
    occlusion(rows, modules, x, torch.zeros(1), patch_places(12, 12, 5, 1), [0])
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in network.parameters())
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())
    after = network.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_several_threads_look_into_one_network():
    rows, network = made(stack(conv(8), "ReLU", conv(8), "ReLU", *HEAD))
    modules = modules_in(network, rows)
    images = [image_of(rows) * factor for factor in (1, -2, 3, 0.5)]
    expected = [grad_cam(rows, modules, x, (1,), [0, 1]) for x in images]
    wrong: list[int] = []

    def look(place: int) -> None:
        for _ in range(20):
            if not torch.equal(
                grad_cam(rows, modules, images[place], (1,), [0, 1]), expected[place]
            ):
                wrong.append(place)

    threads = [threading.Thread(target=look, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- occlusion ------------------------------------------------------------------------------------


def test_occlusion_is_a_plain_loops():
    rows, network = made(stack(conv(), "ReLU", *HEAD, "LogSoftmax"))
    x, patches, grey = image_of(rows), patch_places(12, 12, 5, 1), torch.tensor([0.25])
    found = occlusion(rows, modules_in(network, rows), x, grey, patches, [3, 0])
    with torch.no_grad():
        whole = network(x).exp()[0]
        drops: dict[tuple[int, int], list[torch.Tensor]] = {}
        for top in patches.top:
            for left in patches.left:
                hidden = x.clone()
                hidden[:, :, top : top + 5, left : left + 5] = 0.25
                drop = whole - network(hidden).exp()[0]
                for row in range(top, top + 5):
                    for column in range(left, left + 5):
                        drops.setdefault((row, column), []).append(drop)
    assert len(drops) == 12 * 12
    for (row, column), each in drops.items():
        mean = torch.stack(each).mean(0)
        torch.testing.assert_close(found[:, row, column], mean[[3, 0]], rtol=1e-4, atol=1e-6)


def test_no_more_images_go_through_at_once_than_there_is_room_for(monkeypatch):
    rows, network = made(stack(conv(), "ReLU", *HEAD))
    x, patches, grey = image_of(rows), patch_places(12, 12, 5, 1), torch.tensor([0.25])
    modules, seen = modules_in(network, rows), []
    whole = occlusion(rows, modules, x, grey, patches, [0])

    def looked_on(rows, modules, given):
        seen.append(len(given[IMAGE]))
        return outputs_beyond(rows, modules, given)

    values = x.numel() + sum(prod(row.output_shape) for row in rows)
    monkeypatch.setattr(attribution, "outputs_beyond", looked_on)
    monkeypatch.setattr(attribution, "MAX_VALUES", 3 * values)
    found = occlusion(rows, modules, x, grey, patches, [0])
    assert max(seen) == 3
    torch.testing.assert_close(found, whole)


def test_images_do_not_mix_where_a_network_normalises_by_the_batch():
    rows, network = made(
        stack(conv(), {"kind": "BatchNorm2d", "track_running_stats": False}, "ReLU", *HEAD)
    )
    x, modules = image_of(rows), modules_in(network, rows)
    patches = patch_places(12, 12, 6, 1)
    found = occlusion(rows, modules, x, torch.zeros(1), patches, [0])
    first = patches._replace(top=patches.top[:1], left=patches.left[:1])
    alone = occlusion(rows, modules, x, torch.zeros(1), first, [0])
    # Only the first place covers the corner.
    torch.testing.assert_close(found[0, 0, 0], alone[0, 0, 0])


@given(some.integers(1, 300), some.integers(1, 300), some.integers(1, 60), some.integers(0, 10**10))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_patch_covers_every_pixel_in_bounded_time(height, width, size, mult_adds):
    patches = patch_places(height, width, size, mult_adds)
    for side, starts in ((height, patches.top), (width, patches.left)):
        covered = {pixel for start in starts for pixel in range(start, start + patches.size)}
        assert covered >= {*range(side)}
        assert len({*starts}) == len(starts)
    places = len(patches.top) * len(patches.left)
    assert places <= MOST_PLACES
    assert places * mult_adds <= max(WORK, mult_adds)
