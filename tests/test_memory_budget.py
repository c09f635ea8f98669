"""Every cache of the explorer has a bound and a line in the one budget."""

import ast
import gc
import importlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import explorer
from explorer.compare.structure import effect_of_changes
from explorer.exports.source.plan import source_plan
from explorer.memory_budget import CACHES, FEW, MOST_BYTES
from explorer.network.analysis import _analyses, analyze
from explorer.network.difference import difference
from explorer.network.spec import MAX_LAYERS, Architecture, Conv2d, ReLU
from explorer.presets import load_presets
from explorer.training.dataset_files import Dataset, Split
from explorer.training.dataset_lookup import find_dataset
from explorer.training.own_images.names import MOST_SIDE
from explorer.ui import test_images
from explorer.ui.charts import compare_charts as charts

ROOT = Path(explorer.__file__).parent
UNBOUNDED = None


def decorated() -> Iterator[tuple[str, int | None]]:
    """Each function with a cache, by its module and name, and the cache's bound."""
    for path in sorted(ROOT.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    call = decorator.func if isinstance(decorator, ast.Call) else decorator
                    name = call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")
                    if name in ("cache", "lru_cache"):
                        function = getattr(importlib.import_module(f"explorer.{module}"), node.name)
                        yield f"{module}.{node.name}", function.cache_info().maxsize


def by_size() -> Iterator[str]:
    """Each mapping that forgets, by its module and name."""
    for path in sorted(ROOT.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(
                node.value, ast.Call
            ):
                continue
            if getattr(node.value.func, "id", "") in ("FIFOCache", "LRUCache", "RRCache"):
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                owner = [
                    each.name
                    for each in ast.walk(tree)
                    if isinstance(each, ast.ClassDef) and node in ast.walk(each)
                ]
                yield ".".join([module, *owner, getattr(target, "attr", getattr(target, "id", ""))])


def test_every_cache_of_the_code_is_in_the_table_with_its_bound_and_no_other():
    found = dict(decorated())
    assert {name: bound for name, bound in found.items() if bound is not UNBOUNDED} == {
        name: cache.entries for name, cache in CACHES.items() if name in found
    }
    assert {name for name, bound in found.items() if bound is UNBOUNDED} == set(FEW)
    assert set(CACHES) == (set(found) - set(FEW)) | set(by_size())


def test_an_unbounded_cache_takes_no_text_and_no_numbers_of_visitors():
    """What may stay unbounded is named with its reason; functions of text, frozen models and
    domains never are.
    """
    for name in FEW:
        module, function = name.rsplit(".", 1)
        wrapped = getattr(importlib.import_module(f"explorer.{module}"), function)
        assert wrapped.cache_info().maxsize is UNBOUNDED
    assert not [name for name in FEW if "compare" in name or "charts" in name]


def test_all_together_stay_within_the_budget():
    assert sum(cache.most_bytes for cache in CACHES.values()) <= MOST_BYTES


# --- are the bytes of an entry right? -------------------------------------------------------------


def size(*objects: object) -> int:
    """Bytes of these objects and all that they hold."""
    seen: set[int] = set()
    left, total = list(objects), 0
    while left:
        each = left.pop()
        code = (
            type,
            types.ModuleType,
            types.FunctionType,
            types.MethodType,
            types.BuiltinFunctionType,
        )
        if id(each) not in seen and not isinstance(each, code):
            seen.add(id(each))
            total += sys.getsizeof(each)
            left += gc.get_referents(each)
    return total


def longest(channels: int) -> Architecture:
    layers = [
        layer
        for place in range(MAX_LAYERS // 2)
        for layer in (Conv2d(out_channels=channels + place % 7, kernel_size=3, padding=1), ReLU())
    ]
    return Architecture(name="n" * 120, layers=tuple(layers))


NAMES = tuple(f"{place}{'n' * 119}" for place in range(6))
STYLES = tuple(
    charts.Style(f"{place}{'n' * 160}", "#0072B2", "triangle-down", (9, 3)) for place in range(60)
)


@pytest.mark.parametrize("id", ["gap-17k", "resnet-18", "densenet-121", None])
def test_an_analysis_is_no_larger_than_it_is_counted(id):
    network = load_presets()[id].architecture if id else longest(2)
    analysis = analyze(network)
    assert size(analysis, network) <= _analyses.getsizeof(analysis)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        (
            "network.difference.difference",
            lambda: (difference(longest(2), longest(3)), longest(2), longest(3)),
        ),
        (
            "compare.structure.effect_of_changes",
            lambda: (effect_of_changes(longest(2), longest(3)), longest(2), longest(3)),
        ),
        ("exports.source.plan.source_plan", lambda: (source_plan(longest(2), "Net"), longest(2))),
        ("ui.charts.compare_charts.depth_chart", lambda: (charts.depth_chart(NAMES), NAMES)),
        (
            "ui.charts.compare_charts.measure_chart",
            lambda: (charts.measure_chart(NAMES, "parameters"), NAMES),
        ),
        (
            "ui.charts.compare_charts.trade_off_chart",
            lambda: (charts.trade_off_chart(NAMES, "parameters"), NAMES),
        ),
        (
            "ui.charts.compare_charts.learning_chart",
            lambda: (
                charts.learning_chart(STYLES, "test accuracy", "epochs", (99.0, 100.0)),
                STYLES,
            ),
        ),
    ],
)
def test_the_largest_entry_is_no_larger_than_the_table_says(name, make):
    assert size(*make()) <= CACHES[name].entry_bytes


def test_a_picture_of_the_largest_own_image_is_no_larger_than_the_table_says(monkeypatch):
    """Of noise, which no PNG makes smaller."""
    draw = torch.Generator().manual_seed(0)
    shape = (1, 3, MOST_SIDE, MOST_SIDE)
    noise = torch.randint(256, shape, generator=draw, dtype=torch.uint8)
    split = Split(noise, torch.zeros(1, dtype=torch.int64))
    name = f"own-aaaaaaaa-100-3x{MOST_SIDE}x{MOST_SIDE}"
    dataset = Dataset(name, find_dataset(name), split, split)
    monkeypatch.setattr(test_images, "load_present_dataset", lambda _: dataset)
    address = test_images.picture_address.__wrapped__(name, 0)
    assert size(address, name) <= CACHES["ui.test_images.picture_address"].entry_bytes
