"""The front of cost and accuracy, by hand and against the definition."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.compare.pareto import front


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], ()),
        ([(10, 0.99)], (0,)),
        ([(20, 0.994), (10, 0.99)], (1, 0)),  # dearer and better: both, the cheaper first
        ([(10, 0.994), (20, 0.99)], (0,)),
        ([(10, 0.99), (10, 0.994)], (1,)),  # as dear and better
        ([(10, 0.99), (20, 0.99)], (0,)),  # as good and cheaper
        ([(10, 0.99), (5, 0.98), (10, 0.99)], (1, 0, 2)),  # equal ones stay together
        ([(13, 0.9946), (16, 0.994), (17, 0.9957), (12, 0.9942), (20, 0.995)], (3, 0, 2)),
        ([(1, 0.9), (2, math.inf), (math.inf, 0.95)], (0, 1)),
    ],
)
def test_by_hand(points, expected):
    assert front(points) == expected


def beats(one, other):
    return one[0] <= other[0] and one[1] >= other[1] and one != other


few = st.integers(0, 6)  # so that ties are common


@given(st.lists(st.tuples(few, few)))
def test_it_is_what_no_other_beats(points):
    found = front(points)
    assert set(found) == {
        i for i, point in enumerate(points) if not any(beats(other, point) for other in points)
    }
    assert list(found) == sorted(found, key=lambda place: (points[place][0], place))


@pytest.mark.parametrize("point", [(math.nan, 0.9), (10, math.nan)])
def test_what_is_no_number_is_refused(point):
    with pytest.raises(ValueError, match="not a number"):
        front([(10, 0.9), point])
