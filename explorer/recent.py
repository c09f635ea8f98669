"""Recent: what was read a moment ago and need not be read again."""

import random
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Literal, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping that forgets values once their sizes together exceed `room`.

    `forget` says which: "oldest" the one that was looked at the longest ago; "any" one by chance. The latter is for values
    that are all looked at in turn: where there is room for all but a few, the oldest is always the one that is needed
    next, so that forgetting it would mean to read every one of them again each time.
    """

    def __init__(self, room: int, size: Callable[[V], int], forget: Literal["oldest", "any"] = "oldest"):
        self._room, self._size, self._sizes, self._forget = room, size, 0, forget
        self._chance = random.Random(0)
        self._values: OrderedDict[K, V] = OrderedDict()

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def get(self, key: K) -> V | None:
        if key not in self._values:
            return None
        return self[key]

    def __getitem__(self, key: K) -> V:
        self._values.move_to_end(key)
        return self._values[key]

    def __setitem__(self, key: K, value: V) -> None:
        if key in self._values:
            self._sizes -= self._size(self._values.pop(key))
        self._values[key] = value
        self._sizes += self._size(value)
        while self._sizes > self._room and len(self._values) > 1:
            self._sizes -= self._size(self._values.pop(self._to_forget(key)))

    def _to_forget(self, newest: K) -> K:
        if self._forget == "oldest":
            return next(iter(self._values))
        while (key := self._chance.choice(list(self._values))) == newest:
            pass
        return key

    def drop(self, which: Callable[[K], bool]) -> None:
        for key in [key for key in self._values if which(key)]:
            self._sizes -= self._size(self._values.pop(key))
