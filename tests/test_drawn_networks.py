"""For any network: what we say of it is what torch does with it, and what we make of it is the same
network.

2,000 networks are drawn, from a seed for each part; EXPLORER_PARTS=200 draws 10,000. Hypothesis
also draws numbers that stand in the modules that are loaded, so that a part run alone may draw
others: one that fails is printed whole.
"""

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torchinfo
from hypothesis import HealthCheck, given, seed, settings
from torch.utils.flop_counter import FlopCounterMode

from explorer.exports.onnx import onnx_bytes
from explorer.link import Shared, decode, encode
from explorer.network.analysis import Analysis, analyze, receptive_fields
from explorer.network.architecture_json import parse_architecture, to_json
from explorer.network.build import build
from explorer.network.measure import build_layer
from explorer.network.spec import Architecture, Branches
from explorer.network.tree import inputs_of
from explorer.training.initialisation import new_network, trainable
from tests.exports.exported import (
    assert_names_and_summary_agree,
    assert_onnx_computes,
    assert_same_bits,
    network_and_images,
    rounding_of_float32,
)
from tests.exports.trees import trees
from tests.imports.round_trips import (
    assert_onnx_comes_back,
    assert_print_comes_back,
    assert_source_comes_back,
)
from tests.network.stacks import (
    MAX_VALUES,
    architectures,
    branching,
    masks_by_derivative,
    run_on_torch,
)

PARTS = int(os.environ.get("EXPLORER_PARTS", "40"))
NETWORKS_OF_A_PART = 50

# --- what holds of any network --------------------------------------------------------------------


def shapes_and_parameters_are_torchs_or_the_first_failing_layer_is_named(
    architecture: Architecture, analysis: Analysis
) -> None:
    run = run_on_torch(architecture)
    assert (analysis.problem and analysis.problem.path) == run.failed_at, analysis.problem
    assert {row.path: row.output_shape for row in analysis.rows} == run.shapes
    assert [row.params for row in analysis.rows] == [
        sum(p.numel() for p in m.parameters()) if m else 0 for m in run.modules
    ]


def every_unit_sees_exactly_the_pixels_that_change_it(
    architecture: Architecture, analysis: Analysis
) -> None:
    shapes = {row.path: row.output_shape for row in analysis.rows}
    expected = masks_by_derivative(architecture, shapes)
    for row, field in zip(analysis.rows, receptive_fields(analysis), strict=True):
        masks = [
            np.einsum("rh,cw->rchw", rows.touched, columns.touched)
            for rows, columns in field.products
        ]
        mask = np.logical_or.reduce(masks)
        np.testing.assert_array_equal(mask, expected[row.path].numpy(), err_msg=row.place)
        np.testing.assert_array_equal(field.mask(0, 0), mask[0, 0])
        # The rows and the columns of the whole field are those that the products have.
        for axis, parts in zip(
            (field.rows, field.columns), zip(*field.products, strict=True), strict=True
        ):
            together = np.logical_or.reduce([part.touched for part in parts])
            np.testing.assert_array_equal(axis.touched, together)


def mult_adds_are_half_of_torchs_flops(architecture: Architecture, analysis: Analysis) -> None:
    """FlopCounterMode counts a multiply-add as two, and convolutions and matrix products alone."""
    counted = 0
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        for row in analysis.rows:
            if row.kind not in ("Conv2d", "ConvTranspose2d", "Linear"):
                continue
            build_layer(row.layer, row.input_shape).eval()(torch.zeros(1, *row.input_shape))
            before, counted = counted, counter.get_total_flops()
            assert 2 * row.mult_adds == counted - before, row


def json_gives_it_back(architecture: Architecture, analysis: Analysis) -> None:
    assert parse_architecture(to_json(architecture)) == architecture


def its_link_gives_it_back(architecture: Architecture, analysis: Analysis) -> None:
    assert decode(encode(Shared(architecture))).architecture == architecture


# --- what holds of one in which everything fits ---------------------------------------------------


def torchinfos_count_and_parameters_are_torchinfos(
    architecture: Architecture, analysis: Analysis
) -> None:
    if not analysis.rows:
        return
    network, shape = build(architecture), (1, *architecture.input_shape)
    found = torchinfo.summary(network, input_size=shape, verbose=0, mode="eval")
    assert analysis.torchinfo_mult_adds == found.total_mult_adds
    assert analysis.total_params == found.total_params


def memory_is_what_must_be_held_at_each_layer(
    architecture: Architecture, analysis: Analysis
) -> None:
    """Counted here from the end: an output is held until the last layer that takes it has run."""
    order = {(): -1} | {row.path: row.index for row in analysis.rows}
    last_use = dict.fromkeys(order, -1)
    for row in analysis.rows:
        for path in inputs_of(row.path, row.layer):
            last_use[path] = max(last_use[path], row.index)
    sizes = {(): 4 * math.prod(architecture.input_shape)}
    sizes |= {row.path: row.output_bytes for row in analysis.rows}
    for row in analysis.rows:
        held = sum(
            size
            for path, size in sizes.items()
            if path == row.path or (order[path] < row.index <= last_use[path])
        )
        assert row.live_bytes == held, row.place


def first_weights_are_the_seeds_whatever_ran_before(
    architecture: Architecture, analysis: Analysis
) -> None:
    """Nothing keeps what its memory held before, and torch's own generator stays where it was."""

    def generator(number: int) -> torch.Generator:
        return torch.Generator().manual_seed(number)

    with torch.random.fork_rng():
        torch.manual_seed(7)
        expected = build(trainable(architecture)).state_dict()
        torch.rand(5)
        before = torch.get_rng_state()
        runs = [new_network(architecture, generator(7), generator(8)) for _ in range(2)]
        assert torch.equal(torch.get_rng_state(), before)
    for found in (run.state_dict() for run in runs):
        assert list(found) == list(expected)
        for name, tensor in expected.items():
            assert torch.equal(found[name], tensor), name


def exported_source_gives_the_same_bits(architecture: Architecture, analysis: Analysis) -> None:
    assert_same_bits(architecture)


def exported_names_and_summary_are_torchs(architecture: Architecture, analysis: Analysis) -> None:
    assert_names_and_summary_agree(architecture)


def its_source_and_its_print_give_it_back(architecture: Architecture, analysis: Analysis) -> None:
    assert_source_comes_back(architecture)
    assert_print_comes_back(architecture)


def onnxruntime_gives_the_same_scores_and_the_file_the_same_network(
    architecture: Architecture, analysis: Analysis
) -> None:
    network, images = network_and_images(architecture, images=3)
    data = onnx_bytes(architecture, network.state_dict())
    assert_onnx_comes_back(data, architecture)
    rounding = rounding_of_float32(architecture)
    if math.isfinite(rounding):
        assert_onnx_computes(data, network, images, 1e-5 + 30 * rounding)


# --------------------------------------------------------------------------------------------------

OF_ANY = [
    shapes_and_parameters_are_torchs_or_the_first_failing_layer_is_named,
    every_unit_sees_exactly_the_pixels_that_change_it,
    mult_adds_are_half_of_torchs_flops,
    json_gives_it_back,
    its_link_gives_it_back,
]
OF_ONE_THAT_FITS = [
    torchinfos_count_and_parameters_are_torchinfos,
    memory_is_what_must_be_held_at_each_layer,
    first_weights_are_the_seeds_whatever_ran_before,
    exported_source_gives_the_same_bits,
    exported_names_and_summary_are_torchs,
    its_source_and_its_print_give_it_back,
    onnxruntime_gives_the_same_scores_and_the_file_the_same_network,
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(branching())
def test_blocks_are_drawn_in_blocks(architecture: Architecture) -> None:
    """The strategy draws what the others are about."""
    assert any(isinstance(node, Branches) for node in architecture.layers)


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, PARTS))]
)
def test_drawn_networks(part: int, record_property: Callable[[str, Any], None]) -> None:
    counts = dict.fromkeys(("drawn", "fitting", "branching", "nodes"), 0)

    @seed(part)
    @settings(
        max_examples=NETWORKS_OF_A_PART,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(architectures() | branching() | trees())
    def holds(architecture: Architecture) -> None:
        analysis = analyze(architecture)
        fits = analysis.problem is None
        counts["drawn"] += 1
        counts["fitting"] += fits
        counts["branching"] += any(len(row.path) > 1 for row in analysis.rows)
        counts["nodes"] += len(analysis.rows)
        # Larger ones take more memory for every unit's pixels than the machine has.
        assert all(math.prod(row.output_shape) <= MAX_VALUES for row in analysis.rows)
        for promise in [*OF_ANY, *(OF_ONE_THAT_FITS if fits else [])]:
            promise(architecture, analysis)

    holds()
    # What is drawn is what this is about.
    assert counts["fitting"] > NETWORKS_OF_A_PART / 2
    assert counts["branching"] > 0  # most often half of them; some seeds dwell on stacks
    for name, count in counts.items():
        record_property(name, count)
