"""Finding and changing places in the tree of layers and blocks, by their paths."""

from explorer.network.spec import Branches, Node, Nodes, Path

IMAGE: Path = ()  # in place of a node's path, what comes into the network


def node_at(nodes: Nodes, path: Path) -> Node:
    """The layer or block at a path. Raises IndexError where there is none."""
    *inside, place = path
    return chain_at(nodes, tuple(inside))[place]


def chain_at(nodes: Nodes, inside: Path) -> Nodes:
    """The stack itself where `inside` is (), the branch at (5, 1): nodes that follow each other.

    Raises IndexError where there is no such branch.
    """
    for place, branch in zip(inside[::2], inside[1::2], strict=True):
        block = nodes[place]
        if not isinstance(block, Branches):
            raise IndexError(f"{block.kind} has no branches")
        nodes = block.branches[branch]
    return nodes


def with_instead(nodes: Nodes, path: Path, *instead: Node) -> Nodes:
    """The tree in which the node at `path` is replaced by these, which may be none."""
    *inside, place = path
    chain = chain_at(nodes, tuple(inside))
    return with_chain(nodes, tuple(inside), (*chain[:place], *instead, *chain[place + 1 :]))


def with_chain(nodes: Nodes, inside: Path, chain: Nodes) -> Nodes:
    """The tree in which the stack (`inside` is ()) or a branch holds these nodes."""
    if not inside:
        return chain
    place, number, *rest = inside
    block = nodes[place]
    assert isinstance(block, Branches)
    branches = list(block.branches)
    branches[number] = with_chain(branches[number], tuple(rest), chain)
    changed = block.model_copy(update={"branches": tuple(branches)})
    return (*nodes[:place], changed, *nodes[place + 1 :])


def leading_to(nodes: Nodes, path: Path) -> Nodes:
    """The shortest stack that computes the node at `path`: what comes before its block, then what
    comes before it in its branch, and so on; last the node itself.
    """
    found: list[Node] = []
    for place, branch in zip(path[:-1:2], path[1::2], strict=True):
        found += nodes[:place]
        nodes = chain_at(nodes, (place, branch))
    return (*found, *nodes[: path[-1] + 1])


def paths_leading_to(path: Path) -> tuple[Path, ...]:
    """The paths of the nodes of `leading_to`, in the same order."""
    found: list[Path] = []
    for length in range(0, len(path), 2):
        inside, place = path[:length], path[length]
        is_last = length == len(path) - 1
        found += [(*inside, each) for each in range(place + is_last)]
    return tuple(found)


def above(path: Path) -> Path:
    """The path of the node before this one in the stack or in its branch; one that is no node's
    where it is the first.
    """
    return (*path[:-1], path[-1] - 1)


def input_of(path: Path) -> Path:
    """The node whose output comes into the one at `path`: the one before it or, of the first of a
    branch, the one before its block. IMAGE where none does.
    """
    while path and path[-1] == 0:
        path = path[:-2]
    return (*path[:-1], path[-1] - 1) if path else IMAGE


def inputs_of(path: Path, node: Node) -> tuple[Path, ...]:
    """All nodes whose outputs come into one: of a block, as it is its merge, the last node of each
    branch, and of an empty branch what comes into the block.
    """
    if not isinstance(node, Branches):
        return (input_of(path),)
    return tuple(
        (*path, number, len(branch) - 1) if branch else input_of(path)
        for number, branch in enumerate(node.branches)
    )
