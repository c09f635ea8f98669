"""Resize and Upsample: which of their many ways to place the new values are torch's."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from explorer.imports.onnx_file.model import Array, Step
from explorer.imports.onnx_file.reading import Reading, refused
from explorer.imports.source.graph import GraphNode
from explorer.network.spec import (
    MAX_IMAGE_SIDE,
)


def resize(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    factors = _factors(run, step, run.sides(node, step), node.shape[0])
    mode = step.attributes.get("mode", "nearest")
    placing = _placing(run, step)
    given: dict[str, Any] = {"scale_factor": factors, "mode": mode}
    if mode == "linear":
        if placing not in _LINEAR_PLACINGS:
            raise refused(step, f"interpolates with {placing} coordinates, as no layer here does")
        given |= {"mode": "bilinear", "align_corners": _LINEAR_PLACINGS[placing]}
    elif mode == "nearest" and not all(
        _repeats(step, placing, factor, side)
        for factor, side in zip(factors, run.sides(node, step), strict=True)
    ):
        raise refused(step, "takes other values than Upsample here, which repeats each")
    return run.layer("Upsample", given, node, step)


# With what they are among torch's values of align_corners.
_LINEAR_PLACINGS = {"half_pixel": None, "pytorch_half_pixel": None, "align_corners": True}


def _placing(run: Reading, step: Step) -> str:
    """How places of the larger map are those of the smaller one."""
    is_old = step.operator == "Upsample" or run.model.opset < 11
    default = "asymmetric" if is_old else "half_pixel"
    placing: str = step.attributes.get("coordinate_transformation_mode", default)
    return placing


def _factors(
    run: Reading, step: Step, sides: Sequence[int], channels: int | None
) -> tuple[float, float]:
    """How many times as many rows and columns come out."""
    # Upsample has (X, scales), Resize (X, roi, scales, sizes); the first Resize was as Upsample.
    is_old = step.operator == "Upsample" or len(step.inputs) == 2
    scales = run.numbers(step, 1 if is_old else 2, "scales")
    if scales is None and "scales" in step.attributes:
        scales = np.array(step.attributes["scales"])
    sizes = None if is_old else run.numbers(step, 3, "sizes")
    if sizes is not None and sizes.size == 4 and int(sizes[1]) == channels:
        return float(sizes[2]) / sides[0], float(sizes[3]) / sides[1]
    if scales is not None and scales.size == 4 and list(scales[:2]) == [1, 1]:
        return float(scales[2]), float(scales[3])
    raise refused(step, "does not say how many rows and columns come out")


def _repeats(step: Step, placing: str, factor: float, side: int) -> bool:
    """Whether each value is repeated, as torch's "nearest" does it."""
    if placing not in _PLACES:
        return False
    is_usual = factor.is_integer() and 1 <= factor <= MAX_FACTOR and side <= MAX_IMAGE_SIDE
    if not is_usual:
        return True  # the layer itself says which there are
    places = np.arange(int(side * factor))
    where = _PLACES[placing](places, factor, side)
    rounding = "floor" if step.operator == "Upsample" else "round_prefer_floor"
    rounded = _ROUNDINGS[step.attributes.get("nearest_mode", rounding)](where)
    return bool((np.clip(rounded, 0, side - 1) == places // int(factor)).all())


MAX_FACTOR = 32  # of Upsample

_PLACES: dict[str, Callable[[Array, float, int], Array]] = {
    "asymmetric": lambda x, factor, side: x / factor,
    "half_pixel": lambda x, factor, side: (x + 0.5) / factor - 0.5,
    "pytorch_half_pixel": lambda x, factor, side: (x + 0.5) / factor - 0.5,
    "align_corners": lambda x, factor, side: x * (side - 1) / max(1, side * factor - 1),
}
_ROUNDINGS: dict[str, Callable[[Array], Array]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda x: np.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: np.floor(x + 0.5),
}
