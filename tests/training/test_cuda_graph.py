"""Recording and replaying a step: what it computes is what the plain loop computes.

Without a GPU the recording is played by a function that repeats the work; what surrounds it is the real code.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from explorer.network.spec import Architecture
from explorer.training import engine
from explorer.training.checkpoint import Checkpoint
from explorer.training.cuda_graph import Replayed, cuda_recorder
from explorer.training.datasets import Dataset
from explorer.training.engine import train
from explorer.training.event import Event, without_times
from explorer.training.recipe import parse_recipe

CPU = torch.device("cpu")
AUGMENTED = {"rotation": 10, "shift": 1, "scale": 0.1, "batch_size": 32, "epochs": 3, "device": "cpu", "precision": "fp32"}


class Recorder:
    """Warms up as the real one does, then repeats the work, always into the same gradients; counts how often it did each."""

    def __init__(self) -> None:
        self.recorded = self.replayed = 0
        self.network: nn.Module = nn.Identity()

    def __call__(self, work: Callable[[], None]) -> Callable[[], None]:
        self.recorded += 1
        for _ in range(3):
            work()
        gradients = [parameter.grad for parameter in self.network.parameters()]

        def replay() -> None:
            self.replayed += 1
            work()
            for parameter, gradient in zip(self.network.parameters(), gradients, strict=True):
                gradient.copy_(parameter.grad)

        return replay


def refusing(work: Callable[[], None]) -> Callable[[], None]:
    work()
    raise RuntimeError("operation not permitted when stream is capturing\nat some place")


@pytest.fixture
def replaying(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """From here on the engine records with this on the CPU too."""

    def replay_with(record: Any) -> None:
        def recorded(learn, network, chance, tally, batch_size, images, plain):
            if isinstance(record, Recorder):
                record.network = network
            generators = [chance.augmentation, chance.dropout]
            replayed = Replayed(learn, network, generators, [tally.sums], batch_size, CPU, record)
            replayed.prepare(plain)
            return replayed, replayed.problem

        monkeypatch.setattr(engine, "_recorded", recorded)

    return replay_with


def events(architecture: Architecture, data: Dataset, resume: Checkpoint | None = None, **fields: Any) -> list[Event]:
    recipe = parse_recipe(AUGMENTED | fields)
    return [without_times(event) for event in train(architecture, recipe, data, CPU, resume=resume)]


@pytest.mark.parametrize(
    "fields",
    [
        {},  # 70 images: two batches of 32, which are replayed, and one of 6
        {"batch_size": 35},
        {"plain_epochs": 1},
        {"optimizer": {"kind": "AdamW", "weight_decay": 0.1}, "weight_decay_on": "weights"},
        {"optimizer": {"kind": "SGD", "momentum": 0.9, "nesterov": True}, "scheduler": {"kind": "OneCycleLR"}},
        {"precision": "bf16"},
    ],
    ids=str,
)
def test_a_replayed_run_gives_the_plain_ones_events(fields, small: Architecture, tiny: Dataset, replaying):
    plain, recorder = events(small, tiny, **fields), Recorder()
    replaying(recorder)
    assert events(small, tiny, **fields) == plain
    assert recorder.recorded == (2 if "plain_epochs" in fields else 1)
    assert recorder.replayed == 2 * 3


def test_a_resumed_run_is_replayed_to_the_same_end(small: Architecture, tiny: Dataset, replaying):
    kept: list[Checkpoint] = []
    whole = [without_times(e) for e in train(small, parse_recipe(AUGMENTED), tiny, CPU, after_epoch=kept.append)]
    replaying(Recorder())
    rest = events(small, tiny, resume=kept[0])
    assert rest == whole[-len(rest) :]
    assert [event.epoch for event in rest if event.kind == "epoch"] == [2, 3]


def test_where_recording_fails_the_run_goes_on_and_says_so(small: Architecture, tiny: Dataset, replaying):
    started, *plain = events(small, tiny)
    replaying(refusing)
    said, *found = events(small, tiny)
    assert found == plain
    assert said == started.model_copy(update={"message": "operation not permitted when stream is capturing"})


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_on_a_gpu_the_graph_learns_as_the_plain_loop_does(small: Architecture, tiny: Dataset, monkeypatch):
    """Without chance and in fp32 the two agree but for the last bits."""
    recipe = parse_recipe(AUGMENTED | {"rotation": 0, "shift": 0, "scale": 0, "device": "cuda"})
    cuda = torch.device("cuda")
    still = small.model_copy(update={"layers": tuple(layer for layer in small.layers if "Dropout" not in layer.kind)})
    graph = list(train(still, recipe, tiny, cuda))
    monkeypatch.setattr(engine, "_recorded", lambda learn, *rest: (learn, ""))
    plain = list(train(still, recipe, tiny, cuda))
    assert "CUDA graph" in graph[0].message
    assert [event.kind for event in graph] == [event.kind for event in plain]
    for ours, theirs in zip(graph, plain, strict=True):
        if ours.kind == "epoch":
            assert ours.metrics["test_loss"] == pytest.approx(theirs.metrics["test_loss"], rel=1e-3)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_on_a_gpu_every_replay_draws_anew():
    generator = torch.Generator("cuda").manual_seed(0)
    drawn = torch.zeros(4, device="cuda")
    replay = cuda_recorder([generator])(lambda: drawn.copy_(torch.rand(4, generator=generator, device="cuda")) and None)
    seen = set()
    for _ in range(3):
        replay()
        seen.add(tuple(drawn.tolist()))
    assert len(seen) == 3
