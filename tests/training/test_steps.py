"""Replayed steps do what plain ones do, over whole runs.

Without a GPU a recording is played as a CUDA graph would be, see cpu_player.py. All that surrounds
it is the real code.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from cachetools import LRUCache

from explorer.network.spec import Architecture
from explorer.training import engine, self_check
from explorer.training import steps as steps_module
from explorer.training import tally as tally_module
from explorer.training.checkpoint import Checkpoint
from explorer.training.dataset_files import Dataset
from explorer.training.engine import train
from explorer.training.recipe import parse_recipe
from tests.runs.shared import without_times
from tests.training.cpu_player import ASKED, TUNED, Operations, Recorder, assert_close, run

# All their parts at once; of 70 images 6 are held out: two whole batches of 32 are left.
LATER_LESSONS: dict[str, Any] = {
    "optimizer": {"kind": "SGD", "momentum": 0.9, "weight_decay": 0.01},
    "scheduler": {"kind": "ReduceLROnPlateau", "patience": 0, "threshold": 0.5},
    "flip": 0.5,
    "crop_padding": 1,
    "cutout": 2,
    "brightness": 0.2,
    "contrast": 0.2,
    "saturation": 0.2,
    "mixup": 0.4,
    "l1": 0.001,
    "weight_decay_on": "weights",
    "clip_grad_norm": 0.5,
    "validation_images": 6,
    "early_stopping": 3,
}
RECIPES: list[dict[str, Any]] = [
    {},  # 70 images: two batches of 32, which are replayed, and one of 6
    {"batch_size": 35},  # no short one
    {"batch_size": 69},  # one image is left out
    {"batch_size": 71},  # only a short one, so that nothing is recorded
    {"plain_epochs": 1},
    {"images_share": 0.5},
    TUNED,
    TUNED | {"batch_size": 35, "plain_epochs": 2, "weight_decay_on": "weights"},
    {"optimizer": {"kind": "SGD"}},
    {"optimizer": {"kind": "Adam"}, "scheduler": {"kind": "CosineAnnealingLR"}},
    {
        "optimizer": {"kind": "AdamW", "weight_decay": 0.1},
        "scheduler": {"kind": "StepLR", "step_size": 1},
    },
    {
        "optimizer": {"kind": "Adam", "weight_decay": 0.1},
        "scheduler": {"kind": "OneCycleLR"},
        "label_smoothing": 0.1,
    },
    {"precision": "bf16"},
    LATER_LESSONS,
    {"scheduler": {"kind": "OneCycleLR", "peak_epoch": 2}, "mixup": 0.3, "plain_epochs": 1},
    {"scheduler": {"kind": "ReduceLROnPlateau", "patience": 0, "threshold": 1.0}},
    {"scheduler": {"kind": "MultiStepLR", "milestones": [1]}, "clip_grad_norm": 0.1},
]


def refusing(work: Callable[[], None], generators: Sequence[torch.Generator]) -> Callable[[], None]:
    work()
    raise RuntimeError("operation not permitted when stream is capturing\nat some place")


Record = Callable[[Callable[[], None], Sequence[torch.Generator]], Callable[[], None]]


@pytest.fixture
def record_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[Record | None], None]:
    """From here on the engine records with this on the CPU too."""

    def use(record: Record | None) -> None:
        monkeypatch.setattr(engine, "find_capture", lambda device: record)
        monkeypatch.setattr(steps_module, "_faults", LRUCache(256))
        monkeypatch.setattr(steps_module, "find_fault", lambda *_: "")  # see test_self_check.py

    return use


@pytest.mark.parametrize("fields", RECIPES, ids=str)
def test_a_replayed_run_learns_as_the_plain_one(
    fields: Any, small: Architecture, tiny: Dataset, record_with: Any
) -> None:
    plain, recorder = run(small, tiny, **fields), Recorder()
    record_with(recorder)
    assert_close(run(small, tiny, **fields), plain)
    kinds = 2 if fields.get("plain_epochs") else 1
    learned = round(70 * fields.get("images_share", 1)) - fields.get("validation_images", 0)
    whole = learned // fields.get("batch_size", 32)
    assert (recorder.recorded, recorder.replayed) == ((kinds, 3 * whole) if whole else (0, 0))


@pytest.mark.parametrize("fields", RECIPES, ids=str)
def test_recording_itself_changes_nothing(
    fields: Any, small: Architecture, tiny: Dataset, record_with: Any
) -> None:
    """Bit for bit: whether or not the work was done before it was recorded."""
    record_with(Recorder(warm_up=1))  # the first one fills caches that a recording must find filled
    first = run(small, tiny, **fields)
    record_with(Recorder(warm_up=5))
    assert run(small, tiny, **fields) == first


@pytest.mark.parametrize("fields", RECIPES, ids=str)
def test_a_resumed_run_is_replayed_to_the_same_end(
    fields: Any, small: Architecture, tiny: Dataset, record_with: Any
) -> None:
    record_with(Recorder())
    kept: list[Checkpoint] = []
    whole = run(small, tiny, keep=kept.append, **fields)
    for checkpoint in kept[:-1]:
        rest = run(small, tiny, resume=checkpoint, **fields)
        assert rest == whole[-len(rest) :]
        assert [event.epoch for event in rest if event.kind == "epoch"] == list(
            range(checkpoint.epoch + 1, 4)
        )


@pytest.mark.parametrize("fields", [{}, TUNED, {"optimizer": {"kind": "Adam"}}], ids=str)
@pytest.mark.parametrize("plain_first", [True, False])
def test_a_run_goes_on_the_other_way(
    plain_first: bool, fields: Any, small: Architecture, tiny: Dataset, record_with: Any
) -> None:
    """A checkpoint of plain steps is gone on from with replayed ones, and the other way round."""
    expected, kept, recorder = run(small, tiny, **fields), [], Recorder()
    record_with(None if plain_first else recorder)
    run(small, tiny, keep=kept.append, **fields)
    record_with(recorder if plain_first else None)
    rest = run(small, tiny, resume=kept[0], **fields)
    assert_close(rest, expected[-len(rest) :])
    assert recorder.replayed > 0


def test_what_no_gpu_could_record_is_refused() -> None:
    with (
        Operations([]),
        pytest.raises(AssertionError, match="_local_scalar_dense cannot be recorded"),
    ):
        torch.zeros(1).item()
    with Operations([]), pytest.raises(AssertionError, match="lift_fresh cannot be recorded"):
        torch.tensor([1.0])
    told, untold = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    with Operations([told]):
        torch.rand(4, generator=told)
        with pytest.raises(AssertionError, match="rand draws from a generator that is not known"):
            torch.rand(4, generator=untold)


def test_a_number_of_the_program_is_frozen_when_it_is_recorded() -> None:
    """So that the tests above would find a step that reads one."""
    total, amount = torch.zeros(()), 1.0

    def work() -> None:
        total.add_(amount)

    replay = Recorder(warm_up=0)(work, [])
    amount = 10.0
    replay()
    assert total == 2.0


def test_replayed_steps_need_no_reading_in_between(
    small: Architecture, tiny: Dataset, record_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_with(Recorder())
    often = run(small, tiny)
    monkeypatch.setitem(tally_module.READ_EVERY, "cpu", 3600.0)
    assert run(small, tiny) == often


def test_where_recording_fails_the_run_goes_on_and_says_so(
    small: Architecture, tiny: Dataset, record_with: Any
) -> None:
    started, *plain = run(small, tiny, **TUNED)
    record_with(refusing)
    said, *found = run(small, tiny, **TUNED)
    assert found == plain
    words = "steps run eagerly: CUDA graph capture failed: operation not permitted when stream is"
    assert said == started.model_copy(update={"message": f"{words} capturing"})


def test_a_group_without_parameters_is_recorded(
    stack: Any, tiny: Dataset, record_with: Any
) -> None:
    """Weight decay on weights alone, and there are none."""
    normalised = stack(
        "BatchNorm2d", {"kind": "AdaptiveAvgPool2d", "output_size": [3, 1]}, "Flatten"
    )
    recorder = Recorder()
    plain = run(normalised, tiny, weight_decay_on="weights")
    record_with(recorder)
    assert_close(run(normalised, tiny, weight_decay_on="weights"), plain)
    assert recorder.replayed == 2 * 3


def test_where_the_second_recording_fails_the_run_goes_on(
    small: Architecture, tiny: Dataset, record_with: Any
) -> None:
    """Augmented steps are replayed, the plain ones of the last epoch cannot be."""
    expected, recorder = run(small, tiny, plain_epochs=1, **TUNED), Recorder()

    def once(work: Callable[[], None], generators: Sequence[torch.Generator]) -> Any:
        return (refusing if recorder.recorded else recorder)(work, generators)

    record_with(once)
    assert_close(run(small, tiny, plain_epochs=1, **TUNED), expected)
    assert recorder.replayed == 2 * 2


# --- on a GPU -------------------------------------------------------------------------------------

GPU = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU"),
]


@pytest.mark.parametrize(
    "fields", [pytest.param(fields, marks=GPU) for fields in RECIPES[:-1]], ids=str
)
def test_on_a_gpu_the_graph_learns_as_the_plain_loop_does(
    fields: Any,
    small: Architecture,
    tiny: Dataset,
    record_with: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without chance and in fp32 the two agree but for the last bits."""
    monkeypatch.setattr(self_check, "FASTER", float("inf"))
    recipe = parse_recipe(
        ASKED | fields | {"rotation": 0, "shift": 0, "scale": 0, "device": "cuda"}
    )
    cuda = torch.device("cuda")
    still = small.model_copy(
        update={"layers": tuple(layer for layer in small.layers if "Dropout" not in layer.kind)}
    )
    graph = [without_times(event) for event in train(still, recipe, tiny, cuda)]
    record_with(None)
    plain = [without_times(event) for event in train(still, recipe, tiny, cuda)]
    assert ("CUDA graph" in graph[0].message) == (recipe.batch_size <= 70)
    assert_close(graph, plain)


@pytest.mark.parametrize("fields", [pytest.param(fields, marks=GPU) for fields in RECIPES], ids=str)
def test_on_a_gpu_a_resumed_run_is_replayed(
    fields: Any, small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_check, "FASTER", float("inf"))
    cuda, kept, recipe = torch.device("cuda"), [], parse_recipe(ASKED | fields | {"device": "cuda"})
    whole = [
        without_times(event) for event in train(small, recipe, tiny, cuda, after_epoch=kept.append)
    ]
    assert ("CUDA graph" in whole[0].message) == (recipe.batch_size <= 70)
    rest = [without_times(event) for event in train(small, recipe, tiny, cuda, resume=kept[0])]
    assert_close(rest, whole[-len(rest) :])
