"""The filters of a layer: its weights as small pictures, one for each channel that it looks at."""

from collections.abc import Sequence

from torch import Tensor, nn

from explorer.network.analysis import Row
from explorer.network.tree import input_of

# Layers after which each value of a vector still stands where it stood.
IN_PLACE = ("Dropout", "Identity")


def filters(rows: Sequence[Row], row: Row, module: nn.Module) -> Tensor | None:
    """The filters of a layer, (out, in / groups, kh, kw): filter [i, j] is what unit or channel i
    weighs the j-th channel that it looks at by.

    Of a Linear layer that gets maps which were flattened, one as large as a map for each map. None
    for a layer without such weights.
    """
    match module:
        case nn.Conv2d():
            return module.weight.detach()
        case nn.ConvTranspose2d():
            return _by_output(module)
        case nn.Linear():
            shape = _flattened_shape(rows, row)
            return None if shape is None else module.weight.detach().reshape(-1, *shape)
    return None


def _by_output(module: nn.ConvTranspose2d) -> Tensor:
    """The weights of a transposed convolution, which lie as (in, out / groups, kh, kw)."""
    weight, groups = module.weight.detach(), module.groups
    size = weight.shape[2:]
    apart = weight.reshape(groups, module.in_channels // groups, -1, *size)
    return apart.transpose(1, 2).reshape(module.out_channels, -1, *size)


def _flattened_shape(rows: Sequence[Row], row: Row) -> tuple[int, ...] | None:
    """(C, H, W) of the maps that come flattened into a layer; None where none do."""
    by_path = {each.path: each for each in rows}
    before = by_path.get(input_of(row.path))
    while before is not None and before.kind in IN_PLACE:
        before = by_path.get(input_of(before.path))
    if before is None or before.kind != "Flatten" or len(before.input_shape) != 3:
        return None
    return before.input_shape
