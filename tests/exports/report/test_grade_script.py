"""grade.py counts of a network what the explorer does, and judges as it does: its functions,
without a training.
"""

import importlib.util
import sys
from types import ModuleType

import pytest
import torch
from hypothesis import given, settings

from explorer.assignment.assignment import Assignment, Part, to_data
from explorer.assignment.clauses import SIGNS, clauses, verdict
from explorer.assignment.results import Result
from explorer.exports.code_template import FOLDER
from explorer.network.analysis import analyze
from explorer.network.architecture_json import to_data as architecture_to_data
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    Architecture,
    AvgPool2d,
    Branches,
    Conv2d,
    Dropout,
    Identity,
    Linear,
    MaxPool2d,
    count_layers,
)
from explorer.presets import load_presets
from explorer.training.datasets import DATASETS
from explorer.training.initialisation import trainable
from explorer.training.recipe import Recipe
from explorer.training.recipe import to_data as recipe_to_data
from tests.exports.exported import exported_class, network_and_images, renamed
from tests.exports.report.conftest import BLOCKS, SMALL
from tests.network.stacks import architectures, branching

PRESETS = {id: preset.architecture for id, preset in load_presets().items()}
IDLE = Architecture(  # of layers that do nothing, which count for nothing
    layers=(
        Branches(merge="add", branches=((), ())),
        Branches(merge="concat", branches=((), ())),
        Branches(merge="add", branches=((Identity(), Dropout(p=0)), ())),
        Branches(merge="add", branches=((MaxPool2d(kernel_size=(1, 1), stride=1),), ())),
        Dropout(p=0),
        Conv2d(out_channels=4, kernel_size=(3, 1), dilation=(1, 3)),
        MaxPool2d(kernel_size=1),
        AvgPool2d(kernel_size=1),
        AdaptiveMaxPool2d(output_size=(26, 28)),
        AdaptiveAvgPool2d(output_size=(26, 28)),
        Conv2d(out_channels=4, kernel_size=(26, 28)),
        AdaptiveAvgPool2d(output_size=1),
    )
)
NETWORKS = PRESETS | {"blocks": BLOCKS, "small": SMALL, "idle": IDLE}
SMALL_NETWORKS = [
    "blocks",
    "small",
    "gap-17k",
    "strided-20k",
    "lenet-5",
    "mini-densenet",
    "mini-inception",
    "mini-mobilenet",
    "mini-resnet",
    "mini-senet",
]


def loaded() -> ModuleType:
    """The template as a module; what it takes of model.py it imports only to measure."""
    spec = importlib.util.spec_from_file_location("grade_template", FOLDER / "grade.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its types look up their annotations
    spec.loader.exec_module(module)
    return module


GRADE = loaded()


def assert_counts_alike(architecture: Architecture) -> None:
    analysis = analyze(architecture)
    rows = GRADE.rows_of(architecture_to_data(architecture))
    assert [row.output for row in rows] == [row.output_shape for row in analysis.rows]
    assert [tuple(map(GRADE.size, row.sides)) for row in rows] == [
        row.receptive_field for row in analysis.rows
    ]
    assert [GRADE.count_mult_adds([row]) for row in rows] == [
        row.mult_adds for row in analysis.rows
    ]
    params = [
        sum(each.numel() for each in row.module.parameters()) if row.module else 0 for row in rows
    ]
    assert params == [row.params for row in analysis.rows]
    assert GRADE.count_layers(rows) == count_layers(architecture.layers)
    assert GRADE.receptive_field(rows) == analysis.receptive_field


@pytest.mark.parametrize("name", NETWORKS)
def test_it_counts_of_each_preset_what_the_explorer_does(name):
    assert_counts_alike(NETWORKS[name])


@settings(max_examples=150, deadline=None)
@given(architectures())
def test_it_counts_of_any_stack_what_the_explorer_does(architecture):
    if analyze(architecture).problem is None:
        assert_counts_alike(architecture)


@settings(max_examples=100, deadline=None)
@given(branching())
def test_it_counts_of_any_blocks_what_the_explorer_does(architecture):
    if analyze(architecture).problem is None:
        assert_counts_alike(architecture)


# --- the clauses ----------------------------------------------------------------------------------

NONE = Assignment(max_params=None, max_epochs=None, min_accuracy=None)
LIMITS: dict[str, tuple[object, ...]] = {  # that a network may meet or miss
    "dataset": ("digits", "mnist"),
    "max_params": (1, 5_000, 16_426, 1_000_000),
    "max_epochs": (1, 2, 20),
    "min_accuracy": (0.5, 0.9861111111111112, 0.9862, 1.0),
    "min_field": (1, 5, 28, 400),
    "max_layers": (1, 6, 20, 500),
    "max_mult_adds": (1, 100_000, 10**12),
    "min_poolings": (1, 2, 50),
    "max_poolings": (1, 2, 50),
}
ASSIGNMENTS = [
    *(NONE.model_copy(update={field: limit}) for field in LIMITS for limit in LIMITS[field]),
    *(NONE.model_copy(update={"required": (part,)}) for part in Part),
    *(NONE.model_copy(update={"forbidden": (part,)}) for part in Part),
    NONE.model_copy(update={"min_accuracy": 0.9, "seeds": 3}),
    Assignment(),
]
RESULTS = [None, Result(2, 0.9861111111111112), Result(3, 0.99)]


def test_every_clause_is_tried():
    demands = set(Assignment.model_fields) - {
        *("title", "text", "seeds", "best_counts", "notes", "deadline"),  # demand nothing of a run
        *("required", "forbidden"),
    }
    assert set(LIMITS) == demands == set(GRADE.JUDGES)
    assert set(GRADE.PARTS) == set(Part)


@pytest.mark.parametrize("name", [*SMALL_NETWORKS, "idle"])
def test_each_clause_is_judged_as_by_the_page(name):
    architecture, recipe = NETWORKS[name], Recipe(dataset="digits", epochs=2)
    rows = GRADE.rows_of(architecture_to_data(architecture))
    parameters = analyze(architecture).total_params
    for assignment in ASSIGNMENTS:
        for result in RESULTS:
            expected = clauses(assignment, architecture, recipe, result)
            work = GRADE.Work(
                to_data(assignment),
                recipe_to_data(recipe),
                rows,
                parameters,
                result and result.epochs,
                result and result.test_accuracy,
            )
            found = GRADE.clauses(work)
            assert [(each.limit, each.state, each.text) for each in found] == [
                (each.limit, each.state, each.text) for each in expected
            ]
            assert GRADE.verdict(found) == verdict(expected)


def test_its_words_are_the_explorers():
    assert {name: kind.title for name, kind in DATASETS.items()} == GRADE.DATASETS
    assert SIGNS == GRADE.SIGNS
    assert {part: part.words for part in Part} == {
        part: words for part, (words, _) in GRADE.PARTS.items()
    }


# --- whether architecture.json is the network of model.py -----------------------------------------


def trained_class(architecture: Architecture) -> torch.nn.Module:
    """The class of model.py with weights that are not those of a fresh network."""
    network, _ = network_and_images(architecture)
    model = exported_class(trainable(architecture))()
    model.load_state_dict(renamed(network, architecture))
    return model


@pytest.mark.parametrize("name", SMALL_NETWORKS)
def test_the_networks_own_file_is_recognised(name):
    architecture = NETWORKS[name]
    model = trained_class(architecture)
    assert GRADE.is_same_network(architecture_to_data(architecture), model)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"layers": SMALL.layers[1:]}, id="without its convolution"),
        pytest.param({"layers": (SMALL.layers[0], *SMALL.layers[2:])}, id="without its ReLU"),
        pytest.param(
            {"layers": (*SMALL.layers[:-1], Linear(out_features=10))}, id="with a layer more"
        ),
        pytest.param({"input_shape": (1, 25, 25)}, id="of smaller images"),
        pytest.param({"input_shape": (3, 28, 28)}, id="of images in colour"),
    ],
)
def test_another_networks_file_is_told(changed):
    data = architecture_to_data(SMALL.model_copy(update=changed))
    assert not GRADE.is_same_network(data, trained_class(SMALL))


def test_a_name_makes_no_difference():
    data = architecture_to_data(SMALL.model_copy(update={"name": "another"}))
    assert GRADE.is_same_network(data, trained_class(SMALL))
