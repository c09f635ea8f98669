"""Hints: what is not wrong, but worth knowing. One function a hint; RULES lists them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explorer.network.analysis import Analysis, Row
from explorer.network.layers import LAYERS
from explorer.network.receptive_field import AxisField, receptive_fields
from explorer.network.spec import Architecture, Conv2d, Layer, Linear
from explorer.text import counted, size_text

SHOWN = 4  # rows or columns that a hint names one by one


@dataclass(frozen=True)
class Hint:
    """Something about layer `index`.

    `fix` is the architecture without it, where there is one plain way.
    """

    index: int
    message: str
    fix: Architecture | None = None


def hints(analysis: Analysis) -> tuple[Hint, ...]:
    """All hints about the layers that fit, in their order."""
    return tuple(
        sorted((hint for rule in RULES for hint in rule(analysis)), key=lambda hint: hint.index)
    )


# --- the rules ------------------------------------------------------------------------------------


def _pixels_unseen(analysis: Analysis) -> Iterator[Hint]:
    """The first layer after which some pixels are seen by no unit: nothing later can bring them
    back.
    """
    for row, field in zip(analysis.rows, receptive_fields(_fitting(analysis)), strict=True):
        lost = [
            text
            for name, axis in (("row", field.rows), ("column", field.columns))
            if (text := _unseen(name, axis))
        ]
        if lost:
            yield Hint(row.index, f"no unit of this layer sees {' or '.join(lost)} of the image")
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
                row.index,
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
            yield Hint(
                row.index,
                message,
                _with(analysis, row.index, layer.model_copy(update={"bias": False})),
            )


def _dropout_before_batchnorm(analysis: Analysis) -> Iterator[Hint]:
    for row, after in _pairs(analysis):
        if LAYERS[row.kind].is_dropout and after.kind in ("BatchNorm2d", "BatchNorm1d"):
            message = (
                f"{after.kind} right after {row.kind} sees dropped-out values in training, "
                "but not at test time"
            )
            layers = list(analysis.architecture.layers)
            layers[row.index], layers[after.index] = layers[after.index], layers[row.index]
            yield Hint(row.index, message, _replaced(analysis, layers))


ALLOWED_AFTER_LOGITS = (
    "Flatten",
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
    if row and LAYERS[row.kind].group == "Activation":
        layers = analysis.architecture.layers
        yield Hint(
            row.index,
            f"{row.kind} after the last layer with weights restricts the scores (logits)",
            _replaced(analysis, (*layers[: row.index], *layers[row.index + 1 :])),
        )


def _softmax_at_the_end(analysis: Analysis) -> Iterator[Hint]:
    last = _last(analysis)
    if last and last.kind == "Softmax":
        yield Hint(
            last.index,
            "the cross-entropy loss takes the softmax itself; "
            "training reads this layer as LogSoftmax",
            _replaced(analysis, analysis.architecture.layers[:-1]),
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


def _fitting(analysis: Analysis) -> Architecture:
    return analysis.architecture.model_copy(
        update={"layers": analysis.architecture.layers[: len(analysis.rows)]}
    )


def _pairs(analysis: Analysis) -> Iterator[tuple[Row, Row]]:
    return zip(analysis.rows, analysis.rows[1:], strict=False)


def _last(analysis: Analysis) -> Row | None:
    """The last layer, where all fit."""
    return analysis.rows[-1] if analysis.rows and analysis.problem is None else None


def _with(analysis: Analysis, index: int, layer: Layer) -> Architecture:
    layers = analysis.architecture.layers
    return _replaced(analysis, (*layers[:index], layer, *layers[index + 1 :]))


def _replaced(analysis: Analysis, layers: list[Layer] | tuple[Layer, ...]) -> Architecture:
    return analysis.architecture.model_copy(update={"layers": tuple(layers)})


def _unseen(name: str, axis: AxisField) -> str | None:
    """ "columns 26, 27", of the pixels that no unit sees."""
    lost = axis.unseen.tolist()
    if not lost:
        return None
    listed = ", ".join(map(str, lost[:SHOWN])) + (
        f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
    )
    return f"{name}{'s' if len(lost) > 1 else ''} {listed}"
