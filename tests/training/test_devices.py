"""The choice of device."""

from pathlib import Path

import pytest
import torch

from explorer.training import devices
from explorer.training.devices import DeviceError, available_devices, choose_device, describe_device, free_memory


@pytest.fixture
def only_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("only_a_processor")
def test_a_machine_without_a_gpu() -> None:
    assert list(available_devices()) == ["cpu"]
    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")
    assert describe_device(torch.device("cpu")).startswith("cpu: ")
    for name in ("cuda", "mps"):
        with pytest.raises(DeviceError, match=f"this machine has no {name}; choose auto or cpu"):
            choose_device(name)


@pytest.mark.usefixtures("only_a_processor")
def test_a_gpu_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    assert choose_device("auto") == torch.device("cuda")
    assert choose_device("cpu") == torch.device("cpu")
    assert describe_device(torch.device("cuda")) == "cuda: Some GPU"


def test_free_memory_is_what_is_left_of_the_tighter_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    cases = [(None, None, None), (5, None, 5), (None, 3, 3), (5, 3, 3), (2, 3, 2)]
    for system, container, expected in cases:
        monkeypatch.setattr(devices, "_system_memory", lambda value=system: value)
        monkeypatch.setattr(devices, "_container_memory", lambda value=container: value)
        assert free_memory(cpu) == expected


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="this system has no /proc/meminfo")
def test_free_memory_here() -> None:
    free = free_memory(torch.device("cpu"))
    assert free is not None
    assert 10_000_000 < free < 10**15
