"""The tests of the scripts themselves, in tests/javascript, which node runs: pip brings it
along.
"""

import json
import os
import re
from pathlib import Path

import pytest

from explorer.ui import main  # noqa: F401  # all components are published by what it imports
from explorer.ui.components.address import component as address
from explorer.ui.components.assets.files import module_text
from explorer.ui.components.cost_chart import component as cost_chart
from explorer.ui.components.draw_canvas import component as draw_canvas
from explorer.ui.components.field_view import component as field_view
from explorer.ui.components.layer_maps import component as layer_maps
from explorer.ui.components.navigation import pages as navigation
from explorer.ui.components.stack_editor import component as stack_editor
from tests.ui.javascript import run_node

FOLDER = Path(__file__).parents[2] / "javascript"
MAKERS = {
    "address": address,
    "cost_chart": cost_chart,
    "draw_canvas": draw_canvas,
    "field_view": field_view,
    "navigation": navigation,
    "stack_editor": stack_editor,
}


def made_by_python() -> dict[str, str]:
    """The modules of constants, by folder and file."""
    return {
        f"{folder}/{name}": module_text(constants)
        for folder, maker in MAKERS.items()
        for name, constants in maker.CONSTANTS.items()
    }


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.test.js")), ids=lambda path: path.name)
def test_node_finds_no_fault(path: Path):
    shared = {f"layer_maps/{each.name}": each.read_text() for each in layer_maps.SHARED}
    environment = {**os.environ, "MADE_BY_PYTHON": json.dumps(made_by_python() | shared)}
    hooks = (FOLDER / "made_by_python.js").as_uri()
    said = run_node(
        "--import", hooks, "--test", "--test-reporter=tap", str(path), environment=environment
    )
    assert int(re.search(r"^# pass (\d+)$", said, re.MULTILINE)[1]) > 0
    assert re.search(r"^# fail 0$", said, re.MULTILINE)


def test_what_python_makes_is_described_by_a_declaration_beside_the_scripts():
    components = Path(stack_editor.__file__).parents[1]
    for name, text in made_by_python().items():
        declared = (components / name).with_suffix(".d.ts").read_text()
        exported = re.findall(r"^export const (\w+)", text, re.MULTILINE)
        assert exported == re.findall(r"^export const (\w+):", declared, re.MULTILINE)
