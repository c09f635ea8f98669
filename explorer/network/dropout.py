"""The rates of a network's dropout layers, of which no summary table and no parameter count
tells.
"""

from collections.abc import Sequence

from explorer.network.layers import LAYERS
from explorer.network.spec import Architecture, Branches, Nodes, arguments, walk_layers


def dropout_rates(architecture: Architecture) -> tuple[float, ...]:
    """The rates of the dropout layers, from the first layer on; () where there are none."""
    return tuple(
        arguments(layer)["p"]
        for _, layer in walk_layers(architecture.layers)
        if LAYERS[layer.kind].is_dropout
    )


def with_dropout(architecture: Architecture, rates: Sequence[float]) -> Architecture:
    """The network with these rates, each from 0 to 1, in its dropout layers, from the first on.

    The last rate serves all the layers that are left.
    """
    left = list(reversed(rates))

    def changed(nodes: Nodes) -> Nodes:
        return tuple(
            node.model_copy(update={"branches": tuple(map(changed, node.branches))})
            if isinstance(node, Branches)
            else node.model_copy(update={"p": left.pop() if len(left) > 1 else left[0]})
            if LAYERS[node.kind].is_dropout
            else node
            for node in nodes
        )

    return architecture.model_copy(update={"layers": changed(architecture.layers)})
