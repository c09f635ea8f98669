"""The training loop: which events come, that their numbers are right, that they repeat, and that it
stops.
"""

import gc
import json
import math
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from explorer.network.layers import LAYERS
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    Architecture,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    Upsample,
    new_layer,
)
from explorer.training import engine
from explorer.training.checkpoint import Checkpoint, network_weights
from explorer.training.dataset_files import Dataset, Split, load_dataset
from explorer.training.engine import Numerics, count_steps, evaluate, train
from explorer.training.event import Event, finished_after
from explorer.training.images import draw_share, normalise
from explorer.training.initialisation import RandomStreams, new_network
from explorer.training.recipe import (
    OPTIMIZERS,
    SCHEDULERS,
    Recipe,
    RecipeError,
    parse_recipe,
    picks_best,
)
from explorer.training.tally import EVENTS_AN_EPOCH
from explorer.training.validation_split import split_off
from tests.runs.shared import without_times

CPU = torch.device("cpu")
CHANCY = {
    "rotation": 10,
    "shift": 1,
    "label_smoothing": 0.1,
    "batch_size": 32,
    "epochs": 2,
    "device": "cpu",
    "precision": "fp32",
}


def recipe(**fields: Any) -> Recipe:
    return parse_recipe({**CHANCY, **fields})


def run(architecture: Architecture, data: Dataset, **fields: Any) -> list[Event]:
    return [without_times(event) for event in train(architecture, recipe(**fields), data, CPU)]


def linear_network(stack: Callable[..., Architecture]) -> Architecture:
    return stack("Flatten", {"kind": "Linear", "out_features": 3})


# --- which events come ----------------------------------------------------------------------------

METRICS = {
    "started": {"epochs", "steps_per_epoch", "train_images", "test_images", "parameters"},
    "step": {"loss", "accuracy", "lr", "iterations_per_second"},
    "epoch": {
        "train_loss",
        "train_accuracy",
        "test_loss",
        "test_accuracy",
        "lr",
        "seconds",
        "iterations_per_second",
    },
    "finished": {"test_accuracy", "best_test_accuracy", "best_epoch", "seconds"},
}


def test_events_of_a_run(small: Architecture, tiny: Dataset) -> None:
    events = list(train(small, recipe(), tiny))
    assert [(event.kind, event.epoch, event.step) for event in events] == [
        ("started", 0, 0),
        ("step", 1, 1),
        ("step", 1, 2),
        ("step", 1, 3),
        ("epoch", 1, 3),
        ("step", 2, 4),
        ("step", 2, 5),
        ("step", 2, 6),
        ("epoch", 2, 6),
        ("finished", 2, 6),
    ]
    for event in events:
        assert set(event.metrics) == METRICS[event.kind]
    assert events[0].metrics["steps_per_epoch"] == 3
    assert all(earlier.time <= later.time for earlier, later in pairwise(events))
    assert all(
        event.metrics["iterations_per_second"] > 0
        for event in events
        if event.kind in ("step", "epoch")
    )


def test_long_epochs_have_a_grid_of_steps(
    stack: Callable[..., Architecture], tiny: Dataset
) -> None:
    many = Dataset(
        "many",
        tiny.kind,
        Split(tiny.train.images.repeat(4, 1, 1, 1), tiny.train.labels.repeat(4)),
        tiny.test,
    )
    events = run(linear_network(stack), many, batch_size=2, epochs=2)
    first, second = (
        [e.step for e in events if e.kind == "step" and e.epoch == epoch] for epoch in (1, 2)
    )
    assert first == [*range(3, 141, 3), 140]  # 140 steps, every third and the last
    assert second == [140 + step for step in first]
    assert len(first) <= EVENTS_AN_EPOCH


@pytest.mark.parametrize(
    ("images", "batch", "steps"),
    [(70, 32, 3), (70, 35, 2), (70, 69, 1), (70, 68, 2), (70, 4096, 1), (71, 35, 2)],
)
def test_a_last_batch_is_kept_unless_it_is_a_single_image(
    images: int, batch: int, steps: int
) -> None:
    assert count_steps(images, batch) == steps


def test_batch_norm_meets_no_single_image(
    stack: Callable[..., Architecture], tiny: Dataset
) -> None:
    architecture = stack("Flatten", "BatchNorm1d", {"kind": "Linear", "out_features": 3})
    assert run(architecture, tiny, batch_size=69)[-1].kind == "finished"


# --- their numbers --------------------------------------------------------------------------------


def test_first_step_by_hand(stack: Callable[..., Architecture], tiny: Dataset) -> None:
    architecture = linear_network(stack)
    events = run(architecture, tiny, rotation=0, shift=0, seed=5)
    chance = RandomStreams.of(5, CPU)
    untrained = new_network(architecture, chance.weights, chance.dropout)
    chosen = torch.randperm(70, generator=chance.order)[:32]
    scores = untrained(normalise(tiny.train.images[chosen].float() / 255, tiny.kind))
    labels = tiny.train.labels[chosen]
    assert events[1].metrics["loss"] == pytest.approx(
        F.cross_entropy(scores, labels, label_smoothing=0.1).item(), rel=1e-5
    )
    assert events[1].metrics["accuracy"] == (scores.argmax(1) == labels).sum().item() / 32


def test_an_epoch_is_the_mean_over_its_images(small: Architecture, tiny: Dataset) -> None:
    events = run(small, tiny, epochs=1)
    sizes, steps, epoch = (32, 32, 6), [e for e in events if e.kind == "step"], events[-2]
    for name in ("loss", "accuracy"):
        mean = sum(size * step.metrics[name] for size, step in zip(sizes, steps, strict=True)) / 70
        assert epoch.metrics[f"train_{name}"] == pytest.approx(mean)


def test_evaluate_is_the_mean_over_all_images(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "TEST_BATCH", {"cpu": 7})
    chance = RandomStreams.of(0, CPU)
    untrained = new_network(small, chance.weights, chance.dropout)
    found = evaluate(untrained, tiny.test, tiny.kind, Numerics.of("fp32", CPU))
    assert untrained.training
    untrained.eval()
    scores = untrained(normalise(tiny.test.images.float() / 255, tiny.kind))
    loss, accuracy = (
        F.cross_entropy(scores, tiny.test.labels),
        (scores.argmax(1) == tiny.test.labels).float().mean(),
    )
    assert found == pytest.approx((loss.item(), accuracy.item()), rel=1e-5)


def test_evaluate_gives_the_mode_back_after_a_failure(small: Architecture, tiny: Dataset) -> None:
    chance = RandomStreams.of(0, CPU)
    untrained = new_network(small, chance.weights, chance.dropout)
    wrong = Split(torch.zeros(2, 5, 8, 8), tiny.test.labels[:2])
    with pytest.raises(RuntimeError):
        evaluate(untrained, wrong, tiny.kind, Numerics.of("fp32", CPU))
    assert untrained.training


def test_it_learns(small: Architecture, tiny: Dataset) -> None:
    events = run(
        small, tiny, epochs=12, rotation=0, shift=0, optimizer={"kind": "Adam", "lr": 0.03}
    )
    epochs = [event.metrics for event in events if event.kind == "epoch"]
    assert epochs[-1]["test_accuracy"] > 0.9
    assert epochs[-1]["test_loss"] < epochs[0]["test_loss"]
    best = max(epochs, key=lambda metrics: metrics["test_accuracy"])
    assert events[-1].metrics["best_test_accuracy"] == best["test_accuracy"]
    assert events[-1].metrics["best_epoch"] == epochs.index(best) + 1
    assert events[-1].metrics["test_accuracy"] == epochs[-1]["test_accuracy"]


def test_the_built_in_digits_are_learned(stack: Callable[..., Architecture]) -> None:
    conv = {"kind": "Conv2d", "out_channels": 8, "kernel_size": 3, "stride": 2}
    architecture = stack(
        conv,
        "ReLU",
        conv,
        "ReLU",
        "Flatten",
        {"kind": "Linear", "out_features": 10},
        shape=(1, 28, 28),
    )
    events = run(
        architecture,
        load_dataset("digits"),
        epochs=3,
        rotation=5,
        optimizer={"kind": "Adam", "lr": 0.01},
    )
    assert events[-1].metrics["test_accuracy"] > 0.9


# --- optimisers and schedules ---------------------------------------------------------------------


def one_cycle(steps: int) -> list[float]:
    """Up from 0.02 to 0.2 over the first half, down to 0.002, both along half a cosine; 0.2 is the
    last of the rise.
    """
    rise = 0.5 * steps - 1

    def cosine(start: float, end: float, share: float) -> float:
        return end + (start - end) / 2 * (1 + math.cos(math.pi * share))

    up = [cosine(0.02, 0.2, step / rise) for step in range(steps) if step <= rise]
    down = [
        cosine(0.2, 0.002, (step - rise) / (steps - 1 - rise))
        for step in range(steps)
        if step > rise
    ]
    return up + down


SCHEDULES: list[tuple[dict[str, Any], list[float]]] = [
    ({"kind": "constant"}, [0.05] * 12),
    ({"kind": "StepLR", "step_size": 2, "gamma": 0.5}, [0.05] * 6 + [0.025] * 6),
    (
        {"kind": "CosineAnnealingLR", "eta_min": 0.01},
        [0.01 + 0.02 * (1 + math.cos(math.pi * step / 12)) for step in range(12)],
    ),
    (
        {
            "kind": "OneCycleLR",
            "max_lr": 0.2,
            "pct_start": 0.5,
            "div_factor": 10,
            "final_div_factor": 10,
        },
        one_cycle(12),
    ),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    ("scheduler", "rates"), SCHEDULES, ids=[scheduler["kind"] for scheduler, _ in SCHEDULES]
)
def test_learning_rates(
    optimizer: str,
    scheduler: dict[str, Any],
    rates: list[float],
    stack: Callable[..., Architecture],
    tiny: Dataset,
) -> None:
    events = run(
        linear_network(stack),
        tiny,
        epochs=4,
        optimizer={"kind": optimizer, "lr": 0.05},
        scheduler=scheduler,
    )
    assert events[-1].kind == "finished"
    assert [event.metrics["lr"] for event in events if event.kind == "step"] == pytest.approx(rates)


@pytest.mark.parametrize("pct_start", [0, 0.2, 0.25, 0.5, 1])
@pytest.mark.parametrize("epochs", [1, 2, 4, 5])
def test_short_cycles_run(
    pct_start: float, epochs: int, stack: Callable[..., Architecture], tiny: Dataset
) -> None:
    scheduler = {"kind": "OneCycleLR", "pct_start": pct_start}
    assert (
        run(linear_network(stack), tiny, batch_size=70, epochs=epochs, scheduler=scheduler)[-1].kind
        == "finished"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": {"kind": "SGD", "lr": 0.02, "momentum": 0.9}},
        {"optimizer": {"kind": "SGD", "lr": 0.01, "momentum": 0.9, "nesterov": True}},
        {"optimizer": {"kind": "SGD", "lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}},
        {"label_smoothing": 0.3},
        {"rotation": 30},
        {"shift": 3},
        {"scale": 0.3},
        {"batch_size": 16},
        {"seed": 1},
        {"precision": "bf16"},
        {"flip": 0.5},
        {"crop_padding": 2},
        {"cutout": 3},
        {"brightness": 0.5},
        {"contrast": 0.5},
        {"mixup": 0.5},
        {"l1": 0.5},
        {"clip_grad_norm": 0.01},
        {"validation_images": 20},
    ],
)
def test_every_field_has_an_effect(
    change: dict[str, Any], small: Architecture, tiny: Dataset
) -> None:
    fields: dict[str, Any] = {
        "epochs": 1,
        "optimizer": {"kind": "SGD", "lr": 0.01, "momentum": 0.9},
    }
    plain, changed = run(small, tiny, **fields), run(small, tiny, **fields | change)
    assert changed[-1].kind == "finished"
    assert changed[-2].metrics["train_loss"] != plain[-2].metrics["train_loss"]


def test_bf16_learns_as_fp32_does(small: Architecture, tiny: Dataset) -> None:
    fp32, bf16 = run(small, tiny), run(small, tiny, precision="bf16")
    assert bf16[-2].metrics["test_loss"] == pytest.approx(fp32[-2].metrics["test_loss"], rel=0.05)


# --- going on from a checkpoint -------------------------------------------------------------------


# Every part of the later lessons at once.
EVERYTHING = {
    "optimizer": {"kind": "SGD", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01},
    "scheduler": {"kind": "ReduceLROnPlateau", "patience": 0, "threshold": 0.5, "factor": 0.5},
    "scale": 0.1,
    "flip": 0.5,
    "crop_padding": 1,
    "cutout": 2,
    "brightness": 0.2,
    "contrast": 0.2,
    "saturation": 0.2,
    "mixup": 0.4,
    "plain_epochs": 1,
    "weight_decay_on": "weights",
    "l1": 0.001,
    "clip_grad_norm": 0.5,
    "validation_images": 12,
    "early_stopping": 4,
}


def through_json(checkpoint: Checkpoint) -> Checkpoint:
    """As it comes back from a file."""
    return checkpoint._replace(facts=json.loads(json.dumps(checkpoint.facts, allow_nan=False)))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {
            "optimizer": {"kind": "SGD", "lr": 0.05, "momentum": 0.9, "nesterov": True},
            "scheduler": {"kind": "OneCycleLR"},
        },
        {"optimizer": {"kind": "Adam"}, "scheduler": {"kind": "StepLR", "step_size": 1}},
        {
            "optimizer": {"kind": "AdamW"},
            "scheduler": {"kind": "CosineAnnealingLR"},
            "weight_decay_on": "weights",
        },
        {"precision": "bf16", "scale": 0.1, "plain_epochs": 2},
        {"images_share": 0.3},
        EVERYTHING,
        {**EVERYTHING, "scheduler": {"kind": "MultiStepLR", "milestones": [1, 3]}},
        {"scheduler": {"kind": "OneCycleLR", "peak_epoch": 2}, "mixup": 0.3},
        {"scheduler": {"kind": "ReduceLROnPlateau", "patience": 0, "threshold": 1.0}},
    ],
    ids=str,
)
def test_a_resumed_run_gives_the_remaining_events_bit_for_bit(
    fields: dict[str, Any], small: Architecture, tiny: Dataset
) -> None:
    kept: list[Checkpoint] = []
    asked = recipe(epochs=4, **fields)
    whole = [
        without_times(event) for event in train(small, asked, tiny, CPU, after_epoch=kept.append)
    ]
    assert [checkpoint.epoch for checkpoint in kept] == [1, 2, 3, 4]
    for checkpoint in kept:
        again: list[Checkpoint] = []
        resumed = train(
            small, asked, tiny, CPU, after_epoch=again.append, resume=through_json(checkpoint)
        )
        ended = next(
            i
            for i, event in enumerate(whole)
            if event.kind == "epoch" and event.epoch == checkpoint.epoch
        )
        assert [without_times(event) for event in resumed] == whole[ended + 1 :]
        last = (again or kept)[-1]
        assert last.tensors.keys() == kept[-1].tensors.keys()
        assert all(
            torch.equal(tensor, kept[-1].tensors[name]) for name, tensor in last.tensors.items()
        )


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_more_epochs_follow_at_the_last_learning_rate(
    scheduler: str, small: Architecture, tiny: Dataset
) -> None:
    kept: list[Checkpoint] = []
    asked = recipe(epochs=2, scheduler={"kind": scheduler})
    first = list(train(small, asked, tiny, CPU, after_epoch=kept.append))
    more = list(train(small, asked, tiny, CPU, resume=through_json(kept[-1]), more_epochs=2))
    assert [event.epoch for event in more if event.kind == "epoch"] == [3, 4]
    assert more[-1].kind == "finished"
    last = next(event.metrics["lr"] for event in reversed(first) if event.kind == "epoch")
    assert {event.metrics["lr"] for event in more if event.kind in ("step", "epoch")} == {last}


def test_a_checkpoint_of_another_network_is_said(
    small: Architecture, stack: Callable[..., Architecture], tiny: Dataset
) -> None:
    kept: list[Checkpoint] = []
    list(train(linear_network(stack), recipe(), tiny, CPU, after_epoch=kept.append))
    (event,) = train(small, recipe(), tiny, CPU, resume=kept[0])
    assert event.kind == "failed"


def test_a_checkpoint_of_an_older_version_knows_its_best_epoch(
    small: Architecture, tiny: Dataset
) -> None:
    kept: list[Checkpoint] = []
    asked = recipe(epochs=3)
    whole = [
        without_times(event) for event in train(small, asked, tiny, CPU, after_epoch=kept.append)
    ]
    facts = {**kept[1].facts, "best": kept[1].facts["best"][:2]}
    resumed = train(small, asked, tiny, CPU, resume=kept[1]._replace(facts=facts))
    assert [without_times(event) for event in resumed][-1] == whole[-1]


# --- the gradient ---------------------------------------------------------------------------------


def one_step(architecture: Architecture, data: Dataset, **fields: Any) -> dict[str, torch.Tensor]:
    """The weights after a single step of plain SGD with a learning rate of 1."""
    kept: list[Checkpoint] = []
    asked = recipe(
        epochs=1,
        batch_size=100,
        rotation=0,
        shift=0,
        label_smoothing=0,
        optimizer={"kind": "SGD", "lr": 1.0},
        **fields,
    )
    list(train(architecture, asked, data, CPU, after_epoch=kept.append))
    return network_weights(kept[0])


def untrained_weights(architecture: Architecture) -> dict[str, torch.Tensor]:
    streams = RandomStreams.of(0, CPU)
    return new_network(architecture, streams.weights, streams.dropout).state_dict()


@pytest.mark.parametrize("where", ["all", "weights"])
def test_l1_pulls_by_the_sign_of_what_weight_decay_is_on(
    where: str, stack: Callable[..., Architecture], tiny: Dataset
) -> None:
    network = linear_network(stack)
    before, plain = untrained_weights(network), one_step(network, tiny)
    pulled = one_step(network, tiny, l1=0.01, weight_decay_on=where)
    for name, weight in before.items():
        by = 0.01 * weight.sign() if where == "all" or weight.dim() > 1 else torch.zeros(())
        torch.testing.assert_close(pulled[name], plain[name] - by, atol=1e-6, rtol=0)


def test_the_reported_loss_leaves_the_l1_penalty_out(
    stack: Callable[..., Architecture], tiny: Dataset
) -> None:
    network, once = linear_network(stack), {"epochs": 1, "batch_size": 100}
    plain, pulled = run(network, tiny, **once), run(network, tiny, l1=0.5, **once)
    assert plain[1].metrics["loss"] == pulled[1].metrics["loss"]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_clipping_runs_with_every_optimiser(
    optimizer: str, precision: str, small: Architecture, tiny: Dataset
) -> None:
    fields = {"optimizer": {"kind": optimizer}, "precision": precision, "epochs": 1}
    clipped = run(small, tiny, clip_grad_norm=1e-3, **fields)
    assert clipped[-1].kind == "finished"
    assert clipped != run(small, tiny, **fields)


def test_a_gradient_is_shortened_to_the_norm_and_no_further(
    stack: Callable[..., Architecture], tiny: Dataset
) -> None:
    network = linear_network(stack)
    before, plain = untrained_weights(network), one_step(network, tiny)

    def length(after: dict[str, torch.Tensor]) -> float:
        moved = [(after[name] - weight).flatten() for name, weight in before.items()]
        return float(torch.cat(moved).norm())

    assert length(plain) > 0.1
    assert length(one_step(network, tiny, clip_grad_norm=0.1)) == pytest.approx(0.1, rel=1e-4)
    far = one_step(network, tiny, clip_grad_norm=1000.0)
    assert all(torch.equal(far[name], plain[name]) for name in plain)


# --- mixup ----------------------------------------------------------------------------------------


def test_the_first_step_of_mixup_by_hand(stack: Callable[..., Architecture], tiny: Dataset) -> None:
    architecture, where = linear_network(stack), {"rotation": 0, "shift": 0}
    events = run(architecture, tiny, mixup=0.4, seed=5, **where)
    chance = RandomStreams.of(5, CPU)
    untrained = new_network(architecture, chance.weights, chance.dropout)
    chosen = torch.randperm(70, generator=chance.order)[:32]
    images, labels = tiny.train.images[chosen].float() / 255, tiny.train.labels[chosen]
    share = draw_share(0.4, chance.augmentation, CPU)
    blended = share * images + (1 - share) * images.roll(1, 0)
    targets = F.one_hot(labels, 3) * share + F.one_hot(labels.roll(1), 3) * (1 - share)
    scores = untrained(normalise(blended, tiny.kind))
    loss = F.cross_entropy(scores, targets, label_smoothing=0.1)
    assert events[1].metrics["loss"] == pytest.approx(loss.item(), rel=1e-5)
    right = scores.argmax(1) == targets.argmax(1)
    assert events[1].metrics["accuracy"] == pytest.approx(right.float().mean().item())


# --- validation images ----------------------------------------------------------------------------


def test_the_events_of_a_run_that_holds_images_out(small: Architecture, tiny: Dataset) -> None:
    started, *rest = train(small, recipe(validation_images=20), tiny, CPU)
    assert started.metrics["train_images"] == 50
    assert started.metrics["validation_images"] == 20
    held_out = {"validation_loss", "validation_accuracy"}
    assert all(set(e.metrics) == METRICS["epoch"] | held_out for e in rest if e.kind == "epoch")
    assert set(rest[-1].metrics) == METRICS["finished"] | {"best_validation_accuracy"}


def test_validation_is_an_evaluation_of_the_images_held_out(
    small: Architecture, tiny: Dataset
) -> None:
    kept: list[Checkpoint] = []
    asked = recipe(validation_images=20)
    events = list(train(small, asked, tiny, CPU, after_epoch=kept.append))
    network = new_network(small, *RandomStreams.of(0, CPU)[::3])
    network.load_state_dict(network_weights(kept[-1]))
    held_out = split_off(tiny.train, asked).validation
    assert held_out is not None
    found = evaluate(network, held_out, tiny.kind, Numerics.of("fp32", CPU))
    assert found is not None
    metrics = events[-2].metrics
    told = (metrics["validation_loss"], metrics["validation_accuracy"])
    assert told == pytest.approx(found[:2], rel=1e-5)


@pytest.mark.parametrize("picked_by", ["validation", "test"])
def test_the_best_epoch_is_picked_as_the_recipe_says(
    picked_by: str, small: Architecture, tiny: Dataset
) -> None:
    events = run(small, tiny, validation_images=25, best_epoch_by=picked_by, epochs=6)
    epochs, metrics = [e for e in events if e.kind == "epoch"], events[-1].metrics
    best = max(epochs, key=lambda event: event.metrics[f"{picked_by}_accuracy"])  # the first
    assert metrics["best_epoch"] == best.epoch
    assert metrics["best_test_accuracy"] == best.metrics["test_accuracy"]
    assert ("best_validation_accuracy" in metrics) == (picked_by == "validation")
    assert without_times(events[-1]) == without_times(
        finished_after(epochs, picks_best(recipe(validation_images=25, best_epoch_by=picked_by)))
    )


def test_too_few_images_to_hold_out_from_is_said(small: Architecture, tiny: Dataset) -> None:
    """The recipe is of other images than these."""
    (event,) = train(small, recipe(validation_images=69), tiny, CPU)
    assert event.kind == "failed"
    assert "validation_images must leave 2 or more training images" in event.message


def test_a_run_can_be_stopped_while_it_is_validated(small: Architecture, tiny: Dataset) -> None:
    asked = recipe(validation_images=20, batch_size=100)
    # Asked before the one batch of the epoch, the test and the validation.
    answers = iter([False, False, True])
    events = list(train(small, asked, tiny, CPU, should_stop=lambda: next(answers)))
    assert [event.kind for event in events] == ["started", "step", "stopped"]


STALLS = {
    "validation_images": 20,
    "early_stopping": 2,
    "epochs": 12,
    "optimizer": {"kind": "SGD", "lr": 0.5, "momentum": 0.9},
}


def test_a_run_ends_once_the_validation_loss_has_not_fallen(
    small: Architecture, tiny: Dataset
) -> None:
    events = run(small, tiny, **STALLS)
    losses = [e.metrics["validation_loss"] for e in events if e.kind == "epoch"]
    lowest, finished = losses.index(min(losses)) + 1, events[-1]
    assert (finished.kind, finished.epoch) == ("finished", len(losses))
    assert len(losses) == lowest + 2 < 12
    assert finished.message == (
        f"stopped early, after epoch {len(losses)} of 12: the validation loss has not fallen below "
        f"that of epoch {lowest} since"
    )
    whole = run(small, tiny, **{**STALLS, "early_stopping": 0})
    assert [e for e in whole if e.kind == "epoch"][: len(losses)] == [
        e for e in events if e.kind == "epoch"
    ]


def test_a_run_that_had_to_stop_early_does_so_when_it_is_resumed(
    small: Architecture, tiny: Dataset
) -> None:
    kept: list[Checkpoint] = []
    asked = recipe(**STALLS)
    whole = [
        without_times(event) for event in train(small, asked, tiny, CPU, after_epoch=kept.append)
    ]
    last = through_json(kept[-1])
    assert [without_times(e) for e in train(small, asked, tiny, CPU, resume=last)] == whole[-1:]


@pytest.mark.parametrize("more", [-1, 0, 3])
def test_a_run_that_stopped_early_goes_on_where_it_is_continued(
    more: int, small: Architecture, tiny: Dataset
) -> None:
    kept: list[Checkpoint] = []
    asked = recipe(**STALLS)
    list(train(small, asked, tiny, CPU, after_epoch=kept.append))
    events = list(
        train(
            *(small, asked, tiny, CPU),
            resume=through_json(kept[-1]),
            more_epochs=more,
            may_stop_early=False,
        )
    )
    assert (events[-1].kind, events[-1].epoch, events[-1].message) == ("finished", 12 + more, "")


# --- the same seed, the same numbers --------------------------------------------------------------


def test_the_same_seed_gives_the_same_events(small: Architecture, tiny: Dataset) -> None:
    first = run(small, tiny)
    torch.rand(5)
    assert run(small, tiny) == first
    assert run(small, tiny, seed=1) != first


def test_a_run_leaves_torchs_generator_alone(small: Architecture, tiny: Dataset) -> None:
    before = torch.get_rng_state()
    run(small, tiny)
    assert torch.equal(torch.get_rng_state(), before)


def test_runs_side_by_side_repeat_as_well(small: Architecture, tiny: Dataset) -> None:
    expected = {seed: run(small, tiny, seed=seed) for seed in range(3)}
    found: dict[int, list[Event]] = {}
    done = threading.Event()

    def disturb() -> None:
        while not done.is_set():
            torch.rand(1)
            torch.manual_seed(1)

    def one(seed: int) -> None:
        found[seed] = run(small, tiny, seed=seed)

    noise = threading.Thread(target=disturb)
    runs = [threading.Thread(target=one, args=[seed]) for seed in expected]
    for thread in (noise, *runs):
        thread.start()
    for thread in runs:
        thread.join()
    done.set()
    noise.join()
    assert found == expected


# Beside each kind of layer as the palette adds it: the arguments that choose another algorithm.
ALGORITHMS: list[Layer] = [
    *(new_layer(kind) for kind in LAYERS),
    Upsample(scale_factor=2, mode="bilinear"),
    *(
        Conv2d(out_channels=2, kernel_size=3, padding=1, padding_mode=mode)
        for mode in ("reflect", "replicate", "circular")
    ),
    AdaptiveAvgPool2d(output_size=3),
    AdaptiveMaxPool2d(output_size=3),
]


@pytest.fixture
def two_threads_and_only_deterministic() -> Iterator[None]:
    """Several threads, as on a real machine; torch refuses whatever its own list says is not
    deterministic.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(before)


@pytest.mark.parametrize("layer", ALGORITHMS, ids=repr)
def test_on_a_cpu_every_layer_repeats(
    layer: Layer, two_threads_and_only_deterministic: None, tiny: Dataset
) -> None:
    """On a GPU not even Conv2d does by torch's list, so that nothing of the kind is promised for
    one.
    """
    # So that there is a way back through the layer.
    before = (Conv2d(out_channels=2, kernel_size=3),)
    flat = (Flatten(),) if LAYERS[layer.kind].takes == "vector" else ()
    end = () if flat or layer.kind == "Flatten" else (Flatten(),)
    architecture = Architecture(
        input_shape=(1, 8, 8), layers=(*before, *flat, layer, *end, Linear(out_features=3))
    )
    events = run(architecture, tiny, epochs=1)
    assert events[-1].kind == "finished", events[-1].message
    assert run(architecture, tiny, epochs=1) == events


# --- last layers ----------------------------------------------------------------------------------


def test_softmax_logsoftmax_and_neither_learn_alike(
    stack: Callable[..., Architecture], tiny: Dataset
) -> None:
    body = ("Flatten", {"kind": "Linear", "out_features": 3})
    plain, log, soft = (
        run(stack(*body, *last), tiny) for last in ((), ("LogSoftmax",), ("Softmax",))
    )
    assert soft[1:] == log[1:]
    assert "trained as LogSoftmax" in soft[0].message
    assert log[0].message == ""
    for one, other in zip(plain, log, strict=True):
        assert one.metrics == pytest.approx(other.metrics, rel=1e-4)


# --- what goes wrong ------------------------------------------------------------------------------


def test_an_unfit_network_fails_at_once(stack: Callable[..., Architecture], tiny: Dataset) -> None:
    events = run(stack("Flatten", {"kind": "Linear", "out_features": 4}), tiny)
    assert [event.kind for event in events] == ["failed"]
    assert "Tiny needs 3 outputs" in events[0].message


def test_a_loss_that_is_no_number_fails(stack: Callable[..., Architecture], tiny: Dataset) -> None:
    layers = [
        "Flatten",
        *[{"kind": "Linear", "out_features": 64}] * 4,
        {"kind": "Linear", "out_features": 3},
    ]
    events = run(stack(*layers), tiny, epochs=20, optimizer={"kind": "SGD", "lr": 10})
    assert events[-1].kind == "failed"
    assert events[-1].message.startswith("training diverged (the loss is NaN or infinite at ")
    assert "try lr 1 instead of 10" in events[-1].message
    assert events[0].kind == "started"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("can't allocate memory"),
    ],
)
def test_out_of_memory_fails(
    error: Exception, small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*args: Any) -> None:
        raise error

    monkeypatch.setattr(engine, "augment", explode)
    events = run(small, tiny)
    assert [event.kind for event in events] == ["started", "failed"]
    assert "out of memory: try a batch size of 16 instead of 32" in events[-1].message


def test_what_torch_says_is_passed_on(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*args: Any) -> None:
        raise RuntimeError("shapes differ\nat some length")

    monkeypatch.setattr(engine, "augment", explode)
    assert run(small, tiny)[-1].message == "torch cannot train this network: shapes differ"


def test_a_device_that_is_not_there_fails(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    events = list(train(small, recipe(device="cuda"), tiny))
    assert [event.kind for event in events] == ["failed"]
    assert "this machine has no cuda; choose auto or" in events[0].message


# --- stopping -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "kinds"), [(0, ["started", "stopped"]), (2, ["started", "step", "step", "stopped"])]
)
def test_it_stops_before_the_next_batch(
    asked: int, kinds: list[str], small: Architecture, tiny: Dataset
) -> None:
    answers = iter([False] * asked + [True] * 100)
    events = list(train(small, recipe(), tiny, CPU, lambda: next(answers)))
    assert [event.kind for event in events] == kinds
    assert events[-1].step == asked


def test_it_stops_within_a_test(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "TEST_BATCH", {"cpu": 10})
    answers = iter([False] * 4 + [True] * 100)  # three batches of training, one of the test's three
    events = list(train(small, recipe(), tiny, CPU, lambda: next(answers)))
    assert [event.kind for event in events] == ["started", "step", "step", "step", "stopped"]


def test_closing_frees_the_network(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Any]] = []

    def remembered(*args: Any) -> Any:
        result = new_network(*args)
        made.append(weakref.ref(result))
        return result

    monkeypatch.setattr(engine, "new_network", remembered)
    events = train(small, recipe(), tiny, CPU)
    next(events)
    assert made[0]() is not None
    events.close()
    gc.collect()
    assert made[0]() is None


def test_a_resumed_run_lets_go_of_its_checkpoint(small: Architecture, tiny: Dataset) -> None:
    """It takes as much memory as the network and the optimiser's state together."""
    recipe, kept = (
        parse_recipe({"dataset": "tiny", "epochs": 3, "batch_size": 32, "device": "cpu"}),
        [],
    )
    list(train(small, recipe, tiny, torch.device("cpu"), after_epoch=kept.append))
    checkpoint = kept[0]
    held = [weakref.ref(tensor) for tensor in checkpoint.tensors.values()]
    events = train(small, recipe, tiny, torch.device("cpu"), resume=checkpoint)
    del checkpoint
    kept.clear()
    next(events)
    assert [reference() for reference in held if reference() is not None] == []
    assert [event.kind for event in events][-1] == "finished"


@pytest.mark.parametrize(
    ("share", "images"), [(1.0, 70), (0.5, 35), (0.1, 7), (0.01, 2), (0.02, 2), (0.99, 69)]
)
def test_a_share_is_the_first_of_the_training_images(
    share: float, images: int, small: Architecture, tiny: Dataset
) -> None:
    """The same as of a data set that has no more."""
    first = Split(tiny.train.images[:images], tiny.train.labels[:images])
    alone = replace(tiny, train=first)
    asked = recipe(epochs=2, batch_size=16, images_share=share)
    found = list(train(small, asked, tiny, CPU))
    assert found[0].metrics["train_images"] == images
    whole = asked.model_copy(update={"images_share": 1.0})
    assert [without_times(event) for event in found] == [
        without_times(event) for event in train(small, whole, alone, CPU)
    ]


@pytest.mark.parametrize("share", [0, 0.001, 1.01, -1, "0.5", None, float("nan")])
def test_shares_that_there_are_not(share: Any) -> None:
    with pytest.raises(RecipeError, match="images_share must be"):
        recipe(images_share=share)
