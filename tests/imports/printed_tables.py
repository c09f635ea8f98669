"""Tables as torchsummary and torchinfo print them, of any stack, without the limits of an
analysis.
"""

from math import prod

from explorer.imports.summary.candidates import result
from explorer.network.spec import Layer, Shape

Rows = list[tuple[str, Shape, int]]  # kind, output, parameters

WAYS = ("torchsummary", "torchsummary of 8", "torchinfo in MB", "torchinfo in kB", "torchinfo of 8")


def rows_of(image: Shape, layers: list[Layer]) -> Rows:
    rows: Rows = []
    shape = image
    for layer in layers:
        found = result(layer, shape)
        assert found, (layer, shape)
        shape, params = found
        rows.append((layer.kind, shape, params))
    return rows


def print_table(way: str, image: Shape, layers: list[Layer]) -> str:
    rows, batch = rows_of(image, layers), 8 if way.endswith("of 8") else 1
    if way.startswith("torchsummary"):
        return print_torchsummary(image, rows, batch)
    return print_torchinfo(image, rows, batch, in_kilobytes=way.endswith("kB"))


def print_torchsummary(image: Shape, rows: Rows, batch: int = 1) -> str:
    first = batch if batch > 1 else -1
    lines = [
        f"{f'{kind}-{number}':>20}  {[first, *shape]!s:>25} {params:>15,}"
        for number, (kind, shape, params) in enumerate(rows, start=1)
    ]
    rule, total = "-" * 64, sum(params for *_, params in rows)
    outputs = 2 * batch * sum(prod(shape) for _, shape, _ in rows)
    return "\n".join(
        [
            rule,
            f"{'Layer (type)':>20}  {'Output Shape':>25} {'Param #':>15}",
            "=" * 64,
            *lines,
            "=" * 64,
            f"Total params: {total:,}",
            f"Trainable params: {total:,}",
            "Non-trainable params: 0",
            rule,
            f"Input size (MB): {batch * prod(image) * 4 / 1024**2:0.2f}",
            f"Forward/backward pass size (MB): {outputs * 4 / 1024**2:0.2f}",
            f"Params size (MB): {total * 4 / 1024**2:0.2f}",
            rule,
        ]
    )


def print_torchinfo(image: Shape, rows: Rows, batch: int = 1, in_kilobytes: bool = False) -> str:
    lines = [
        f"├─{f'{kind}: 1-{number}':<38} {[batch, *shape]!s:<25} {f'{params:,}' if params else '--'}"
        for number, (kind, shape, params) in enumerate(rows, start=1)
    ]
    rule, total = "=" * 90, sum(params for *_, params in rows)
    return "\n".join(
        [
            rule,
            f"{'Layer (type:depth-idx)':<40} {'Output Shape':<25} Param #",
            rule,
            f"{'Net':<40} {[batch, *rows[-1][1]]!s:<25} --",
            *lines,
            rule,
            f"Total params: {total:,}",
            f"Trainable params: {total:,}",
            "Non-trainable params: 0",
            rule,
            f"Input size {_readable(batch * prod(image) * 4) if in_kilobytes else f'(MB): {batch * prod(image) * 4 / 1e6:0.2f}'}",
            f"Params size (MB): {total * 4 / 1e6:0.2f}",
            rule,
        ]
    )


def _readable(count: int) -> str:
    """As torchinfo's later versions print a number of bytes: in the unit that suits it."""
    unit, size = next(
        ((unit, size) for unit, size in (("MB", 1e6), ("kB", 1e3)) if count >= size), ("B", 1.0)
    )
    number = count / size
    return f"({unit}): {int(number):,d}" if number.is_integer() else f"({unit}): {number:,.2f}"
