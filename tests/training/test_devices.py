"""The choice of device."""

import pytest
import torch

from explorer.training.devices import (
    DeviceError,
    available_devices,
    choose_device,
    describe_device,
    has_fast_bf16,
    training_slots,
    use_gpu,
)


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


def gpus(patch: pytest.MonkeyPatch, counted: int, usable: bool) -> None:
    patch.setattr(torch.cuda, "device_count", lambda: counted)
    patch.setattr(torch.cuda, "is_available", lambda: usable)


@pytest.mark.parametrize(
    ("counted", "usable", "slots"),
    [(0, False, 1), (1, True, 1), (4, True, 4), (4, False, 1)],
    ids=str,
)  # the last has a driver too old for torch
def test_one_run_a_gpu_and_one_without(
    counted: int, usable: bool, slots: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(monkeypatch, counted, usable)
    assert training_slots() == slots


def test_a_slot_takes_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    gpus(monkeypatch, 2, usable=True)
    for slot in (1, 0, 2):
        use_gpu(slot)
    assert taken == [1, 0]
    for counted in (0, 1):
        gpus(monkeypatch, counted, usable=False)
        use_gpu(0)
    assert taken == [1, 0]


@pytest.mark.parametrize("has", [True, False])
def test_bf16_on_a_gpu_is_asked_for_not_measured(
    has: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation: has and not including_emulation
    )
    assert has_fast_bf16("cuda") is has


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"amx_bf16": True, "avx512_bf16": True}, True),
        ({"amx_bf16": False, "avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"avx512_f": True, "amx_int8": True}, False),
        ({}, False),
    ],
    ids=str,
)
def test_bf16_on_a_processor_follows_from_what_it_has_and_no_clock(
    capabilities: dict[str, bool], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    monkeypatch.setattr("time.perf_counter", lambda: pytest.fail("looks at a clock"))
    assert has_fast_bf16("cpu") is expected
    assert has_fast_bf16("mps") is False
