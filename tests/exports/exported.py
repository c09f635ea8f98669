"""What exported source and ONNX are held against: the network that `build` makes of the same
architecture.
"""

import re
import subprocess
import sysconfig
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from explorer.exports.onnx import onnx_bytes
from explorer.exports.pytorch import class_name, python_source, state_dict_names
from explorer.exports.summary_text import summary_table
from explorer.network.analysis import analyze
from explorer.network.build import build
from explorer.network.spec import Architecture


def network_and_images(architecture: Architecture, images: int = 3) -> tuple[nn.Sequential, Tensor]:
    """In evaluation mode, with statistics and parameters that are not the plain ones of a fresh
    network, scaled layer by layer so that values stay near 1: after the 121 layers of a DenseNet
    they would be near 1e24, and what float32 rounds off where such values cancel is beyond every
    bound.
    """
    network, generator = build(architecture).eval(), torch.Generator().manual_seed(0)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(
                torch.rand(tensor.shape, generator=generator) * 0.5
                + (0.25 if "var" in name else -0.2)
            )
    given = torch.rand(images, *architecture.input_shape, generator=generator)
    _with_hooks(network, _scale)(given)
    return network, given


def _scale(module: nn.Module, given: tuple[Tensor], output: Tensor) -> Tensor | None:
    """Divide the layer's parameters, and so its output, by the output's root mean square."""
    size = output.square().mean().sqrt()
    weight, bias = (getattr(module, name, None) for name in ("weight", "bias"))
    if weight is None or isinstance(module, nn.PReLU) or not 0 < size < torch.inf:
        return None
    weight /= size
    if bias is not None:
        bias /= size
    return output / size


def renamed(network: nn.Module, architecture: Architecture) -> dict[str, Tensor]:
    names = state_dict_names(architecture)
    return {names[key]: tensor for key, tensor in network.state_dict().items()}


# --- the source -----------------------------------------------------------------------------------

RUFF = str(Path(sysconfig.get_path("scripts"), "ruff"))


def assert_ruff_is_content(source: str) -> None:
    """With ruff's own defaults, not this project's."""
    formatted = subprocess.run(
        [RUFF, "format", "--isolated", "-"], input=source, capture_output=True, encoding="utf-8"
    )
    assert formatted.stdout == source, formatted.stderr
    checked = subprocess.run(
        [RUFF, "check", "--isolated", "-"], input=source, capture_output=True, encoding="utf-8"
    )
    assert checked.returncode == 0, checked.stdout


def exported_class(architecture: Architecture) -> type[nn.Module]:
    """The class that the source gives where nothing else is known."""
    namespace: dict[str, type[nn.Module]] = {}
    exec(python_source(architecture), namespace)
    return namespace[class_name(architecture)]


def assert_same_bits(architecture: Architecture) -> None:
    """The exported class has the same parameters and gives the same bits."""
    network, images = network_and_images(architecture)
    exported = exported_class(architecture)().eval()
    exported.load_state_dict(renamed(network, architecture))
    assert [p.shape for p in exported.parameters()] == [p.shape for p in network.parameters()]
    with torch.no_grad():
        torch.testing.assert_close(
            exported(images), network(images), rtol=0, atol=0, equal_nan=True
        )


def assert_names_and_summary_agree(architecture: Architecture) -> None:
    """Each tensor has a name in the exported class, and the summary is what torchsummary prints of
    it.
    """
    exported, names = exported_class(architecture)(), state_dict_names(architecture)
    assert list(names) == list(build(architecture).state_dict())
    assert sorted(names.values()) == sorted(exported.state_dict())
    table = summary_table(analyze(architecture))
    rows = re.findall(r"^ *(\w+-\d+) +(\[[-\d, ]+\]) +([\d,]+)$", table, re.MULTILINE)
    # Over a vector Dropout2d is Dropout, and the source calls it so.
    as_made = [
        (name.replace("Dropout2d", "Dropout") if shape.count(",") == 1 else name, shape, params)
        for name, shape, params in rows
    ]
    assert as_made == rows_seen_by_hooks(exported, architecture)


# --- ONNX -----------------------------------------------------------------------------------------

ONE_THREAD = onnxruntime.SessionOptions()
ONE_THREAD.intra_op_num_threads = 1


def assert_onnx_agrees(architecture: Architecture, tolerance: float = 1e-5) -> None:
    network, images = network_and_images(architecture, images=3)
    data = onnx_bytes(architecture, network.state_dict())
    assert_onnx_computes(data, network, images, tolerance)


def assert_onnx_computes(data: bytes, network: nn.Module, images: Tensor, tolerance: float) -> None:
    """onnxruntime computes of a file what torch does of its network, for any number of images."""
    onnx.checker.check_model(data, full_check=True)
    session = onnxruntime.InferenceSession(data, ONE_THREAD, providers=["CPUExecutionProvider"])
    for some in (images, images[:2]):
        with torch.no_grad():
            expected = network(some).numpy()
        (scores,) = session.run(["scores"], {"images": some.numpy()})
        np.testing.assert_allclose(scores, expected, rtol=tolerance, atol=tolerance)


def rounding_of_float32(architecture: Architecture) -> float:
    """How far rounding each layer's output to seven digits moves the result: a LayerNorm over
    almost equal values, say, makes much of a last digit. Infinite where a value is, as after max
    pooling of nothing but padding.
    """
    network, images = network_and_images(architecture)
    generator = torch.Generator().manual_seed(1)
    is_finite = True

    def check(module: nn.Module, given: tuple[Tensor], output: Tensor) -> None:
        nonlocal is_finite
        is_finite &= bool(output.isfinite().all())

    def rounded(module: nn.Module, given: tuple[Tensor], output: Tensor) -> Tensor:
        noise = torch.rand(output.shape, generator=generator, dtype=torch.float64) - 0.5
        return output * (1 + 2e-7 * noise) + 2 * rounding_inside(module, given[0]) * noise

    exact = _with_hooks(network.double(), check)(images.double())
    if not is_finite:
        return float("inf")
    return float((exact - _with_hooks(network, rounded)(images.double())).abs().max())


def _with_hooks(network: nn.Module, hook: Any) -> Callable[[Tensor], Tensor]:
    def run(images: Tensor) -> Tensor:
        layers = [each for each in network.modules() if type(each) is not nn.Sequential]
        handles = [each.register_forward_hook(hook) for each in layers]
        try:
            with torch.no_grad():
                return network(images)
        finally:
            for handle in handles:
                handle.remove()

    return run


def rounding_inside(module: nn.Module, given: Tensor) -> float:
    """Normalising takes a mean away and divides by what is left: where that is next to nothing, the
    last digit of what was there before is large, though the result be zero.
    """
    if isinstance(module, nn.GroupNorm):
        groups = given.reshape(len(given), module.num_groups, -1)
    elif isinstance(module, nn.LayerNorm):
        groups = given.reshape(len(given), -1, prod(module.normalized_shape))
    else:
        return 0.0
    spread = (groups.var(-1, unbiased=False) + module.eps).sqrt()
    return float((groups.abs().amax(-1) / spread).max()) * 1.2e-7


# --- torchsummary ---------------------------------------------------------------------------------


def rows_seen_by_hooks(
    network: nn.Module, architecture: Architecture
) -> list[tuple[str, str, str]]:
    """The rows that torchsummary 1.5.1 prints of a network, without those of Flatten.

    It has a hook on every module but containers and the network itself; each call of a module is a
    row, with the parameters called weight and bias.
    """
    rows: list[tuple[str, str, str]] = []

    def hook(module: nn.Module, given: tuple[Tensor], output: Tensor) -> None:
        own = [getattr(module, name, None) for name in ("weight", "bias")]
        params = sum(each.numel() for each in own if isinstance(each, Tensor))
        name = f"{type(module).__name__}-{len(rows) + 1}"
        rows.append((name, str([-1, *output.shape[1:]]), f"{params:,}"))

    def register(module: nn.Module) -> None:
        if not isinstance(module, nn.Sequential | nn.ModuleList | nn.Flatten) and module != network:
            module.register_forward_hook(hook)

    network.eval().apply(register)
    network(torch.zeros(2, *architecture.input_shape))
    return rows
