"""What a command of the shell imports, and what that costs: those that compute nothing do without
torch.
"""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from explorer.__main__ import COMMANDS
from tests.benchmarks.commands import ROOT, Cost, fill_home, measure
from tests.cpu import least_of, slowness

COMPUTING = {"torch", "torchinfo", "torchvision", "numpy", "pandas", "sklearn", "scipy", "onnx"}
# torch imports its compiler with the first tensor on the meta device and with the first optimiser,
# so that every command that computes may have it.
COMPILER = {"torch._dynamo", "torch._inductor"}
SCREENS = {"streamlit", "altair", "pandas", "vl_convert"}
# Each is needed by one command at most.
SLOW = {"torchvision", "sklearn", "pandas", "onnx", "tensorboardX"}
LISTING = COMPUTING | COMPILER | SCREENS | {"tensorboardX", "safetensors.torch"}

# Each command, and what it must not import.
UNNEEDED: dict[tuple[str, ...], set[str]] = {
    ("--help",): LISTING | {"pydantic", "sqlite3"},
    ("runs", "--help"): LISTING,
    ("runs",): LISTING,
    ("runs", "--json"): LISTING,
    ("backup", "BACKUP"): LISTING,
    ("presets",): SCREENS | SLOW,
    ("analyze", "gap-17k"): SCREENS | SLOW,
    ("receptive-field", "gap-17k", "--layer", "3", "--unit", "0,0"): SCREENS | SLOW,
    ("export", "gap-17k", "--format", "python"): SCREENS | SLOW,
    ("export", "gap-17k", "--format", "notebook"): SCREENS | SLOW,
    ("export", "gap-17k", "--format", "summary"): SCREENS | SLOW,
    ("export", "gap-17k", "--format", "onnx"): (SCREENS | SLOW) - {"onnx"},
    ("train", "bias-free-12k", "--epochs", "1", "--device", "cpu"): (SCREENS | SLOW)
    - {"sklearn", "pandas"},  # the built-in digits
}
CPU_SECONDS, PEAK_BYTES = 0.6, 120e6  # of a command that computes nothing


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder with as many runs as a class leaves."""
    folder = tmp_path_factory.mktemp("home")
    fill_home(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", UNNEEDED, ids=" ".join)
def test_a_command_imports_what_it_needs(command, home, tmp_path):
    cost = measure(
        [argument.replace("BACKUP", str(tmp_path / "backup")) for argument in command], home
    )
    assert cost.status == 0
    assert not sorted(cost.modules & UNNEEDED[command])


def test_every_command_has_a_module():
    for command in COMMANDS.values():
        module = import_module(f"explorer.shell.{command.module}")
        assert callable(module.run)
        assert callable(module.add_arguments)
    modules = {path.stem for path in (ROOT / "explorer" / "shell").glob("*.py")}
    shared = {"__init__", "architectures", "image_names", "output_files", "training"}
    assert modules - shared == {command.module for command in COMMANDS.values()}


@pytest.mark.parametrize("command", [["--help"], ["runs"]], ids=" ".join)
def test_what_computes_nothing_costs_little(command, home):
    costs: list[Cost] = []

    def seconds() -> float:
        costs.append(measure(command, home))
        return costs[-1].cpu_seconds / slowness()

    assert least_of(seconds, CPU_SECONDS) < CPU_SECONDS
    assert max(cost.peak_bytes for cost in costs) < PEAK_BYTES


SCREEN = "import json, sys; import explorer.ui.main; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.slow
def test_the_pages_import_no_compiler_and_no_data_sets():
    done = subprocess.run(
        [sys.executable, "-c", SCREEN], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(json.loads(done.stdout))
    assert modules >= {"torch", "streamlit"}
    assert not modules & (COMPILER | {"torchvision", "sklearn", "onnx"})


SERVER = """
import asyncio, json, sys
import app

async def visit():
    async with app.lifespan(app.app):
        from explorer.network.analysis import analyze
        from explorer.presets import load_presets

        before = set(sys.modules)
        for preset in load_presets().values():
            analyze(preset.architecture)
        print(json.dumps(sorted(set(sys.modules) - before)))

asyncio.run(visit())
"""


@pytest.mark.slow
def test_the_first_visitor_waits_for_no_import(tmp_path):
    """A server that has started has imported all that an analysis needs."""
    environment = {**os.environ, "EXPLORER_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", SERVER],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [], done.stderr
