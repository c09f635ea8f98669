"""The learning-rate finder's chart: its points, its marks, its words."""

import math

import pytest

from explorer.training.learning_rate_finder import (
    HIGHEST,
    LOWEST,
    FoundRates,
    Tried,
    find_rates,
)
from explorer.training.recipe import Recipe
from explorer.ui.charts.rate_chart import (
    BETWEEN,
    SMOOTHED,
    STEEPEST,
    STEP,
    TENTH,
    rate_chart,
    suggestions,
)


def found(diverges_at: float = 1.0, steps: int = 100) -> FoundRates:
    lrs = [LOWEST * (HIGHEST / LOWEST) ** (step / (steps - 1)) for step in range(steps)]
    losses = [
        2.3 - 2 / (1 + (0.001 / lr) ** 2) if lr < diverges_at else 50.0 * lr / diverges_at
        for lr in lrs
    ]
    return find_rates([*map(Tried, lrs, losses), Tried(HIGHEST, math.nan)], Recipe())


def test_every_step_has_a_point_and_each_suggestion_a_mark_on_the_line():
    given = found()
    data = rate_chart(given).data
    counts = data["series"].value_counts().to_dict()
    assert counts == {STEP: 100, SMOOTHED: 100, TENTH: 1, STEEPEST: 1}
    assert all(map(math.isfinite, data["loss"]))
    for name, rate in suggestions(given).items():
        ((at, loss),) = data[data["series"] == name][["rate", "loss"]].to_numpy().tolist()
        assert at == rate
        assert loss in given.smoothed


def test_the_axis_ends_above_the_losses_before_the_divergence():
    given = found()
    (top,) = {
        layer["encoding"]["y"]["scale"]["domain"][1] for layer in rate_chart(given).spec["layer"]
    }
    assert 2.3 < top < 3


def test_words_and_table_name_the_rates():
    given = found()
    chart = rate_chart(given)
    assert f"{given.suggested:g}" in chart.alt
    assert set(chart.numbers) == {"learning rate", STEP, SMOOTHED, STEEPEST, TENTH}


@pytest.mark.parametrize("steps", [[], [Tried(LOWEST, math.nan)], [Tried(LOWEST, 2.3)]])
def test_a_search_without_a_suggestion_is_drawn_too(steps):
    chart = rate_chart(find_rates(steps, Recipe()))
    assert len(chart.data) == 2 * sum(math.isfinite(each.loss) for each in steps)
    assert chart.alt


def test_one_rate_that_is_suggested_twice_is_one():
    given = found()
    same = FoundRates("lr", given.lrs, given.losses, given.smoothed, 0.01, 0.01, 0.01, "")
    assert suggestions(same) == {TENTH: 0.01}


def test_the_peak_of_a_cycle_has_a_mark_of_its_own_and_is_offered_first():
    given = found()
    third = FoundRates("max_lr", given.lrs, given.losses, given.smoothed, 0.3, 0.03, 0.2, "")
    assert list(suggestions(third).items()) == [(BETWEEN, 0.2), (TENTH, 0.03), (STEEPEST, 0.3)]
    counts = rate_chart(third).data["series"].value_counts().to_dict()
    assert (counts[BETWEEN], counts[TENTH], counts[STEEPEST]) == (1, 1, 1)


def test_the_legend_has_what_is_drawn():
    def series(given: FoundRates) -> list[list[str]]:
        layers = rate_chart(given).spec["layer"]
        return [
            channel["legend"]["values"]
            for layer in layers
            for channel in layer["encoding"].values()
            if isinstance(channel, dict) and channel.get("legend")
        ]

    given = found()
    third = FoundRates("max_lr", given.lrs, given.losses, given.smoothed, 0.3, 0.03, 0.2, "")
    assert series(given)
    assert all(each == [SMOOTHED, TENTH, STEEPEST] for each in series(given))
    assert all(each == [SMOOTHED, BETWEEN, TENTH, STEEPEST] for each in series(third))
