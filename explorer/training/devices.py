"""Where a network is trained: the choice of device, and what it is called."""

import os
import platform
from pathlib import Path

import torch

from explorer.refusal import Refusal

# Images tested at a time; on a CPU more only thrash its caches.
TEST_BATCH = {"cpu": 500, "cuda": 5000, "mps": 1000}


class DeviceError(Refusal, ValueError):
    """This machine lacks the device; the message lists those that it has."""


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
    """How many runs this machine trains at the same time: one for each GPU, one without any."""
    return max(1, _gpus())


def use_gpu(slot: int) -> None:
    """Make "cuda" mean this slot's GPU in the calling thread. Does nothing without such a GPU."""
    if slot < _gpus():
        torch.cuda.set_device(slot)


def _gpus() -> int:
    """The number of GPUs that torch can use. It also counts those whose driver is too old."""
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def describe_device(device: torch.device) -> str:
    """The device as the screen shows it: "cuda: NVIDIA H200"."""
    return f"{device.type}: {available_devices()[device.type]}"


# A processor's units for it; without one bf16 is several times as slow as fp32.
FAST_BF16 = ("amx_bf16", "avx512_bf16")


def has_fast_bf16(kind: str) -> bool:
    """Whether the device has units for bf16, which make it faster.

    A property of the device, not measured, so that the same recipe trains in the same precision
    however busy the machine is.
    """
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if kind == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name, False) for name in FAST_BF16)
    return False  # an Apple GPU gains little


# What oneDNN's convolutions in bf16 need of an x86 processor.
CONVOLVES_BF16 = ("avx512_bw", "avx512_vl", "avx512_dq")


def convolves_bf16() -> bool:
    """Whether oneDNN convolves in bf16 on this processor; where it does not, torch's own does."""
    capabilities = torch.cpu.get_capabilities()
    return all(capabilities.get(name, False) for name in CONVOLVES_BF16)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine() or "processor"
