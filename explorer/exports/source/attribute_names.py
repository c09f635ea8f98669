"""What the modules of an exported class are called: conv1, bn1, relu, layer1_0."""

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from torch import nn

from explorer.network.layers import LAYERS
from explorer.network.spec import Layer

LONGEST_BLOCK_NAME = 24  # so that a line of forward has room for it
_TAKEN_BY_TORCH = {*dir(nn.Module), *vars(nn.Module())}


class AttributeNames:
    """The names of one class, given one by one in the order of its layers."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._shared: dict[tuple[Layer, ...], str] = {}
        self._given: set[str] = set()

    def of_layer(self, layers: tuple[Layer, ...], prefix: str = "") -> str:
        """A name for a layer, given as it is in each place of the class.

        Equal activations are one module and have one name.
        """
        kind = LAYERS[layers[0].kind]
        stem = kind.attribute or _snake_case(layers[0].kind)
        if not kind.is_shared:
            return self._numbered(prefix + stem, starts_plain=bool(prefix))
        if layers not in self._shared:
            # The first activation of its kind needs no number, as most networks have but one.
            self._shared[layers] = self._numbered(stem, starts_plain=True)
        return self._shared[layers]

    def of_block(self, names: Sequence[str], stem: str) -> str:
        """A name for a block: its own, where it has the same one in all places of the class."""
        own = _identifier(names[0]) if len(set(names)) == 1 else ""
        if not own or own in self._given or own in _TAKEN_BY_TORCH or keyword.iskeyword(own):
            return self._numbered(stem)
        self._given.add(own)
        return own

    def _numbered(self, stem: str, starts_plain: bool = False) -> str:
        while True:
            self._count[stem] += 1
            number = self._count[stem]
            name = stem if starts_plain and number == 1 else f"{stem}{number}"
            if name not in self._given:
                self._given.add(name)
                return name


def _identifier(name: str) -> str:
    """A block's name for a program: "layer1.0" -> "layer1_0"; "" where nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    found = "_".join(re.findall("[A-Za-z0-9]+", plain))
    if found[:1].isdigit():
        found = f"block_{found}"
    return found[:LONGEST_BLOCK_NAME].rstrip("_")


def _snake_case(kind: str) -> str:
    """LeakyReLU -> leaky_relu, Conv2d -> conv."""
    return re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", re.sub(r"[12]d$", "", kind)).lower()
