"""Hints: what is not wrong, but worth knowing. One function a hint; RULES lists them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explorer.network.analysis import Analysis, Row, receptive_fields, with_layers
from explorer.network.receptive_field import AxisField
from explorer.network.spec import Architecture, Branches, Conv2d, Linear, Path
from explorer.network.tree import chain_at, with_chain, with_instead
from explorer.text import counted, size_text

SHOWN = 4  # rows or columns that a hint names one by one


@dataclass(frozen=True)
class Hint:
    """Something about the layer at `path`.

    `fix` is the architecture without it, where there is one plain way.
    """

    path: Path
    message: str
    fix: Architecture | None = None


def hints(analysis: Analysis) -> tuple[Hint, ...]:
    """All hints about the layers that fit, in the order in which these run."""
    order = {row.path: row.index for row in analysis.rows}
    found = (hint for rule in RULES for hint in rule(analysis))
    return tuple(sorted(found, key=lambda hint: order[hint.path]))


# --- the rules ------------------------------------------------------------------------------------


def _pixels_unseen(analysis: Analysis) -> Iterator[Hint]:
    """The first layer after which some pixels are seen by no unit: nothing later can bring them
    back.
    """
    for row, field in zip(analysis.rows, receptive_fields(analysis), strict=True):
        # What one branch does not see another may; the merge tells.
        if len(row.path) > 1:
            continue
        lost = [
            text
            for name, axis in (("row", field.rows), ("column", field.columns))
            if (text := _unseen(name, axis))
        ]
        if lost:
            yield Hint(row.path, f"no unit of this layer sees {' or '.join(lost)} of the image")
            return


def _larger_than_the_image(analysis: Analysis) -> Iterator[Hint]:
    """The first layer whose window is larger than the image."""
    image = analysis.architecture.input_shape[1:]
    for row in analysis.rows:
        # Where it stands for all values together, and nothing has been looked at yet.
        if row.kind == "Flatten":
            continue
        if any(size > side for size, side in zip(row.receptive_field, image, strict=True)):
            window = size_text(row.receptive_field)
            yield Hint(
                row.path,
                f"from here on the receptive field, {window}, "
                f"is larger than the image, {size_text(image)}",
            )
            return


def _useless_bias(analysis: Analysis) -> Iterator[Hint]:
    """BatchNorm subtracts the mean, and with it whatever a bias added to the whole map."""
    for row, after in _pairs(analysis):
        layer = row.layer
        if (
            isinstance(layer, Conv2d | Linear)
            and layer.bias
            and after.kind in ("BatchNorm2d", "BatchNorm1d")
        ):
            count = row.output_shape[0]
            message = f"{after.kind} cancels this bias: {counted(count, 'useless parameter')}"
            without = layer.model_copy(update={"bias": False})
            layers = with_instead(analysis.architecture.layers, row.path, without)
            yield Hint(row.path, message, with_layers(analysis.architecture, layers))


def _dropout_before_batchnorm(analysis: Analysis) -> Iterator[Hint]:
    for row, after in _pairs(analysis):
        if row.about.is_dropout and after.kind in ("BatchNorm2d", "BatchNorm1d"):
            message = (
                f"{after.kind} right after {row.kind} sees dropped-out values in training, "
                "but not at test time"
            )
            layers, inside = analysis.architecture.layers, row.path[:-1]
            chain = list(chain_at(layers, inside))
            here, there = row.path[-1], after.path[-1]
            chain[here], chain[there] = chain[there], chain[here]
            swapped = with_layers(analysis.architecture, with_chain(layers, inside, tuple(chain)))
            yield Hint(row.path, message, swapped)


ALLOWED_AFTER_LOGITS = (
    "Flatten",
    "Identity",
    "Softmax",
    "LogSoftmax",
    "Dropout",
    "Dropout2d",
    "AvgPool2d",
    "AdaptiveAvgPool2d",
)


def _activation_at_the_end(analysis: Analysis) -> Iterator[Hint]:
    """An activation upon the scores: after it comes only what shapes or averages them."""
    if _last(analysis) is None or len(analysis.output_shape) != 1:
        return
    row = next(
        (row for row in reversed(analysis.rows) if row.kind not in ALLOWED_AFTER_LOGITS), None
    )
    if row and row.about.group == "Activation":
        yield Hint(
            row.path,
            f"{row.kind} after the last layer with weights restricts the scores (logits)",
            with_layers(
                analysis.architecture, with_instead(analysis.architecture.layers, row.path)
            ),
        )


def _softmax_at_the_end(analysis: Analysis) -> Iterator[Hint]:
    last = _last(analysis)
    if last and last.kind == "Softmax":
        yield Hint(
            last.path,
            "the cross-entropy loss takes the softmax itself; "
            "training reads this layer as LogSoftmax",
            with_layers(analysis.architecture, analysis.architecture.layers[:-1]),
        )


RULES: tuple[Callable[[Analysis], Iterator[Hint]], ...] = (
    _pixels_unseen,
    _larger_than_the_image,
    _useless_bias,
    _dropout_before_batchnorm,
    _activation_at_the_end,
    _softmax_at_the_end,
)


# --- what the rules share -------------------------------------------------------------------------


def _pairs(analysis: Analysis) -> Iterator[tuple[Row, Row]]:
    """Layers of which the second alone takes what the first gives."""
    rows = {row.path: row for row in analysis.rows}
    for row in analysis.rows:
        after = rows.get((*row.path[:-1], row.path[-1] + 1))
        if after and not isinstance(after.layer, Branches):
            yield row, after


def _last(analysis: Analysis) -> Row | None:
    """The last layer, where all fit."""
    return analysis.rows[-1] if analysis.rows and analysis.problem is None else None


def _unseen(name: str, axis: AxisField) -> str | None:
    """ "columns 26, 27", of the pixels that no unit sees."""
    lost = axis.unseen.tolist()
    if not lost:
        return None
    listed = ", ".join(map(str, lost[:SHOWN])) + (
        f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
    )
    return f"{name}{'s' if len(lost) > 1 else ''} {listed}"
