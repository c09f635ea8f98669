"""Which classes the exported source of a network has, and what each layer is called in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from explorer.exports.source.alike_blocks import NETWORK, Places, Tree, alike_blocks, enclosing
from explorer.exports.source.attribute_names import AttributeNames
from explorer.exports.source.block_forms import form_of
from explorer.exports.source.parameters import (
    Argument,
    Parameters,
    Values,
    arguments_of,
    constructor_of,
)
from explorer.network.analysis import require_fitting
from explorer.network.spec import Architecture, Branches, Path, walk


@dataclass(frozen=True)
class Attribute:
    """A module that a class makes in its __init__."""

    name: str
    constructor: str  # "nn.Conv2d", or the name of a class of blocks
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class SourceClass:
    """A class of the source: that of the network, or of blocks that are alike."""

    name: str
    places: Places  # of the blocks; of the network NETWORK alone
    about: str  # what it does, in a sentence; of the network ""
    # What each layer, and each block that has a class, is in this class, by its path below the
    # class's own place, in the order in which they run.
    attributes: Mapping[Path, Attribute]
    parameters: Parameters


@dataclass(frozen=True)
class SourcePlan:
    """The classes of a network's source, each after those it uses, and at last the network's."""

    tree: Tree
    classes: tuple[SourceClass, ...]
    by_place: Mapping[Path, SourceClass]

    def attribute_path(self, path: Path) -> str:
        """A layer's full name in the network: "layer1_0.conv1"."""
        place = self._maker(path)
        name = self.by_place[place].attributes[path[len(place) :]].name
        return f"{self.attribute_path(place)}.{name}" if place else name

    def merge_path(self, path: Path) -> str:
        """The full name of the module in whose forward a block is merged; of the network ""."""
        place = path if path in self.by_place else self._maker(path)
        return self.attribute_path(place) if place else ""

    def class_name(self, path: Path) -> str | None:
        """The name of a block's class; None where it is written out in another's forward."""
        found = self.by_place.get(path)
        return found.name if found else None

    def _maker(self, path: Path) -> Path:
        """The place of the class whose __init__ makes what is at a path."""
        return next(each for each in enclosing(path) if each in self.by_place)


@lru_cache(maxsize=16)
def source_plan(architecture: Architecture, network_name: str) -> SourcePlan:
    """The plan of a network's source, in which the network's class has the given name.

    Raises ArchitectureError, which names the layer that does not fit.
    """
    tree = Tree(require_fitting(architecture))
    classes: list[SourceClass] = []
    by_place: dict[Path, SourceClass] = {}
    names = {network_name}
    for places in alike_blocks(tree):
        form = form_of(tree.block(places))
        name = _new_name(form.class_name, names)
        names.add(name)
        classes.append(_source_class(tree, by_place, name, places, form.about))
        by_place |= dict.fromkeys(places, classes[-1])
    network = _source_class(tree, by_place, network_name, (NETWORK,), "")
    return SourcePlan(tree, (*classes, network), by_place | {NETWORK: network})


def _new_name(wished: str, taken: set[str]) -> str:
    """ResidualBlock, ResidualBlock2, …"""
    name, number = wished, 1
    while name in taken:
        number += 1
        name = f"{wished}{number}"
    return name


def _source_class(
    tree: Tree, by_place: Mapping[Path, SourceClass], name: str, places: Places, about: str
) -> SourceClass:
    names = AttributeNames()
    attributes: dict[Path, Attribute] = {}
    for path, prefix in _modules(tree, by_place, places[0]):
        inside = path[len(places[0]) :]
        paths = [(*place, *inside) for place in places]
        if path in by_place:
            attributes[inside] = _block_attribute(tree, by_place[path], paths, names)
            continue
        rows = [tree.rows[each] for each in paths]
        layers = tuple(row.layer for row in rows if not isinstance(row.layer, Branches))
        attributes[inside] = Attribute(
            names.of_layer(layers, prefix), f"nn.{constructor_of(rows[0])}", arguments_of(rows)
        )
    parameters = Parameters(
        {each.name: each.arguments for each in attributes.values()},
        tuple(tree.before(place)[0] for place in places),
        tuple(tree.after(place)[0] for place in places),
        _sums(tree, places),
    )
    return SourceClass(name, places, about, attributes, parameters)


def _modules(
    tree: Tree, by_place: Mapping[Path, SourceClass], block: Path, prefix: str = ""
) -> Iterator[tuple[Path, str]]:
    """The layers and the blocks with a class that the one of this block makes, in the order in
    which they run, and what their names begin with.
    """
    skip = tree.block((block,)).skip if block else None
    for number, (above, branch) in enumerate(tree.branches(block)):
        begins = "skip_" if number == skip else prefix
        for place, node in enumerate(branch):
            path = (*above, place)
            if isinstance(node, Branches) and path not in by_place:
                yield from _modules(tree, by_place, path, begins)
            else:
                yield path, begins


def _block_attribute(
    tree: Tree, made: SourceClass, paths: list[Path], names: AttributeNames
) -> Attribute:
    blocks = [tree.rows[path].layer for path in paths]
    own_names = [block.name for block in blocks if isinstance(block, Branches)]
    form = form_of(tree.block(tuple(paths)))
    places = [made.places.index(path) for path in paths]
    given = tuple(
        Argument(each.name, tuple(each.values[place] for place in places), each.meaning)
        for each in made.parameters.all
    )
    return Attribute(names.of_block(own_names, form.attribute), made.name, given)


def _sums(tree: Tree, places: Places) -> dict[Values, list[Values]]:
    """What comes out where branches are put behind each other, as channels, and those of each
    branch.
    """
    found: dict[Values, list[Values]] = {}
    for path in _concatenations(tree, places[0]):
        paths = [(*place, *path[len(places[0]) :]) for place in places]
        branches = zip(*(_branch_channels(tree, each) for each in paths), strict=True)
        found[tuple(tree.after(each)[0] for each in paths)] = list(branches)
    return found


def _concatenations(tree: Tree, place: Path) -> Iterator[Path]:
    nodes = [each for above, branch in tree.branches(place) for each in walk(branch, above)]
    for path, node in [*nodes, *([(place, tree.rows[place].layer)] if place else [])]:
        if isinstance(node, Branches) and node.merge == "concat":
            yield path


def _branch_channels(tree: Tree, block: Path) -> list[int]:
    return [
        tree.after((*above, len(branch) - 1))[0] if branch else tree.before(block)[0]
        for above, branch in tree.branches(block)
    ]
