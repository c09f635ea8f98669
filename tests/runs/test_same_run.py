"""Which start is a repetition, and which is meant."""

import time
from dataclasses import replace

import pytest

from explorer.network.spec import Flatten, Linear
from explorer.presets import load_presets
from explorer.runs.new_run import new_run
from explorer.runs.run import ENDED, Snapshot, Status
from explorer.runs.run_summary import summary_of
from explorer.runs.same_run import MOMENT, done_or_coming, run_in_hand, same_runs
from explorer.training.event import Event

PRESET = load_presets()["gap-17k"]
NOW = 1_000_000.0
OWNER = "somebody"


def snapshot(
    status="running",
    started=NOW - 3600,
    architecture=PRESET.architecture,
    recipe=PRESET.recipe,
    more_epochs=0,
    owner=OWNER,
):
    run = replace(new_run(architecture, recipe, owner), submitted=started, more_epochs=more_epochs)
    return summary_of(Snapshot(run, Status(status), None, "", None, (), (), None))


@pytest.mark.parametrize("status", ["queued", "preparing", "running", "stopping", "pausing"])
def test_what_waits_or_trains_is_in_hand_however_long_ago_it_was_started(status):
    found = snapshot(status)
    assert run_in_hand([found], PRESET.architecture, PRESET.recipe, OWNER, NOW) is found


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize("age", [1.0, MOMENT + 1])
def test_of_what_has_ended_only_what_finished_a_moment_ago_is_in_hand(status, age):
    found = run_in_hand(
        [snapshot(status, NOW - age)], PRESET.architecture, PRESET.recipe, OWNER, NOW
    )
    assert (found is not None) == (status == "finished" and age < MOMENT)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"architecture": PRESET.architecture.model_copy(update={"name": "Another name"})}, True),
        (
            {"architecture": PRESET.architecture.model_copy(update={"input_shape": (1, 29, 29)})},
            False,
        ),
        (
            {
                "architecture": PRESET.architecture.model_copy(
                    update={"layers": (Flatten(), Linear(out_features=10))}
                )
            },
            False,
        ),
        ({"recipe": PRESET.recipe.model_copy(update={"seed": 1})}, False),
        ({"recipe": PRESET.recipe.model_copy(update={"epochs": 3})}, False),
        ({"recipe": PRESET.recipe.model_copy(update={"dataset": "digits"})}, False),
        ({"more_epochs": 2}, False),
    ],
)
def test_the_same_run_has_the_same_layers_input_and_recipe_whatever_its_name(change, same):
    assert bool(list(same_runs([snapshot(**change)], PRESET.architecture, PRESET.recipe))) is same


def test_a_run_as_it_is_made_counts_from_its_own_clock():
    run = new_run(PRESET.architecture, PRESET.recipe, OWNER)
    made = summary_of(Snapshot(run, Status("finished"), None, "", None, (), (), None))
    assert run_in_hand([made], PRESET.architecture, PRESET.recipe, OWNER, time.time()) is made


def test_other_peoples_runs_are_not_in_hand():
    assert (
        run_in_hand([snapshot(owner="another")], PRESET.architecture, PRESET.recipe, OWNER, NOW)
        is None
    )


@pytest.mark.parametrize(
    ("status", "epochs", "finished", "is_same"),
    [
        ("finished", 20, 20, True),
        ("finished", 8, 8, True),  # it stopped early
        ("finished", 20, 8, False),  # and was continued up to its recipe's epochs
        ("running", 9, 8, False),
        ("stopped", 8, None, True),
    ],
)
def test_a_run_that_was_continued_is_another(status, epochs, finished, is_same):
    end = None if finished is None else Event(kind="finished", epoch=finished)
    found = replace(snapshot(status), epochs_done=epochs, finished=end)
    assert bool(list(same_runs([found], PRESET.architecture, PRESET.recipe))) is is_same
    present, unfinished = done_or_coming([found])
    assert bool(present | unfinished) is is_same
