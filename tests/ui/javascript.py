"""Runs the modules of a component: in node where there is one, else in Chromium, else the test is skipped."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from explorer.ui.components.assets.files import module_text

NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EVALUATE = """async (modules, expression) => {
  const all = Object.assign({}, ...(await Promise.all(modules.map((module) => import(module)))));
  delete all.default;
  return JSON.stringify(new Function(...Object.keys(all), `return (${expression});`)(...Object.values(all)));
}"""


def evaluate(folder: Path, modules: Mapping[str, Mapping[str, object]], expression: str) -> Any:
    """The value of an expression that knows all that the folder's modules export, as JSON has it.

    `modules` are the modules of constants beside them.
    """
    if not (NODE or CHROMIUM):
        pytest.skip("neither node nor Chromium is on the path, and nothing else here runs JavaScript")
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for script in folder.glob("*.js"):
            shutil.copy(script, copy)
        for name, constants in modules.items():
            (copy / name).write_text(module_text(constants))
        answer: Any = json.loads((_in_node if NODE else _in_chromium)(copy, expression))
    return answer


def _in_node(folder: Path, expression: str) -> str:
    (folder / "package.json").write_text('{"type": "module"}')
    scripts = [script.as_uri() for script in sorted(folder.glob("*.js"))]
    source = f"console.log(await ({EVALUATE})({json.dumps(scripts)}, {json.dumps(expression)}));"
    command = [str(NODE), "--input-type=module", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _in_chromium(folder: Path, expression: str) -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
        for script in folder.glob("*.js"):
            page.route(
                f"**/{script.name}", lambda route, script=script: route.fulfill(path=script, content_type="text/javascript")
            )
        page.goto("http://127.0.0.1/")
        scripts = [f"/{script.name}" for script in sorted(folder.glob("*.js"))]
        answer: str = page.evaluate(f"([modules, expression]) => ({EVALUATE})(modules, expression)", [scripts, expression])
        browser.close()
    return answer
