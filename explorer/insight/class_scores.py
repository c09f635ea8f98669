"""Which layer gives the scores of the classes."""

from collections.abc import Sequence

from explorer.network.analysis import Row
from explorer.network.spec import LogSoftmax, Path, Softmax
from explorer.network.tree import input_of

# Layers after which a value is still that of the same class.
KEEP_CLASSES = ("Flatten", "Identity", "Dropout", "Softmax", "LogSoftmax")


def scores_path(rows: Sequence[Row]) -> Path:
    """The layer or merge whose values are the classes' scores: the last one, or what comes into the
    Softmax or LogSoftmax over the classes in which a network ends.

    The gradient of a probability nearly vanishes where a network is sure, and that of a score does
    not.
    """
    found = rows[-1].path
    for row in reversed(rows):
        if len(row.path) > 1 or row.kind not in KEEP_CLASSES:
            break
        if isinstance(row.layer, Softmax | LogSoftmax) and row.layer.dim in (1, -_dims(row)):
            found = input_of(row.path)
    return found


def _dims(row: Row) -> int:
    """The dimensions of what comes in, without the batch: the channels or features are this one
    from the end.
    """
    return len(row.input_shape)
