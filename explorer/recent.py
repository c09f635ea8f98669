"""Recent: what was read a moment ago and need not be read again."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping that forgets what was looked at the longest ago, once the sizes of its values exceed `room`."""

    def __init__(self, room: int, size: Callable[[V], int]):
        self._room, self._size, self._sizes = room, size, 0
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
            self._sizes -= self._size(self._values.popitem(last=False)[1])

    def drop(self, which: Callable[[K], bool]) -> None:
        for key in [key for key in self._values if which(key)]:
            self._sizes -= self._size(self._values.pop(key))
