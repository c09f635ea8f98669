"""The arithmetic of a convolution's window: input patch × kernel + bias = value, for every unit of
one output channel.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.network.axes import Window
from explorer.network.layers import LAYERS
from explorer.network.receptive_field import OUTSIDE, Ints, inputs_read
from explorer.network.spec import Conv2d

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChannelTerms:
    """What one channel of the input adds to the units of the chosen output channel."""

    channel: int
    values: Numbers  # (H, W): the channel itself
    kernel: Numbers  # (taps, taps): the weights between the two channels
    sums: Numbers  # (rows, columns) of units: products of patch and kernel, summed


@dataclass(frozen=True, eq=False)
class WindowArithmetic:
    """At each unit: the sums of `shown`, plus `rest`, plus `bias`, is `value`."""

    # (rows of units, taps): the input row that each tap reads, OUTSIDE where it reads a zero of the
    # border.
    rows: Ints
    columns: Ints
    channels: range  # of the input that the output channel reads: all of them, or its group's
    shown: tuple[ChannelTerms, ...]
    others: int  # channels that are not shown
    rest: Numbers  # (rows, columns) of units: the sums of the others
    bias: float | None
    value: Numbers  # (rows, columns): torch's own output

    def patch(self, terms: ChannelTerms, row: int, column: int) -> Numbers:
        """(taps, taps): what the window of a unit reads of a channel, zeros of the border
        included.
        """
        bordered = np.pad(terms.values, (0, 1))  # index OUTSIDE is the last row and column: zeros
        return np.asarray(bordered[np.ix_(self.rows[row], self.columns[column])])


def window_arithmetic(
    layer: Conv2d, module: nn.Conv2d, x: Tensor, channel: int, first: int = 0, count: int = 3
) -> WindowArithmetic:
    """Of `channel` of the output for one input x (C, H, W), spelt out for `count` of the input
    channels that it reads, from the `first` of them on. `module` is the layer in float64.
    """
    with torch.inference_mode():
        value = module(x[None])[0, channel]
    of_rows, of_columns = LAYERS[layer.kind].axes(layer)
    assert isinstance(of_rows, Window)  # as a convolution's always are
    assert isinstance(of_columns, Window)
    rows = inputs_read(of_rows, value.shape[0], x.shape[1])
    columns = inputs_read(of_columns, value.shape[1], x.shape[2])
    of_group = module.in_channels // module.groups
    begin = channel // (module.out_channels // module.groups) * of_group
    # (C, H, W) and (C, taps, taps) of the group.
    read, weight = x[begin : begin + of_group], module.weight.detach()[channel]
    sums = _sums(read, weight, rows, columns)
    shown = range(min(first, of_group - 1), min(first + count, of_group))
    return WindowArithmetic(
        rows=rows,
        columns=columns,
        channels=range(begin, begin + of_group),
        shown=tuple(
            ChannelTerms(begin + i, read[i].numpy(), weight[i].numpy(), sums[i].numpy())
            for i in shown
        ),
        others=of_group - len(shown),
        rest=(sums[: shown.start].sum(0) + sums[shown.stop :].sum(0)).numpy(),
        bias=None if module.bias is None else float(module.bias.detach()[channel]),
        value=value.numpy(),
    )


def _sums(read: Tensor, weight: Tensor, rows: Ints, columns: Ints) -> Tensor:
    """(C, rows, columns): what each input channel adds.

    Tap by tap, so that memory is that of the output.
    """
    bordered = F.pad(read, (0, 1, 0, 1))  # index OUTSIDE is the last row and column: zeros
    total = torch.zeros(len(read), len(rows), len(columns), dtype=read.dtype)
    for i in range(weight.shape[1]):
        of_row = bordered[:, torch.from_numpy(rows[:, i])]
        for j in range(weight.shape[2]):
            total += of_row[:, :, torch.from_numpy(columns[:, j])] * weight[:, i, j, None, None]
    return total


assert OUTSIDE == -1  # it is used as an index above
