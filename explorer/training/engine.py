"""How a network learns: `train` gives the events of one run, one after the other.

It starts no thread and writes no file; its only clock times the steps. Every random draw (first
weights, order of the images, augmentation, dropout) comes from generators of the run's own, never
from torch's global one: on one machine's CPU, with one number of threads, the same architecture,
recipe and data give the same numbers bit for bit, whatever else the process does at the same time.
On a GPU they are nearly the same: its kernels add in another order each time.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.network.spec import Architecture
from explorer.training import checkpoint
from explorer.training.answers import Answers
from explorer.training.checkpoint import Checkpoint
from explorer.training.cuda_graph import find_capture
from explorer.training.dataset_files import Dataset, Split
from explorer.training.datasets import DatasetKind
from explorer.training.devices import TEST_BATCH, choose_device, has_fast_bf16
from explorer.training.event import LOWER_RATE, Event, best_metrics
from explorer.training.health import (
    FiringUnits,
    Health,
    WeightChanges,
    gradient_images,
    measure_health,
)
from explorer.training.images import augment, mix_up, normalise
from explorer.training.initialisation import RandomStreams, new_network, notes
from explorer.training.optimizers import Schedule, add_l1, decayed, new_optimizer
from explorer.training.problems import (
    DivergedError,
    TrainingError,
    explain,
    find_problem,
    memory_problem,
)
from explorer.training.recipe import Recipe, picks_best, split_problem
from explorer.training.steps import EagerSteps, GraphSteps, Steps
from explorer.training.tally import Sums, Tally, row_of
from explorer.training.validation_split import split_off


def never() -> bool:
    return False


# --- a step ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Learner:
    """A network that is ready to learn, as a run of this recipe begins: with its first weights, its
    optimiser, its random numbers and its images, all on the device.

    In the shapes, N is the training images, B those of a batch, each of C channels of H×W pixels.
    """

    recipe: Recipe
    kind: DatasetKind
    streams: RandomStreams
    numerics: "Numerics"
    network: nn.Sequential
    optimizer: torch.optim.Optimizer
    penalised: list[nn.Parameter]  # the weights on which an L1 penalty is
    images: Tensor  # (N, C, H, W) uint8
    labels: Tensor  # (N,)
    held_out: Split | None  # for validation, where the data set lies

    @classmethod
    def new(
        cls,
        architecture: Architecture,
        recipe: Recipe,
        dataset: Dataset,
        device: torch.device,
        precision: str,
    ) -> Self:
        streams = RandomStreams.of(recipe.seed, device)
        numerics = Numerics.of(precision, device)
        network = (
            new_network(architecture, streams.weights, streams.dropout)
            .to(device)
            .to(memory_format=numerics.layout)
        )
        learned, held_out = split_off(dataset.train, recipe)
        return cls(
            recipe=recipe,
            kind=dataset.kind,
            streams=streams,
            numerics=numerics,
            network=network,
            optimizer=new_optimizer(recipe, network),
            penalised=decayed(recipe, network),
            images=learned.images.to(device),
            labels=learned.labels.to(device),
            held_out=held_out,
        )

    def learn(self, chosen: Tensor, plain: bool) -> Tensor:
        """See steps.Learn."""
        recipe, draws = self.recipe, self.streams.augmentation
        x = self.images[chosen].float() / 255  # (B, C, H, W)
        y = self.labels[chosen]  # (B,)
        mixed = None
        if not plain:
            x = augment(x, recipe, self.kind, draws)
            mixed = mix_up(x, y, recipe.mixup, draws) if recipe.mixup else None
        x = normalise(mixed.images if mixed else x, self.kind)
        scores = self.numerics.run(self.network, x)  # (B, classes)
        loss = F.cross_entropy(scores, y, label_smoothing=recipe.label_smoothing)
        if mixed:
            of_others = F.cross_entropy(
                scores, mixed.others, label_smoothing=recipe.label_smoothing
            )
            loss = torch.lerp(of_others, loss, mixed.share)
            y = torch.where(mixed.share < 0.5, mixed.others, y)  # the larger share counts
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        if recipe.l1:
            add_l1(self.penalised, recipe.l1)
        if recipe.clip_grad_norm:
            nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip_grad_norm)
        return row_of(loss, scores, y)


def is_plain(recipe: Recipe, epoch: int) -> bool:
    """Whether the training images are left without augmentation in this epoch, counted from 1."""
    return recipe.plain_epochs > 0 and recipe.epochs - recipe.plain_epochs < epoch


def check_can_begin(
    architecture: Architecture, recipe: Recipe, dataset: Dataset, device: torch.device
) -> None:
    """Raises TrainingError, with what to try, where the network cannot be trained so."""
    obstacle = find_problem(architecture, dataset.kind)
    problem = obstacle.message if obstacle else memory_problem(architecture, recipe, device)
    problem = problem or split_problem(recipe, len(dataset.train.labels))
    if problem:
        raise TrainingError(problem)


# --- the run --------------------------------------------------------------------------------------


class Noted(NamedTuple):
    """What is noted of the network at the end of an epoch, and changes nothing of the run."""

    answers: Answers  # to the test images
    health: Health


def train(
    architecture: Architecture,
    recipe: Recipe,
    dataset: Dataset,
    device: torch.device | None = None,
    should_stop: Callable[[], bool] = never,
    after_epoch: Callable[[Checkpoint], None] | None = None,
    resume: Checkpoint | None = None,
    more_epochs: int = 0,
    note: Callable[[Noted], None] | None = None,
    may_stop_early: bool = True,
) -> Iterator[Event]:
    """The events of a run (see event.py), computed as they are asked for.

    Without a device the recipe's is taken.

    Nothing that can be foreseen is raised: an architecture that does not suit the data, a loss that
    is no number, too little memory end in a `failed` event that says what to try. `should_stop` is
    asked before every batch; `after_epoch` gets a checkpoint before each `epoch` event, and
    `note` before that what is noted of the network, which changes no other number. With
    `resume` the run goes on after that checkpoint's epoch: there is no second `started`, and on the
    CPU what follows is, but for times, what an uninterrupted run would have given. `more_epochs`
    come after the recipe's; its schedule has ended then, and the last learning rate holds. One that
    stopped early and is continued `may_stop_early` no more; its `more_epochs` are negative where it
    does not come to as many as the recipe has.
    """
    began = time.perf_counter() - (resume.facts["seconds"] if resume else 0)
    event = (
        Event(kind="failed", epoch=resume.epoch, step=resume.step)
        if resume
        else Event(kind="failed")
    )
    try:
        device = device or choose_device(recipe.device)
        check_can_begin(architecture, recipe, dataset, device)
        events = _steps(
            architecture,
            recipe,
            dataset,
            device,
            should_stop,
            after_epoch,
            resume,
            more_epochs,
            note,
            may_stop_early,
            began,
        )
        resume = None  # as large as the network and the optimiser's state, and soon in them
        for event in events:
            yield event
    except (TrainingError, RuntimeError, ValueError, KeyError, MemoryError) as error:
        where = {"time": time.perf_counter() - began, "epoch": event.epoch, "step": event.step}
        metrics = {LOWER_RATE: error.rate} if isinstance(error, DivergedError) else {}
        yield Event(kind="failed", message=explain(error, recipe), metrics=metrics, **where)


def _steps(
    architecture: Architecture,
    recipe: Recipe,
    dataset: Dataset,
    device: torch.device,
    should_stop: Callable[[], bool],
    after_epoch: Callable[[Checkpoint], None] | None,
    resume: Checkpoint | None,
    more_epochs: int,
    note: Callable[[Noted], None] | None,
    may_stop_early: bool,
    began: float,
) -> Iterator[Event]:
    """In the shapes, N is the training images."""
    precision = resume.facts["precision"] if resume else recipe.precision
    learner = Learner.new(architecture, recipe, dataset, device, precision)
    network, optimizer, streams = learner.network, learner.optimizer, learner.streams
    images, held_out, numerics = learner.images, learner.held_out, learner.numerics
    test = Split(dataset.test.images.to(device), dataset.test.labels.to(device))
    validation = held_out and Split(held_out.images.to(device), held_out.labels.to(device))
    steps_per_epoch = count_steps(len(images), recipe.batch_size)
    tally = Tally(len(images), recipe.batch_size, steps_per_epoch, device)
    schedule = Schedule(recipe, optimizer, steps_per_epoch)
    generators = {
        "order": streams.order,
        "augmentation": streams.augmentation,
        "dropout": streams.dropout,
    }
    picked_by = picks_best(recipe)
    patience = recipe.early_stopping if may_stop_early and validation else 0
    # Best: highest accuracy of the images that pick it, its epoch negated, its test accuracy.
    best, lowest = (-1.0, 0, 0.0), (math.inf, 0)  # lowest: validation loss, and its epoch
    step, done, epochs = 0, 0, recipe.epochs + more_epochs
    if resume:
        checkpoint.put_back(resume, network, optimizer, schedule.scheduler, generators)
        step, done = resume.step, resume.epoch
        test_accuracy = resume.facts["test_accuracy"]
        picked, at, *its_test_accuracy = resume.facts["best"]
        # Of older versions, in which the test accuracy picked it.
        best = (picked, at, *(its_test_accuracy or [picked]))
        lowest = tuple(resume.facts.get("lowest", lowest))
    is_resumed, resume = resume is not None, None

    answers: list[Answers] = []  # of the batches of one test

    firing, changes = FiringUnits(), WeightChanges()
    learned = gradient_images(len(images), recipe.batch_size)

    def note_answers(scores: Tensor, y: Tensor) -> None:
        answers.append(Answers.of(scores, y))

    def mean_loss() -> Tensor:
        """Of the first training images as they are."""
        x = normalise(images[:learned].float() / 255, dataset.kind)
        return F.cross_entropy(numerics.run(network, x), learner.labels[:learned])

    def has_stalled(epoch: int) -> bool:
        return patience > 0 and epoch - lowest[1] >= patience

    network.train()
    eager = EagerSteps(learner.learn, optimizer, schedule, tally, recipe.batch_size)
    steps: Steps = eager
    how = ""
    capture = find_capture(device)
    if capture and len(images) >= recipe.batch_size:
        # The same step whatever the seed and the run's length.
        alike = recipe.model_copy(
            update={"seed": 0, "epochs": 1, "plain_epochs": 0, "validation_images": 0}
        )
        what = (_name_of(device), architecture.key, alike, len(images), numerics.precision)
        draws = [streams.augmentation, streams.dropout]
        steps = graph_steps = GraphSteps(
            eager, network, len(images), draws, capture, what, numerics.precision
        )
        graph_steps.prepare(is_plain(recipe, done + 1), step)
        how = "steps run as a CUDA graph, which was checked against eager steps on this device"
        if graph_steps.problem:
            how = f"steps run eagerly: {graph_steps.problem}"

    def event(
        kind: Any, epoch: int, message: str = "", at: float | None = None, **metrics: float
    ) -> Event:
        moment = time.perf_counter() if at is None else at
        return Event(
            kind=kind, time=moment - began, epoch=epoch, step=step, metrics=metrics, message=message
        )

    sizes = {
        "steps_per_epoch": steps_per_epoch,
        "train_images": len(images),
        "test_images": len(test.images),
        **({"validation_images": len(validation.images)} if validation else {}),
    }
    parameters = sum(p.numel() for p in network.parameters())
    if not is_resumed:
        precision = (
            f"computed in {numerics.precision}, the faster on this device"
            if recipe.precision == "auto"
            else ""
        )
        message = ". ".join(filter(None, (notes(architecture), how, precision)))
        yield event("started", 0, message, epochs=epochs, parameters=parameters, **sizes)

    for epoch in range(done + 1, epochs + 1):
        if has_stalled(done):
            break
        epoch_began = time.perf_counter()
        network.train()
        order = torch.randperm(len(images), generator=streams.order).to(device)  # (N,)
        before, parts = step, []
        steps.begin(order, before, is_plain(recipe, epoch))
        tally.start()
        for batch in range(steps_per_epoch):
            if should_stop():
                step = before + batch
                yield event("stopped", epoch)
                return
            is_watched = note is not None and batch == steps_per_epoch - 1
            with changes.watched(network) if is_watched else nullcontext():
                lr = steps.step(batch)
            for window in tally.read(batch + 1, lr):
                step, sums = before + window.end, window.sums
                if not math.isfinite(sums.loss):
                    raise DivergedError(recipe, epoch, step)
                parts.append(sums)
                yield event(
                    "step",
                    epoch,
                    at=window.ended,
                    loss=sums.loss,
                    accuracy=sums.accuracy,
                    lr=window.lr,
                    iterations_per_second=sums.speed,
                )

        answers.clear()
        with firing.watched(network) if note else nullcontext():
            look = note_answers if note else None
            result = evaluate(network, test, dataset.kind, numerics, should_stop, look)
        if result is None:
            yield event("stopped", epoch)
            return
        test_loss, test_accuracy = result
        if not math.isfinite(test_loss):
            raise DivergedError(recipe, epoch, step)
        whole = Sums.of(parts)
        watched, of_validation = whole.loss, {}
        accuracies = {"test": test_accuracy}
        if validation:
            result = evaluate(network, validation, dataset.kind, numerics, should_stop)
            if result is None:
                yield event("stopped", epoch)
                return
            watched, accuracies["validation"] = result
            if not math.isfinite(watched):
                raise DivergedError(recipe, epoch, step)
            of_validation = {
                "validation_loss": watched,
                "validation_accuracy": accuracies["validation"],
            }
            lowest = min(lowest, (watched, epoch))  # of equals the earliest
        schedule.after_epoch(epoch, watched)
        best = max(best, (accuracies[picked_by], -epoch, test_accuracy))  # of equals the earliest
        if note:
            health = measure_health(network, firing, changes, mean_loss)
            note(Noted(Answers.joined(answers), health))
        if after_epoch:
            tensors, facts = checkpoint.capture(network, optimizer, schedule.scheduler, generators)
            facts |= {"best": best, "test_accuracy": test_accuracy, "precision": numerics.precision}
            facts |= {"seconds": time.perf_counter() - began}
            facts |= {"lowest": lowest} if validation else {}
            facts |= {"is_last": epoch == epochs or has_stalled(epoch)}
            after_epoch(Checkpoint(epoch, step, tensors, facts))
        yield event(
            "epoch",
            epoch,
            "",
            train_loss=whole.loss,
            train_accuracy=whole.accuracy,
            test_loss=test_loss,
            test_accuracy=test_accuracy,
            lr=lr,
            seconds=time.perf_counter() - epoch_began,
            iterations_per_second=whole.speed,
            **of_validation,
        )
        done = epoch
    message = ""
    if done < epochs:
        message = (
            f"stopped early, after epoch {done} of {epochs}: the validation loss has not fallen "
            f"below that of epoch {lowest[1]} since"
        )
    seconds = time.perf_counter() - began
    yield event(
        "finished",
        done,
        message,
        None,
        test_accuracy=test_accuracy,
        seconds=seconds,
        **best_metrics(-best[1], best[2], picked_by, best[0]),
    )


def _name_of(device: torch.device) -> str:
    """The name of this very device: one of several GPUs is a thread's current one."""
    return (
        f"cuda:{torch.cuda.current_device()}"
        if device.type == "cuda" and device.index is None
        else str(device)
    )


def count_steps(images: int, batch_size: int) -> int:
    """Batches of an epoch. The last may be short; one of a single image is left out, as BatchNorm
    cannot use it.
    """
    whole, rest = divmod(images, batch_size)
    return whole + (rest > 1)


def evaluate(
    network: nn.Module,
    split: Split,
    kind: DatasetKind,
    numerics: "Numerics",
    should_stop: Callable[[], bool] = never,
    look: Callable[[Tensor, Tensor], None] | None = None,
) -> tuple[float, float] | None:
    """Mean loss and accuracy (0..1) over a split on the network's device; None if it was
    stopped.

    `look` is shown the scores (B, classes) and labels (B,) of each batch, in the split's order.
    """
    was_training = network.training
    network.eval()
    loss, right = (
        torch.zeros((), device=split.images.device),
        torch.zeros((), device=split.images.device),
    )
    try:
        with torch.inference_mode():
            size = TEST_BATCH[split.images.device.type]
            for first in range(0, len(split.labels), size):
                if should_stop():
                    return None
                images, labels = (
                    split.images[first : first + size],
                    split.labels[first : first + size],
                )
                # (B, classes).
                scores = numerics.run(network, normalise(images.float() / 255, kind))
                loss += F.cross_entropy(scores, labels, reduction="sum")
                right += (scores.argmax(1) == labels).sum()
                if look:
                    look(scores, labels)
    finally:
        network.train(was_training)
    return loss.item() / len(split.labels), right.item() / len(split.labels)


class Numerics(NamedTuple):
    """The memory format of a batch, and the precision of convolutions and products."""

    precision: str  # "fp32" or "bf16"
    layout: torch.memory_format  # channels last is about 1.5 times as fast on a CPU
    autocast: torch.autocast

    @classmethod
    def of(cls, precision: str, device: torch.device) -> Self:
        if precision == "auto":
            precision = "bf16" if has_fast_bf16(device.type) else "fp32"
        # What is called fp32 is: torch would let a GPU's convolutions drop 13 bits of each number.
        # It is one for the process.
        torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
        layout = torch.contiguous_format if device.type == "mps" else torch.channels_last
        return cls(
            precision,
            layout,
            torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"),
        )

    def run(self, network: nn.Module, images: Tensor) -> Tensor:
        """(B, C, H, W) -> scores (B, classes) in fp32, which the loss needs."""
        with self.autocast:
            scores: Tensor = network(images.contiguous(memory_format=self.layout))
        return scores.float()
