"""What a training takes of memory is known before it begins, and what is left is what the tightest
limit leaves.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from explorer.network.architecture_json import parse_architecture, to_json
from explorer.network.spec import Architecture
from explorer.training import memory, problems
from explorer.training.memory import estimate_memory, free_memory
from explorer.training.problems import memory_problem
from explorer.training.recipe import Recipe, parse_recipe
from explorer.training.recipe import to_json as recipe_to_json

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")
AT_MOST = 2.5  # times what was measured: in bf16, half of it is never taken


def network(*layers: dict[str, Any] | str) -> Architecture:
    data = [{"kind": layer} if isinstance(layer, str) else layer for layer in layers]
    return parse_architecture({"name": "measured", "input_shape": [1, 28, 28], "layers": data})


def conv(channels: int, **fields: Any) -> dict[str, Any]:
    return {"kind": "Conv2d", "out_channels": channels, "kernel_size": 3, "padding": 1, **fields}


def linear(values: int) -> dict[str, Any]:
    return {"kind": "Linear", "out_features": values}


def recipe(batch_size: int, kind: str = "SGD", **fields: Any) -> Recipe:
    optimizer = {"kind": kind, "lr": 0.0001, **({"momentum": 0.9} if kind == "SGD" else {})}
    given = {"epochs": 1, "device": "cpu", "precision": "fp32", "optimizer": optimizer, **fields}
    return parse_recipe({"batch_size": batch_size, **given})


# 23.8 million.
PARAMETERS = network("Flatten", linear(15_000), "ReLU", linear(800), "ReLU", linear(10))
MAPS = network(
    *(2 * [conv(64), "BatchNorm2d", "ReLU"]),
    conv(64),
    "GELU",
    {"kind": "Dropout", "p": 0.1},
    "Flatten",
    linear(10),
)
WIDE = network(
    conv(256, kernel_size=1, padding=0),
    "ReLU",
    {"kind": "MaxPool2d", "kernel_size": 2},
    "Flatten",
    linear(10),
)
SPREAD = network(
    conv(64, kernel_size=7, padding=3),
    {"kind": "MaxPool2d", "kernel_size": 2},
    {"kind": "ConvTranspose2d", "out_channels": 48, "kernel_size": 4, "stride": 2, "padding": 1},
    conv(32, groups=2),
    "ReLU",
    "Flatten",
    linear(10),
)
SMALL = network(conv(8), "ReLU", "Flatten", linear(10))

MEASURED = {
    "many parameters, Adam": (PARAMETERS, recipe(32, "Adam")),
    "large maps": (MAPS, recipe(128)),
    "large maps in bf16": (MAPS, recipe(32, precision="bf16")),
    "transposed, in bf16": (SPREAD, recipe(32, precision="bf16")),
    "the test takes the most": (WIDE, recipe(16)),
    "small": (SMALL, recipe(32)),
}

# Trains on a batch and a half, saving a checkpoint as the store does, and prints the most memory
# that it had beyond what it began with.
TRAIN = """
import sys, tempfile
from pathlib import Path
import psutil, torch
from explorer.network.architecture_json import parse_architecture
from explorer.runs.checkpoint_files import CheckpointFolder
from explorer.runs.checkpoint_format import save_checkpoint
from explorer.training.dataset_files import Dataset, Split, load_dataset
from explorer.training.engine import train
from explorer.training.recipe import parse_recipe

architecture, recipe = parse_architecture(sys.argv[1]), parse_recipe(sys.argv[2])
whole, count = load_dataset("digits"), recipe.batch_size * 3 // 2
some = Dataset(whole.name, whole.kind, Split(whole.train.images[:count], whole.train.labels[:count]), whole.test)
with tempfile.TemporaryDirectory() as folder:
    files = CheckpointFolder(Path(folder))
    save = lambda checkpoint: save_checkpoint(files, "run", checkpoint)
    Path("/proc/self/clear_refs").write_text("5")
    before = psutil.Process().memory_info().rss
    events = list(train(architecture, recipe, some, torch.device("cpu"), after_epoch=save, note=id))
assert events[-1].kind == "finished", events[-1]
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) * 1024 - before)
"""


def train_alone(architecture: Architecture, how: Recipe) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", TRAIN, to_json(architecture), recipe_to_json(how)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )


@pytest.fixture(scope="module")
def trainings() -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """Each in a process of its own, two at a time, as half of what they take is importing torch."""
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(train_alone, *measured) for name, measured in MEASURED.items()}


@pytest.mark.slow
@pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="the peak is asked of Linux"
)
@pytest.mark.parametrize("name", MEASURED)
def test_the_estimate_is_no_less_than_what_is_measured_and_not_much_more(
    name: str, trainings: dict[str, Future[subprocess.CompletedProcess[str]]]
) -> None:
    architecture, how = MEASURED[name]
    done = trainings[name].result()
    assert done.returncode == 0, done.stderr
    measured, estimate = int(done.stdout), estimate_memory(architecture, how, "cpu").total
    assert (
        measured
        <= estimate
        <= max(AT_MOST * measured, memory.MARGIN * memory.LIBRARIES + 50_000_000)
    )


def test_windows_count_where_the_processor_cannot_convolve_in_bf16(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = {}
    for can in (True, False):
        monkeypatch.setattr(memory, "convolves_bf16", lambda can=can: can)
        for precision in ("fp32", "bf16"):
            how = recipe(32, precision=precision)
            taken[can, precision] = estimate_memory(MAPS, how, "cpu").testing
    assert taken[True, "bf16"] == taken[True, "fp32"] == taken[False, "fp32"]
    # 9 values of each of the 64 maps that come in, at 28 × 28 places, of 500 images.
    windows = 500 * 2 * 9 * 64 * 28 * 28
    assert taken[False, "bf16"] == pytest.approx(taken[False, "fp32"] + 1.1 * windows, abs=2)
    gaps = network(conv(64), conv(64, dilation=2, padding=2), "Flatten", linear(10))
    points = network(conv(64), conv(64, kernel_size=1, padding=0), "Flatten", linear(10))
    for each in (gaps, points):
        fp32, bf16 = (
            estimate_memory(each, recipe(32, precision=kind), "cpu").testing
            for kind in ("fp32", "bf16")
        )
        first = 500 * 2 * 9 * 28 * 28  # of the first layer, with one map
        assert bf16 == pytest.approx(fp32 + 1.1 * first, abs=2)


def test_what_the_optimiser_keeps_counts() -> None:
    weights = 4 * 23_792_000
    sizes = [
        estimate_memory(PARAMETERS, how, "cpu").saving
        for how in (recipe(2), recipe(2, "Adam"), recipe(2, "AdamW"))
    ]
    plain = recipe(2).model_copy(
        update={"optimizer": parse_recipe({"optimizer": {"kind": "SGD"}}).optimizer}
    )
    sizes.insert(0, estimate_memory(PARAMETERS, plain, "cpu").saving)
    apart = [round((size - sizes[0]) / weights / memory.MARGIN, 1) for size in sizes]
    assert apart == [0, 2, 4, 4]  # one number more for each parameter, in use and in the checkpoint


def test_checkpoints_that_stay_in_memory_count() -> None:
    one, three = (estimate_memory(PARAMETERS, recipe(2), "cpu", kept) for kept in (0, 3))
    assert three.total > one.total + 3 * 2 * 4 * 23_000_000


def test_what_would_fit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each remedy is tried before it is told."""
    for architecture, how, free, told, phase, remedy in (
        (
            MAPS,
            recipe(4096),
            2_000_000_000,
            "2.0 GB",
            "training with a batch size of 4096",
            "try a batch size of ",
        ),
        (
            PARAMETERS,
            recipe(32, "Adam"),
            700_000_000,
            "700 MB",
            "training 23,",
            "try SGD without momentum",
        ),
        (
            PARAMETERS,
            recipe(32, "Adam"),
            300_000_000,
            "300 MB",
            "training 23,",
            "try fewer parameters",
        ),
        (
            WIDE,
            recipe(2),
            500_000_000,
            "500 MB",
            "testing 500 images at a time",
            "try fewer parameters, smaller maps",
        ),
    ):
        problem = memory_problem(architecture, how, CPU, free)
        assert problem is not None
        assert problem.startswith(phase)
        assert f", and {told} are free: " in problem
        assert remedy in problem
    problem = memory_problem(MAPS, recipe(4096), CPU, 2_000_000_000) or ""
    size = int(problem.rpartition("try a batch size of ")[2].split()[0])
    assert memory_problem(MAPS, recipe(size), CPU, 2_000_000_000) is None
    assert memory_problem(MAPS, recipe(size + 1), CPU, 2_000_000_000) is not None
    monkeypatch.setattr(problems, "free_memory", lambda device: None)
    assert memory_problem(MAPS, recipe(4096), CPU) is None


def test_images_that_are_still_to_be_read_count() -> None:
    how = recipe(2, dataset="cifar10")
    colour = parse_architecture(
        {"input_shape": [3, 32, 32], "layers": [{"kind": "Flatten"}, linear(10)]}
    )
    least = estimate_memory(colour, how, "cpu").total
    assert memory_problem(colour, how, CPU, least) is None
    assert memory_problem(colour, how, CPU, least, reads_images=True) is not None
    reading = 3 * 60_000 * 3_072
    assert memory_problem(colour, how, CPU, reading, reads_images=True) is None
    told = (
        "reading CIFAR-10 takes about 553 MB of memory, and 552 MB are free: "
        "try the built-in digits, or end other programs"
    )
    assert memory_problem(colour, how, CPU, reading - 960_000, reads_images=True) == told


def test_on_a_gpu_the_checkpoint_is_copied_to_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    found = estimate_memory(PARAMETERS, recipe(32, "Adam"), "cuda")
    assert found.host > 3 * 4 * 23_000_000
    monkeypatch.setattr(
        problems, "free_memory", lambda device: 10**12 if device.type == "cuda" else found.host - 1
    )
    problem = memory_problem(PARAMETERS, recipe(32, "Adam"), torch.device("cuda"))
    assert problem is not None
    assert "beside the GPU" in problem
    monkeypatch.setattr(
        problems, "free_memory", lambda device: 10**12 if device.type == "cuda" else found.host
    )
    assert memory_problem(PARAMETERS, recipe(32, "Adam"), torch.device("cuda")) is None


# --- what is left ---------------------------------------------------------------------------------

Files = dict[str, str]


def group(version: int, limit: int | str, used: int, reclaimable: int = 0) -> Files:
    limit_file, used_file, statistic = memory.VERSION_2 if version == 2 else memory.VERSION_1
    return {
        limit_file: f"{limit}\n",
        used_file: f"{used}\n",
        "memory.stat": f"anon 7\n{statistic} {reclaimable}\n",
    }


NO_LIMIT = 9_223_372_036_854_771_712  # as version 1 has it
SYSTEM = 1000  # what the machine has left

GROUPS: dict[str, tuple[str, dict[str, Files], int]] = {
    "no groups": ("", {}, SYSTEM),
    "version 2": ("0::/app\n", {"app": group(2, 500, 200)}, 300),
    "version 2, what can be given back": ("0::/app\n", {"app": group(2, 500, 200, 50)}, 350),
    "version 2, without a limit": ("0::/app\n", {"app": group(2, "max", 200)}, SYSTEM),
    "version 2, of a parent": (
        "0::/a/b/c\n",
        {"a/b/c": group(2, "max", 5), "a": group(2, 90, 30)},
        60,
    ),
    "version 2, of the nearest": ("0::/a/b\n", {"a/b": group(2, 40, 5), "a": group(2, 90, 30)}, 35),
    "version 2, of the container": ("0::/\n", {"": group(2, 400, 100)}, 300),
    "version 2, named as outside": ("0::/outside/only\n", {"": group(2, 400, 100)}, 300),
    "version 2, all taken": ("0::/app\n", {"app": group(2, 500, 600)}, 0),
    "version 1": ("4:memory:/app\n3:cpu:/\n", {"memory/app": group(1, 500, 200)}, 300),
    "version 1, with others": ("4:cpu,memory:/app\n", {"memory/app": group(1, 500, 200, 20)}, 320),
    "version 1, without a limit": (
        "4:memory:/app\n",
        {"memory/app": group(1, NO_LIMIT, 200)},
        SYSTEM,
    ),
    "version 1, of a parent": (
        "4:memory:/a/b\n",
        {"memory/a": group(1, 90, 30), "memory/a/b": group(1, NO_LIMIT, 20)},
        60,
    ),
    "version 1, of the container": ("4:memory:/docker/0123\n", {"memory": group(1, 80, 30)}, 50),
    "both, version 1 has the limit": (
        "1:memory:/app\n0::/app\n",
        {"memory/app": group(1, 50, 20), "app": {}},
        30,
    ),
    "not readable": ("0::/app\n", {"app": {"memory.max": "500\n"}}, SYSTEM),
    "not a number": ("0::/app\n", {"app": group(2, "much", 1)}, SYSTEM),
    "more than the machine has": ("0::/app\n", {"app": group(2, 9000, 1)}, SYSTEM),
}


@pytest.mark.parametrize("name", GROUPS)
def test_the_tightest_limit_holds(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, groups, expected = GROUPS[name]
    (tmp_path / "own").write_text(own)
    for folder, files in groups.items():
        (tmp_path / "groups" / folder).mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (tmp_path / "groups" / folder / file).write_text(text)
    monkeypatch.setattr(memory, "OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "groups")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=SYSTEM))
    monkeypatch.setattr(memory, "_left_by_ulimits", list)
    assert free_memory(CPU) == expected


@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="this system has no such limits")
def test_a_shells_limit_holds(limit: str) -> None:
    script = f"""
import resource, torch
from explorer.training.memory import free_memory
resource.setrlimit(resource.{limit}, (10**11, 10**11))
print(free_memory(torch.device("cpu")))
import psutil
used = psutil.Process().memory_info()
allowed = {{"RLIMIT_AS": used.vms, "RLIMIT_DATA": used.data}}["{limit}"] + 200_000_000
resource.setrlimit(resource.{limit}, (allowed, allowed))
print(free_memory(torch.device("cpu")))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    wide, tight = map(int, done.stdout.split())
    assert 100_000_000 < tight <= 200_000_000 < wide


def test_free_memory_here() -> None:
    free = free_memory(CPU)
    assert free is not None
    assert 10_000_000 < free < 10**15


def test_memory_that_torch_keeps_on_a_gpu_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (100, 1000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 70)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 30)
    assert free_memory(torch.device("cuda")) == 140
