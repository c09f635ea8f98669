"""For any stack of layers: what analyze says is what torch does."""

import os

import numpy as np
import pytest
import torch
import torchinfo
from hypothesis import HealthCheck, given, settings
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.network.analysis import analyze
from explorer.network.build import build, build_layer
from explorer.network.receptive_field import receptive_fields
from tests.network.stacks import architectures, gradient_masks, run_on_torch

EXAMPLES = int(os.environ.get("EXPLORER_EXAMPLES", "300"))
any_stack = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.slow
@any_stack
@given(architectures())
def test_shapes_and_parameters_are_torchs_or_the_first_failing_layer_is_named(architecture):
    run, analysis = run_on_torch(architecture), analyze(architecture)
    assert (analysis.problem and analysis.problem.index) == run.failed_at, analysis.problem
    assert [row.output_shape for row in analysis.rows] == run.shapes
    assert [row.params for row in analysis.rows] == [
        sum(p.numel() for p in m.parameters()) for m in run.modules
    ]


@pytest.mark.slow
@any_stack
@given(architectures())
def test_every_unit_sees_exactly_the_pixels_with_a_gradient(architecture):
    fits = architecture.model_copy(
        update={"layers": architecture.layers[: len(analyze(architecture).rows)]}
    )
    rows, fields = analyze(fits).rows, receptive_fields(fits)
    shapes = [row.output_shape for row in rows]
    for index, field in enumerate(fields):
        expected = gradient_masks(fits, index, shapes).numpy()
        mask = np.einsum("rh,cw->rchw", field.rows.touched, field.columns.touched)
        np.testing.assert_array_equal(mask, expected, err_msg=f"layer {index} of {fits}")


@pytest.mark.slow
@any_stack
@given(architectures())
def test_torchinfos_count_and_parameters_are_torchinfos(architecture):
    analysis = analyze(architecture)
    fits = architecture.model_copy(update={"layers": architecture.layers[: len(analysis.rows)]})
    network: nn.Module = build(fits)
    if not fits.layers:
        return
    found = torchinfo.summary(network, input_size=(1, *fits.input_shape), verbose=0, mode="eval")
    assert analysis.torchinfo_mult_adds == found.total_mult_adds
    assert analysis.total_params == found.total_params


@pytest.mark.slow
@any_stack
@given(architectures())
def test_mult_adds_are_half_of_torchs_flops(architecture):
    """FlopCounterMode counts a multiply-add as two, and convolutions and matrix products alone."""
    for row in analyze(architecture).rows:
        if row.kind not in ("Conv2d", "Linear"):
            continue
        module = build_layer(row.layer, row.input_shape).eval()
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            module(torch.zeros(1, *row.input_shape))
        assert 2 * row.mult_adds == counter.get_total_flops(), row
