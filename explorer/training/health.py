"""How the layers of a network fare at the end of an epoch: whether the units of a ReLU ever fire,
how strongly the loss pulls at each layer's weights, by how much a step changes them, and what
BatchNorm has come to expect.

Looking changes nothing of the training: no random number is drawn, and no gradient, weight or
statistic of the network is touched.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

FIRING_IMAGES = (
    256  # test images on which a unit may fire; fewer where a test takes fewer at a time
)
# Training images whose loss is differentiated: one in a hundred, so that it takes about a hundredth
# of the epoch's time.
GRADIENT_IMAGES, LEAST_GRADIENT_IMAGES, GRADIENT_SHARE = 256, 16, 100
# Layers that give 0 for whatever is not above it, so that a unit may have fallen silent for good.
_MAY_FALL_SILENT = (nn.ReLU, nn.ReLU6)


class LayerHealth(NamedTuple):
    """Of one layer; not a number where it has nothing of the kind."""

    silent: float  # of a ReLU's units, the share (0..1) that never fire; see `FiringUnits`
    gradient: float  # length of the gradient of the mean loss with respect to its weight
    weight: float  # length of its weight, all of whose values are taken as one vector
    update: float  # length of the change of its weight in the epoch's last step
    mean: float  # BatchNorm's running mean, of the channel where it is farthest from zero
    least_variance: float  # BatchNorm's running variance, of the channel where it is least


Health = tuple[LayerHealth, ...]  # one for each layer, in the order in which the network runs


def gradient_images(train_images: int, batch_size: int) -> int:
    """How many of the training images the gradient is taken on: never more than a step takes, whose
    memory there is.
    """
    share = max(train_images // GRADIENT_SHARE, LEAST_GRADIENT_IMAGES)
    return min(share, GRADIENT_IMAGES, batch_size, train_images)


class FiringUnits:
    """Which units of each ReLU fire on the first images that the network is shown.

    A unit is a channel of a map, which fires where any of its values is above zero, or one value of
    a vector.
    """

    def __init__(self) -> None:
        self._fired: dict[nn.Module, Tensor] = {}  # (units,) bool

    @contextmanager
    def watched(self, network: nn.Module) -> Iterator[None]:
        """Watch the first batch that the network is shown meanwhile."""
        self._fired.clear()
        hooks = [
            module.register_forward_hook(self._look)
            for module in network.modules()
            if isinstance(module, _MAY_FALL_SILENT)
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _look(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if module in self._fired:
            return
        first = output[:FIRING_IMAGES]  # (B, C, H, W) or (B, F)
        self._fired[module] = first.amax([axis for axis in range(first.dim()) if axis != 1]) > 0

    def silent_share(self, module: nn.Module) -> Tensor | None:
        """Of its units, the share that never fired; None for a layer that was not watched."""
        fired = self._fired.get(module)
        return None if fired is None else 1 - fired.float().mean()


class WeightChanges:
    """By how much a step changes the weight of each layer."""

    def __init__(self) -> None:
        self._lengths: dict[nn.Module, Tensor] = {}

    @contextmanager
    def watched(self, network: nn.Module) -> Iterator[None]:
        """Watch a step that is done meanwhile."""
        before = {module: weight.detach().clone() for module, weight in _weights(network).items()}
        yield
        self._lengths = {
            module: _length(weight.detach() - before[module])
            for module, weight in _weights(network).items()
        }

    def length(self, module: nn.Module) -> Tensor | None:
        """None for a layer without a weight."""
        return self._lengths.get(module)


def measure_health(
    network: nn.Module,
    firing: FiringUnits,
    changes: WeightChanges,
    mean_loss: Callable[[], Tensor],
) -> Health:
    """
    Args:
        firing: what was seen of its units.
        changes: what was seen of the last step.
        mean_loss: gives the loss of some images, by a network in eval mode, in which nothing is
            drawn and no statistic moves.
    """
    weights = _weights(network)
    gradients = _gradients(network, weights, mean_loss)
    return _read(
        [
            [
                firing.silent_share(module),
                _length(gradients[module]) if module in weights else None,
                _length(weights[module].detach()) if module in weights else None,
                changes.length(module),
                *_expected(module),
            ]
            for module in _layers(network)
        ]
    )


def _gradients(
    network: nn.Module, weights: dict[nn.Module, nn.Parameter], mean_loss: Callable[[], Tensor]
) -> dict[nn.Module, Tensor]:
    """Of the loss with respect to each weight; what the training keeps of its own stays."""
    if not weights:
        return {}
    was_training = network.training
    network.eval()
    try:
        found = torch.autograd.grad(mean_loss(), [*weights.values()])
    finally:
        network.train(was_training)
    return dict(zip(weights, found, strict=True))


def _expected(module: nn.Module) -> tuple[Tensor | None, Tensor | None]:
    """Of BatchNorm, the figures of its running mean and variance."""
    if not isinstance(module, _BatchNorm) or module.running_mean is None:
        return None, None
    assert module.running_var is not None  # torch keeps both or none
    return module.running_mean.abs().max(), module.running_var.min()


def _read(rows: list[list[Tensor | None]]) -> Health:
    """All numbers at once, as each reading would wait for the device."""
    known = [each.float() for row in rows for each in row if each is not None]
    values = iter(torch.stack(known).tolist() if known else [])
    return tuple(
        LayerHealth(*(math.nan if each is None else next(values) for each in row)) for row in rows
    )


def _layers(network: nn.Module) -> list[nn.Module]:
    """The layers that compute, in the order in which they run."""
    return [
        module
        for name, module in network.named_modules(remove_duplicate=False)
        if not isinstance(module, nn.Sequential | nn.ModuleList)
    ]


def _weights(network: nn.Module) -> dict[nn.Module, nn.Parameter]:
    found = ((module, getattr(module, "weight", None)) for module in _layers(network))
    return {module: weight for module, weight in found if isinstance(weight, nn.Parameter)}


def _length(values: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(values.float())
    return length
