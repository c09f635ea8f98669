"""Every block fits wherever a map is."""

import pytest

from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.blocks import BLOCKS
from explorer.network.spec import Layer
from explorer.presets import load_presets

CLASSES = 10


def block_layers(name: str, channels: int, classes: int) -> tuple[Layer, ...]:
    """The layers of a block where `channels` maps come in and the data set has `classes`, as the
    browser makes them.
    """
    numbers = {"channels": channels, "classes": classes}
    layers = [
        {argument: numbers.get(value, value) for argument, value in layer.items()}
        for layer in BLOCKS[name].template
    ]
    return parse_architecture({"layers": layers}).layers


@pytest.mark.parametrize("preset", load_presets())
@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_fits_after_every_layer_that_leaves_a_map(name, preset):
    architecture = load_presets()[preset].architecture
    rows = [row for row in analyze(architecture).rows if len(row.path) == 1]
    shapes = [architecture.input_shape, *(row.output_shape for row in rows)]
    places = [
        place for place, shape in enumerate(shapes) if len(shape) == 3 and min(shape[1:]) >= 2
    ]
    assert places
    for place in places:
        inserted = block_layers(name, shapes[place][0], CLASSES)
        layers = (*architecture.layers[:place], *inserted)
        assert analyze(architecture.model_copy(update={"layers": layers})).problem is None


def test_the_pair_is_depthwise_and_the_head_has_a_value_a_class():
    depthwise, mix = block_layers("depthwise-separable", 24, CLASSES)
    assert (depthwise.groups, depthwise.out_channels, mix.kernel_size) == (24, 24, 1)
    assert block_layers("gap-head", 24, 7)[-1].out_features == 7
