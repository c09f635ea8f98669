"""The names that recipes give to own images."""

import re
import secrets
from typing import NamedTuple

FEWEST_CLASSES, MOST_CLASSES = 2, 100
# Pixels of a side. Below 8 there is nothing to convolve; above 96 a class's machine trains for
# hours, and few images fill the memory.
LEAST_SIDE, MOST_SIDE = 8, 96

_NAME = re.compile(r"own-[a-z2-7]{8}-([0-9]{1,3})-([13])x([0-9]{1,2})x([0-9]{1,2})")
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


class OwnName(NamedTuple):
    """What a name says of the images."""

    classes: int
    input_shape: tuple[int, int, int]


def new_name(classes: int, input_shape: tuple[int, int, int]) -> str:
    """A name that nobody can guess, as own-k7f2m4qa-3-1x28x28."""
    id = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"own-{id}-{classes}-{'x'.join(map(str, input_shape))}"


def parse_name(name: str) -> OwnName | None:
    """What the name says; None for what is no name of own images."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    classes, channels, height, width = map(int, found.groups())
    is_right = (
        FEWEST_CLASSES <= classes <= MOST_CLASSES
        and all(LEAST_SIDE <= side <= MOST_SIDE for side in (height, width))
        # One spelling each: two names never mean the same images.
        and name.endswith(f"-{classes}-{channels}x{height}x{width}")
    )
    return OwnName(classes, (channels, height, width)) if is_right else None
