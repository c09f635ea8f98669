"""Where a network is trained: the choice of device, and what it is called."""

import os
import platform
import time
from functools import cache
from pathlib import Path

import torch
from torch import nn

# Images tested at a time; on a CPU more only thrash its caches.
TEST_BATCH = {"cpu": 500, "cuda": 5000, "mps": 1000}


class DeviceError(ValueError):
    """A device that this machine does not have; the message lists those it has."""


def available_devices() -> dict[str, str]:
    """The devices of this machine, fastest first: {"cuda": "NVIDIA H200", "cpu": "…, 2 cores"}."""
    devices = {}
    if torch.cuda.is_available():
        devices["cuda"] = torch.cuda.get_device_name()
    if torch.backends.mps.is_available():
        devices["mps"] = "Apple GPU"
    devices["cpu"] = f"{_processor()}, {torch.get_num_threads()} of {os.cpu_count()} cores"
    return devices


def choose_device(name: str) -> torch.device:
    """The device of a recipe: "auto" is the fastest here. Raises DeviceError."""
    devices = list(available_devices())
    if name == "auto":
        return torch.device(devices[0])
    if name not in devices:
        raise DeviceError(f"this machine has no {name}; choose auto or {' or '.join(devices)}")
    return torch.device(name)


def training_slots() -> int:
    """How many runs this machine trains at the same time: one a GPU, and one where it has none."""
    return max(1, _gpus())


def use_gpu(slot: int) -> None:
    """From here on "cuda" is this slot's GPU in the calling thread; nothing where the machine has no such GPU."""
    if slot < _gpus():
        torch.cuda.set_device(slot)


def _gpus() -> int:
    """Those that torch can use: it counts them, too, where the driver is too old for it."""
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def describe_device(device: torch.device) -> str:
    """The device as the screen shows it: "cuda: NVIDIA H200"."""
    return f"{device.type}: {available_devices()[device.type]}"


PROBE_STEPS = 12
WORTH_IT = 0.85  # of the time in fp32: what gains less is not worth the digits, nor an answer that another start may change


@cache
def bf16_is_faster(kind: str) -> bool:
    """Whether a convolution, there and back, takes less time in bf16 than in fp32 on this machine. Measured once a process:
    processors without instructions for bf16 do it too, several times as slowly.

    Not measured on a CUDA GPU, which either has units for bf16 or not: there launching one convolution takes longer than
    computing it, and a recorded step saves just that.
    """
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    device = torch.device(kind)
    generator = torch.Generator().manual_seed(0)
    layer = nn.Conv2d(16, 16, 3, device="meta").to_empty(device=device).to(memory_format=torch.channels_last)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=generator))
    images = torch.rand(64, 16, 28, 28, generator=generator).to(device).contiguous(memory_format=torch.channels_last)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for step in range(2 * PROBE_STEPS + 2):
        bf16 = step % 2 == 0
        began = time.perf_counter()
        with torch.autocast(kind, torch.bfloat16, enabled=bf16):
            result = layer(images)
        result.sum().backward()
        assert layer.weight.grad is not None
        layer.weight.grad.max().item()  # waits for the device
        seconds[bf16].append(time.perf_counter() - began)
    return min(seconds[True][1:]) < WORTH_IT * min(seconds[False][1:])  # the first of each also prepares itself


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine() or "processor"
