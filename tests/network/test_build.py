"""Networks as torch modules: with torch's own initialisation, and with tensors still to be set."""

import pytest
import torch
from hypothesis import given, settings

from explorer.network.analysis import analyze
from explorer.network.build import build, build_unset
from explorer.network.spec import Architecture, ArchitectureError, BatchNorm2d, Conv2d, Linear
from tests.network.stacks import architectures


def tensors(network: torch.nn.Module) -> list[tuple[str, torch.Size, torch.dtype]]:
    return [(name, each.shape, each.dtype) for name, each in network.state_dict().items()]


@given(architectures())
@settings(max_examples=100, deadline=None)
def test_a_network_yet_to_be_set_has_all_tensors_of_the_network(architecture):
    analysis = analyze(architecture)
    fits = architecture.model_copy(update={"layers": architecture.layers[: len(analysis.rows)]})
    before = torch.random.get_rng_state()
    unset = build_unset(fits)
    assert torch.equal(torch.random.get_rng_state(), before)  # nobody else's numbers are drawn
    network = build(fits)
    assert tensors(unset) == tensors(network)
    assert [repr(each) for each in unset] == [repr(each) for each in network]
    trained, plain = ([each.requires_grad for each in n.parameters()] for n in (unset, network))
    assert trained == plain


def test_two_networks_of_the_same_layers_share_nothing():
    architecture = Architecture(layers=(Conv2d(out_channels=4, kernel_size=3), BatchNorm2d()))
    first, second = build_unset(architecture), build_unset(architecture)
    for each in (*first.parameters(), *first.buffers()):
        each.data.zero_()
    for each in (*second.parameters(), *second.buffers()):
        each.data.fill_(7)
    assert all(not each.any() for each in first.state_dict().values())
    first[0].stride = (2, 2)
    assert build_unset(architecture)[0].stride == second[0].stride == (1, 1)


def test_a_layer_that_does_not_fit_is_named():
    with pytest.raises(ArchitectureError, match="layer 0"):
        build_unset(Architecture(layers=(Linear(out_features=3),)))
