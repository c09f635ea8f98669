"""`pip install .` gives a working `explorer` command, from any folder and without this one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRESETS = Path("explorer", "preset_files")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder into which a wheel made of this checkout was installed, alone and asking no
    network.
    """
    wheels, folder = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--isolated", "--quiet"]
    build = ["wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(wheels)]
    subprocess.run([*pip, *build, str(ROOT)], check=True, timeout=240)
    (wheel,) = wheels.glob("*.whl")
    install = ["install", "--no-deps", "--no-index", "--target", str(folder)]
    subprocess.run([*pip, *install, str(wheel)], check=True, timeout=240)
    return folder


def test_every_file_of_the_package_and_every_preset_is_installed(installed):
    def files(folder: Path) -> set[Path]:
        found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        return {path for path in found if "__pycache__" not in path.parts}

    ours = {Path("explorer") / path for path in files(ROOT / "explorer")}
    ours |= {PRESETS / path for path in files(ROOT / "presets")}
    there = {Path("explorer") / path for path in files(installed / "explorer")}
    assert there == ours
    assert {path.suffix for path in ours} >= {
        ".py",
        ".js",
        ".css",
        ".html",
        ".svg",
        ".json",
        ".csv",
    }


SHELL = {
    "presets": ["presets", "--json"],
    "analyze": ["analyze", "gap-17k", "--json"],
    "train": ["train", "gap-17k", "--dataset", "digits", "--epochs", "1", "--in-memory", "--json"],
}
OUR_RUNS = "from explorer.presets import FOLDER, measured; print(FOLDER, len(measured('gap-17k')))"


@pytest.mark.parametrize("way", ["module", "script"])
@pytest.mark.parametrize("command", SHELL)
def test_the_command_works_from_another_folder(installed, tmp_path, command, way):
    if way == "module":
        program = [sys.executable, "-m", "explorer"]
    else:
        (script,) = (installed / ("Scripts" if os.name == "nt" else "bin")).glob("explorer*")
        program = [str(script)]
    last = json.loads(run_alone([*program, *SHELL[command]], installed, tmp_path).splitlines()[-1])
    if command == "presets":
        assert [preset["id"] for preset in last] == [path.stem for path in by_order()]
    elif command == "analyze":
        assert (last["problem"], last["total_params"] > 10_000) == (None, True)
    else:
        assert last["kind"] == "finished"


def test_our_runs_of_the_presets_are_found(installed, tmp_path):
    found = run_alone([sys.executable, "-c", OUR_RUNS], installed, tmp_path)
    runs = len(list((ROOT / "presets" / "results").glob("gap-17k_*.csv")))
    assert found.split() == [str(installed / PRESETS), str(runs)]


def by_order() -> list[Path]:
    presets = (ROOT / "presets").glob("*.json")
    return sorted(presets, key=lambda path: json.loads(path.read_text("utf-8"))["order"])


def run_alone(command: list[str], installed: Path, folder: Path) -> str:
    """What it prints, run in `folder` with nothing of this checkout on the path."""
    paths = {"PYTHONPATH": str(installed), "EXPLORER_HOME": str(folder / "home")}
    environment = {**os.environ, **paths}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
