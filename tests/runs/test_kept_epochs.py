"""Which checkpoints of a run are kept: one rule, whatever epochs there are."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from explorer.runs.kept_epochs import (
    ALWAYS,
    KEPT_BYTES,
    KEPT_FILES,
    NEWEST,
    OUTSTANDING,
    kept_epochs,
    most_kept,
)

SMALL, LARGE = 300_000, 12_000_000  # bytes of networks of 20,000 and a million parameters


@pytest.mark.parametrize(
    ("epochs", "outstanding", "size", "kept"),
    [
        ([], (), SMALL, set()),
        ([1], {1}, SMALL, {1}),
        (range(1, 6), {5}, SMALL, {1, 2, 3, 4, 5}),
        (range(1, 61), {17}, SMALL, set(range(1, 61))),
        # 66 of them are 20 MB, but 64 files are the most: 60 on the way.
        (range(1, 63), {17}, SMALL, {1, 17, 61, *range(2, 63, 2)}),
        (range(1, 121), {17}, SMALL, {1, 2, 17, 119, *range(4, 121, 4)}),
        (range(1, 1001), {700}, SMALL, {1, 2, 4, 8, 16, 700, 999, *range(32, 1001, 32), 1000}),
        (range(1, 21), {17}, LARGE, {17, 19, 20}),
        (range(1, 21), {20}, LARGE, {19, 20}),
        (range(1, 21), (), LARGE, {19, 20}),
        (range(1, 21), {17, 12}, 4_000_000, {1, 12, 17, 19, 20}),  # five of them are 20 MB
        (range(1, 9), {8}, 2_000_000, {1, 2, 4, 6, 7, 8}),  # ten are: 6 on the way
        (range(1, 31), {12}, 2_000_000, {1, 2, 4, 8, 12, 16, 24, 29, 30}),
        ([3, 9, 8], {5}, SMALL, {3, 8, 9}),  # the best one's is lost
        ([20, 5, 16], {5}, LARGE, {5, 16, 20}),
        ([1, 2], {1}, 0, {1, 2}),
        (range(1, 6), {5}, 5_000_000, {4, 5}),
        ([0, 1, 2, 3], {2}, SMALL, {1, 2, 3}),
        (range(1, 31), {17, 20}, LARGE, {17, 20, 29, 30}),
        (range(1, 16), {12, 20}, LARGE, {12, 14, 15}),  # not there yet
    ],
)
def test_which_are_kept(
    epochs: list[int], outstanding: set[int], size: int, kept: set[int]
) -> None:
    assert kept_epochs(epochs, outstanding, size) == kept


EPOCHS = some.sets(some.integers(1, 5_000), max_size=60)
SIZES = some.integers(0, 2 * KEPT_BYTES)


@given(EPOCHS, some.sets(some.integers(1, 5_000), max_size=OUTSTANDING), SIZES)
def test_the_newest_and_the_outstanding_are_always_kept_and_all_take_what_is_stated(
    epochs: set[int], outstanding: set[int], size: int
) -> None:
    kept = kept_epochs(epochs, outstanding, size)
    assert set(sorted(epochs)[-NEWEST:]) | (outstanding & epochs) <= kept <= epochs
    assert len(kept) <= most_kept(size) <= KEPT_FILES
    assert len(kept) <= ALWAYS or len(kept) * size <= KEPT_BYTES
    assert kept_epochs(kept, outstanding, size) == kept


@given(some.lists(some.integers(0, 5), min_size=1, max_size=80), some.integers(1, 80), SIZES)
def test_after_each_epoch_and_at_the_end_the_same_are_kept(
    accuracies: list[int], planned: int, size: int
) -> None:
    """What was deleted is never missed later."""
    there: frozenset[int] = frozenset()
    for epoch in range(1, len(accuracies) + 1):
        so_far = accuracies[:epoch]
        outstanding = {1 + so_far.index(max(so_far)), planned}
        there = kept_epochs({*there, epoch}, outstanding, size)
        assert there == kept_epochs(range(1, epoch + 1), outstanding, size)


@given(some.integers(0, 500), SIZES)
def test_how_many_a_run_of_so_many_epochs_has_is_foreseen(epochs: int, size: int) -> None:
    outstanding = {epochs // 3 + 1, epochs // 2 + 1}
    most = max(
        (len(kept_epochs(range(1, each + 1), outstanding, size)) for each in range(1, epochs + 1)),
        default=0,
    )
    assert most <= most_kept(size, epochs) <= most + 4


@given(some.integers(1, 5_000), SIZES)
def test_all_epochs_are_kept_until_they_are_too_many_and_then_at_even_distances(
    epochs: int, size: int
) -> None:
    kept = kept_epochs(range(1, epochs + 1), (), size)
    room = most_kept(size) - ALWAYS
    if epochs <= room:
        assert kept == {*range(1, epochs + 1)}
    elif room >= 2 * epochs.bit_length():
        on_the_way = sorted(kept)[:-NEWEST]
        gaps = [after - before for before, after in pairwise(on_the_way)]
        assert gaps == sorted(gaps)  # the closest at the beginning
        # The slider's steps are no more than twice as wide as they would have to be.
        assert max(gaps) * room <= 4 * epochs
