"""Which runs count: the recipe that was tried last, as the mean over its seeds."""

import pytest

from explorer.assignment.assignment import Assignment
from explorer.assignment.results import Finished, counting_result
from explorer.training.recipe import Recipe


def run(id: str, at: float, accuracy: float, *, seed: int = 0, epochs: int = 20, batch: int = 64):
    recipe = Recipe(epochs=epochs, seed=seed, batch_size=batch)
    return Finished(id, recipe, epochs, accuracy, at)


LAST = [run("old", 1, 0.995), run("new", 2, 0.991, batch=128)]
SEEDS = [
    run("a", 1, 0.990),
    run("b", 2, 0.994, seed=1),
    run("again", 3, 0.992),  # seed 0 once more: it replaces the first
]


def test_without_a_finished_run_there_is_no_result():
    assert counting_result(Assignment(), []) is None


@pytest.mark.parametrize("runs", [LAST, LAST[::-1]])
def test_the_last_recipe_counts_though_another_was_better(runs):
    found = counting_result(Assignment(), runs)
    assert (found.run_ids, found.test_accuracy) == (("new",), 0.991)
    assert found.whose == "of your last run of this network that finished"


def test_the_best_counts_where_the_assignment_says_so():
    found = counting_result(Assignment(best_counts=True), LAST)
    assert (found.run_ids, found.test_accuracy) == (("old",), 0.995)
    assert found.whose.startswith("of your best run of at most 20 epochs of this network")


def test_the_best_is_one_within_the_epochs_where_there_is_one():
    long = run("long", 3, 0.999, epochs=30)
    assert counting_result(Assignment(best_counts=True), [*LAST, long]).run_ids == ("old",)
    short = Assignment(best_counts=True, max_epochs=5)
    assert counting_result(short, [*LAST, long]).run_ids == ("long",)


def test_the_mean_over_seeds_each_by_its_newest_run():
    found = counting_result(Assignment(), SEEDS)
    assert found.run_ids == ("again", "b")
    assert found.test_accuracy == pytest.approx(0.993)
    assert found.seeds == 2
    assert (
        found.whose
        == "the mean over seeds 0, 1 of the recipe that you tried last with this network"
    )


def test_seeds_that_stop_early_are_seeds_of_one_recipe():
    recipe = Recipe(epochs=20, validation_images=100, early_stopping=3)
    runs = [
        Finished(f"run{seed}", recipe.model_copy(update={"seed": seed}), epochs, accuracy, seed)
        for seed, (epochs, accuracy) in enumerate([(8, 0.98), (9, 0.99), (11, 0.97)])
    ]
    found = counting_result(Assignment(seeds=3), runs)
    assert (found.seeds, found.epochs) == (3, 11)
    assert found.test_accuracy == pytest.approx(0.98)


def test_a_best_recipe_with_all_its_seeds_comes_before_a_lucky_one():
    lucky = run("lucky", 9, 0.999, batch=8)
    found = counting_result(Assignment(best_counts=True, seeds=2), [*SEEDS, lucky])
    assert found.run_ids == ("again", "b")


def test_trying_more_seeds_does_not_pick_the_best_of_them():
    tries = [run(f"r{seed}", seed, 0.99 + seed / 1000, seed=seed) for seed in range(4)]
    assert counting_result(Assignment(), tries).test_accuracy == pytest.approx(0.9915)


def test_more_epochs_are_another_try():
    found = counting_result(
        Assignment(), [run("a", 1, 0.9, epochs=20), run("b", 2, 0.95, epochs=25, seed=1)]
    )
    assert (found.run_ids, found.epochs) == (("b",), 25)
