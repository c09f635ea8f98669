"""What is installed: pyproject.toml lists what we use, and the two locks hold all that it brings
along.
"""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TO_RUN = PROJECT["project"]["dependencies"]
TO_TEST = PROJECT["dependency-groups"]["test"]
LOCKS = {"requirements.txt": TO_RUN, "tests/requirements.txt": [*TO_RUN, *TO_TEST]}
SHA256 = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def locked(path: str) -> list[tuple[Requirement, str]]:
    """Each requirement of a lock, and what stands after it up to the next."""
    text = (ROOT / path).read_text("utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.partition(" --") for line in text.splitlines()]
    return [(Requirement(name), dash + rest) for name, dash, rest in lines]


@pytest.mark.parametrize("path", LOCKS)
def test_every_requirement_of_a_lock_is_one_version_with_hashes(path):
    requirements = locked(path)
    assert requirements
    for requirement, hashes in requirements:
        assert [each.operator for each in requirement.specifier] == ["=="], requirement
        assert hashes.split(), f"{requirement.name} has no hash"
        assert all(map(SHA256.fullmatch, hashes.split())), requirement


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_has_what_we_use_at_exactly_that_version(path):
    versions: dict[str, set[str]] = {}
    for requirement, _ in locked(path):
        if requirement.marker is None:
            versions.setdefault(canonicalize_name(requirement.name), set()).add(
                str(requirement.specifier)
            )
    for direct in map(Requirement, LOCKS[path]):
        found = versions.get(canonicalize_name(direct.name))
        assert found == {str(direct.specifier)}, (
            f"{direct} in {path}: {found}; pyproject.toml says how to make it anew"
        )


def test_what_is_tested_is_what_runs():
    tested = {
        (str(requirement), hashes) for requirement, hashes in locked("tests/requirements.txt")
    }
    assert {
        (str(requirement), hashes) for requirement, hashes in locked("requirements.txt")
    } <= tested


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_names_no_host(path):
    assert not re.search(
        r"://|--\S*(?:index|find-links|trusted-host)", (ROOT / path).read_text("utf-8")
    )


def test_we_list_what_we_import_and_nothing_else():
    ours = [path for path in (ROOT / "explorer").rglob("*.py") if "templates" not in path.parts]
    # A template's code runs elsewhere.
    imported = set().union(*map(imports, [ROOT / "app.py", *ours]))
    others = imported - sys.stdlib_module_names - {"explorer"}
    brought_by = packages_distributions()
    listed = {canonicalize_name(Requirement(direct).name) for direct in TO_RUN}
    used = {name: set(map(canonicalize_name, brought_by[name])) & listed for name in others}
    assert not [name for name, by in used.items() if not by], "imported but not in pyproject.toml"
    assert set().union(*used.values()) == listed, "in pyproject.toml but never imported"


def imports(path: Path) -> set[str]:
    """The names at the top of all that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found
