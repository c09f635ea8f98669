"""The network and its training are of use where no screen is: on a server without streamlit."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

WITHOUT_SCREENS = """
import sys
for name in ("streamlit", "altair"):
    sys.modules[name] = None  # importing it raises ImportError, as where it is not installed
import explorer.compare, explorer.exports, explorer.imports, explorer.insight, explorer.network, explorer.training, explorer.runs.manager, explorer.shell
assert "torchvision" not in sys.modules, "it takes a second to import, and is not needed for the built-in digits"
import pkgutil, importlib
for package in (explorer.compare, explorer.exports, explorer.imports, explorer.insight, explorer.network, explorer.runs, explorer.shell, explorer.training):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
import explorer.__main__
try:
    import streamlit
except ImportError:
    print("done without streamlit")
"""


@pytest.mark.slow
def test_network_training_and_the_command_line_import_without_streamlit():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SCREENS],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.stdout == "done without streamlit\n", done.stderr
