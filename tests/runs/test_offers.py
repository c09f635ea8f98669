"""What is offered in place of a run that failed."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from explorer.network.spec import Architecture
from explorer.runs.manager import JobManager, RunError
from explorer.runs.new_run import new_run
from explorer.runs.offers import find_offer
from explorer.runs.run_summary import summary_of
from explorer.runs.store import Store
from explorer.training import engine
from explorer.training.dataset_files import Dataset
from explorer.training.datasets import DATASETS, DatasetError
from explorer.training.event import Event
from explorer.training.problems import find_problem
from tests.people.shared import SOMEBODY, TEACHER
from tests.runs.shared import recipe, wait
from tests.tiny import tiny_kind

CYCLE = {"scheduler": {"kind": "OneCycleLR", "max_lr": 10.0}}


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"optimizer": {"kind": "SGD", "lr": 5.0}}, "Try lr 0.5 instead of 5"),
        ({"optimizer": {"kind": "Adam", "lr": 0.02}}, "Try lr 0.002 instead of 0.02"),
        (CYCLE, "Try max_lr 1 instead of 10"),
    ],
    ids=str,
)
def test_a_run_that_diverged_offers_the_rate_that_may_do(
    fields: dict[str, Any],
    label: str,
    manager: JobManager,
    small: Architecture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = recipe(**fields)
    with monkeypatch.context() as patch:
        patch.setattr(
            engine.Numerics, "run", lambda self, network, images: network(images) * float("nan")
        )
        run_id = manager.submit(small, asked, SOMEBODY)
        failed = wait(manager, run_id)
    assert failed.status == "failed"
    offer = find_offer(failed)
    assert offer is not None
    assert offer.label == label
    assert offer.recipe != asked
    assert (
        offer.recipe.model_copy(update={"optimizer": asked.optimizer, "scheduler": asked.scheduler})
        == asked
    )
    with pytest.raises(
        RunError,
        match=f"run {run_id} would diverge again: start a new run with a learning rate of ",
    ):
        manager.resume(run_id, TEACHER)
    new = manager.submit(failed.run.architecture, offer.recipe, SOMEBODY)
    assert wait(manager, new).status == "finished"


@pytest.mark.parametrize(
    ("metrics", "message", "rate"),
    [
        (
            {"try_lr": 0.25},
            "training diverged (the loss is NaN or infinite at epoch 1, step 3): "
            "try lr 0.25 instead of 2.5",
            0.25,
        ),
        # Of older versions.
        ({}, "the loss is no longer a number (epoch 1, step 3): try lr 0.25 in place of 2.5", 0.25),
        ({}, "out of memory: try a batch size of 16 instead of 32, or smaller maps", None),
        ({"without_images": 1.0}, "MNIST is not on this server", None),
    ],
)
def test_what_diverged_is_never_resumed_whichever_version_trained_it(
    metrics: dict[str, float], message: str, rate: float | None, small: Architecture
) -> None:
    store = Store()
    run = new_run(small, recipe("digits", optimizer={"kind": "SGD", "lr": 2.5}))
    claim = store.begin(run)
    failed = Event(kind="failed", epoch=1, step=3, metrics=metrics, message=message)
    store.end(run.id, "failed", message, 0, [Event(kind="started"), failed])
    claim.lock.release()
    with JobManager(store=store) as manager:
        snapshot, (summary,) = manager.snapshot(run.id), manager.runs()
        assert snapshot.status == "failed"
        assert snapshot.resumable == summary.resumable == (rate is None)
        assert summary == summary_of(snapshot)
        if rate is not None:
            offer = find_offer(snapshot)
            assert offer
            assert offer.label == "Try lr 0.25 instead of 2.5"
            assert offer.recipe.optimizer.lr == rate
            with pytest.raises(RunError, match="would diverge again"):
                manager.resume(run.id, TEACHER)


def test_a_run_whose_images_cannot_be_had_offers_the_digits_of_the_same_size(
    manager: JobManager, stack: Callable[..., Architecture], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(root: Any, progress: Any) -> Any:
        raise DatasetError("gone")

    monkeypatch.setitem(
        DATASETS, "mnist", DATASETS["mnist"].__class__(**{**vars(DATASETS["mnist"]), "read": gone})
    )
    linear = stack("Flatten", {"kind": "Linear", "out_features": 10}, shape=(1, 28, 28))
    failed = wait(manager, manager.submit(linear, recipe("mnist"), SOMEBODY))
    offer = find_offer(failed)
    assert offer is not None
    assert (offer.label, offer.recipe.dataset) == ("Train on the built-in digits instead", "digits")
    assert find_problem(linear, DATASETS[offer.recipe.dataset]) is None
    assert wait(manager, manager.submit(linear, offer.recipe, SOMEBODY)).status == "finished"


def test_nothing_is_offered_where_nothing_is_known_to_do(
    manager: JobManager, small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(root: Any, progress: Any) -> Any:
        raise DatasetError("gone")

    # Its images are not as large as the digits.
    monkeypatch.setitem(DATASETS, "other", tiny_kind(gone))
    assert find_offer(wait(manager, manager.submit(small, recipe("other"), SOMEBODY))) is None
    with monkeypatch.context() as patch:
        patch.setattr(
            engine.Numerics,
            "run",
            lambda self, network, images: torch.zeros(1) / 0 @ torch.zeros(2),
        )
        assert find_offer(wait(manager, manager.submit(small, recipe(), SOMEBODY))) is None
    assert find_offer(wait(manager, manager.submit(small, recipe(), SOMEBODY))) is None
