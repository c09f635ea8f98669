"""Which of a run's checkpoints are kept.

The newest, from which the run goes on, and the one before it, should the newest be damaged; that of
the best epoch; that of the last epoch of the recipe, or of its early stop, by which an assignment
is judged although more were added; and those on the way, so that one can look at how the network
learnt: all of them as long as they are few and small together. Beyond that every second, then every
fourth and so on, and at the beginning, where most happens, epochs 1, 2, 4, 8 and so on.
"""

from collections.abc import Collection, Iterable

NEWEST = 2
OUTSTANDING = 2  # the best epoch's, and that of the end of the recipe
ALWAYS = NEWEST + OUTSTANDING
# Of a run in all, beyond those that are always kept. With Adam, 64 checkpoints of a network of
# 24,000 parameters, 16 of one of 100,000, and 4 of one of a million.
KEPT_BYTES, KEPT_FILES = 20_000_000, 64


def kept_epochs(epochs: Iterable[int], outstanding: Collection[int], size: int) -> frozenset[int]:
    """The epochs whose checkpoints are kept, of those that there are.

    What is kept after an epoch is enough for what is kept after the next, so that asking after
    each epoch and asking at the end give the same.

    Args:
        epochs: those of which there are checkpoints.
        outstanding: at most OUTSTANDING epochs that are kept for what they are.
        size: bytes of one checkpoint.
    """
    found = sorted(set(epochs))
    always = {*found[-NEWEST:], *(epoch for epoch in found if epoch in outstanding)}
    # As if all that are always kept were others than those on the way: else one on the way would
    # go and come as the best epoch changes, and what is gone does not come back.
    room = most_kept(size) - ALWAYS
    stride = _stride(found[-1] if found else 0, room)
    on_the_way = [
        epoch
        for epoch in found
        if epoch > 0 and (epoch % stride == 0 or (epoch < stride and _is_power_of_two(epoch)))
    ]
    return frozenset(always.union(on_the_way[:room]))


def most_kept(size: int, epochs: int | None = None) -> int:
    """How many checkpoints of this size a run has at most at any time, of so many epochs where that
    is known; one that is being written comes on top.
    """
    most = max(ALWAYS, min(KEPT_FILES, KEPT_BYTES // max(size, 1)))
    return most if epochs is None else min(most, epochs)


def _stride(last: int, room: int) -> int:
    """The smallest power of two that leaves no more than `room` epochs up to `last`: its multiples,
    and the powers of two below it. Where even those are too many, one above `last`.
    """
    stride = 1
    while stride <= last and last // stride + stride.bit_length() - 1 > room:
        stride *= 2
    return stride


def _is_power_of_two(epoch: int) -> bool:
    return epoch & (epoch - 1) == 0
