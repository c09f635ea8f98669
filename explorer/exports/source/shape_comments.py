"""The shapes in the comments of a class that stands for several blocks: "(N, channels, H/2, W/2)".

Where all blocks have the same shape, it is given in numbers.
"""

from collections.abc import Sequence

from explorer.exports.source.parameters import Parameters
from explorer.network.spec import Shape

_LARGEST_DIVISOR = 32


def batch_text(shape: Shape) -> str:
    """(8, 26, 26) -> "(N, 8, 26, 26)"."""
    return f"(N, {', '.join(map(str, shape))})"


class ShapeComments:
    """Writes shapes by a class's parameters, and the rows and columns that come in as H and W."""

    def __init__(self, parameters: Parameters, before: Sequence[Shape]) -> None:
        self._parameters, self._before = parameters, before

    def text(self, shapes: Sequence[Shape]) -> str:
        """A shape, given as it is in each place of the class."""
        if len(set(shapes)) == 1:
            return batch_text(shapes[0])
        channels, *sides = zip(*shapes, strict=True)
        known = self._parameters.channels_text(channels)
        unknown = "C" if channels == self._channels_before else "..."
        texts = [known or unknown, *(self._side(*each) for each in zip("HW", sides, strict=False))]
        return f"(N, {', '.join(texts)})"

    @property
    def _channels_before(self) -> tuple[int, ...]:
        return tuple(shape[0] for shape in self._before)

    def _side(self, letter: str, after: Sequence[int]) -> str:
        """Rows or columns: "H", "H/2", "2*H", "H - 4", or their number where it is the same."""
        if len(set(after)) == 1:
            return str(after[0])
        if len(self._before[0]) == 1:
            return "..."
        axis = "HW".index(letter)
        before = [shape[1 + axis] for shape in self._before]
        both = list(zip(before, after, strict=True))
        differences = {old - new for old, new in both}
        if differences == {0}:
            return letter
        for text, divisors in self._divisors(len(both)):
            if all(new == -(-old // by) for (old, new), by in zip(both, divisors, strict=True)):
                is_even = all(old % by == 0 for old, by in zip(before, divisors, strict=True))
                return f"{letter}/{text}" if is_even else f"ceil({letter}/{text})"
        times = {new / old for old, new in both}
        if len(times) == 1 and min(times).is_integer():
            return f"{int(min(times))}*{letter}"
        if len(differences) == 1:
            by = min(differences)
            return f"{letter} - {by}" if by > 0 else f"{letter} + {-by}"
        return f"{letter}'"

    def _divisors(self, places: int) -> list[tuple[str, Sequence[int]]]:
        """What a side may be divided by, as text and in each place."""
        found: list[tuple[str, Sequence[int]]] = [
            (str(by), [by] * places) for by in range(2, _LARGEST_DIVISOR + 1)
        ]
        stride = self._parameters.named("stride")
        if stride and all(isinstance(each, int) for each in stride):
            found.append(("stride", stride))
        return found
