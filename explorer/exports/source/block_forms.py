"""What a block of branches is to a reader of the exported source: a residual block, say, whose
second branch is the skip.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from explorer.network.spec import Branches, Conv2d, Nodes, Shape, pair


@dataclass(frozen=True)
class Block:
    """A block with the shapes of what comes in and of what comes out of it, in each of its places.

    Where it stands in several places, the branches are those of the first.
    """

    node: Branches
    before: tuple[Shape, ...]
    after: tuple[Shape, ...]

    @property
    def skip(self) -> int | None:
        """The branch that leads around the other one: the empty one, or a projection."""
        branches = self.node.branches
        if len(branches) != 2 or self.node.merge == "multiply":
            return None
        empty = [number for number, branch in enumerate(branches) if not branch]
        if empty or self.node.merge == "concat":
            return _only(empty)
        return _only([number for number, branch in enumerate(branches) if _projects(branch)])

    @property
    def gate(self) -> int | None:
        """The branch that says how much of the other one passes."""
        branches = self.node.branches
        if len(branches) != 2 or self.node.merge != "multiply":
            return None
        whole = [number for number, branch in enumerate(branches) if branch]
        ends = [number for number in whole if branches[number][-1].kind in ("Sigmoid", "Softmax")]
        return _only(whole) if len(whole) == 1 else _only(ends)

    @property
    def makes_maps_smaller(self) -> bool:
        return all(
            after[1:] != before[1:] and all(map(int.__le__, after[1:], before[1:]))
            for before, after in zip(self.before, self.after, strict=True)
        )


def _only(numbers: Sequence[int]) -> int | None:
    return numbers[0] if len(numbers) == 1 else None


# Beside a 1×1 convolution, what a projection may consist of.
_PASSES_ON = ("BatchNorm2d", "GroupNorm", "AvgPool2d", "MaxPool2d")


def _projects(branch: Nodes) -> bool:
    """Does the branch only give what comes in another shape: a 1×1 convolution, perhaps
    normalised?
    """
    others = [node for node in branch if node.kind not in _PASSES_ON]
    return (
        len(others) == 1 and isinstance(others[0], Conv2d) and pair(others[0].kernel_size) == (1, 1)
    )


@dataclass(frozen=True)
class Form:
    """How a kind of block is named, and what it does."""

    class_name: str
    attribute: str  # of a module of this class, before its number
    about: str
    is_it: Callable[[Block], bool]


def _squeezes(block: Block) -> bool:
    """Does the gate have one value for each channel?"""
    gate = block.node.branches[block.gate] if block.gate is not None else ()
    pools = [node for node in gate if node.kind in ("AdaptiveAvgPool2d", "AdaptiveMaxPool2d")]
    return any(node.output_size == 1 for node in pools)


def _has_empty_branch(block: Block) -> bool:
    return () in block.node.branches


SQUEEZE_EXCITATION = Form(
    "SqueezeExcitation",
    "se",
    "Multiplies each channel by a weight that is computed from all channels.",
    _squeezes,
)

# The first that a block is.
_FORMS: dict[str, tuple[Form, ...]] = {
    "add": (
        Form(
            "ResidualBlock",
            "residual",
            "Adds its input to the output of its layers.",
            lambda block: block.skip is not None and _has_empty_branch(block),
        ),
        Form(
            "DownsamplingResidualBlock",
            "residual",
            "Adds a projection of its input to the output of its layers, on a smaller map.",
            lambda block: block.skip is not None and block.makes_maps_smaller,
        ),
        Form(
            "ProjectionResidualBlock",
            "residual",
            "Adds a projection of its input to the output of its layers.",
            lambda block: block.skip is not None,
        ),
        Form(
            "SumBlock",
            "sum",
            "Adds the outputs of its branches.",
            lambda block: True,
        ),
    ),
    "multiply": (
        SQUEEZE_EXCITATION,
        Form(
            "GatedBlock",
            "gated",
            "Multiplies by a gate that is computed from the same input.",
            lambda block: block.gate is not None,
        ),
        Form(
            "ProductBlock",
            "product",
            "Multiplies the outputs of its branches.",
            lambda block: True,
        ),
    ),
    "concat": (
        Form(
            "DenseLayer",
            "dense",
            "Appends the output of its layers to its input, as more channels.",
            lambda block: block.skip is not None,
        ),
        Form(
            "InceptionBlock",
            "inception",
            "Concatenates the outputs of its branches, which all take the same input.",
            lambda block: len(block.node.branches) > 2,
        ),
        Form(
            "ConcatBlock",
            "concat",
            "Concatenates the outputs of its branches, which all take the same input.",
            lambda block: True,
        ),
    ),
}


def form_of(block: Block) -> Form:
    """What the block is, by its merge and its branches."""
    return next(form for form in _FORMS[block.node.merge] if form.is_it(block))
