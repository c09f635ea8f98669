"""What files state of layers' inputs, as torch does (in_channels, in_features, …): kept only where
it is not true.
"""

from explorer.network.layers import find_mismatch
from explorer.network.spec import (
    Architecture,
    ArchitectureError,
    Branches,
    Nodes,
    Shape,
    stated,
    walk_layers,
    without_statement,
)


def without_true_statements(architecture: Architecture) -> Architecture:
    """The architecture without what its file says of the layers' inputs, as far as that is so."""
    if not any(stated(layer) for _, layer in walk_layers(architecture.layers)):
        return architecture
    shape = architecture.input_shape
    checked, _ = _checked(architecture.layers, shape)
    return architecture.model_copy(update={"layers": checked})


def _checked(nodes: Nodes, shape: Shape | None) -> tuple[Nodes, Shape | None]:
    """The nodes of a stack or a branch, and what they give: None where one does not fit, which
    leaves what comes after it as it was.
    """
    # They need torch, which a list of runs does without.
    from explorer.network.measure import measure
    from explorer.network.merging import merged_shape

    found = list(nodes)
    for place, node in enumerate(nodes):
        if shape is None:
            break
        if isinstance(node, Branches):
            pairs = [_checked(branch, shape) for branch in node.branches]
            found[place] = node.model_copy(update={"branches": tuple(each for each, _ in pairs)})
            outputs = [output for _, output in pairs if output is not None]
            shape = merged_shape(node.merge, outputs) if len(outputs) == len(pairs) else None
        elif find_mismatch(node, shape):
            shape = None
        else:
            found[place] = layer = without_statement(node) if stated(node) else node
            try:
                shape = measure(layer, shape).output_shape
            except ArchitectureError:  # analysing it says so
                shape = None
    return tuple(found), shape
