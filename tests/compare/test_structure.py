"""Stacks side by side, and what each change between two of them does."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.compare.structure import (
    Effect,
    effect_of_changes,
    params_shares,
    side_by_side,
    totals,
)
from explorer.network.analysis import analyze
from explorer.network.difference import Added, Changed, Removed, difference
from explorer.network.spec import (
    Architecture,
    BatchNorm2d,
    Branches,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    ZeroPad2d,
    walk,
)
from explorer.presets import load_presets
from tests.network.stacks import architectures, branching

networks = architectures() | branching(depth=2)

PRESETS = [
    preset.architecture
    for id, preset in load_presets().items()
    if not preset.known or id == "resnet-18"
]
CONV, WIDE = Conv2d(out_channels=8, kernel_size=3), Conv2d(out_channels=16, kernel_size=3)
POOL = MaxPool2d(kernel_size=2)


def network(*layers, side=8):
    return Architecture(layers=layers, input_shape=(1, side, side))


def aligned(*stacks):
    return side_by_side([analyze(stack) for stack in stacks])


def drawn(stages):
    """Each stage as its title and lines, a line as the place of each architecture's layer or
    "-".
    """
    return [
        (
            stage.title,
            [
                " ".join(cell.row.place if cell.row else "-" for cell in line.cells)
                for line in stage.lines
            ],
        )
        for stage in stages
    ]


# --- the grid -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stacks", "expected"),
    [
        ((), []),
        ((network(), network()), []),
        ((network(ReLU()),), [("8×8", ["0"])]),
        (
            (
                network(CONV, ReLU(), POOL, Flatten(), Linear(out_features=3)),
                network(CONV, BatchNorm2d(), ReLU(), Flatten()),
            ),
            [("6×6", ["0 0", "- 1", "1 2"]), ("3×3", ["2 -"]), ("vector", ["3 3", "4 -"])],
        ),
        # a layer beside one of its kind, even where another argument is the nearer
        ((network(CONV), network(WIDE)), [("6×6", ["0 0"])]),
        ((network(ReLU()), network(Dropout())), [("8×8", ["0 -", "- 0"])]),
        # of two that could stand beside it, the one with the same argument; of two equals the first
        (
            (network(Dropout(p=0.1)), network(Dropout(p=0.2), Dropout(p=0.1))),
            [("8×8", ["- 0", "0 1"])],
        ),
        ((network(ReLU()), network(ReLU(), ReLU())), [("8×8", ["0 0", "- 1"])]),
        # more pairs count for more than equal arguments
        (
            (network(Dropout(p=0.1), ReLU()), network(Dropout(p=0.2), ReLU(), Dropout(p=0.1))),
            [("8×8", ["0 0", "1 1", "- 2"])],
        ),
        # the third stands beside a layer that the first does not have
        (
            (network(ReLU()), network(BatchNorm2d(), ReLU()), network(BatchNorm2d())),
            [("8×8", ["- 0 0", "0 1 -"])],
        ),
        # a map that grows and shrinks again: its size comes twice, and every stack keeps its order
        (
            (network(ReLU(), ZeroPad2d(padding=1), CONV), network(ReLU(), POOL)),
            [("8×8", ["0 0"]), ("10×10", ["1 -"]), ("8×8", ["2 -"]), ("4×4", ["- 1"])],
        ),
        # up to the problem: Linear asks for Flatten first
        ((network(CONV, Linear(out_features=3)), network(CONV)), [("6×6", ["0 0"])]),
    ],
)
def test_lines(stacks, expected):
    assert drawn(aligned(*stacks)) == expected


def test_what_differs_is_told_against_the_first_that_has_the_layer():
    wide = Conv2d(out_channels=16, kernel_size=3, bias=False)
    (stage,) = aligned(network(), network(CONV), network(wide), network(CONV))
    (line,) = stage.lines
    assert (line.kind, line.reference, line.is_common) == ("Conv2d", 1, False)
    assert [cell.arguments for cell in line.cells] == [
        (),
        (),
        (("out_channels", 8, 16), ("bias", True, False)),
        (),
    ]
    assert [cell.row is None for cell in line.cells] == [True, False, False, False]


def test_a_line_is_common_where_all_have_the_same_layer():
    (stage,) = aligned(network(CONV, ReLU()), network(CONV), network(CONV, ReLU()))
    assert [line.is_common for line in stage.lines] == [True, False]


def check_grid(stacks):
    analyses = [analyze(stack) for stack in stacks]
    stages = side_by_side(analyses)
    blocks = [{row.path: row for row in analysis.rows} for analysis in analyses]
    for place, analysis in enumerate(analyses):
        assert tuple(row for stage in stages for row in stage.rows(place)) == analysis.rows
    for stage in stages:
        for line in stage.lines:
            reference = line.cells[line.reference].row.layer
            assert not line.cells[line.reference].arguments
            assert len(line.cells) == len(stacks)
            for place, cell in enumerate(line.cells):
                row, changes = cell.row, cell.arguments
                if row is None:
                    continue
                assert row.kind == line.kind
                # What is in a block counts with what the block gives.
                shape = blocks[place].get(row.path[:1], row).output_shape
                assert (shape[1:] if len(shape) == 3 else None) == stage.size
                if isinstance(row.layer, Branches):
                    expected = {"merge": reference.merge, "branches": len(reference.branches)}
                    expected |= {name: own for name, _, own in changes}
                    assert expected == {
                        "merge": row.layer.merge,
                        "branches": len(row.layer.branches),
                    }
                    continue
                assert (
                    reference.model_copy(update={name: own for name, _, own in changes})
                    == row.layer
                )
    return stages


@pytest.mark.parametrize(
    "pair", list(product(PRESETS, repeat=2)), ids=lambda pair: f"{pair[0].name} | {pair[1].name}"
)
def test_every_row_of_two_presets_is_there_once_and_in_order(pair):
    stages = check_grid(pair)
    sizes = [stage.size[0] if stage.size else 0 for stage in stages]
    assert sizes == sorted(set(sizes), reverse=True)
    if pair[0] == pair[1]:
        assert all(line.is_common for stage in stages for line in stage.lines)


def test_all_presets_at_once():
    check_grid(PRESETS)


@given(st.lists(networks, min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_any_stacks(stacks):
    check_grid(stacks)


def paired_in_the_table(first, second):
    """Pairs of layers that stand on one line, by path."""
    cells = [line.cells for stage in aligned(first, second) for line in stage.lines]
    return {(one.row.path, other.row.path) for one, other in cells if one.row and other.row}


def paired_in_the_list(first, second):
    """Pairs of layers that the list of changes takes for the same or for changed, by path, both of
    which fit.
    """
    changes = difference(first, second).changes

    def left(network, gone):
        """The paths of all that is neither `gone` nor inside it."""
        alone = [change.path for change in changes if isinstance(change, gone)]
        return [
            path
            for path, _ in walk(network.layers)
            if not any(path[: len(each)] == each for each in alone)
        ]

    kept, new = left(first, Removed), left(second, Added)
    fit = [{row.path for row in analyze(stack).rows} for stack in (first, second)]
    return {
        (one, other)
        for one, other in zip(kept, new, strict=True)
        if one in fit[0] and other in fit[1]
    }


def stage_of_each_layer(first, second):
    return [
        {
            cell.row.path: number
            for number, stage in enumerate(aligned(first, second))
            for cell in column(stage, place)
            if cell.row
        }
        for place in (0, 1)
    ]


def column(stage, place):
    return [line.cells[place] for line in stage.lines]


def check_table_against_list(first, second):
    """The table is parted by the size of the maps: there, layers of one size stand on one line if
    the list pairs them.
    """
    listed = paired_in_the_list(first, second)
    stages = stage_of_each_layer(first, second)
    assert paired_in_the_table(first, second) == {
        (i, j) for i, j in listed if stages[0][i] == stages[1][j]
    }


@given(networks, networks)
@settings(max_examples=100, deadline=None)
def test_the_table_and_the_list_of_changes_pair_the_same_layers_of_any_two_stacks(first, second):
    check_table_against_list(first, second)


@pytest.mark.parametrize(
    "pair", list(product(PRESETS, repeat=2)), ids=lambda pair: f"{pair[0].name} | {pair[1].name}"
)
def test_the_table_and_the_list_of_changes_pair_the_same_layers_of_two_presets(pair):
    check_table_against_list(*pair)


@given(st.lists(networks, min_size=3, max_size=4))
@settings(max_examples=40, deadline=None)
def test_beside_the_first_each_stack_stands_as_it_does_alone(stacks):
    cells = [line.cells for stage in aligned(*stacks) for line in stage.lines]
    stages = [
        [{cell.row.path for cell in column(stage, place) if cell.row} for stage in aligned(*stacks)]
        for place in range(len(stacks))
    ]
    for place in range(1, len(stacks)):
        shown = {
            (line[0].row.path, line[place].row.path)
            for line in cells
            if line[0].row and line[place].row
        }
        listed = paired_in_the_list(stacks[0], stacks[place])
        together = zip(stages[0], stages[place], strict=True)
        at_one_size = {
            (i, j) for ours, theirs in together for i, j in listed if i in ours and j in theirs
        }
        assert shown == at_one_size


# --- totals ---------------------------------------------------------------------------------------


def test_totals_by_hand():
    stack = network(
        CONV, BatchNorm2d(), ReLU(), Conv2d(out_channels=2, kernel_size=5, dilation=2, padding=4)
    )
    found = totals(analyze(stack))
    assert (found.layers, found.layers_with_params) == (4, 3)
    assert found.params == (9 * 8 + 8) + 16 + (25 * 8 * 2 + 2)
    assert found.activation_bytes == 4 * (3 * 8 * 36 + 2 * 36)
    assert found.mult_adds == analyze(stack).total_mult_adds > 0
    assert found.receptive_field == (11, 11)  # 3 + 4 · 2: more than there is
    assert found.seen == (7, 7)  # every other row of the six above, each of which sees three
    empty = totals(analyze(network()))
    assert (empty.layers, empty.params, empty.receptive_field, empty.seen) == (0, 0, (1, 1), (1, 1))


def test_shares_of_the_parameters():
    one = network(CONV, Flatten(), Linear(out_features=10))  # 80, then 288 · 10 + 10
    stages = aligned(one, network(ReLU(), CONV), network(ReLU()))
    assert [stage.title for stage in stages] == ["8×8", "6×6", "vector"]
    assert params_shares(stages) == ((0, 0, None), (80 / 2970, 1, None), (2890 / 2970, 0, None))
    assert params_shares(()) == ()


# --- effects --------------------------------------------------------------------------------------


def check_sum(old, new):
    before, after, effects = totals(analyze(old)), totals(analyze(new)), effect_of_changes(old, new)
    for name in ("params", "mult_adds", "activation_bytes"):
        assert sum(getattr(effect, name) for effect in effects) == getattr(after, name) - getattr(
            before, name
        )
    for name in ("receptive_field", "seen"):
        for axis in (0, 1):
            summed = sum(getattr(effect, name)[axis] for effect in effects)
            assert summed == getattr(after, name)[axis] - getattr(before, name)[axis]
    assert (
        tuple(change for effect in effects for change in effect.changes)
        == difference(old, new).changes
    )
    shapes = [effect.input_shapes for effect in effects if effect.input_shapes]
    assert shapes == (
        [(old.input_shape, new.input_shape)] if old.input_shape != new.input_shape else []
    )


def test_nothing_changed():
    assert effect_of_changes(network(CONV), network(CONV)) == ()


def test_each_change_upon_those_before_it():
    old = network(CONV, CONV, Flatten(), Linear(out_features=10))  # 80, 584, 128 · 10 + 10
    # 160, 16 · 9 · 8 + 8, 32 · 10 + 10.
    new = network(WIDE, CONV, POOL, Flatten(), Linear(out_features=10))
    wider, pooled = effect_of_changes(old, new)
    assert wider.changes == (Changed((0,), (0,), "Conv2d", (("out_channels", 8, 16),)),)
    # Its own, and those of what takes its maps.
    assert (wider.params, wider.receptive_field) == (80 + 8 * 9 * 8, (0, 0))
    assert pooled.changes == (Added((2,), POOL),)
    # Linear sees the whole image, before as after
    assert (pooled.params, pooled.receptive_field, pooled.activation_bytes) == (
        -96 * 10,
        (0, 0),
        4 * (32 + 32 - 128),
    )
    check_sum(old, new)


def test_a_receptive_field_that_grows():
    (effect,) = effect_of_changes(
        network(CONV), network(Conv2d(out_channels=8, kernel_size=(5, 3)))
    )
    assert (effect.receptive_field, effect.seen, effect.params) == ((2, 0), (2, 0), 8 * 6)


def test_changes_between_which_nothing_fits_stand_together():
    old = network(
        Conv2d(out_channels=4, kernel_size=3),
        Conv2d(out_channels=4, kernel_size=3, groups=4),
        ReLU(),
    )
    new = network(
        Conv2d(out_channels=3, kernel_size=3), Conv2d(out_channels=3, kernel_size=3, groups=3)
    )
    grouped, removed = effect_of_changes(old, new)  # three maps cannot be split into four groups
    assert [type(change) for change in grouped.changes] == [Changed, Changed]
    assert grouped.params == -20  # 40 + 40 -> 30 + 30
    assert removed == Effect((Removed((2,), ReLU()),), None, 0, 0, -4 * 3 * 16, (0, 0), (0, 0))
    check_sum(old, new)


def test_another_shape_of_image_comes_first():
    old, new = network(CONV, ReLU()), Architecture(layers=(CONV,), input_shape=(3, 16, 16))
    shape, removed = effect_of_changes(old, new)
    assert (shape.input_shapes, shape.changes, shape.params) == (
        ((1, 8, 8), (3, 16, 16)),
        (),
        2 * 9 * 8,
    )
    assert (removed.input_shapes, removed.params) == (None, 0)
    check_sum(old, new)


def test_a_stack_that_does_not_fit_is_counted_up_to_its_problem():
    check_sum(
        network(CONV, Linear(out_features=3)), network(WIDE, Flatten(), Linear(out_features=3))
    )
    check_sum(
        network(WIDE, Flatten(), Linear(out_features=3)),
        network(CONV, Linear(out_features=3), ReLU()),
    )


@pytest.mark.parametrize(
    "pair", list(combinations(PRESETS, 2)), ids=lambda pair: f"{pair[0].name} | {pair[1].name}"
)
def test_effects_between_presets_sum_to_the_difference(pair):
    check_sum(*pair)
    check_sum(*reversed(pair))


@given(networks, networks)
@settings(max_examples=60, deadline=None)
def test_effects_sum_to_the_difference(old, new):
    check_sum(old, new)
