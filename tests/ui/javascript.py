"""Runs a component's own JavaScript: in node where there is one, else in Chromium, else the test is skipped."""

import json
import shutil
import subprocess
from typing import Any

import pytest

NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def evaluate(script: str, expression: str) -> Any:
    """The value of an expression that knows all that the script defines, as JSON has it."""
    plain = script.replace("export default function", "globalThis.component = function")
    program = f"{plain}\n;globalThis.answer = JSON.stringify({expression});"
    if NODE:
        return json.loads(_in_node(program))
    if CHROMIUM:
        return json.loads(_in_chromium(program))
    pytest.skip("neither node nor Chromium is on the path, and nothing else here runs JavaScript")


def _in_node(program: str) -> str:
    command = [str(NODE), "--input-type=module", "-"]
    source = f"{program}\nconsole.log(globalThis.answer);"
    done = subprocess.run(command, input=source, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _in_chromium(program: str) -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        page = browser.new_page()
        page.add_script_tag(content=f"(() => {{ {program} }})();")
        answer: str = page.evaluate("globalThis.answer")
        browser.close()
    return answer
