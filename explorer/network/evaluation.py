"""A network with given weights, run on the side: what each layer makes of an image.

In evaluation mode, in float64, with a copy of the weights, and without a draw from any random
generator, so that looking at a network changes neither it nor a training that goes on beside.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from explorer.network.analysis import Row, with_layers
from explorer.network.build import build_layer_unset, build_unset, merged
from explorer.network.spec import Architecture, Branches, Path, path_text
from explorer.network.tree import IMAGE, inputs_of, leading_to, paths_leading_to

Weights = Mapping[str, Tensor]  # a state_dict, by the names that build() gives


def network_with(architecture: Architecture, weights: Weights) -> nn.Sequential:
    """`architecture` with `weights`, which may be those of a longer network that begins with the
    same layers.
    """
    network = build_unset(architecture).double()
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    return network.eval().requires_grad_(False)


def network_leading_to(architecture: Architecture, path: Path, weights: Weights) -> nn.Sequential:
    """The part of `architecture` that computes the layer or merge at `path`, and ends with it.

    `weights` may be those of all of it.
    """
    part = with_layers(architecture, leading_to(architecture.layers, path))
    renamed = {
        f"{place}.{rest}": tensor
        for place, old in enumerate(paths_leading_to(path))
        for rest, tensor in _weights_of(old, weights).items()
    }
    return network_with(part, renamed)


def _weights_of(path: Path, weights: Weights) -> dict[str, Tensor]:
    """Those of the layer or block at `path`, by the names that it has for them itself."""
    prefix = f"{path_text(path)}."
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in weights.items()
        if name.startswith(prefix)
    }


def layer_modules(rows: Sequence[Row], weights: Weights) -> dict[Path, nn.Module]:
    """Each layer of these rows with its weights, by path."""
    modules = {}
    for row in rows:
        if isinstance(row.layer, Branches):
            continue
        module = build_layer_unset(row.layer, row.input_shape).double()
        module.load_state_dict(_weights_of(row.path, weights))
        modules[row.path] = module.eval().requires_grad_(False)
    return modules


def outputs(
    rows: Sequence[Row], modules: Mapping[Path, nn.Module], images: Tensor
) -> dict[Path, Tensor]:
    """What the layers and merges of these rows make of the images (N, C, H, W), by path, and under
    IMAGE the images themselves.

    Of a network that does not fit these may be the rows above the problem.
    """
    with torch.inference_mode():
        return outputs_beyond(rows, modules, {IMAGE: images.double()})


def outputs_beyond(
    rows: Sequence[Row], modules: Mapping[Path, nn.Module], known: Mapping[Path, Tensor]
) -> dict[Path, Tensor]:
    """Like `outputs`, of the rows that are not yet `known`, each in its modules' own precision and
    with gradients where these are on.

    It only calls the modules, so that several threads may look into the same network at once.
    """
    found = dict(known)
    for row in rows:
        if row.path in found:
            continue
        given = [found[each] for each in inputs_of(row.path, row.layer)]
        if isinstance(row.layer, Branches):
            found[row.path] = merged(row.layer.merge, given)
        else:
            module = modules[row.path]
            # A network that was made for a training may write over what it gets.
            x = given[0].clone() if getattr(module, "inplace", False) else given[0]
            found[row.path] = module(x)
    return found


def modules_in(network: nn.Module, rows: Sequence[Row]) -> dict[Path, nn.Module]:
    """Each layer of these rows as it is in a network that `build` made, by path; not copied."""
    return {
        row.path: network.get_submodule(row.place)
        for row in rows
        if not isinstance(row.layer, Branches)
    }


def mixes_images(network: nn.Module) -> bool:
    """It normalises by the statistics of the batch, so that an image's values depend on what else
    is in its batch.
    """
    return any(
        isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d) and not m.track_running_stats
        for m in network.modules()
    )
