"""Receptive fields worked by hand; test_drawn_networks.py proves them by derivatives on any
network.
"""

from fractions import Fraction

import numpy as np
import pytest
import torch

from explorer.network import spec
from explorer.network.analysis import analyze, receptive_fields
from explorer.network.spec import Architecture
from explorer.presets import load_presets

HALF = Fraction(1, 2)


def last(*layers, input_shape=(1, 28, 28)):
    return receptive_fields(analyze(Architecture(input_shape=input_shape, layers=layers)))[-1]


def conv(kernel, **arguments):
    return spec.Conv2d(out_channels=1, kernel_size=kernel, **arguments)


@pytest.mark.parametrize(
    ("layers", "theoretical", "jump"),
    [
        ([conv(3)], (3, 3), (1, 1)),
        ([conv(3), conv(3)], (5, 5), (1, 1)),
        ([conv(3), spec.MaxPool2d(kernel_size=2)], (4, 4), (2, 2)),
        ([conv(3), spec.MaxPool2d(kernel_size=2), conv(3)], (8, 8), (2, 2)),
        ([conv(3, dilation=2)], (5, 5), (1, 1)),
        ([conv((3, 5), stride=(1, 2))], (3, 5), (1, 2)),
        ([conv(5, stride=2), conv(3, dilation=3)], (17, 17), (2, 2)),
        ([spec.MaxPool2d(kernel_size=3, stride=1)], (3, 3), (1, 1)),
        ([spec.AdaptiveAvgPool2d(output_size=1)], (28, 28), (28, 28)),
        ([spec.AdaptiveAvgPool2d(output_size=14)], (2, 2), (2, 2)),
        ([spec.AdaptiveAvgPool2d(output_size=27)], (2, 2), (1, 1)),
        ([spec.AdaptiveAvgPool2d(output_size=20)], (3, 3), None),
        ([spec.AdaptiveAvgPool2d(output_size=20), conv(3)], (5, 5), None),
        ([conv(3, padding=1), spec.Flatten()], (30, 30), (1, 1)),
        ([conv(3), spec.Flatten(), spec.Linear(out_features=3)], (28, 28), (1, 1)),
        ([spec.ReLU(), spec.BatchNorm2d(), spec.Dropout()], (1, 1), (1, 1)),
        ([spec.ReflectionPad2d(padding=3), conv(7)], (7, 7), (1, 1)),
        ([spec.Upsample(scale_factor=1)], (1, 1), (1, 1)),
        ([spec.Upsample(scale_factor=2)], (1, 1), (HALF, HALF)),
        ([spec.Upsample(scale_factor=2, mode="bilinear")], (2, 2), (HALF, HALF)),
        ([spec.Upsample(scale_factor=(1, 2))], (1, 1), (1, HALF)),
        ([spec.Upsample(scale_factor=2), conv(3)], (2, 2), (HALF, HALF)),
        # A stride takes back what enlarging did.
        ([spec.Upsample(scale_factor=2), spec.MaxPool2d(kernel_size=2)], (1, 1), (1, 1)),
        (
            [spec.MaxPool2d(kernel_size=2), spec.Upsample(scale_factor=2), conv(2, stride=2)],
            (2, 2),
            (2, 2),
        ),
    ],
)
def test_theoretical_size_and_jump(layers, theoretical, jump):
    field = last(*layers)
    assert (field.theoretical, field.jump) == (theoretical, jump)


def pixels(mask, axis) -> list[int]:
    return np.flatnonzero(mask.any(axis=1 - axis)).tolist()


def test_padding_clips_the_field_at_the_border():
    field = last(conv(5, padding=2))
    assert pixels(field.mask(0, 14), 0) == [0, 1, 2]
    assert pixels(field.mask(0, 14), 1) == [12, 13, 14, 15, 16]


def test_dilation_leaves_holes():
    assert pixels(last(conv(3, dilation=4)).mask(0, 1), 1) == [1, 5, 9]


def test_a_stride_can_leave_pixels_that_no_unit_sees():
    field = last(conv(2, stride=3), input_shape=(1, 6, 6))
    assert np.flatnonzero(~field.rows.touched.any(axis=0)).tolist() == [2, 5]


@pytest.mark.parametrize(
    ("mode", "seen"),
    [("zeros", [0, 1]), ("replicate", [0, 1]), ("reflect", [0, 1]), ("circular", [0, 1, 7])],
)
def test_padding_modes_look_where_torch_looks(mode, seen):
    assert (
        pixels(last(conv(3, padding=1, padding_mode=mode), input_shape=(1, 8, 8)).mask(0, 4), 0)
        == seen
    )


def test_a_mirrored_border_shows_the_pixels_it_mirrors():
    field = last(spec.ReflectionPad2d(padding=(0, 0, 3, 1)), input_shape=(1, 8, 8))
    assert [pixels(field.mask(unit, 0), 0) for unit in (0, 3, 10, 11)] == [[3], [0], [7], [6]]


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        ({"mode": "nearest"}, [[0], [0], [1], [1], [2], [2]]),
        ({"mode": "bilinear"}, [[0], [0, 1], [0, 1], [1, 2], [1, 2], [2]]),
        ({"mode": "bilinear", "align_corners": True}, [[0], [0, 1], [0, 1], [1, 2], [1, 2], [2]]),
        (
            {"mode": "bilinear", "scale_factor": 3},
            [[0], [0], [0, 1], [0, 1], [1], [1, 2], [1, 2], [2], [2]],
        ),
    ],
)
def test_an_enlarged_map_sees_the_nearest_pixels(arguments, seen):
    field = last(spec.Upsample(**{"scale_factor": 2} | arguments), input_shape=(1, 3, 3))
    assert [pixels(field.mask(unit, 0), 0) for unit in range(len(seen))] == seen


@pytest.mark.parametrize("scale", range(1, 33))
def test_nearest_pixels_are_torchs_for_every_factor_that_is_allowed(scale):
    side = 2048 // scale
    image = torch.arange(side, dtype=torch.float32).reshape(1, 1, side, 1)
    found = torch.nn.Upsample(scale_factor=(scale, 1))(image).flatten().int().tolist()
    field = last(spec.Upsample(scale_factor=(scale, 1)), input_shape=(1, min(side, 512), 1))
    assert field.rows.first.tolist() == found[: len(field.rows.first)]


def test_an_even_same_kernel_has_its_extra_row_below():
    assert pixels(last(conv(4, padding="same")).mask(5, 5), 0) == [4, 5, 6, 7]


def test_normalising_over_the_image_makes_a_unit_depend_on_all_of_it():
    field = last(conv(3), spec.GroupNorm(num_groups=1))
    assert field.theoretical == (3, 3)
    assert field.mask(0, 0).all()


def test_a_unit_wholly_in_the_padding_sees_nothing():
    field = last(conv(1, padding=1))
    assert not field.mask(0, 0).any()


def test_a_pad_after_uneven_windows_does_not_stretch_them():
    """Units in the padding of an uneven map have no window, and take no part in what comes
    after.
    """
    uneven = [spec.AdaptiveAvgPool2d(output_size=5), spec.ZeroPad2d(padding=3), conv(1)]
    assert last(*uneven, input_shape=(1, 8, 8)).theoretical == (3, 3)


def test_a_unit_that_does_not_exist():
    with pytest.raises(
        IndexError, match="no unit 26,0: this layer has 26×26 units, counted from 0,0"
    ):
        last(conv(3)).mask(26, 0)


@pytest.mark.parametrize(
    ("preset", "theoretical"),
    [("strided-20k", (45, 45)), ("bias-free-12k", (32, 32)), ("gap-17k", (40, 40))],
)
def test_the_presets_last_maps(preset, theoretical):
    fields = receptive_fields(analyze(load_presets()[preset].architecture))
    kinds = [layer.kind for layer in load_presets()[preset].architecture.layers]
    pool = max(i for i, kind in enumerate(kinds) if "Pool" in kind)
    assert fields[pool].theoretical == theoretical


# --- branches -------------------------------------------------------------------------------------


def block(merge, *branches):
    return spec.Branches(merge=merge, branches=branches)


ROW = conv((1, 7), padding=(0, 3))
COLUMN = conv((7, 1), padding=(3, 0))


@pytest.mark.parametrize("merge", ["add", "concat", "multiply"])
def test_a_row_and_a_column_that_are_merged_are_a_cross(merge):
    field = last(block(merge, (ROW,), (COLUMN,)))
    expected = np.zeros((28, 28), dtype=bool)
    expected[14, 11:18] = expected[11:18, 14] = True
    np.testing.assert_array_equal(field.mask(14, 14), expected)
    assert field.mask(14, 14).sum() == 13
    assert (field.theoretical, field.jump) == ((7, 7), (1, 1))
    # At the corner both arms are cut off.
    assert field.mask(0, 0).sum() == 4 + 4 - 1


def test_a_cross_widened_by_a_window_and_joined_with_another():
    cross = block("add", (ROW,), (COLUMN,))
    widened = last(cross, conv(3, padding=1)).mask(14, 14)
    assert widened.sum() == 9 * 3 + 9 * 3 - 9
    # A cross of crosses: 13×1, 1×13 and the square between their arms.
    twice = last(cross, cross).mask(14, 14)
    assert twice.sum() == 13 + 13 - 1 + 6 * 6
    assert last(cross, spec.Flatten()).mask(0, 0).all()


@pytest.mark.parametrize(
    ("layers", "theoretical", "jump"),
    [
        ([block("add", (conv(3, padding=1), conv(3, padding=1)), ())], (5, 5), (1, 1)),
        (
            [block("concat", (conv(1),), (conv(3, padding=1),), (conv(5, padding=2),))],
            (5, 5),
            (1, 1),
        ),
        ([block("add", (conv(3, stride=2, padding=1),), (conv(1, stride=2),))], (3, 3), (2, 2)),
        # Every other pixel beside every one: the distance between units varies.
        (
            [block("concat", (spec.MaxPool2d(kernel_size=2),), (conv(15),))],
            (15, 15),
            None,
        ),
        # Down and up again, as in a U-Net: the way past it has the same grid.
        (
            [
                block(
                    "concat",
                    (),
                    (
                        spec.MaxPool2d(kernel_size=2),
                        spec.ConvTranspose2d(out_channels=1, kernel_size=2, stride=2),
                    ),
                )
            ],
            (2, 2),
            (1, 1),
        ),
        # A gate looks at the whole image, on no grid of its own.
        (
            [
                conv(3, padding=1),
                block("multiply", (), (spec.AdaptiveAvgPool2d(output_size=1), spec.Sigmoid())),
            ],
            (30, 30),
            (1, 1),
        ),
    ],
)
def test_theoretical_size_and_jump_of_branches(layers, theoretical, jump):
    field = last(*layers)
    assert (field.theoretical, field.jump) == (theoretical, jump)


def test_what_lies_inside_another_branchs_field_is_no_part_of_its_own():
    inception = block("concat", (), (conv(3, padding=1),), (conv(5, padding=2),))
    assert len(last(inception, inception).products) == 1
    # The same rows, and columns that go on beside each other.
    left, right = (
        (spec.ZeroPad2d(padding=padding), conv((3, 3))) for padding in ((2, 0, 1, 1), (0, 2, 1, 1))
    )
    both = last(block("add", left, right))
    assert len(both.products) == 1
    assert pixels(both.mask(14, 14), 1) == [12, 13, 14, 15, 16]


def test_more_shapes_than_can_be_followed_are_refused():
    """Each block adds arms of other lengths, so that there are more and more rectangles."""
    arms = [
        block(
            "add",
            (conv((1, 2 * n + 1), padding=(0, n)),),
            (conv((2 * n + 1, 1), padding=(n, 0)),),
        )
        for n in range(1, 9)
    ]
    analysis = analyze(Architecture(layers=tuple(arms), input_shape=(1, 96, 96)))
    assert "which pixels the units see, up to Branches, takes" in analysis.problem.message
    assert analysis.problem.remedy


GATE = (
    *(spec.AdaptiveAvgPool2d(output_size=1), conv(1)),
    spec.Sigmoid(),
)


@pytest.mark.parametrize(
    ("after", "size", "first", "last_pixel"),
    [
        # The window that stays is the whole image and what the first layer sees around it.
        ((), 30, [-1] * 28, [28] * 28),
        # Then those that move on reach farther into the padding, at either end.
        ((conv(3, padding=1),), 31, [-2] + [-1] * 27, [28] * 27 + [29]),
        ((conv(3, padding=1, stride=2),), 31, [-2] + [-1] * 13, [28] * 14),
        ((conv(3, padding=1), spec.AdaptiveAvgPool2d(output_size=1)), 32, [-2], [29]),
    ],
)
def test_a_gate_that_sees_the_whole_map_takes_nothing_from_what_moves_on(
    after, size, first, last_pixel
):
    gated = spec.Branches(merge="multiply", branches=((), GATE))
    field = last(conv(3, padding=1), gated, *after)
    assert field.rows.first.tolist() == first
    assert field.rows.last.tolist() == last_pixel
    assert field.theoretical == (size, size)
    assert field.rows.jump == last(conv(3, padding=1), *after).rows.jump


def test_a_gate_takes_nothing_from_what_a_transposed_convolution_enlarges():
    enlarged = spec.ConvTranspose2d(out_channels=1, kernel_size=6, stride=2, padding=2)
    gated = spec.Branches(merge="multiply", branches=((), GATE))
    for layers in ((conv(3, padding=1), enlarged), (conv(3, padding=1), gated, enlarged)):
        assert last(*layers, input_shape=(1, 2, 2)).theoretical == (5, 5)


def test_gates_leave_a_network_the_receptive_field_that_it_has_without_them():
    def without_gates(nodes):
        return tuple(
            node.model_copy(update={"branches": tuple(map(without_gates, node.branches))})
            if isinstance(node, spec.Branches)
            else node
            for node in nodes
            if getattr(node, "merge", "") != "multiply"
        )

    architecture = load_presets()["mini-senet"].architecture
    plain = architecture.model_copy(update={"layers": without_gates(architecture.layers)})
    fields = [receptive_fields(analyze(each))[-1] for each in (architecture, plain)]
    assert fields[0].theoretical == fields[1].theoretical == (49, 49)


# --- transposed convolutions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "theoretical", "jump", "rows"),
    [
        # Each output takes one input, or two where the windows overlap.
        ({"kernel_size": 2, "stride": 2}, (1, 1), HALF, [[0], [0], [1], [1], [2], [2]]),
        ({"kernel_size": 3, "stride": 2}, (2, 2), HALF, [[0], [0], [0, 1], [1], [1, 2], [2], [2]]),
        ({"kernel_size": 3, "stride": 1}, (3, 3), 1, [[0], [0, 1], [0, 1, 2], [1, 2], [2]]),
        # A stride larger than the kernel leaves outputs that take nothing but the bias.
        (
            {"kernel_size": 1, "stride": 3},
            (1, 1),
            Fraction(1, 3),
            [[0], [], [], [1], [], [], [2]],
        ),
        (
            {"kernel_size": 4, "stride": 2, "padding": 1},
            (2, 2),
            HALF,
            [[0], [0, 1], [0, 1], [1, 2], [1, 2], [2]],
        ),
        ({"kernel_size": 2, "stride": 1, "dilation": 2}, (3, 3), 1, [[0], [1], [0, 2], [1], [2]]),
    ],
)
def test_transposed_convolutions(layer, theoretical, jump, rows):
    field = last(spec.ConvTranspose2d(out_channels=1, **layer), input_shape=(1, 3, 3))
    assert [np.flatnonzero(row).tolist() for row in field.rows.touched] == rows
    assert (field.theoretical, field.jump) == (theoretical, (jump, jump))
