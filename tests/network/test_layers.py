"""Every row of LAYERS is complete, and what it says of its kind is what torch does."""

import inspect

import pytest
import torch
from torch import nn

from explorer.exports.onnx import WRITERS
from explorer.network.architecture_json import STATED
from explorer.network.layers import LAYERS, FirstWeights, Onnx, OnnxNode, torch_name
from explorer.network.measure import build_layer
from explorer.network.spec import LAYER_MODELS, new_layer
from explorer.training.initialisation import draw_first_weights
from tests.network.stacks import LAYERS_BY_KIND

MAP, VECTOR = (4, 6, 6), (6,)


def shapes(kind: str) -> list[tuple[int, ...]]:
    return {"map": [MAP], "vector": [VECTOR], "either": [MAP, VECTOR]}[LAYERS[kind].takes]


def examples() -> list[tuple[str, tuple[int, ...]]]:
    return [(kind, shape) for kind in LAYERS for shape in shapes(kind)]


def test_every_kind_has_a_row_and_every_row_a_kind() -> None:
    assert set(LAYERS) == set(LAYER_MODELS)


def test_stacks_of_any_layers_are_drawn_of_every_kind() -> None:
    assert set(LAYERS_BY_KIND) == set(LAYERS)


@pytest.mark.parametrize("kind", LAYERS)
def test_the_palette_and_the_editor_know_what_to_show(kind: str) -> None:
    row = LAYERS[kind]
    assert row.group
    assert row.summary
    assert row.on_row is None or set(row.on_row) <= set(LAYER_MODELS[kind].model_fields) - {"kind"}


@pytest.mark.parametrize(("kind", "shape"), examples())
def test_torch_is_given_what_follows_from_the_input_and_no_more(
    kind: str, shape: tuple[int, ...]
) -> None:
    layer, inferred = new_layer(kind), LAYERS[kind].inferred(shape)
    build_layer(layer, shape)(torch.zeros(2, *shape))  # does not raise
    parameters = inspect.signature(getattr(nn, torch_name(layer, shape))).parameters
    needed = {
        name
        for name, each in parameters.items()
        if each.default is each.empty and each.kind is not each.VAR_KEYWORD
    }
    needed -= {"args", *LAYER_MODELS[kind].model_fields}
    assert set(inferred) == needed
    # What a file may state of the input.
    assert set(inferred) == ({STATED[kind]} if kind in STATED else set())


@pytest.mark.parametrize(("kind", "shape"), examples())
def test_first_weights_are_torchs_and_drawn_from_the_given_generator_alone(
    kind: str, shape: tuple[int, ...]
) -> None:
    layer = new_layer(kind)
    if "affine" in type(layer).model_fields:  # InstanceNorm2d learns nothing unless it is asked to
        layer = layer.model_copy(update={"affine": True})
    with torch.random.fork_rng():
        torch.manual_seed(7)
        expected = build_layer(layer, shape).state_dict()
    module = build_layer(layer, shape)
    for tensor in module.state_dict().values():
        # What memory may hold before.
        tensor.fill_(float("nan") if tensor.is_floating_point() else -1)
    before = torch.get_rng_state()
    draw_first_weights(module, LAYERS[kind].first_weights, torch.Generator().manual_seed(7))
    assert torch.equal(torch.get_rng_state(), before)
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
    assert (LAYERS[kind].first_weights is FirstWeights.NONE) == (not expected)


@pytest.mark.parametrize("rule", FirstWeights)
def test_parameters_without_a_rule_for_them_are_an_error(rule: FirstWeights) -> None:
    """As a new kind would be whose row names the wrong rule: nothing falls back on torch's global
    numbers.
    """
    module = nn.MultiheadAttention(4, 2)
    before = torch.get_rng_state()
    with pytest.raises(
        ValueError, match=f"^MultiheadAttention: {rule.name} does not say how its .*in_proj_weight"
    ):
        draw_first_weights(module, rule, torch.Generator())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("kind", "shape"), examples())
def test_only_kinds_that_drop_values_draw_while_training(kind: str, shape: tuple[int, ...]) -> None:
    """Training replaces these by modules with a generator of their own."""
    module = build_layer(new_layer(kind), shape).train()
    before = torch.get_rng_state()
    module(torch.ones(2, *shape))
    assert LAYERS[kind].is_dropout != torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("kind", "shape"), examples())
def test_a_relu_may_write_over_what_the_row_says_is_not_kept(
    kind: str, shape: tuple[int, ...]
) -> None:
    """Where a row says so wrongly, torch raises as the backward pass comes to it."""
    if LAYERS[kind].keeps_output:
        return
    module = build_layer(new_layer(kind), shape).train()
    x = torch.rand(2, *shape, requires_grad=True)
    apart = torch.autograd.grad(torch.relu(module(x)).sum(), x)
    in_place = torch.autograd.grad(torch.relu_(module(x)).sum(), x)
    assert torch.equal(*apart, *in_place)


@pytest.mark.parametrize("kind", LAYERS)
def test_onnx_has_a_node_or_a_function_for_it(kind: str) -> None:
    form = LAYERS[kind].onnx
    assert isinstance(form, OnnxNode) != (kind in WRITERS)
    assert isinstance(form, OnnxNode) or form is Onnx.WRITTEN_OUT


@pytest.mark.parametrize("kind", LAYERS)
def test_only_kinds_with_parameters_say_how_their_number_comes_about(kind: str) -> None:
    row = LAYERS[kind]
    assert (row.parameter_text is None) == (row.first_weights is FirstWeights.NONE)
