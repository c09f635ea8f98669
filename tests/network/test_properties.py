"""For any network: what analyze says is what torch does."""

import math
import os

import numpy as np
import pytest
import torch
import torchinfo
from hypothesis import HealthCheck, given, settings
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.network.analysis import analyze, receptive_fields
from explorer.network.architecture_json import parse_architecture, to_json
from explorer.network.build import build
from explorer.network.measure import build_layer
from explorer.network.spec import Branches
from explorer.network.tree import inputs_of
from tests.network.stacks import architectures, branching, gradient_masks, run_on_torch

EXAMPLES = int(os.environ.get("EXPLORER_EXAMPLES", "300"))
any_network = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
networks = architectures() | branching()


@pytest.mark.slow
@any_network
@given(networks)
def test_shapes_and_parameters_are_torchs_or_the_first_failing_layer_is_named(architecture):
    run, analysis = run_on_torch(architecture), analyze(architecture)
    assert (analysis.problem and analysis.problem.path) == run.failed_at, analysis.problem
    assert {row.path: row.output_shape for row in analysis.rows} == run.shapes
    assert [row.params for row in analysis.rows] == [
        sum(p.numel() for p in m.parameters()) if m else 0 for m in run.modules
    ]


@pytest.mark.slow
@any_network
@given(networks)
def test_every_unit_sees_exactly_the_pixels_with_a_gradient(architecture):
    analysis = analyze(architecture)
    shapes = {row.path: row.output_shape for row in analysis.rows}
    for row, field in zip(analysis.rows, receptive_fields(analysis), strict=True):
        expected = gradient_masks(architecture, row.path, shapes).numpy()
        masks = [
            np.einsum("rh,cw->rchw", rows.touched, columns.touched)
            for rows, columns in field.products
        ]
        mask = np.logical_or.reduce(masks)
        np.testing.assert_array_equal(mask, expected, err_msg=f"layer {row.place}: {architecture}")
        np.testing.assert_array_equal(field.mask(0, 0), mask[0, 0])
        # The rows and the columns of the whole field are those that the products have.
        for axis, parts in zip(
            (field.rows, field.columns), zip(*field.products, strict=True), strict=True
        ):
            together = np.logical_or.reduce([part.touched for part in parts])
            np.testing.assert_array_equal(axis.touched, together)


@pytest.mark.slow
@any_network
@given(networks)
def test_torchinfos_count_and_parameters_are_torchinfos(architecture):
    analysis = analyze(architecture)
    if analysis.problem or not analysis.rows:
        return
    network: nn.Module = build(architecture)
    shape = (1, *architecture.input_shape)
    found = torchinfo.summary(network, input_size=shape, verbose=0, mode="eval")
    assert analysis.torchinfo_mult_adds == found.total_mult_adds
    assert analysis.total_params == found.total_params


@pytest.mark.slow
@any_network
@given(networks)
def test_mult_adds_are_half_of_torchs_flops(architecture):
    """FlopCounterMode counts a multiply-add as two, and convolutions and matrix products alone."""
    for row in analyze(architecture).rows:
        if row.kind not in ("Conv2d", "ConvTranspose2d", "Linear"):
            continue
        module = build_layer(row.layer, row.input_shape).eval()
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            module(torch.zeros(1, *row.input_shape))
        assert 2 * row.mult_adds == counter.get_total_flops(), row


@pytest.mark.slow
@any_network
@given(networks)
def test_memory_is_what_must_be_held_at_each_layer(architecture):
    """Counted here from the end: an output is held until the last layer that takes it has run."""
    analysis = analyze(architecture)
    if analysis.problem:
        return
    image = 4 * math.prod(architecture.input_shape)
    order = {(): -1} | {row.path: row.index for row in analysis.rows}
    last_use = dict.fromkeys(order, -1)
    for row in analysis.rows:
        for path in inputs_of(row.path, row.layer):
            last_use[path] = max(last_use[path], row.index)
    sizes = {(): image} | {row.path: row.output_bytes for row in analysis.rows}
    for row in analysis.rows:
        held = sum(
            size
            for path, size in sizes.items()
            if path == row.path or (order[path] < row.index <= last_use[path])
        )
        assert row.live_bytes == held, (row.place, architecture)


@any_network
@given(networks)
def test_a_network_survives_its_json(architecture):
    assert parse_architecture(to_json(architecture)) == architecture


@any_network
@given(branching())
def test_blocks_are_drawn_in_blocks(architecture):
    """The strategy draws what the tests above are about."""
    assert any(isinstance(node, Branches) for node in architecture.layers)
