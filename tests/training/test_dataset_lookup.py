"""Data sets by the names that recipes give them."""

import re
from pathlib import Path

import pytest

import explorer
from explorer.training.dataset_lookup import find_dataset, is_dataset_name
from explorer.training.datasets import DATASETS
from explorer.training.problems import find_problem
from tests.tiny import linear, network

SOURCES = [
    path
    for path in sorted(Path(explorer.__file__).parent.rglob("*.py"))
    # A table of grade.py's own, and torchvision's names in pasted code.
    if path.parts[-2:] not in (("templates", "grade.py"), ("source", "image.py"))
]


@pytest.mark.parametrize("name", DATASETS)
def test_those_that_everybody_has(name: str) -> None:
    assert find_dataset(name) is DATASETS[name]
    assert is_dataset_name(name)


@pytest.mark.parametrize("name", ["", "imagenet", "own-", "../mnist"])
def test_what_is_none(name: str) -> None:
    assert not is_dataset_name(name)
    with pytest.raises(KeyError):
        find_dataset(name)


def test_nothing_looks_into_the_table_where_a_recipe_may_name_own_images() -> None:
    looking = [
        f"{path.name}: {found[0]}"
        for path in SOURCES
        for found in re.finditer(r"\bDATASETS\[[^\]]*\]", path.read_text(encoding="utf-8"))
    ]
    assert looking == []


@pytest.mark.parametrize("name", DATASETS)
def test_a_network_comes_to_one_output_for_each_class(name: str) -> None:
    """However many there are: 10, 47 or 100."""
    kind = find_dataset(name)
    wrong = network("Flatten", linear(7), shape=kind.input_shape)
    problem = find_problem(wrong, kind)
    assert problem is not None
    assert f"needs {len(kind.classes)} outputs, one per class" in problem.message
    assert problem.fixed is not None
    assert find_problem(problem.fixed, kind) is None
