"""What the palette adds in one step fits wherever a map is, and is what its name says."""

import json
from functools import cache
from typing import Any

import pytest

from explorer.network.analysis import Analysis, analyze
from explorer.network.spec import MAX_CHANNELS, Architecture, Branches, Nodes
from explorer.presets import load_presets
from explorer.ui.components.stack_editor import component as stack_editor
from explorer.ui.components.stack_editor import parse_draft
from tests.ui.javascript import evaluate

CLASSES = 7
NAMES: list[str] = evaluate(stack_editor.FOLDER, stack_editor.CONSTANTS, "Object.keys(READY_MADE)")


@cache
def _made(asked: str) -> list[Any]:
    """Rows as the browser makes them, of a JSON list of name, channels and numbers; a number that
    is not given is the one that is offered.
    """
    return evaluate(
        stack_editor.FOLDER,
        stack_editor.CONSTANTS,
        f"{asked}.map(([name, channels, numbers]) => withUids(READY_MADE[name].make("
        "{...initialNumbers(READY_MADE[name], channels), ...numbers, channels, "
        f"classes: {CLASSES}}})))",
    )


def made(*asked: tuple[str, int, dict[str, int]]) -> list[Nodes]:
    drafts = [
        {"base": 0, "seq": 1, "stack": rows, "selected": None} for rows in _made(json.dumps(asked))
    ]
    return [parse_draft(draft).layers for draft in drafts]


def analysis_of(
    name: str, shape: tuple[int, int, int] = (16, 12, 9), **numbers: int
) -> tuple[Nodes, Analysis]:
    (nodes,) = made((name, shape[0], numbers))
    return nodes, analyze(Architecture(input_shape=shape, layers=nodes))


@cache
def shapes_of_maps() -> list[tuple[int, int, int]]:
    """Every shape of a map that comes somewhere in a preset."""
    shapes = set()
    for preset in load_presets().values():
        rows = analyze(preset.architecture).rows
        shapes |= {preset.architecture.input_shape, *(row.output_shape for row in rows)}
    return sorted(shape for shape in shapes if len(shape) == 3 and min(shape[1:]) >= 2)


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_wherever_a_map_is(name: str) -> None:
    shapes = shapes_of_maps()
    assert len(shapes) > 100
    for shape, nodes in zip(shapes, made(*((name, each[0], {}) for each in shapes)), strict=True):
        found = analyze(Architecture(input_shape=shape, layers=nodes))
        # Where the image is large, so many channels may be more than the limits allow.
        assert found.problem is None or "at most" in found.problem.message, found.problem


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("out", [16, 24])
@pytest.mark.parametrize("name", ["residual", "bottleneck", "inverted-residual"])
def test_a_skip_is_projected_where_the_shape_changes(name: str, out: int, stride: int) -> None:
    nodes, analysis = analysis_of(name, out=out, stride=stride)
    assert analysis.problem is None
    assert analysis.output_shape == (out, -(-12 // stride), -(-9 // stride))
    skips = [node.branches[1] for node in nodes if isinstance(node, Branches)]
    is_same = out == 16 and stride == 1
    if name == "inverted-residual":
        assert skips == ([()] if is_same else [])
    else:
        assert [len(skip) for skip in skips] == [0 if is_same else 2]


@pytest.mark.parametrize(
    ("name", "numbers", "output", "params"),
    [
        # 2 · 16 · 16 · 9 weights, and 2 · 2 · 16 of BatchNorm
        ("residual", {}, (16, 12, 9), 4_672),
        # 16 · 4 + 4 · 4 · 9 + 4 · 16, and 2 · (4 + 4 + 16)
        ("bottleneck", {}, (16, 12, 9), 320),
        # 16 · 64 + 64 · 9 + 64 · 16, and 2 · (64 + 64 + 16)
        ("inverted-residual", {}, (16, 12, 9), 2_912),
        # 16 · 9 + 16 · 16, and 2 · (16 + 16): without the widening
        ("inverted-residual", {"expansion": 1}, (16, 12, 9), 464),
        # 16 · (1 + 2 + 4 + 6) + 2 · 3 · 9 + 4 · 5 · 25, and 2 · (1 + 2 + 3 + 4 + 5 + 6)
        (
            "inception",
            {"one": 1, "reduce3": 2, "three": 3, "reduce5": 4, "five": 5, "pooled": 6},
            (15, 12, 9),
            804,
        ),
        # (16 + 20) · 4 · 9, and 2 · (16 + 20)
        ("dense", {"layers": 2, "growth": 4}, (24, 12, 9), 1_368),
        # 16 · 4 + 4 and 4 · 16 + 16
        ("squeeze-and-excitation", {}, (16, 12, 9), 148),
        ("squeeze-and-excitation", {"reduction": 64}, (16, 12, 9), 49),
    ],
)
def test_a_block_is_the_literatures(
    name: str, numbers: dict[str, int], output: tuple[int, ...], params: int
) -> None:
    _, analysis = analysis_of(name, **numbers)
    assert analysis.problem is None
    assert (analysis.output_shape, analysis.total_params) == (output, params)


def test_blocks_are_those_of_the_presets() -> None:
    """A residual block of 64 channels is ResNet-18's, a bottleneck of 256 ResNet-50's."""
    for preset, name, channels in (("resnet-18", "residual", 64), ("resnet-50", "bottleneck", 256)):
        (nodes,) = made((name, channels, {}))
        theirs = load_presets()[preset].architecture.layers
        same = [node for node in theirs if isinstance(node, Branches) and not node.branches[1]]
        assert nodes[0] == same[0].model_copy(update={"name": ""})


def test_the_pair_is_depthwise_and_the_head_has_a_value_a_class() -> None:
    (pair, head) = made(("depthwise-separable", 24, {}), ("gap-head", 24, {}))
    depthwise, mix = (layer.model_dump() for layer in pair)
    assert (depthwise["groups"], depthwise["out_channels"], mix["kernel_size"]) == (24, 24, 1)
    assert head[-1].model_dump()["out_features"] == CLASSES


@pytest.mark.parametrize("channels", [1, 25_088, MAX_CHANNELS])
@pytest.mark.parametrize("name", NAMES)
def test_no_number_that_it_takes_makes_a_layer_that_is_too_wide(name: str, channels: int) -> None:
    most: dict[str, int] = evaluate(
        stack_editor.FOLDER,
        stack_editor.CONSTANTS,
        f"Object.fromEntries(READY_MADE['{name}'].asks.map(({{name, max}}) => "
        f"[name, max({channels})]))",
    )
    offered, largest = made((name, channels, {}), (name, channels, most))
    assert offered
    assert largest


TOLD = [
    ("residual", {}, "The skip passes its input on as it is."),
    ("residual", {"stride": 2}, "The shape changes, so the skip is a 1×1 convolution."),
    ("inverted-residual", {"out": 8}, "The shape changes, so there is no skip."),
    ("inception", {}, "Together they give 40 channels."),
    ("dense", {}, "16 channels in, 40 out."),
    ("squeeze-and-excitation", {}, "16 channels, squeezed to 4."),
]


@pytest.mark.parametrize(("name", "numbers", "told"), TOLD)
def test_what_follows_from_the_numbers_is_told(
    name: str, numbers: dict[str, int], told: str
) -> None:
    found = evaluate(
        stack_editor.FOLDER,
        stack_editor.CONSTANTS,
        f"READY_MADE['{name}'].tell({{...initialNumbers(READY_MADE['{name}'], 16), "
        f"...{json.dumps(numbers)}, channels: 16, classes: 10}})",
    )
    assert found.startswith(told)
