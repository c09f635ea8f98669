"""An architecture as torchsummary prints it.

The layout, the numbering and the lines of sizes are torchsummary 1.5.1's, byte for byte. One thing
is left out: Flatten. People flatten with view() in forward(), which torchsummary doesn't see, so
their tables have no row for it; here it has no row, no number and no share in the sizes either.

torchsummary sees modules alone, those of the exported class: a block that has a class of its own
there has a row after those of its layers, any other block has none.
"""

from math import prod
from typing import NamedTuple

from explorer.exports.pytorch import network_plan
from explorer.network.analysis import Analysis, require_fitting
from explorer.network.spec import Branches, Flatten, Shape

RULE, DOUBLE_RULE = "-" * 64, "=" * 64
BYTES_PER_VALUE, MB = 4.0, 1024**2.0


def summary_table(analysis: Analysis) -> str:
    """The table that torchsummary would print for a batch of any size, without a line end after the
    last line.

    Raises ArchitectureError, which names the layer, where one does not fit.
    """
    require_fitting(analysis.architecture)
    rows = _module_rows(analysis)
    return "\n".join(
        [
            RULE,
            _line("Layer (type)", "Output Shape", "Param #"),
            DOUBLE_RULE,
            *(
                _line(f"{row.name}-{number}", _shape(row.output_shape), f"{row.params:,}")
                for number, row in enumerate(rows, start=1)
            ),
            DOUBLE_RULE,
            f"Total params: {analysis.total_params:,}",
            f"Trainable params: {analysis.trainable_params:,}",
            f"Non-trainable params: {analysis.total_params - analysis.trainable_params:,}",
            RULE,
            *_sizes(
                analysis.architecture.input_shape,
                [row.output_shape for row in rows],
                analysis.total_params,
            ),
            RULE,
        ]
    )


class _ModuleRow(NamedTuple):
    name: str  # of the module's class
    output_shape: Shape
    params: int  # of the module alone, without those of the modules in it


def _module_rows(analysis: Analysis) -> list[_ModuleRow]:
    """What torchsummary counts, in the order in which the modules have run."""
    plan = network_plan(analysis.architecture)
    names = [
        plan.class_name(row.path) if isinstance(row.layer, Branches) else row.kind
        for row in analysis.rows
    ]
    return [
        _ModuleRow(name, row.output_shape, row.params)
        for name, row in zip(names, analysis.rows, strict=True)
        if name and not isinstance(row.layer, Flatten)
    ]


def _line(name: str, shape: str, params: str) -> str:
    return f"{name:>20}  {shape:>25} {params:>15}"


def _shape(shape: Shape) -> str:
    """(8, 26, 26) -> "[-1, 8, 26, 26]"."""
    return str([-1, *shape])


def _sizes(input_shape: Shape, output_shapes: list[Shape], params: int) -> list[str]:
    """The four lines in MB: every value 4 bytes, every output twice, since training keeps its
    gradient too.
    """
    image = prod(input_shape) * BYTES_PER_VALUE / MB
    outputs = 2 * sum(map(prod, output_shapes)) * BYTES_PER_VALUE / MB
    weights = params * BYTES_PER_VALUE / MB
    return [
        f"Input size (MB): {image:.2f}",
        f"Forward/backward pass size (MB): {outputs:.2f}",
        f"Params size (MB): {weights:.2f}",
        f"Estimated Total Size (MB): {weights + outputs + image:.2f}",
    ]
