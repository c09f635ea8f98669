"""What comes back of our own exports, and what each form lacks."""

from explorer.exports.pytorch import python_source
from explorer.imports.opening import Asked, Opened, open_file, open_text
from explorer.network.analysis import analyze
from explorer.network.build import build
from explorer.network.spec import (
    Architecture,
    AvgPool2d,
    Branches,
    Dropout,
    Dropout2d,
    Identity,
    MaxPool2d,
    Node,
    Nodes,
    PReLU,
    Upsample,
    arguments,
    without_statement,
)
from explorer.network.tree import with_instead


def as_torch_has_it(architecture: Architecture) -> Nodes:
    """The network's nodes with Dropout where Dropout2d gets a vector: there torch has no other."""
    layers = architecture.layers
    for row in analyze(architecture).rows:
        if row.kind == "Dropout2d" and len(row.input_shape) == 1:
            assert isinstance(row.layer, Dropout2d)
            layers = with_instead(layers, row.path, Dropout(p=row.layer.p))
    return layers


def without_order(nodes: Nodes) -> Nodes:
    """The nodes with the branches of each sum and product in one order: source says which layers
    come together, and `x + skip` as well as `skip + x` says it.
    """

    def one(node: Node) -> Node:
        if not isinstance(node, Branches):
            return node
        branches = tuple(map(without_order, node.branches))
        if node.merge != "concat":
            branches = tuple(sorted(branches, key=repr))
        return Branches(merge=node.merge, branches=branches)

    return tuple(map(one, nodes))


def as_computed(nodes: Nodes) -> Nodes:
    """The nodes as the graph of an ONNX file tells of them: without the names of blocks, without
    what does nothing in evaluation, and whether windows might hang over that do not.
    """
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Branches):
            found.append(
                Branches(merge=node.merge, branches=tuple(map(as_computed, node.branches)))
            )
        elif isinstance(node, MaxPool2d | AvgPool2d):
            stride = None if node.stride == node.kernel_size else node.stride
            found.append(node.model_copy(update={"stride": stride, "ceil_mode": False}))
        elif not isinstance(node, Dropout | Dropout2d | Identity):
            found.append(without_statement(node))
    return tuple(found)


def as_printed(nodes: Nodes) -> Nodes:
    """The nodes as print() tells of them: not whether a pooling's stride was given where it is the
    kernel's, how AvgPool2d counts and rounds, whether Upsample aligns corners, a bias without a
    scale, what PReLU begins with, and the names of blocks.
    """

    def one(node: Node) -> Node:
        if isinstance(node, Branches):
            return Branches(merge=node.merge, branches=tuple(map(as_printed, node.branches)))
        if isinstance(node, MaxPool2d | AvgPool2d):
            stride = None if node.stride == node.kernel_size else node.stride
            told = {"kernel_size": node.kernel_size, "stride": stride, "padding": node.padding}
            return (
                AvgPool2d(**told) if isinstance(node, AvgPool2d) else node.model_copy(update=told)
            )
        # How AvgPool2d rounds changes what comes into the layers below, and so what they state.
        told = arguments(without_statement(node))
        for name in ("affine", "elementwise_affine"):
            if told.get(name) is False:
                told["bias"] = True
        told |= {PReLU: {"init": 0.25}, Upsample: {"align_corners": None}}.get(type(node), {})
        return type(node)(**told)

    return tuple(map(one, nodes))


def assert_source_comes_back(architecture: Architecture) -> None:
    """PyTorch source gives back the same network, images and all."""
    opened = open_text(python_source(architecture))
    assert opened.problem is None
    assert opened.form == "code"
    assert opened.architecture.input_shape == architecture.input_shape
    found = without_order(opened.architecture.layers)
    assert found == without_order(as_torch_has_it(architecture))


def assert_onnx_comes_back(data: bytes, architecture: Architecture) -> None:
    """An ONNX file of ours gives back the very same network."""
    opened = open_file(data)
    assert opened.problem is None
    assert opened.architecture == architecture


def printed(architecture: Architecture) -> Opened:
    """What is read of print(build(architecture)), which lacks the size of the images."""
    return open_text(repr(build(architecture)), Asked(image=architecture.input_shape))


def assert_print_comes_back(architecture: Architecture) -> None:
    """What print() prints gives back the same layers, given the images; a network without any
    prints nothing that tells it from a call.
    """
    if not architecture.layers:
        return
    opened = printed(architecture)
    assert opened.problem is None
    assert opened.form == "repr"
    found = opened.architecture.layers
    assert as_printed(found) == as_printed(as_torch_has_it(architecture))
