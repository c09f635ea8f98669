"""What differs between two architectures, and what it's called."""

import pytest
from hypothesis import given, settings

from explorer.network.analysis import analyze
from explorer.network.difference import (
    Added,
    Changed,
    Removed,
    change_text,
    difference,
    difference_text,
    layer_text,
)
from explorer.network.spec import (
    MAX_LAYERS,
    Architecture,
    BatchNorm2d,
    Branches,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
)
from explorer.network.tree import chain_at, with_chain
from tests.network.stacks import architectures, branching

networks = architectures() | branching(depth=2)

CONV, WIDE = Conv2d(out_channels=8, kernel_size=3), Conv2d(out_channels=16, kernel_size=3)
HEAD = (Flatten(), Linear(out_features=10))


def changes(before, after):
    return difference(Architecture(layers=before), Architecture(layers=after)).changes


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((), (), ()),
        ((CONV, *HEAD), (CONV, *HEAD), ()),
        ((CONV, *HEAD), (CONV, ReLU(), *HEAD), (Added((1,), ReLU()),)),
        ((CONV, ReLU(), *HEAD), (CONV, *HEAD), (Removed((1,), ReLU()),)),
        (
            (CONV, ReLU()),
            (WIDE, ReLU()),
            (Changed((0,), (0,), "Conv2d", (("out_channels", 8, 16),)),),
        ),
        # Conv2d gives 26×26 in both.
        ((CONV, ReLU()), (ReLU(), CONV), (Added((0,), ReLU()), Removed((1,), ReLU()))),
        (
            (CONV, BatchNorm2d(), ReLU(), CONV),
            (CONV, ReLU(), WIDE, Dropout()),
            (
                Removed((1,), BatchNorm2d()),
                Changed((3,), (2,), "Conv2d", (("out_channels", 8, 16),)),
                Added((3,), Dropout()),
            ),
        ),
        (
            (MaxPool2d(kernel_size=2),),
            (ReLU(),),
            (Removed((0,), MaxPool2d(kernel_size=2)), Added((0,), ReLU())),
        ),
    ],
)
def test_changes(before, after, expected):
    assert set(changes(before, after)) == set(expected)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (Architecture(), Architecture(name="another name"), ""),
        (
            Architecture(layers=(CONV,)),
            Architecture(layers=(WIDE,)),
            "1 layer changed · +80 parameters",
        ),
        (
            Architecture(layers=(WIDE,)),
            Architecture(layers=(CONV,)),
            "1 layer changed · −80 parameters",
        ),
        (
            Architecture(),
            Architecture(layers=(ReLU(), ReLU())),
            "2 layers added · as many parameters",
        ),
        (
            Architecture(layers=(CONV, ReLU())),
            Architecture(layers=(WIDE,)),
            "1 layer changed, 1 removed · +80 parameters",
        ),
        (
            Architecture(layers=(CONV,)),
            Architecture(layers=(CONV,), input_shape=(3, 32, 32)),
            "images 1×28×28 → 3×32×32 · +144 parameters",
        ),
    ],
)
def test_in_one_line(before, after, text):
    found = difference(before, after)
    assert difference_text(found) == text
    assert found.is_empty == (text == "")


def test_a_change_in_words():
    assert change_text(
        Changed((0,), (0,), "Conv2d", (("padding", 0, (1, 2)), ("bias", True, False)))
    ) == ("Conv2d: padding 0 → 1×2, bias yes → no")
    assert (
        change_text(Changed((3,), (3,), "MaxPool2d", (("stride", None, 2),)))
        == "MaxPool2d: stride none → 2"
    )
    assert change_text(Added((3,), Dropout(p=0.1))) == "Dropout p 0.1 added"
    assert change_text(Removed((3,), ReLU())) == "ReLU removed"
    assert (
        layer_text(Conv2d(out_channels=8, kernel_size=(1, 3)))
        == "Conv2d out_channels 8, kernel_size 1×3"
    )


def applied(before, after, found):
    """The second network's layers, made from the first and what is said to differ."""
    removed = {change.path for change in found.changes if isinstance(change, Removed)}
    renewed = {
        change.before_path: change for change in found.changes if isinstance(change, Changed)
    }

    def without(nodes, inside):
        kept = []
        for place, node in enumerate(nodes):
            path = (*inside, place)
            if path in removed:
                continue
            given = (
                {name: new for name, _, new in renewed[path].arguments} if path in renewed else {}
            )
            if isinstance(node, Branches):
                count = given.pop("branches", len(node.branches))
                branches = [without(b, (*path, i)) for i, b in enumerate(node.branches)]
                given["branches"] = tuple([*branches, *[()] * count][:count])
            kept.append(node.model_copy(update=given))
        return tuple(kept)

    layers = without(before.layers, ())
    added = [change for change in found.changes if isinstance(change, Added)]
    # From the outside in and from the front, so that each lies at its place.
    for change in sorted(added, key=lambda change: change.path):
        *inside, place = change.path
        chain = chain_at(layers, tuple(inside))
        layers = with_chain(layers, tuple(inside), (*chain[:place], change.layer, *chain[place:]))
    return layers


@given(networks, networks)
@settings(max_examples=100, deadline=None)
def test_what_differs_makes_one_of_the_other(before, after):
    found = difference(before, after)
    assert applied(before, after, found) == after.layers
    both = analyze(before), analyze(after)
    known = not any(analysis.problem for analysis in both)
    assert found.extra_params == (both[1].total_params - both[0].total_params if known else None)
    back = difference(after, before)
    assert (back.count(Added), back.count(Removed)) == (found.count(Removed), found.count(Added))
    assert difference(before, before).is_empty


RESIDUAL = Branches(merge="add", branches=((CONV, ReLU()), ()))


def test_changes_in_blocks():
    """A change inside a block is told as such; a whole block is one change of several layers."""
    wider = Branches(merge="add", branches=((WIDE, ReLU()), ()), name="layer1.0")
    assert changes((RESIDUAL,), (wider,)) == (
        Changed((0, 0, 0), (0, 0, 0), "Conv2d", (("out_channels", 8, 16),)),
    )
    joined = Branches(merge="concat", branches=((CONV, ReLU()), (), (ReLU(),)))
    assert changes((RESIDUAL,), (joined,)) == (
        Added((0, 2, 0), ReLU()),
        Changed((0,), (0,), "Branches", (("merge", "add", "concat"), ("branches", 2, 3))),
    )
    (added,) = changes((CONV,), (CONV, RESIDUAL))
    assert added == Added((1,), RESIDUAL)
    assert change_text(added) == "add of 2 branches, 2 layers added"
    found = difference(Architecture(layers=(CONV,)), Architecture(layers=(CONV, RESIDUAL)))
    assert found.count(Added) == 2


def test_a_blocks_name_makes_no_difference():
    named = RESIDUAL.model_copy(update={"name": "layer1.0"})
    assert changes((RESIDUAL,), (named,)) == ()


def test_two_large_stacks_take_no_time():
    before = tuple(Conv2d(out_channels=1 + index, kernel_size=3) for index in range(MAX_LAYERS))
    after = tuple(Conv2d(out_channels=300 + index, kernel_size=5) for index in range(MAX_LAYERS))
    found = difference(Architecture(layers=before), Architecture(layers=after))
    assert found.count(Changed) == MAX_LAYERS
