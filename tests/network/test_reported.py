"""Networks that people asked about in public, each with the numbers that torch gives for it."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from explorer.imports.summary_table import SummaryError, decode_file, import_summary
from explorer.network.analysis import Analysis, analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.spec import Architecture, Shape

HERE = Path(__file__).parent
TEXTS = HERE.parent / "imports"
MAX_MENDS = 5


def import_file(path: str):
    return import_summary(decode_file((TEXTS / path).read_bytes()))


# --- tables that are read -------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """What a table gives; `layers` are those that were once read as others, by their indices."""

    image: Shape
    params: int
    layers: dict[int, dict]
    notes: tuple[str, ...] = ()
    no_notes: tuple[str, ...] = ("changes no shape",)


def conv(out_channels: int, kernel_size: int, **more) -> dict:
    return {
        "kind": "Conv2d",
        "out_channels": out_channels,
        "kernel_size": kernel_size,
        "stride": 1,
        "padding": 0,
        **more,
    }


MISSING_ACTIVATIONS = "the table has no activations"
TABLES = {
    "tables/first_window_10.txt": Table(
        (1, 105, 105),
        38_947_648,
        {0: conv(64, 10), 3: conv(128, 7), 12: {"kind": "Linear", "out_features": 4096}},
        ("Conv2d-1 is a guess", "Flatten was added before Linear-12"),
    ),
    "tables/head_of_2048_channels.txt": Table(
        (2048, 8, 8), 272_881, {0: conv(128, 1), 8: conv(1, 1)}
    ),
    "tables/head_of_2048_channels_columns.txt": Table(
        (2048, 8, 8), 272_881, {0: conv(128, 1), 8: conv(1, 1)}
    ),
    "tables/one_layer_six_times_kilobytes.txt": Table(
        (64, 28, 28),
        6 * 36_928,  # here each of the six has weights of its own
        {index: conv(64, 3, padding=1) for index in range(6)},
        ("6 rows share the weights of Conv2d: 1-1", MISSING_ACTIVATIONS),
    ),
    "tables/first_upsample.txt": Table(
        (1, 16, 16),
        6_582,
        {0: {"kind": "Upsample", "scale_factor": 2}, 1: conv(6, 5)},
        (
            "Upsample-1 is a guess: Upsample scale_factor 2, on images 1×16×16",
            "how large the images are that come in",
        ),
    ),
    "tables/first_mirrored_border.txt": Table(
        (3, 96, 96),
        26_304,
        {0: {"kind": "ReflectionPad2d", "padding": 4}, 1: conv(32, 9), 3: conv(64, 3, stride=2)},
        ("ReflectionPad2d-1 is a guess",),
    ),
    "tables/fastai_1.txt": Table(
        (1, 28, 28),
        2_746,
        {0: conv(8, 3, stride=2, padding=1), 3: conv(16, 3, stride=2, padding=1)},
    ),
    "tables/torchsummaryx.txt": Table(
        (1, 28, 28),
        21_840,
        {
            0: conv(10, 5),
            2: conv(20, 5),
            6: {"kind": "Linear", "out_features": 50},
            7: {"kind": "Linear", "out_features": 10},
        },
        ("the table rounds the parameters", "2_conv2_drop for Dropout2d", MISSING_ACTIVATIONS),
    ),
    "tables/utf16_of_a_shell.txt": Table(
        (1, 28, 28), 379_702, {0: conv(32, 3, padding=1), 2: conv(32, 3, stride=2, padding=1)}
    ),
}


@pytest.mark.parametrize("path", TABLES)
def test_a_reported_table_gives_its_network(path):
    wanted, imported = TABLES[path], import_file(path)
    analysis = analyze(imported.architecture)
    assert imported.problem is None
    assert analysis.problem is None
    assert imported.architecture.input_shape == wanted.image
    assert analysis.total_params == wanted.params
    for index, arguments in wanted.layers.items():
        layer = imported.architecture.layers[index]
        assert {name: getattr(layer, name) for name in arguments} == arguments
    for words in wanted.notes:
        assert any(words in note for note in imported.notes), imported.notes
    for words in wanted.no_notes:
        assert not any(words in note for note in imported.notes), imported.notes


# --- what is no such table ------------------------------------------------------------------------

NAMED = {
    "other_forms/no_parameter_column.txt": (2, "the table has no parameter column"),
    "other_forms/receptive_field_columns.txt": (2, "these are receptive-field columns"),
    "other_forms/keras_2_notebook.txt": (6, "this is a Keras table"),
    "other_forms/print_of_a_model.txt": (2, "this looks like print(model)"),
}


@pytest.mark.parametrize("path", NAMED)
def test_what_is_no_summary_is_told_by_its_name_and_line(path):
    line, sentence = NAMED[path]
    with pytest.raises(SummaryError) as refused:
        import_file(path)
    assert refused.value.line == line
    assert sentence in refused.value.message
    assert "print" in refused.value.message or "torchsummary" in refused.value.message


# --- networks as files ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Network:
    """The numbers of one network; `remedies` are those offered one after another until it fits."""

    params: int
    output_shape: Shape
    receptive_field: tuple[int, int]
    remedies: tuple[tuple[int, str], ...] = ()  # index of the layer, remedy
    # Parameters of some layers, once it fits.
    of_layers: dict[int, int] = field(default_factory=dict)
    outputs: dict[int, Shape] = field(default_factory=dict)
    mult_adds: dict[int, int] = field(default_factory=dict)


NETWORKS = {
    "depthwise_separable": Network(2_528, (64, 16, 16), (3, 3), mult_adds={1: 8_192, 3: 16_384}),
    "image_1200x800": Network(2_812_259, (3,), (1200, 800), outputs={6: (936_144,)}),
    "vgg16_convolutions": Network(14_714_688, (512, 7, 7), (212, 212)),
    "pooling_one_value": Network(
        985_258,
        (10,),
        (158, 158),
        ((17, "remove it, as one value leaves nothing to pool"),),
        of_layers={18: 2_570},
    ),
    "same_with_stride_3": Network(
        60_362,
        (10,),
        (35, 35),
        (
            (0, "set padding to 1, which keeps the stride"),
            (2, "set padding to 1, which keeps the stride"),
        ),
        of_layers={5: 40_970},
        outputs={0: (32, 16, 16), 2: (64, 8, 8)},
    ),
    "same_with_stride_7": Network(
        9_408,
        (64, 96, 96),
        (9, 9),
        ((0, "set padding to 3, which keeps the stride"),),
        outputs={0: (64, 192, 192)},
    ),
    "stated_channels": Network(
        67_710,
        (10,),
        (28, 28),
        (
            (0, "set in_channels to 1, which is what comes in"),
            (2, "set in_features to 6,760, which is what comes in"),
        ),
        of_layers={2: 67_610},
    ),
}


def mend(architecture: Architecture) -> tuple[Analysis, list[tuple[int, str | None]]]:
    """The analysis of the network after its remedies, and those."""
    offered: list[tuple[int, str | None]] = []
    analysis = analyze(architecture)
    while (problem := analysis.problem) and problem.fix and len(offered) < MAX_MENDS:
        offered.append((problem.index, problem.remedy))
        analysis = analyze(problem.fix)
    return analysis, offered


def read_network(name: str) -> Architecture:
    return parse_architecture((HERE / "reported" / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", NETWORKS)
def test_a_reported_network_has_torchs_numbers(name):
    wanted = NETWORKS[name]
    analysis, offered = mend(read_network(name))
    assert tuple(offered) == wanted.remedies
    assert analysis.problem is None
    assert analysis.total_params == wanted.params
    assert analysis.output_shape == wanted.output_shape
    assert analysis.receptive_field == wanted.receptive_field
    assert {index: analysis.rows[index].params for index in wanted.of_layers} == wanted.of_layers
    assert {index: analysis.rows[index].output_shape for index in wanted.outputs} == wanted.outputs
    assert {index: analysis.rows[index].mult_adds for index in wanted.mult_adds} == wanted.mult_adds


MISFITS = {
    "pooling_one_value": (17, "MaxPool2d 2×2 needs a map of at least 2×2; it gets 1×1"),
    "same_with_stride_3": (0, 'padding "same" needs stride 1; this has stride 2×2'),
    "same_with_stride_7": (0, 'padding "same" needs stride 1; this has stride 2×2'),
    "stated_channels": (
        0,
        (
            "it is said to take 3 channels (in_channels) and gets 1; "
            "images of 3 channels would fit it"
        ),
    ),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_reported_fault_is_told_at_its_layer(name):
    problem = analyze(read_network(name)).problem
    assert problem
    assert (problem.index, problem.message) == MISFITS[name]
