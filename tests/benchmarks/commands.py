"""What commands of the shell cost: CPU seconds and memory, for this checkout and for others beside
it.

    python -m tests.benchmarks.commands [OTHER …]

Each OTHER is the folder of another checkout, such as one that `git worktree add OTHER COMMIT` made.
Both run under this Python. A round runs every command once in each checkout, one after the other,
so that a busy moment of the machine meets all of them; the tables show the median and the range.
"""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (["--help"], ["runs"], ["presets"], ["analyze", "gap-17k"])
RUNS = 100  # that `runs` lists

# Runs one command as `python -m explorer` does, and tells the parent afterwards what it took. The
# peak is Linux's VmHWM where there is one: ru_maxrss begins with what the parent had taken.
PROGRAM = """
import json, os, runpy, sys, time
report = os.environ["COMMAND_REPORT"]
try:
    runpy.run_module("explorer", run_name="__main__", alter_sys=True)
except SystemExit as ended:
    status = ended.code or 0
sys.stdout.flush()
try:
    lines = open("/proc/self/status").read().splitlines()
    peak = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
except OSError:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
found = {"status": status, "cpu_seconds": time.process_time(), "peak_bytes": peak, "modules": sorted(sys.modules)}
with open(report, "w") as file:
    json.dump(found, file)
"""


@dataclass(frozen=True)
class Cost:
    """What one command took, from the interpreter's start to the end of the command."""

    status: int
    cpu_seconds: float
    peak_bytes: int
    modules: frozenset[str]  # that were imported


def measure(command: Sequence[str], home: Path, checkout: Path = ROOT) -> Cost:
    """Run `python -m explorer COMMAND` of a checkout, in a process of its own with its runs in
    `home`.
    """
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        environment = {**os.environ, "COMMAND_REPORT": str(report), "EXPLORER_HOME": str(home)}
        environment["PYTHONPATH"] = str(checkout)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *command],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if not report.exists():
            raise RuntimeError(
                f"{' '.join(command)} in {checkout} ended without a word: {done.stderr}"
            )
        found = json.loads(report.read_text())
    return Cost(**{**found, "modules": frozenset(found["modules"])})


def fill_home(home: Path, runs: int = RUNS) -> None:
    """A folder of runs, each with five epochs, that every checkout can read."""
    from explorer.presets import load_presets
    from explorer.runs.new_run import new_run
    from explorer.runs.run import Status
    from explorer.runs.store import Store
    from explorer.training.event import Event

    store, presets = Store(home), list(load_presets().values())
    for number in range(runs):
        preset = presets[number % len(presets)]
        claim = store.begin(new_run(preset.architecture, preset.recipe, name=f"run {number}"))
        figures = {
            "train_loss": 0.1,
            "train_accuracy": 0.97,
            "test_loss": 0.1,
            "test_accuracy": 0.97,
            "seconds": 1.0,
        }
        events = [
            Event(kind="epoch", epoch=epoch, step=100 * epoch, metrics=figures)
            for epoch in range(1, 6)
        ]
        store.append(claim.run.id, 0, events)
        store.end(claim.run.id, Status.STOPPED)
        claim.lock.release()
    store.close()


def main() -> None:
    from tests.benchmarks.machine import describe

    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "others", nargs="*", type=Path, metavar="OTHER", help="the folder of another checkout"
    )
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    checkouts = {_name_of(path): path.resolve() for path in (ROOT, *options.others)}
    costs: dict[tuple[str, str], list[Cost]] = {}
    with TemporaryDirectory() as home:
        fill_home(Path(home))
        for _ in range(options.rounds):
            for command in COMMANDS:
                for name, checkout in checkouts.items():
                    costs.setdefault((" ".join(command), name), []).append(
                        measure(command, Path(home), checkout)
                    )
    print(f"{describe('torch')}; {options.rounds} rounds; {RUNS} runs to list\n")
    print("| command | build | CPU seconds | memory, MB | torch imported |\n|---|---|---|---|---|")
    for (command, name), found in costs.items():
        seconds = [cost.cpu_seconds for cost in found]
        peak = median(cost.peak_bytes for cost in found) / 1e6
        spread = f"{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"
        imported = "yes" if any("torch" in cost.modules for cost in found) else "no"
        print(f"| `{command}` | {name} | {spread} | {peak:.0f} | {imported} |")


def _name_of(checkout: Path) -> str:
    """The commit that a checkout is at."""
    git = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
