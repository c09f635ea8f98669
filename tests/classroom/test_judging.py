"""Somebody's work is judged by their own finished runs of this very network, on all images."""

from dataclasses import replace

from explorer.assignment.assignment import Assignment
from explorer.assignment.clauses import verdict
from explorer.classroom.judging import find_tries, judge
from explorer.network.spec import Architecture, Flatten, Linear, ReLU
from explorer.runs.new_run import new_run
from explorer.runs.run import Status
from explorer.runs.run_summary import RunSummary, summarise
from explorer.training.event import Event
from explorer.training.recipe import Recipe

NETWORK = Architecture(name="mine", layers=(Flatten(), Linear(out_features=10)))
OTHER = Architecture(name="mine", layers=(Flatten(), ReLU(), Linear(out_features=10)))
RECIPE = Recipe(dataset="digits", epochs=2, device="cpu")
TASK = Assignment(max_params=None, max_epochs=None, min_accuracy=0.9)


def summary(
    accuracy: float | None,
    *,
    owner: str = "ann",
    network: Architecture = NETWORK,
    status: Status = Status.STOPPED,
    epochs: int = 1,
    **recipe: object,
) -> RunSummary:
    """A run that reached this, or where it is None one that stands like this after so many
    epochs.
    """
    run = replace(new_run(network, RECIPE.model_copy(update=recipe)), owner=owner)
    end = (
        None
        if accuracy is None
        else Event(kind="finished", epoch=2, metrics={"test_accuracy": accuracy})
    )
    done = [Event(kind="epoch", epoch=epoch + 1) for epoch in range(epochs)]
    status = Status.FINISHED if end else status
    return summarise(run, status, "", None, done, end, end)


def verdict_by(*runs: RunSummary, owner: str | None = "ann", task: Assignment = TASK) -> str:
    found, _ = judge(task, NETWORK, RECIPE, find_tries(runs, owner))
    return verdict(found)


def test_ones_own_finished_run_counts():
    assert verdict_by(summary(0.95)) == "holds"
    assert verdict_by(summary(0.85)) == "fails"


def test_nothing_else_does():
    others = {
        "somebody else's": summary(0.95, owner="ben"),
        "another network": summary(0.95, network=OTHER),
        "other images": summary(0.95, dataset="mnist"),
        "a quick look": summary(0.95, images_share=0.1),
        "one that was stopped": summary(None),
    }
    for name, run in others.items():
        assert verdict_by(run) == "unknown", name


def test_runs_that_have_not_gone_to_their_end_are_told_of():
    """Whoever stops all that go badly has picked the best of many."""
    unfinished = [
        summary(None),
        summary(None, status=Status.PAUSED),
        summary(None, status=Status.FAILED, seed=1),
        summary(None, status=Status.QUEUED, seed=2),  # resumed, so that it is none that was stopped
    ]
    not_counted = [
        summary(None, epochs=0),  # before there was anything to see
        summary(None, status=Status.RUNNING, epochs=0),
        summary(None, owner="ben"),
        summary(None, network=OTHER),
        summary(None, dataset="mnist"),
        summary(None, images_share=0.1),
    ]
    runs = find_tries([summary(0.95), *unfinished, *not_counted], "ann")
    (clause,), result = judge(TASK, NETWORK, RECIPE, runs)
    assert result is not None
    assert (clause.state, result.unfinished) == ("holds", 4)
    assert "(4 other runs have not gone to the end)" in clause.note
    (clause,), result = judge(TASK, NETWORK, RECIPE, find_tries([summary(0.95)], "ann"))
    assert result is not None
    assert result.unfinished == 0
    assert "not gone" not in clause.note


def test_where_nobody_else_can_be_all_runs_are_ones_own():
    assert verdict_by(summary(0.95, owner="shell"), owner=None) == "holds"


def test_the_images_asked_for_count_whatever_is_chosen_just_now():
    task = TASK.model_copy(update={"dataset": "mnist"})
    found, result = judge(
        task, NETWORK, RECIPE, find_tries([summary(0.95), summary(0.91, dataset="mnist")], "ann")
    )
    assert result is not None
    assert result.test_accuracy == 0.91
    assert [clause.state for clause in found] == ["fails", "holds"]  # digits are chosen
