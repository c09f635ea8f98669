"""Which of a run's checkpoints are kept.

The newest, from which the run goes on, and the one before it, should the newest be damaged; that
of the best epoch; that of the last epoch of the recipe, or of its early stop, by which an
assignment is judged although more were added; and where they are small, some of those on the way,
so that one can look at how the network learnt: epochs 1, 2, 4, 8 and so on, as most happens at the
beginning.
"""

from collections.abc import Collection, Iterable

NEWEST = 2
OUTSTANDING = 2  # the best epoch's, and that of the end of the recipe
ALWAYS = NEWEST + OUTSTANDING
# Of a run in all, beyond those that are always kept. With Adam, 16 checkpoints of a network of
# 100,000 parameters, and 4 of one of a million.
KEPT_BYTES, KEPT_FILES = 20_000_000, 16


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
    on_the_way = [epoch for epoch in found if _is_power_of_two(epoch)]
    return frozenset(always.union(on_the_way[:room]))


def most_kept(size: int, epochs: int | None = None) -> int:
    """How many checkpoints of this size a run has at most, of so many epochs where that is known;
    one that is being written comes on top.
    """
    most = max(ALWAYS, min(KEPT_FILES, KEPT_BYTES // max(size, 1)))
    # The powers of two up to `epochs` are as many as its binary digits.
    return most if epochs is None else min(most, ALWAYS + epochs.bit_length(), epochs)


def _is_power_of_two(epoch: int) -> bool:
    return epoch > 0 and epoch & (epoch - 1) == 0
