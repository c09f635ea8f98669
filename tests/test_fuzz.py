"""Every way in, fed what nobody meant: an answer or a sentence, soon, in little memory, and no more
than a line in the log.

Cases are mutated from good ones by a seeded generator, so a failure repeats; it names the seed and
shows the case. What is understood is used as the page would at once. EXPLORER_FUZZ=10 makes ten
times as many.
"""

import contextlib
import os
import time
from pathlib import Path
from random import Random

import pytest

from tests.cpu import least_seconds
from tests.fuzz.watch import faults_of_a_message, forget_peak, peak_memory, watching
from tests.fuzz.ways import WAYS_IN, Take, WayIn, warm_up

SECONDS = 1.0
TIMES = float(os.environ.get("EXPLORER_FUZZ", "1"))
assert sum(way.cases for way in WAYS_IN) >= 20_000


@pytest.mark.slow
@pytest.mark.parametrize("way", [pytest.param(way, id=way.name) for way in WAYS_IN])
def test_an_answer_or_a_sentence(way: WayIn, tmp_path: Path) -> None:
    warm_up()
    faults: list[str] = []
    refused, slowest, largest = 0, (0.0, 0), (0.0, 0)
    cases = int(way.cases * TIMES)
    with way.opened(tmp_path) as take, watching() as watch:
        for seed in range(cases):
            case = way.mutated(Random(f"{way.name} {seed}"))
            found: list[str] = []
            held, began = forget_peak(), time.thread_time()
            try:
                take(case)
            except way.refusals as error:
                refused += 1
                found += faults_of_a_message(str(error))
            except Exception as error:
                found.append(f"{type(error).__name__}: {error!s:.300}")
            seconds = time.thread_time() - began
            largest = max(largest, (peak_memory() - held, seed))
            found += watch.faults()
            faults += [f"seed {seed}: {fault}\n    {shortened(case)}" for fault in found]
            if seconds >= SECONDS:
                seconds = least_seconds(lambda case=case: tried(take, case), SECONDS)  # type: ignore[misc]
                list(watch.faults())  # said of the same case before
            slowest = max(slowest, (seconds, seed))
    print(
        f"{way.name}: {cases} cases, {refused} refused, slowest {slowest[0]:.3f} s (seed "
        f"{slowest[1]}), largest {largest[0]:.0f} MB (seed {largest[1]})"
    )
    assert not faults, f"{len(faults)} faults in {cases} cases:\n" + "\n".join(faults[:8])
    assert slowest[0] < SECONDS, f"seed {slowest[1]}"
    assert largest[0] < way.megabytes, f"seed {largest[1]}"
    assert 0 < refused < cases, "the cases are mutated too much, or not at all"


def tried(take: Take, case: object) -> None:
    with contextlib.suppress(Exception):
        take(case)


def shortened(case: object) -> str:
    try:
        return ascii(case)[:300]
    except RecursionError:
        return "nested too deeply to be shown"
