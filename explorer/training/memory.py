"""How much memory a training takes, and how much is left.

A process that takes more than there is is killed without a word, so it is asked first. The estimate
counts what lies in memory at the same time; tests/training/test_memory.py holds it against what
trainings really take.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import psutil
import torch

from explorer.network.analysis import BYTES_PER_VALUE, Row, analyze
from explorer.network.spec import Architecture, Conv2d, ConvTranspose2d, pair
from explorer.network.tree import above
from explorer.training.dataset_lookup import find_dataset
from explorer.training.devices import TEST_BATCH, convolves_bf16
from explorer.training.recipe import SGD, OneCycleLR, Optimizer, Recipe

# --- what a training takes ------------------------------------------------------------------------

# Bytes that torch and its kernels take when a process first trains; 160 to 170 were seen.
LIBRARIES = 175_000_000
BYTES_PER_BF16 = 2
MARGIN = 1.1  # memory that the allocator has in hand but cannot use
# Bytes; smaller blocks stay in glibc's heap after they are freed, so that the next phase adds to
# them.
HEAP_TENSOR = 2**25
# Of a data set while its files are read: their bytes, torchvision's array, and our layout of it.
READING_COPIES = 3


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes on the device at the three moments that need the most, and on the host."""

    training: int  # a step: the layers' outputs, kept for the way back, and gradients
    testing: int  # what one layer takes and gives, for TEST_BATCH images
    saving: int  # the copies that a checkpoint is written from
    # Of a GPU's training: those copies, in the host's memory; 0 where the device is the host.
    host: int

    @property
    def total(self) -> int:
        return max(self.training, self.testing, self.saving)


def estimate_memory(
    architecture: Architecture, recipe: Recipe, device: str, kept_checkpoints: int = 0
) -> MemoryEstimate:
    """The most memory that a training takes, beyond what a process takes that has not trained yet.

    Args:
        device: "cpu", "cuda" or "mps".
        kept_checkpoints: how many checkpoints stay in memory, 0 if they are files.
    """
    analysis = analyze(architecture)
    weights = BYTES_PER_VALUE * analysis.total_params
    moments = weights * moments_per_parameter(
        recipe.optimizer, isinstance(recipe.scheduler, OneCycleLR)
    )
    state = 2 * weights + moments + weights // 2  # weights, gradients, and the weights in bf16
    copies = (1 + kept_checkpoints) * (weights + moments)
    image = BYTES_PER_VALUE * prod(architecture.input_shape)
    rows = {row.path: row for row in analysis.rows}
    kept = 2 * image + sum(_kept_bytes(row, rows.get(above(row.path))) for row in analysis.rows)
    widest = analysis.peak_bytes
    windows = 0
    if device == "cpu" and recipe.precision == "bf16" and not convolves_bf16():
        windows = max((_copied_windows(row) for row in analysis.rows), default=0)
    # With the gradients of one layer, there and back, and its reordering.
    step = recipe.batch_size * (kept + 3 * widest // 2 + windows)
    # What the last step of an epoch changes, and then the gradient that is noted after it.
    step += weights
    test = TEST_BATCH[device] * (2 * image + widest + windows)
    # Images that are held out are copied apart from those that are learned from.
    split = image_bytes(recipe.dataset) if recipe.validation_images else 0
    if device != "cuda":
        state += split
        small = [
            row.output_bytes
            for row in analysis.rows
            if recipe.batch_size * row.output_bytes <= HEAP_TENSOR
        ]
        heap = recipe.batch_size * sum(small)
        return MemoryEstimate(
            training=_with_margin(state + step),
            testing=_with_margin(state + heap + test),
            saving=_with_margin(state + heap + copies),
            host=0,
        )
    images = image_bytes(recipe.dataset) + split
    # A step that is recorded has its activations apart from those of a plain one, and what it
    # changes is kept aside for it; the check of the recording keeps the parameters of three ways.
    recorded = images + state + 2 * (weights + moments) + 3 * weights
    return MemoryEstimate(
        training=_with_margin(recorded + 2 * step),
        testing=_with_margin(images + state + step + test),
        saving=_with_margin(images + state),
        host=_with_margin(copies + split),
    )


def image_bytes(name: str) -> int:
    """Bytes of a data set in memory. While it is read it takes READING_COPIES times as much."""
    kind = find_dataset(name)
    return kind.images * prod(kind.input_shape)


def _with_margin(size: int) -> int:
    return int(MARGIN * (LIBRARIES + size))


def moments_per_parameter(optimizer: Optimizer, is_cycled: bool) -> int:
    """How many numbers the optimiser keeps for each parameter: SGD with momentum one, Adam two."""
    if isinstance(optimizer, SGD):
        return 1 if optimizer.momentum or is_cycled else 0
    return 2


def _kept_bytes(row: Row, before: Row | None) -> int:
    """Bytes that a layer keeps of one image for the backward pass; `before` is the layer above it
    in the stack or in its branch.
    """
    layer = row.layer
    if row.kind == "ReLU" and before and not before.about.keeps_output:
        return 0  # it writes over what it gets
    # A padded copy of what comes in.
    padded = isinstance(layer, Conv2d) and layer.padding_mode != "zeros"
    return row.about.kept_values * row.output_bytes + padded * 2 * BYTES_PER_VALUE * prod(
        row.input_shape
    )


def _copied_windows(row: Row) -> int:
    """Bytes that torch's own convolution in bf16 takes for one image: it copies every window of a
    group's maps beside each other (aten/src/ATen/native/ConvolutionMM2d.cpp), and does so for the
    whole batch at once. Windows with gaps it copies for one image at a time, those of one pixel
    not at all.
    """
    match row.layer:
        case Conv2d(dilation=dilation) as layer if pair(dilation) == (1, 1):
            channels, places = row.input_shape[0], prod(row.output_shape[1:])
        case ConvTranspose2d() as layer:
            channels, places = layer.out_channels, prod(row.input_shape[1:])
        case _:
            return 0
    size = prod(pair(layer.kernel_size))
    return 0 if size == 1 else BYTES_PER_BF16 * channels // layer.groups * size * places


# --- what is left ---------------------------------------------------------------------------------

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")

# The files of a control group of each version, and what in its statistics can be given back at
# once.
VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
VERSION_2 = ("memory.max", "memory.current", "inactive_file")


def free_memory(device: torch.device) -> int | None:
    """Bytes that a training may still take, None if that cannot be told."""
    if device.type == "cuda" and not torch.cuda.is_available():
        return None
    if device.type == "cuda":
        # By torch, for whoever comes next.
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    return min([psutil.virtual_memory().available, *_left_by_cgroups(), *_left_by_ulimits()])


def _left_by_cgroups() -> Iterator[int]:
    """Bytes that each control group of this process leaves, and each of their parents."""
    try:
        lines = OWN_CGROUPS.read_text().splitlines()
    except OSError:
        return
    for line in lines:  # 0::/some/group, and of version 1 also 4:memory:/some/group
        _, controllers, own = line.split(":", 2)
        if controllers == "":
            yield from _left_up_to(CGROUPS, own, VERSION_2)
        elif "memory" in controllers.split(","):
            yield from _left_up_to(CGROUPS / "memory", own, VERSION_1)


def _left_up_to(root: Path, own: str, files: tuple[str, str, str]) -> Iterator[int]:
    # In a container it may be named as outside, where only its parents' names are right.
    group = root / own.strip("/")
    for each in (group, *group.parents):
        if (left := _left_in(each, *files)) is not None:
            yield left
        if each == root:
            return


def _left_in(group: Path, limit_file: str, used_file: str, reclaimable: str) -> int | None:
    """Bytes that a control group leaves, None if it has no limit."""
    try:
        limit, used = (group / limit_file).read_text().strip(), int((group / used_file).read_text())
        statistics = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return (
            None
            if limit == "max"
            else max(0, int(limit) - used + int(statistics.get(reclaimable, 0)))
        )
    except (OSError, ValueError):
        return None


def _left_by_ulimits() -> Iterator[int]:
    """Bytes that `ulimit -v` and `ulimit -d` leave, on systems that have them."""
    if sys.platform == "win32":
        return
    import resource

    used = psutil.Process().memory_info()
    for limit, taken in (
        (resource.RLIMIT_AS, used.vms),
        (resource.RLIMIT_DATA, getattr(used, "data", 0)),
    ):
        allowed = resource.getrlimit(limit)[0]
        if allowed != resource.RLIM_INFINITY:
            yield max(0, allowed - taken)
