"""The presets of the literature are torchvision's own networks, layer by layer."""

import pytest
import torch
import torchvision
from torch import nn

from explorer.compare.learning import records_of
from explorer.network.analysis import analyze
from explorer.network.build import build
from explorer.presets import find_preset, load_presets, measured
from explorer.training.datasets import DATASETS
from explorer.training.problems import find_problem

TORCHVISION = {  # the preset's id: the function that makes the network, and its arguments
    "alexnet": ("alexnet", {}),
    "vgg-16": ("vgg16", {}),
    "googlenet": ("googlenet", {"aux_logits": False, "init_weights": False}),
    "resnet-18": ("resnet18", {}),
    "resnet-50": ("resnet50", {}),
    "squeezenet-1.1": ("squeezenet1_1", {}),
    "mobilenet-v2": ("mobilenet_v2", {}),
    "densenet-121": ("densenet121", {}),
}
PRESETS = {id: preset for id, preset in load_presets().items() if preset.known}
KNOWN = {id: preset.architecture for id, preset in PRESETS.items() if not preset.known.smaller}
SMALL = {id: preset for id, preset in PRESETS.items() if preset.known.smaller}
COMPARED = (nn.Conv2d, nn.BatchNorm2d, nn.Linear)


def torchvisions(id: str) -> nn.Module:
    name, arguments = TORCHVISION[id]
    return getattr(torchvision.models, name)(**arguments).eval()


def test_every_known_network_is_compared_but_the_one_that_torchvision_has_not():
    assert set(KNOWN) == {*TORCHVISION, "lenet-5"}
    assert analyze(KNOWN["lenet-5"]).total_params == 61_706  # the count of the textbooks


@pytest.mark.parametrize("id", TORCHVISION)
def test_every_layer_has_torchvisions_shape_and_parameters(id):
    found = []

    def note(module, inputs, output):
        params = sum(parameter.numel() for parameter in module.parameters())
        found.append((type(module).__name__, tuple(output.shape[1:]), params))

    with torch.device("meta"):
        network = torchvisions(id)
        for module in network.modules():
            if isinstance(module, COMPARED):
                module.register_forward_hook(note)
        network(torch.empty(1, *KNOWN[id].input_shape))
    kinds = [kind.__name__ for kind in COMPARED]
    rows = [row for row in analyze(KNOWN[id]).rows if row.kind in kinds]
    assert [(row.kind, row.output_shape, row.params) for row in rows] == found
    assert len(found) > 7


@pytest.mark.parametrize(
    ("id", "size"), [("vgg-16", 212), ("resnet-18", 435), ("resnet-50", 427), ("alexnet", 195)]
)
def test_the_receptive_field_of_the_last_convolutional_map_is_the_known_one(id, size):
    """Of torchvision's networks, before what pools the last map away."""
    rows = analyze(KNOWN[id]).rows
    last = next(row for row in rows if row.kind == "AdaptiveAvgPool2d").index - 1
    assert rows[last].receptive_field == (size, size)


@pytest.mark.slow
@pytest.mark.parametrize("id", TORCHVISION)
def test_with_torchvisions_weights_the_scores_are_torchvisions(id):
    torch.manual_seed(0)
    theirs, ours = torchvisions(id), build(KNOWN[id]).eval()
    tensors = [each for each in theirs.state_dict().values() if each.dim()]
    # BatchNorm's first statistics would hide a mistake in their order.
    with torch.no_grad():
        for tensor in tensors:
            if tensor.dim() == 1:
                tensor.add_(0.1 * torch.rand_like(tensor))
    names = [name for name, each in ours.state_dict().items() if each.dim()]
    ours.load_state_dict(dict(zip(names, tensors, strict=True)), strict=False)
    image = torch.rand(1, *KNOWN[id].input_shape)
    with torch.inference_mode():
        expected, scores = theirs(image), ours(image)
    torch.testing.assert_close(scores, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("id", PRESETS)
def test_each_says_what_it_taught_and_where_it_was_published(id):
    preset = PRESETS[id]
    assert len(preset.known.taught) > 40
    assert "19" in preset.known.source or "20" in preset.known.source
    assert preset.id == id
    assert preset.architecture.name == preset.title


# --- small ones, for a class ----------------------------------------------------------------------


def test_five_ideas_have_a_small_network():
    ideas = ("resnet", "inception", "densenet", "senet", "mobilenet")
    assert [*SMALL] == [f"mini-{idea}" for idea in ideas]


@pytest.mark.parametrize("id", SMALL)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_a_small_one_takes_digits_and_small_photographs_with_few_parameters(id, shape):
    analysis = analyze(SMALL[id].architecture.model_copy(update={"input_shape": shape}))
    assert analysis.problem is None
    assert analysis.output_shape == (10,)
    assert analysis.total_params < 20_000


@pytest.mark.parametrize("each", SMALL.values(), ids=SMALL)
def test_a_small_ones_recipe_is_tuned_and_starts_with_it(each):
    assert each.recipe_variant("documented") is None
    assert each.recipe_variant("tuned") == (each.architecture, each.recipe)
    assert find_preset(each.architecture) == each
    assert find_problem(each.architecture, DATASETS[each.recipe.dataset]) is None


@pytest.mark.parametrize("each", SMALL.values(), ids=SMALL)
def test_a_small_one_was_trained_whole_and_reads_digits(each):
    runs = measured(each.id)
    assert [(run.variant, run.seed) for run in runs] == [("tuned", seed) for seed in range(3)]
    for run in runs:
        assert len(run.epochs) == each.recipe.epochs
        assert run.final.test_accuracy > 0.993


@pytest.mark.parametrize("each", SMALL.values(), ids=SMALL)
def test_its_results_stand_beside_other_networks(each):
    records = records_of(each)
    assert {record.origin for record in records} == {"shipped"}
    assert [record.recipe.seed for record in records] == [run.seed for run in measured(each.id)]
    assert records[0].epochs[-1].step == 12 * 469
    assert records[0].test_images == 10_000
