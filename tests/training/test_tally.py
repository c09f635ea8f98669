"""What steps came to: the same windows whenever they are read, and never too far ahead of the
device.
"""

import time

import pytest
import torch
import torch.nn.functional as F

from explorer.training import tally as tally_module
from explorer.training.tally import AHEAD, EVENTS_AN_EPOCH, StepWindow, Sums, Tally, row_of

CPU = torch.device("cpu")
STEPS, BATCH, IMAGES = 120, 4, 478  # the last batch has two


def read_all(tally: Tally) -> list[StepWindow]:
    tally.start()
    found = []
    for step in range(STEPS):
        tally.rows[step] = torch.tensor([float(step), 1.0])
        found += tally.read(step + 1, step / 1000)
    return found


def test_stretches_lie_on_a_grid() -> None:
    found = read_all(Tally(IMAGES, BATCH, STEPS, CPU))
    assert [window.end for window in found] == list(range(3, 121, 3))
    assert len(found) <= EVENTS_AN_EPOCH
    assert [window.lr for window in found] == [(end - 1) / 1000 for end in range(3, 121, 3)]
    assert [window.sums.losses for window in found] == [3 * first + 3 for first in range(0, 120, 3)]
    assert [window.sums.images for window in found] == [12] * 39 + [10]
    assert all(window.sums[1::2] == (3.0, 3) for window in found)
    assert found[0].ended <= found[1].ended <= time.perf_counter()


def test_reading_less_often_changes_times_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    often = read_all(Tally(IMAGES, BATCH, STEPS, CPU))
    monkeypatch.setitem(tally_module.READ_EVERY, "cpu", 3600.0)
    seldom = Tally(IMAGES, BATCH, STEPS, CPU)
    assert [seldom.read(done, 0.1) for done in range(1, STEPS)] == [[]] * (STEPS - 1)
    found = read_all(seldom)
    assert [(s.end, s.lr, s.sums[:4]) for s in found] == [(s.end, s.lr, s.sums[:4]) for s in often]
    assert [window.ended for window in found] == sorted(window.ended for window in found)
    seconds = [window.sums.seconds for window in found]
    assert seconds == pytest.approx([sum(seconds) / len(found)] * len(found))


def test_the_program_stays_near_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mark that is set is waited for once so many came after it; those before a reading need
    no waiting.
    """
    waited: list[int] = []
    marks = iter(range(1000))

    def mark():
        number = next(marks)
        return lambda: waited.append(number)

    monkeypatch.setitem(tally_module.MARKS, "cpu", mark)
    monkeypatch.setitem(tally_module.READ_EVERY, "cpu", 3600.0)
    tally = Tally(IMAGES, BATCH, STEPS, CPU)
    for done in range(1, STEPS + 1):
        tally.read(done, 0.1)
        assert done // 3 - len(waited) <= AHEAD
    assert waited == list(range(STEPS // 3 - AHEAD))
    read_all(tally)
    assert waited == [*range(STEPS // 3 - AHEAD), *range(STEPS // 3, 2 * STEPS // 3 - AHEAD)]


def test_one_epoch_forgets_the_last() -> None:
    tally = Tally(IMAGES, BATCH, STEPS, CPU)
    first = read_all(tally)
    assert [window.sums[:4] for window in read_all(tally)] == [window.sums[:4] for window in first]


def test_a_row_sums_losses_and_right_answers() -> None:
    scores, labels = torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 1.0]]), torch.tensor([0, 1, 1])
    losses, right = row_of(F.cross_entropy(scores, labels), scores, labels).tolist()
    assert losses == pytest.approx(F.cross_entropy(scores, labels, reduction="sum").item())
    assert right == 2


def test_sums_add_up() -> None:
    whole = Sums.of([Sums(3.0, 2.0, 4, 1, 0.5), Sums(1.0, 2.0, 4, 1, 1.5)])
    assert whole == (4.0, 4.0, 8, 2, 2.0)
    assert (whole.loss, whole.accuracy, whole.speed) == (0.5, 0.5, 1.0)
