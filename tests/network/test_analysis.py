"""Rows, totals and the first problem."""

import re
import subprocess
import sys
from itertools import count, product
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import max_pool2d

from explorer.network import spec
from explorer.network.analysis import analysis_to_data, analyze
from explorer.network.build import build
from explorer.network.hints import hints
from explorer.network.layers import find_mismatch
from explorer.network.spec import Architecture, ArchitectureError
from explorer.presets import load_presets
from tests.cpu import least_seconds
from tests.network.stacks import architectures, run_on_torch

CONV = spec.Conv2d(out_channels=8, kernel_size=3)


def stack(*layers, input_shape=(1, 28, 28)) -> Architecture:
    return Architecture(input_shape=input_shape, layers=layers)


@given(architectures())
@settings(max_examples=200, deadline=None)
def test_totals_are_the_sums_of_the_rows(architecture):
    analysis = analyze(architecture)
    assert analysis.total_params == sum(row.params for row in analysis.rows)
    assert analysis.trainable_params == analysis.total_params  # nothing here is frozen
    assert analysis.total_mult_adds == sum(row.mult_adds for row in analysis.rows)
    assert analysis.output_shape == (
        analysis.rows[-1].output_shape if analysis.rows else architecture.input_shape
    )
    if analysis.problem is None:
        assert len(analysis.rows) == len(architecture.layers)
    else:
        assert analysis.problem.index == len(analysis.rows)


PROBLEMS = [
    (
        stack(CONV, spec.Linear(out_features=10)),
        1,
        "Linear takes a vector; it gets 8 maps of 26×26",
    ),
    (
        stack(spec.MaxPool2d(kernel_size=3), input_shape=(1, 2, 2)),
        0,
        "MaxPool2d 3×3 needs a map of at least 3×3; it gets 2×2",
    ),
    (
        stack(spec.Conv2d(out_channels=1, kernel_size=3, dilation=4), input_shape=(1, 6, 9)),
        0,
        "Conv2d 3×3 (dilation spreads it over 9×9) needs a map of at least 9×9; it gets 6×9",
    ),
    (
        stack(spec.Conv2d(out_channels=1, kernel_size=7, padding=1), input_shape=(1, 4, 4)),
        0,
        "Conv2d 7×7 needs a map of at least 7×7; it gets 4×4, 6×6 with its padding",
    ),
    (
        stack(CONV, spec.Conv2d(out_channels=6, kernel_size=1, groups=4)),
        1,
        "groups=4 must divide both the 8 channels that come in and the 6 that go out",
    ),
    (
        stack(spec.Conv2d(out_channels=1, kernel_size=3, padding="same", stride=2)),
        0,
        'padding "same" needs stride 1; this has stride 2×2',
    ),
    (
        stack(spec.MaxPool2d(kernel_size=2, padding=2)),
        0,
        "padding 2×2 must be at most half the kernel 2×2",
    ),
    (
        stack(
            spec.MaxPool2d(kernel_size=2, stride=3, padding=1, dilation=2, ceil_mode=True),
            input_shape=(1, 1, 1),
        ),
        0,
        "MaxPool2d 2×2 with dilation 2×2 has windows that lie in the padding alone, "
        "on a map of 1×1",
    ),
    (
        stack(CONV, spec.ReflectionPad2d(padding=(2, 2, 26, 1))),
        1,
        "ReflectionPad2d mirrors a map without its edge, so this padding needs a map of at "
        "least 27×3; it gets 26×26",
    ),
    (
        stack(spec.Upsample(scale_factor=2, align_corners=True)),
        0,
        "align_corners is for interpolating, and mode nearest repeats values",
    ),
    (
        stack(CONV, spec.GroupNorm(num_groups=3)),
        1,
        "num_groups=3 must divide the 8 channels that come in",
    ),
    (stack(spec.BatchNorm1d()), 0, "BatchNorm1d takes a vector; it gets 1 map of 28×28"),
    (
        stack(spec.Flatten(), CONV),
        1,
        "Conv2d takes maps with rows and columns; it gets a vector of 784 values",
    ),
    (
        stack(spec.Flatten(), spec.Softmax(dim=2)),
        1,
        "Softmax over dim 2 needs a map; it gets 784 values in a row",
    ),
    (
        stack(CONV, spec.ZeroPad2d(padding=(0, 1024, 0, 1)), spec.Upsample(scale_factor=2)),
        2,
        "Upsample makes a map of 54×2100; rows and columns can be followed up to 2,048",
    ),
    (
        stack(*[CONV] * 20, input_shape=(1, 2048, 2048)),
        11,
        "following which pixels the units see, up to Conv2d, takes 100,",
    ),
]


@pytest.mark.parametrize(("architecture", "index", "message"), PROBLEMS)
def test_the_first_layer_that_does_not_fit_is_named_in_plain_words(architecture, index, message):
    analysis = analyze(architecture)
    assert analysis.problem is not None
    assert analysis.problem.index == index
    assert analysis.problem.message.startswith(message)
    assert len(analysis.rows) == index


@pytest.mark.parametrize("architecture", [case[0] for case in PROBLEMS])
def test_a_certain_mend_mends_that_layer(architecture):
    problem = analyze(architecture).problem
    assert problem is not None
    if problem.fix is not None:
        after = analyze(problem.fix).problem
        assert after is None or after.index > problem.index


SMALL_POOLING = [
    (kernel, stride, padding, dilation, ceil_mode, side)
    for kernel, stride, dilation, ceil_mode, side in product(
        (2, 3, 4), (1, 2, 3), (1, 2, 3), (False, True), range(1, 8)
    )
    for padding in range(kernel // 2 + 1)
]


def test_no_window_of_max_pooling_lies_in_the_padding_alone():
    """torch gives −inf there, and its backward pass writes outside the map: it must never come to
    that.
    """
    accepted = refused = 0
    for kernel, stride, padding, dilation, ceil_mode, side in SMALL_POOLING:
        layer = spec.MaxPool2d(
            kernel_size=kernel,
            stride=stride,
            padding=padding,
            dilation=dilation,
            ceil_mode=ceil_mode,
        )
        misfit = find_mismatch(layer, (1, side, side))
        try:
            pooled = max_pool2d(
                torch.zeros(1, 1, side, side), kernel, stride, padding, dilation, ceil_mode
            )
        except RuntimeError:
            assert misfit
            continue
        in_padding = bool(pooled.isinf().any())
        assert in_padding == (misfit is not None), layer
        accepted, refused = accepted + (not in_padding), refused + in_padding
    assert accepted > 100
    assert refused > 10


def test_a_window_too_large_may_be_shrunk_or_the_map_padded():
    problem = analyze(
        stack(spec.Conv2d(out_channels=1, kernel_size=(3, 7)), input_shape=(1, 2, 4))
    ).problem
    assert problem is not None
    assert problem.alternative is not None
    assert problem.remedy == "shrink kernel_size to 2×3"
    assert problem.fix.layers[0].kernel_size == (2, 3)
    assert problem.alternative[0] == "set padding to 1×2"
    assert problem.alternative[1].layers[0].padding == (1, 2)
    assert analyze(problem.alternative[1]).output_shape == (1, 2, 2)


REMEDIES = [
    (
        (spec.MaxPool2d(kernel_size=5, padding=2, dilation=4),),
        (1, 4, 4),
        ["shrink kernel_size to 2×2 and padding to 1×1"],
        (spec.MaxPool2d(kernel_size=2, padding=1, dilation=4),),
    ),
    ((spec.MaxPool2d(kernel_size=9, padding=1),), (1, 4, 4), ["shrink kernel_size to 6×6"], None),
    (
        (spec.Flatten(), spec.ReLU(), spec.MaxPool2d(kernel_size=2)),
        (1, 4, 4),
        ["move it above the Flatten"],
        (spec.MaxPool2d(kernel_size=2), spec.Flatten(), spec.ReLU()),
    ),
    (
        (spec.Flatten(), spec.BatchNorm2d()),
        (1, 4, 4),
        ["move it above the Flatten", "use BatchNorm1d"],
        (spec.BatchNorm2d(), spec.Flatten()),
    ),
    (  # Keras' "same" with a stride
        (spec.Conv2d(out_channels=8, kernel_size=3, stride=2, padding="same"),),
        (3, 32, 32),
        ["set padding to 1, which keeps the stride", "set stride to 1"],
        (spec.Conv2d(out_channels=8, kernel_size=3, stride=2, padding=1),),
    ),
    (
        (
            spec.Conv2d(
                out_channels=8, kernel_size=(4, 5), stride=(2, 3), dilation=(1, 2), padding="same"
            ),
        ),
        (3, 32, 33),
        ["set padding to 1×4, which keeps the stride", "set stride to 1"],
        (
            spec.Conv2d(
                out_channels=8, kernel_size=(4, 5), stride=(2, 3), dilation=(1, 2), padding=(1, 4)
            ),
        ),
    ),
    (
        (spec.MaxPool2d(kernel_size=2),),
        (64, 1, 1),
        ["remove it, as one value leaves nothing to pool"],
        (),
    ),
    (
        (spec.MaxPool2d(kernel_size=(1, 2)),),
        (8, 4, 1),
        ["remove it, as a window of one value leaves nothing to pool"],
        (),
    ),
    (
        (spec.AvgPool2d(kernel_size=(2, 1), stride=2),),
        (8, 1, 4),
        ["remove it, as a window of one value leaves nothing to pool"],
        (),
    ),
    (
        (spec.AvgPool2d(kernel_size=8),),
        (64, 7, 7),
        ["shrink kernel_size to 7×7"],
        (spec.AvgPool2d(kernel_size=7),),
    ),
    (
        (spec.Conv2d(out_channels=16, kernel_size=15),),
        (8, 11, 11),
        ["shrink kernel_size to 3×3", "set padding to 2×2"],
        (spec.Conv2d(out_channels=16, kernel_size=3),),
    ),
    (
        (spec.Conv2d(out_channels=10, kernel_size=3, groups=6),),
        (12, 11, 11),
        ["set out_channels to 12", "set groups to 2"],
        (spec.Conv2d(out_channels=12, kernel_size=3, groups=6),),
    ),
    (
        (spec.Conv2d(out_channels=12, kernel_size=3, groups=6),),
        (10, 11, 11),
        ["set groups to 2"],
        (spec.Conv2d(out_channels=12, kernel_size=3, groups=2),),
    ),
    (
        (spec.ReflectionPad2d(padding=5),),
        (1, 4, 6),
        ["use ZeroPad2d", "set padding to (5, 5, 3, 3)"],
        (spec.ZeroPad2d(padding=5),),
    ),
    (
        (spec.ReflectionPad2d(padding=1),),
        (1, 1, 1),
        ["use ZeroPad2d"],
        (spec.ZeroPad2d(padding=1),),
    ),
    (
        (spec.Upsample(scale_factor=2, align_corners=True),),
        (1, 4, 4),
        ['set mode to "bilinear"', "set align_corners to false"],
        None,
    ),
    (
        (spec.BatchNorm1d(),),
        (1, 4, 4),
        ["put Flatten before it, which gives 16 values", "use BatchNorm2d"],
        None,
    ),
    (
        (spec.GroupNorm(num_groups=6),),
        (6, 1, 1),
        ["set num_groups to 3"],
        (spec.GroupNorm(num_groups=3),),
    ),
    ((spec.GroupNorm(num_groups=1),), (1, 1, 1), ["remove the layer"], None),
]


@pytest.mark.parametrize(("layers", "input_shape", "remedies", "mended"), REMEDIES)
def test_what_is_offered(layers, input_shape, remedies, mended):
    problem = analyze(Architecture(input_shape=input_shape, layers=layers)).problem
    assert [problem.remedy, *([problem.alternative[0]] if problem.alternative else [])] == remedies
    if mended is not None:
        assert problem.fix.layers == mended
        assert analyze(problem.fix).problem is None


@given(
    kernel=st.integers(1, 9),
    stride=st.integers(2, 4),
    dilation=st.integers(1, 3),
    side=st.integers(1, 40),
)
@settings(max_examples=300, deadline=None)
def test_same_with_a_stride_gives_keras_size_wherever_an_even_border_can(
    kernel, stride, dilation, side
):
    layer = spec.Conv2d(
        out_channels=2, kernel_size=kernel, stride=stride, dilation=dilation, padding="same"
    )
    problem = analyze(stack(layer, input_shape=(1, side, side))).problem
    ways = [problem.fix, *([problem.alternative[1]] if problem.alternative else [])]
    kept = [way for way in ways if way.layers[0].stride == stride]
    keras = -(-side // stride)
    spread = dilation * (kernel - 1)
    possible = {(side + 2 * border - spread - 1) // stride + 1 for border in range(spread + 1)}
    if keras in possible:
        assert [analyze(way).output_shape for way in kept] == [(2, keras, keras)]
        assert build(kept[0])(torch.zeros(1, 1, side, side)).shape[2:] == (keras, keras)


@given(architectures())
@settings(max_examples=300, deadline=None)
def test_every_remedy_offered_mends_the_layer(architecture):
    problem = analyze(architecture).problem
    if problem is None:
        return
    for mended in (problem.fix, problem.alternative and problem.alternative[1]):
        after = mended and analyze(mended).problem
        if mended and after is None:
            assert run_on_torch(mended).failed_at is None
        assert after is None or after.index > problem.index + len(mended.layers) - len(
            architecture.layers
        )


def test_of_two_remedies_the_one_that_gets_further_comes_first():
    broken = stack(CONV, spec.BatchNorm1d(), CONV, spec.Flatten(), spec.Linear(out_features=10))
    problem = analyze(broken).problem
    assert problem.remedy == "use BatchNorm2d"
    assert problem.fix.layers[1] == spec.BatchNorm2d()
    assert analyze(problem.fix).problem is None
    text, other = problem.alternative
    assert text.startswith("put Flatten before it")
    assert other.layers[1] == spec.Flatten()
    at_the_end = analyze(stack(CONV, spec.BatchNorm1d(), spec.Linear(out_features=10))).problem
    assert at_the_end.remedy.startswith("put Flatten before it")


def test_a_mend_that_needs_another_at_the_same_layer_comes_with_it():
    layer = spec.Conv2d(out_channels=10, kernel_size=29, groups=3)
    problem = analyze(stack(layer)).problem
    assert problem.fix is not None
    assert analyze(problem.fix).problem is None


def test_build_refuses_with_the_same_words():
    with pytest.raises(
        ArchitectureError, match=r"layer 1 \(Linear\): Linear takes a vector"
    ) as caught:
        build(stack(CONV, spec.Linear(out_features=10)))
    assert caught.value.path == (1,)


def test_a_network_of_any_size_is_analysed_as_nothing_is_allocated():
    wide = spec.Conv2d(out_channels=65536, kernel_size=2047, padding=1023)
    analysis = analyze(
        stack(
            *[wide] * 20, spec.Flatten(), spec.Linear(out_features=65536), input_shape=(3, 64, 64)
        )
    )
    assert analysis.problem is None
    assert analysis.total_params > 10**17


def features(*plan: int | str) -> list[spec.Layer]:
    """3×3 convolutions with so many channels, and "M" for a pooling, as VGG's papers write it."""
    pool, of = spec.MaxPool2d(kernel_size=2, stride=2), {}
    of |= {
        n: (spec.Conv2d(out_channels=n, kernel_size=3, padding=1), spec.ReLU())
        for n in plan
        if n != "M"
    }
    return [layer for each in plan for layer in ((pool,) if each == "M" else of[each])]


VGG16 = features(
    64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"
)
ALEXNET = [
    spec.Conv2d(out_channels=64, kernel_size=11, stride=4, padding=2),
    spec.MaxPool2d(kernel_size=3, stride=2),
    spec.Conv2d(out_channels=192, kernel_size=5, padding=2),
    spec.MaxPool2d(kernel_size=3, stride=2),
    *features(384, 256, 256),
    spec.MaxPool2d(kernel_size=3, stride=2),
]
HEAD = [spec.Flatten(), *[spec.Linear(out_features=n) for n in (4096, 4096, 1000)]]
# Input shape, layers, and as published: parameters, receptive field of the features, mult-adds in
# 10⁹.
TEXTBOOK = {
    "VGG-16": ((3, 224, 224), VGG16, 138_357_544, 212, 15.47),
    "AlexNet": ((3, 224, 224), ALEXNET, 61_100_840, 195, 0.71),
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_networks_are_analysed_whole(name):
    shape, layers, params, field, giga = TEXTBOOK[name]
    analysis = analyze(stack(*layers, *HEAD, input_shape=shape))
    assert analysis.problem is None
    assert analysis.total_params == params
    assert analysis.rows[len(layers) - 1].receptive_field == (field, field)
    assert analysis.total_mult_adds / 1e9 == pytest.approx(giga, abs=0.006)


@pytest.mark.parametrize("shape", [(3, 1200, 800), (1, 22, 1125), (3, 2048, 2048)])
def test_images_of_any_usual_size_are_analysed(shape):
    """In less time than a person notices: an edit follows only what comes after it."""
    layers = features(8, "M", 16, "M", 16, 16, "M")
    assert analyze(stack(*layers, input_shape=shape)).problem is None
    channels = count(17)  # another each time: an edit that was analysed before is remembered

    def edit() -> None:
        layers[3] = spec.Conv2d(out_channels=next(channels), kernel_size=5, padding=2)

    assert least_seconds(lambda: analyze(stack(*layers, input_shape=shape)), 0.5, edit) < 0.5


WIDE = (1, 1, 512)
GREEDY = {  # stacks of few layers and little memory whose windows alone would take minutes
    "pads": [spec.ZeroPad2d(padding=(1024, 1024, 0, 0))] * 20,
    "long windows": [
        spec.ZeroPad2d(padding=(768, 768, 0, 0)),
        *[spec.Conv2d(out_channels=1, kernel_size=(1, 2047), padding=(0, 1023))] * 60,
    ],
    "uneven long windows": [
        spec.ZeroPad2d(padding=(768, 768, 0, 0)),
        spec.AdaptiveAvgPool2d(output_size=(1, 2047)),
        *[spec.Conv2d(out_channels=1, kernel_size=(1, 2047), padding=(0, 1023))] * 60,
    ],
}


@pytest.mark.parametrize("name", GREEDY)
def test_windows_that_reach_too_far_are_refused(name):
    architecture = stack(*GREEDY[name], input_shape=WIDE)
    problem = analyze(architecture).problem
    assert problem is not None
    assert re.search(
        r"followed up to 2,048|following which pixels .* takes [\d,]+ steps", problem.message
    )
    hints(analyze(architecture))  # without the limits both took minutes


MULT_ADDS = [  # a layer, its input, what it multiplies and adds up for one image
    (spec.Conv2d(out_channels=16, kernel_size=3), (8, 28, 28), 26 * 26 * 16 * 8 * 9),
    (spec.Conv2d(out_channels=16, kernel_size=3, bias=False), (8, 28, 28), 26 * 26 * 16 * 8 * 9),
    (
        spec.Conv2d(out_channels=16, kernel_size=(1, 5), padding="same", groups=4),
        (8, 28, 28),
        28 * 28 * 16 * 2 * 5,
    ),
    (spec.Linear(out_features=10), (400,), 4000),
    (spec.BatchNorm2d(), (8, 26, 26), 5408),
    (spec.BatchNorm2d(), (32, 16, 16), 8192),
    (spec.BatchNorm2d(affine=False), (8, 26, 26), 5408),
    (spec.BatchNorm1d(), (50,), 50),
    (spec.GroupNorm(num_groups=2), (8, 26, 26), 5408),
    (spec.LayerNorm(), (8, 26, 26), 5408),
    (spec.AvgPool2d(kernel_size=2), (8, 26, 26), 5408),
    (spec.AvgPool2d(kernel_size=3, stride=1, padding=1), (8, 26, 26), 9 * 5408),
    (spec.AdaptiveAvgPool2d(output_size=1), (8, 26, 26), 5408),
    (spec.AdaptiveAvgPool2d(output_size=(1, 3)), (8, 6, 7), 8 * 6 * (3 + 3 + 3)),
    (spec.Upsample(scale_factor=2, mode="bilinear"), (8, 7, 7), 4 * 8 * 14 * 14),
    (spec.Upsample(scale_factor=2), (8, 7, 7), 0),
    (spec.MaxPool2d(kernel_size=2), (8, 26, 26), 0),
    (spec.ReLU(), (8, 26, 26), 0),
    (spec.Softmax(), (10,), 0),
    (spec.Dropout(), (10,), 0),
    (spec.Flatten(), (8, 26, 26), 0),
]


@pytest.mark.parametrize(("layer", "shape", "expected"), MULT_ADDS)
def test_mult_adds_follow_the_stated_rule(layer, shape, expected):
    if len(shape) == 3:
        row = analyze(stack(layer, input_shape=shape)).rows[-1]
    else:
        row = analyze(stack(spec.Flatten(), layer, input_shape=(shape[0], 1, 1))).rows[-1]
    assert row.mult_adds == expected


def test_analyses_are_memoised():
    architecture = load_presets()["gap-17k"].architecture
    assert analyze(architecture) is analyze(Architecture.model_validate(architecture.model_dump()))


def test_the_json_form():
    data = analysis_to_data(
        analyze(stack(CONV, spec.AdaptiveAvgPool2d(output_size=4), spec.Linear(out_features=2)))
    )
    assert data["input_shape"] == [1, 28, 28]
    assert data["rows"] == [
        {
            "index": 0,
            "path": "0",
            "kind": "Conv2d",
            "output_shape": [8, 26, 26],
            "params": 80,
            "mult_adds": 72 * 26 * 26,
            "receptive_field": [3, 3],
            "jump": [1, 1],
        },
        {
            "index": 1,
            "path": "1",
            "kind": "AdaptiveAvgPool2d",
            "output_shape": [8, 4, 4],
            "params": 0,
            "mult_adds": 8 * 28 * 28,  # four windows of 7 values each way
            "receptive_field": [9, 9],
            "jump": None,
        },
    ]
    assert (data["total_params"], data["trainable_params"]) == (80, 80)
    assert data["total_mult_adds"] == 72 * 26 * 26 + 8 * 28 * 28
    assert data["torchinfo_mult_adds"] == 80 * 26 * 26
    assert (data["problem"]["index"], data["problem"]["path"]) == (2, "2")
    assert data["problem"]["remedy"].startswith("put Flatten before it")


def test_torchs_note_on_even_kernels_stays_out_of_the_servers_log() -> None:
    """In a process of its own, as torch says it once a process."""
    code = (
        "import torch\n"
        "from explorer.network.build import build\n"
        "from explorer.network.spec import Architecture, Conv2d\n"
        "layer = Conv2d(out_channels=2, kernel_size=2, padding='same')\n"
        "print(tuple(build(Architecture(layers=(layer,)))(torch.zeros(1, 1, 28, 28)).shape))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    assert (done.stdout.strip(), done.stderr) == ("(1, 2, 28, 28)", "")
