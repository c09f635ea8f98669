"""Hints: when they are given, what they say, and what following them does."""

import pytest
from hypothesis import given, settings

from explorer.network import spec
from explorer.network.analysis import analyze
from explorer.network.hints import hints
from explorer.network.spec import Architecture
from explorer.presets import load_presets
from tests.network.stacks import architectures

CONV = spec.Conv2d(out_channels=8, kernel_size=3)
HEAD = (spec.Flatten(), spec.Linear(out_features=10))


def given_to(*layers, input_shape=(1, 28, 28)) -> list[tuple[int, str]]:
    return [
        (hint.path[0], hint.message)
        for hint in hints(analyze(Architecture(input_shape=input_shape, layers=layers)))
    ]


CASES = [
    (
        (spec.MaxPool2d(kernel_size=3),),
        [(0, "no unit of this layer sees row 27 or column 27 of the image")],
    ),
    (
        (spec.Conv2d(out_channels=1, kernel_size=1, stride=4),),
        [
            (
                0,
                (
                    "no unit of this layer sees rows 1, 2, 3, 5 and 17 more or columns 1, 2, 3, "
                    "5 and 17 more of the image"
                ),
            )
        ],
    ),
    (
        (
            spec.Conv2d(out_channels=1, kernel_size=15, padding=7),
            spec.Conv2d(out_channels=1, kernel_size=15, padding=7),
        ),
        [(1, "from here on the receptive field, 29×29, is larger than the image, 28×28")],
    ),
    (  # all values of Flatten together look at 30×30, each by itself at less; Linear looks at all
        (
            spec.Conv2d(out_channels=1, kernel_size=3, padding=1),
            spec.Flatten(),
            spec.Linear(out_features=10),
        ),
        [(2, "from here on the receptive field, 30×30, is larger than the image, 28×28")],
    ),
    (
        (CONV, spec.BatchNorm2d()),
        [(0, "BatchNorm2d cancels this bias: 8 useless parameters")],
    ),
    ((CONV, spec.ReLU(), spec.BatchNorm2d()), []),
    ((spec.Conv2d(out_channels=8, kernel_size=3, bias=False), spec.BatchNorm2d()), []),
    (
        (spec.Dropout(), spec.BatchNorm2d()),
        [
            (
                0,
                (
                    "BatchNorm2d right after Dropout sees dropped-out values in training, "
                    "but not at test time"
                ),
            )
        ],
    ),
    (
        (*HEAD, spec.ReLU()),
        [
            (
                2,
                ("ReLU after the last layer with weights restricts the scores (logits)"),
            )
        ],
    ),
    (
        (*HEAD, spec.Softmax()),
        [
            (
                2,
                "the cross-entropy loss takes the softmax itself; "
                "training reads this layer as LogSoftmax",
            )
        ],
    ),
    ((*HEAD, spec.LogSoftmax()), []),
    (
        (*HEAD, spec.ReLU(), spec.LogSoftmax()),
        [
            (
                2,
                ("ReLU after the last layer with weights restricts the scores (logits)"),
            )
        ],
    ),
    (
        (CONV, spec.Tanh(), spec.AdaptiveAvgPool2d(output_size=1), spec.Flatten()),
        [
            (
                1,
                ("Tanh after the last layer with weights restricts the scores (logits)"),
            )
        ],
    ),
    ((CONV, spec.ReLU()), []),
    ((), []),
]


@pytest.mark.parametrize(("layers", "expected"), CASES)
def test_what_is_hinted(layers, expected):
    assert given_to(*layers) == expected


@pytest.mark.parametrize("layers", [layers for layers, expected in CASES if expected])
def test_following_a_hint_is_the_end_of_it(layers):
    for hint in hints(analyze(Architecture(layers=layers))):
        if hint.fix:
            after = analyze(hint.fix)
            assert after.problem is None
            assert hint.message not in [other.message for other in hints(after)]


def test_a_useless_bias_costs_what_the_hint_says():
    before = load_presets()["gap-17k"].architecture
    hint = hints(analyze(before))[0]
    assert (hint.path[0], "16 useless parameters" in hint.message) == (0, True)
    assert analyze(hint.fix).total_params == analyze(before).total_params - 16


@settings(max_examples=300, deadline=None)
@given(architectures())
def test_hints_never_fail_and_name_layers_that_fit(architecture):
    analysis = analyze(architecture)
    assert all(hint.path in [row.path for row in analysis.rows] for hint in hints(analysis))


# --- blocks ---------------------------------------------------------------------------------------


def block(merge, *branches):
    return spec.Branches(merge=merge, branches=branches)


SAME = spec.Conv2d(out_channels=8, kernel_size=3, padding=1)


def hinted(*layers):
    found = hints(analyze(Architecture(layers=layers)))
    return {hint.path: hint for hint in found if "larger than the image" not in hint.message}


def test_a_useless_bias_in_a_branch_is_named_by_its_path_and_mended_there():
    body = block("add", (SAME, spec.BatchNorm2d(), spec.ReLU()), ())
    (path, hint), *others = hinted(SAME, body, *HEAD).items()
    assert (path, others) == ((1, 0, 0), [])
    assert hint.fix.layers[1].branches[0][0] == SAME.model_copy(update={"bias": False})
    assert hint.fix.layers[1].branches[1] == ()


def test_a_bias_that_a_skip_still_needs_is_not_useless():
    """As in a ResNet whose blocks begin with BatchNorm: the skip passes the bias on."""
    body = block("add", (spec.BatchNorm2d(), spec.ReLU(), SAME), ())
    assert hinted(SAME, body, *HEAD) == {}


def test_dropout_before_batchnorm_changes_places_in_its_branch():
    body = block("add", (SAME, spec.Dropout(p=0.1), spec.BatchNorm2d()), ())
    (path, hint), *_ = hinted(SAME, body, *HEAD).items()
    assert path == (1, 0, 1)
    assert [layer.kind for layer in hint.fix.layers[1].branches[0]] == [
        "Conv2d",
        "BatchNorm2d",
        "Dropout",
    ]


def test_pixels_that_one_branch_does_not_see_are_no_loss_where_another_does():
    lossy = spec.Conv2d(out_channels=8, kernel_size=1, stride=2)
    seeing = spec.Conv2d(out_channels=8, kernel_size=3, stride=2, padding=1)
    assert hinted(block("add", (lossy,), (seeing,)), *HEAD) == {}
    (hint,) = hinted(block("add", (lossy,), (lossy,)), *HEAD).values()
    assert hint.path == (0,)
    assert "no unit of this layer sees" in hint.message
