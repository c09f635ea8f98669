"""How often a window looks at a run: as often as its device allows, and seldom enough for a class."""

import pytest

from explorer.ui.train.looks import GONE, Looks


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("windows", "device", "seconds"),
    [
        (1, "cpu", 2.0),
        (10, "cpu", 2.0),
        (30, "cpu", 6.0),
        (1, "cuda", 1.0),
        (5, "cuda", 1.0),
        (30, "cuda", 6.0),
    ],
)
def test_all_windows_together_look_five_times_a_second_at_most(
    windows: int, device: str, seconds: float
):
    looks = Looks(Clock())
    for _ in range(2):  # a window that looks again is one window
        for window in range(windows):
            looks.note(f"window {window}")
    assert looks.interval(device) == seconds


def test_a_window_that_looks_no_more_is_not_counted():
    clock = Clock()
    looks = Looks(clock)
    for window in range(30):
        looks.note(f"window {window}")
    clock.now = GONE
    looks.note("the last")
    assert looks.interval("cpu") == 2.0


def test_an_interval_is_kept_until_it_is_far_from_right():
    looks = Looks(Clock())
    for window in range(14):
        looks.note(f"window {window}")  # 2.8 seconds
    assert not looks.is_far_off(2.0, "cpu")
    looks.note("the fifteenth")
    looks.note("the sixteenth")  # 3.2 seconds
    assert looks.is_far_off(2.0, "cpu")
    assert not looks.is_far_off(3.2, "cpu")
    assert looks.is_far_off(6.0, "cpu")
