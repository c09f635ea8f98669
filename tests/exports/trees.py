"""Networks that branch: known ones by name, and drawn ones for hypothesis."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from explorer.network.merging import chain_shape
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    Architecture,
    BatchNorm2d,
    Branches,
    Conv2d,
    Dropout,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    Merge,
    Node,
    Nodes,
    ReLU,
    Shape,
    Sigmoid,
    Upsample,
)
from tests.network.stacks import MAX_VALUES, layers, most_values, output_on_torch, sides

# --- blocks ---------------------------------------------------------------------------------------


def conv(channels: int, kernel: int = 3, stride: int = 1, bias: bool = False) -> Conv2d:
    """A convolution that keeps the map's size where the stride is 1."""
    return Conv2d(
        out_channels=channels, kernel_size=kernel, stride=stride, padding=kernel // 2, bias=bias
    )


def block(merge: Merge, *branches: Nodes, name: str = "") -> Branches:
    return Branches(merge=merge, branches=branches, name=name)


def residual(channels: int, *more: Node, name: str = "") -> Branches:
    """ResNet's basic block, with more layers at the end of the branch."""
    main = (conv(channels), BatchNorm2d(), ReLU(), conv(channels), BatchNorm2d(), *more)
    return block("add", main, (), name=name)


def strided(channels: int, *more: Node, name: str = "", stride: int = 2) -> Branches:
    """ResNet's basic block whose skip is projected."""
    main = (conv(channels, stride=stride), BatchNorm2d(), ReLU(), conv(channels), BatchNorm2d())
    return block("add", (*main, *more), (conv(channels, 1, stride), BatchNorm2d()), name=name)


def bottleneck(channels: int, stride: int = 1, projects: bool = False) -> Branches:
    """ResNet-50's block."""
    main = (
        *(conv(channels, 1), BatchNorm2d(), ReLU()),
        *(conv(channels, 3, stride), BatchNorm2d(), ReLU()),
        *(conv(4 * channels, 1), BatchNorm2d()),
    )
    return block("add", main, (conv(4 * channels, 1, stride), BatchNorm2d()) if projects else ())


def inception(*channels: int) -> Branches:
    """GoogLeNet's block of six convolutions."""
    one, three_before, three, five_before, five, pooled = (
        (conv(each, kernel, bias=True), ReLU())
        for each, kernel in zip(channels, (1, 1, 3, 1, 5, 1), strict=True)
    )
    pool = MaxPool2d(kernel_size=3, stride=1, padding=1)
    return block("concat", one, three_before + three, five_before + five, (pool, *pooled))


def dense(growth: int) -> Branches:
    """A layer of a DenseNet."""
    return block("concat", (), (BatchNorm2d(), ReLU(), conv(growth)))


def squeeze_excitation(channels: int, squeezed: int) -> Branches:
    gate = (
        *(AdaptiveAvgPool2d(output_size=1), conv(squeezed, 1, bias=True), ReLU()),
        *(conv(channels, 1, bias=True), Sigmoid()),
    )
    return block("multiply", (), gate)


def u_net_level(channels: int, *inside: Node) -> Branches:
    """Half the map's size, back to the whole, beside the map itself."""
    down = (MaxPool2d(kernel_size=2), conv(2 * channels), ReLU())
    return block("concat", (), (*down, *inside, conv(channels), Upsample(scale_factor=2)))


# --- networks -------------------------------------------------------------------------------------


def network(
    *nodes: Node, shape: tuple[int, int, int] = (3, 16, 16), name: str = "Tree"
) -> Architecture:
    return Architecture(name=name, input_shape=shape, layers=nodes)


def head(classes: int = 10) -> Nodes:
    return AdaptiveAvgPool2d(output_size=1), Flatten(), Linear(out_features=classes)


def resnet_18() -> Architecture:
    """torchvision's."""
    stem = (conv(64, 7, 2), BatchNorm2d(), ReLU(), MaxPool2d(kernel_size=3, stride=2, padding=1))
    stages: list[Node] = []
    for stage, channels in enumerate((64, 128, 256, 512), 1):
        first = residual if stage == 1 else strided
        stages += [first(channels, name=f"layer{stage}.0"), ReLU()]
        stages += [residual(channels, name=f"layer{stage}.1"), ReLU()]
    return network(*stem, *stages, *head(1000), shape=(3, 224, 224), name="ResNet-18")


def inside_each_other(depth: int) -> Node:
    node: Node = conv(3)
    for number in range(depth):
        node = block(("add", "concat", "multiply")[number % 3], (node, conv(3)), (conv(3, 1),))
    return node


NETWORKS: dict[str, Architecture] = {
    "a residual block": network(conv(8), residual(8), ReLU(), *head()),
    "three equal residual blocks": network(conv(8), *[residual(8), ReLU()] * 3, *head()),
    "strided blocks with projections": network(
        *(conv(8), residual(8), ReLU(), residual(8), ReLU(), strided(16), ReLU()),
        *(residual(16), ReLU(), strided(32, name="layer3.0"), ReLU(), *head()),
    ),
    "bottlenecks": network(
        *(conv(4), bottleneck(4, 1, True), ReLU(), bottleneck(4), ReLU()),
        *(bottleneck(8, 2, True), ReLU(), bottleneck(8), ReLU(), *head()),
    ),
    "an inception block": network(inception(8, 4, 8, 2, 4, 4), *head()),
    "inception blocks": network(
        conv(8), inception(8, 4, 6, 2, 3, 5), inception(4, 8, 16, 3, 7, 9), *head()
    ),
    "too many numbers that differ": network(
        *(inception(*range(n, n + 6)) for n in (1, 7)),
        *(block("concat", *((conv(n + k, 1 + 2 * (k % 2)),) for k in range(8))) for n in (1, 9, 1)),
    ),
    "a dense block": network(conv(6), dense(4), dense(4), dense(4), ReLU(), *head()),
    "dense blocks in each other": network(
        block("concat", (), (conv(4), block("concat", (), (conv(4),))))
    ),
    "squeeze and excitation": network(conv(8), squeeze_excitation(8, 2), *head()),
    "squeeze and excitation in residual blocks": network(
        *(conv(8), residual(8, squeeze_excitation(8, 2)), ReLU()),
        *(strided(16, squeeze_excitation(16, 4)), ReLU()),
        *(residual(16, squeeze_excitation(16, 4)), ReLU(), *head()),
    ),
    "a U-Net": network(conv(4), u_net_level(4, u_net_level(8, u_net_level(16))), conv(2, 1)),
    "sums inside a class": network(
        *(
            block("add", (block("concat", (conv(n),), (conv(2 * n), ReLU())), conv(8)), ())
            for n in (2, 3)
        ),
        shape=(8, 9, 9),
    ),
    "a depthwise convolution": network(
        *(
            block(
                "add", (Conv2d(out_channels=n, kernel_size=3, padding=1, groups=n), conv(n, 1)), ()
            )
            if n
            else conv(12)
            for n in (6, 0, 12)
        ),
        shape=(6, 9, 9),
    ),
    "six deep": network(inside_each_other(6), shape=(3, 6, 6)),
    "nothing but identities": network(
        block("add", (), ()), block("multiply", (), ()), block("concat", (), (), ())
    ),
    "eight branches": network(
        block("concat", *[(conv(2), ReLU())] * 8), block("add", *[(conv(2),)] * 8)
    ),
    "vectors": network(
        Flatten(),
        Linear(out_features=12),
        *(block("add", (Linear(out_features=12), ReLU(), Dropout(p=p)), ()) for p in (0.1, 0.2)),
        block("concat", (Linear(out_features=3),), ()),
        block("multiply", (Linear(out_features=5),), (Linear(out_features=5), Sigmoid())),
        shape=(1, 4, 4),
    ),
    "activations that differ": network(
        *(
            block("add", (LeakyReLU(negative_slope=a), conv(3), LeakyReLU(negative_slope=b)), ())
            for a, b in ((0.1, 0.1), (0.1, 0.2))
        )
    ),
    "names that clash": network(
        *(residual(3, name=name) for name in ("conv1", "forward", "class", "a", "a", '"""\\')),
        conv(3),
        strided(4, name="# fmt: off"),
    ),
}


# --- drawn trees ----------------------------------------------------------------------------------

MAX_DRAWN_DEPTH = 3


@st.composite
def trees(draw: st.DrawFn) -> Architecture:
    """Networks of layers and blocks in which everything fits; some blocks are alike."""
    shape = (draw(st.sampled_from([1, 2, 4])), draw(sides), draw(sides))
    return network(*_Tree(draw).chain(shape, draw(st.integers(1, 6)), 0), shape=shape, name="drawn")


class _Tree:
    """Draws the nodes of one network."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._activation = draw(st.sampled_from([ReLU(), LeakyReLU(negative_slope=0.2), None]))
        self._blocks: list[Branches] = []  # drawn before, to be drawn again with other numbers

    def chain(self, shape: Shape, length: int, depth: int) -> Nodes:
        """Nodes that follow each other, of which the first takes the shape."""
        nodes: list[Node] = []
        for _ in range(length):
            node = self._node(shape, depth)
            after = node and chain_shape((node,), shape)
            is_small = node and most_values((node,), shape) <= MAX_VALUES
            if node and after and max(after) <= 64 and is_small:
                nodes.append(node)
                shape = after
        return tuple(nodes)

    def _node(self, shape: Shape, depth: int) -> Node | None:
        if depth < MAX_DRAWN_DEPTH and self._draw(st.booleans()):
            made = self._again() if self._blocks and self._draw(st.booleans()) else None
            if made is None or chain_shape((made,), shape) is None:
                kinds = [self._known, self._known, self._free]
                made = self._draw(st.sampled_from(kinds))(shape, depth)
            self._blocks.append(made)
            return made
        for _ in range(4):
            layer = self._draw(layers)
            if output_on_torch(layer, shape) and layer.kind != "Dropout2d":
                return layer
        return None

    def _again(self) -> Branches:
        times = self._draw(st.sampled_from([1, 1, 2, 3]))
        again = _multiplied(self._draw(st.sampled_from(self._blocks)), times)
        assert isinstance(again, Branches)
        return again

    def _known(self, shape: Shape, depth: int) -> Branches:
        """A block of a known form that fits the shape."""
        channels = shape[0]
        activation = (self._activation,) if self._activation else ()
        if len(shape) == 1:
            return block("add", (Linear(out_features=channels), *activation), ())
        out = self._draw(st.integers(1, 6))
        forms: dict[str, Callable[[], Branches]] = {
            "residual": lambda: block("add", (conv(channels), *activation, conv(channels)), ()),
            "strided": lambda: strided(out, *activation, stride=self._draw(st.integers(1, 2))),
            "inception": lambda: block(
                "concat", (conv(out), *activation), (conv(2, 1), conv(out)), ()
            ),
            "dense": lambda: block("concat", (), (*activation, conv(out))),
            "gate": lambda: squeeze_excitation(channels, out),
        }
        return forms[self._draw(st.sampled_from(sorted(forms)))]()

    def _free(self, shape: Shape, depth: int) -> Branches:
        """A block of any branches, which are made to fit each other at their ends."""
        merge: Merge = self._draw(st.sampled_from(["add", "concat", "multiply"]))
        count = self._draw(st.sampled_from([2, 2, 2, 3, 4]))
        branches = [
            self.chain(shape, self._draw(st.integers(0, 3)), depth + 1) for _ in range(count)
        ]
        wanted = chain_shape(branches[0], shape)
        assert wanted
        for number, branch in enumerate(branches):
            after = chain_shape(branch, shape)
            assert after
            branches[number] = (*branch, *self._ending(merge, after, wanted))
        # What does not fit even so is a map beside a vector.
        made = block(merge, *branches, name=self._draw(st.sampled_from(["", "", "part", "relu"])))
        return made if chain_shape((made,), shape) else block(merge, (), ())

    def _ending(self, merge: Merge, shape: Shape, wanted: Shape) -> Nodes:
        """What makes the end of a branch one that can be merged."""
        if shape == wanted:
            return ()
        if len(wanted) == 1:
            flatten = (Flatten(),) if len(shape) == 3 else ()
            return (*flatten, Linear(out_features=wanted[0]))
        if len(shape) == 1:
            return ()
        pool = AdaptiveAvgPool2d(output_size=wanted[1:])
        if merge == "multiply" and self._draw(st.booleans()):
            pool = AdaptiveAvgPool2d(output_size=1)
        resize = (pool,) if shape[1:] != wanted[1:] else ()
        return (*resize, conv(wanted[0], 1)) if merge != "concat" else resize


def _multiplied(node: Node, times: int) -> Node:
    """The same node with so many times as many channels."""
    if isinstance(node, Branches):
        branches = (tuple(_multiplied(each, times) for each in branch) for branch in node.branches)
        return node.model_copy(update={"branches": tuple(branches)})
    changes: dict[str, Any] = {
        name: getattr(node, name) * times
        for name in ("out_channels", "out_features", "groups")
        if hasattr(node, name)
    }
    return node.model_copy(update=changes)
