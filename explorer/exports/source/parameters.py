"""What the __init__ of a class takes that stands for several blocks, and by which names."""

import inspect
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from explorer.exports.source.python_text import python_value
from explorer.network.analysis import Row
from explorer.network.layers import LAYERS, torch_name
from explorer.network.spec import Branches, arguments

Values = tuple[Any, ...]  # of an argument, one for each place of the class that gives it

_CHANNELS = "channels"
# Arguments that count channels or features: what one layer gives is what the next one takes.
_COUNTS = (
    "in_channels",
    "out_channels",
    "num_features",
    "num_channels",
    "in_features",
    "out_features",
)


@dataclass(frozen=True)
class Argument:
    """An argument that a class gives to what it makes, or takes itself."""

    name: str
    values: Values
    meaning: str  # of one meaning and equal values, arguments are one parameter

    @property
    def differs(self) -> bool:
        return _differ(self.values)

    @property
    def declaration(self) -> str:
        """As an __init__ states it that takes it: "stride: int"."""
        kinds = dict.fromkeys(map(_annotation, self.values))
        if "float" in kinds:
            kinds.pop("int", None)
        return f"{self.name}: {' | '.join(kinds)}"


def _differ(values: Values) -> bool:
    return len(set(values)) > 1


def _annotation(value: Any) -> str:
    if isinstance(value, tuple):
        return f"tuple[{', '.join(map(_annotation, value))}]"
    return type(value).__name__


# --- what a layer's module is given ---------------------------------------------------------------


def constructor_of(row: Row) -> str:
    """The torch.nn class of a layer: "Conv2d"."""
    assert not isinstance(row.layer, Branches)
    return torch_name(row.layer, row.input_shape)


def values_of(row: Row) -> dict[str, Any]:
    """A layer's arguments by torch's names: first those that follow from its input."""
    return {**LAYERS[row.kind].inferred(row.input_shape), **arguments(row.layer)}


def arguments_of(rows: Sequence[Row]) -> tuple[Argument, ...]:
    """What is given to the module of a layer, whose rows in all places these are.

    What is torch's own default everywhere is not given.
    """
    defaults = inspect.signature(getattr(nn, constructor_of(rows[0]))).parameters
    found = zip(*(values_of(row).values() for row in rows), strict=True)
    return tuple(
        Argument(name, values, _CHANNELS if name in _COUNTS else name)
        for name, values in zip(values_of(rows[0]), found, strict=True)
        if set(values) != {defaults[name].default}
    )


def count_differing(given: Iterable[Argument]) -> int:
    """How many parameters a class has whose layers are given these arguments."""
    return len({(each.meaning, each.values) for each in given if each.differs})


# --- the parameters of a class --------------------------------------------------------------------


class Parameters:
    """The parameters of a class, and the expressions that its arguments are given as."""

    def __init__(
        self,
        given: Mapping[str, Sequence[Argument]],
        before: Values,
        after: Values,
        sums: Mapping[Values, Sequence[Values]],
    ) -> None:
        """Name what differs between the places.

        Args:
            given: the arguments of each attribute
            before: the channels that come in
            after: the channels that come out
            sums: what is the channels of several branches together, with those of each
        """
        self._before, self._after, self._sums = before, after, sums
        roles: dict[tuple[str, Values], tuple[str, str]] = {}
        for attribute, some in given.items():
            for each in some:
                meaning = self._meaning(each, roles)
                for values in self._terms(meaning, each.values, roles):
                    roles.setdefault((meaning, values), (attribute, each.name))
        found = [
            Argument(name, values, meaning)
            for (meaning, values), name in zip(roles, self._names(roles), strict=True)
        ]
        # Channels come first, as they do in torch's own modules.
        self.all = tuple(sorted(found, key=lambda each: each.meaning != _CHANNELS))
        self._names_by_key = {(each.meaning, each.values): each.name for each in self.all}

    def text(self, argument: Argument) -> str:
        """The argument's value as source: a number, or what is made of the parameters."""
        if not argument.differs:
            return python_value(argument.values[0])
        meaning = self._meaning(argument, self._names_by_key)
        if meaning == _CHANNELS:
            return self.channels_text(argument.values) or ""
        return self._names_by_key[meaning, argument.values]

    def channels_text(self, values: Values) -> str | None:
        """A number of channels as source; None where it is no parameter's and no sum."""
        if not _differ(values):
            return str(values[0])
        if name := self._names_by_key.get((_CHANNELS, values)):
            return name
        terms = Counter(self.channels_text(each) for each in self._sums.get(values, ()))
        if not terms or None in terms:
            return None
        number = sum(int(term) * times for term, times in terms.items() if term and term.isdigit())
        named = [
            f"{times} * {term}" if times > 1 else str(term)
            for term, times in terms.items()
            if term and not term.isdigit()
        ]
        return " + ".join([*named, str(number)] if number else named)

    def named(self, name: str) -> Values | None:
        """The values of the parameter of that name, where there is one."""
        return next((each.values for each in self.all if each.name == name), None)

    def _meaning(self, argument: Argument, known: Mapping[tuple[str, Values], Any]) -> str:
        """What the argument counts: a depthwise convolution has as many groups as channels."""
        own, channels = (argument.meaning, argument.values), (_CHANNELS, argument.values)
        is_depthwise = argument.name == "groups" and own not in known and channels in known
        return _CHANNELS if is_depthwise else argument.meaning

    def _terms(
        self, meaning: str, values: Values, known: Mapping[tuple[str, Values], Any]
    ) -> list[Values]:
        """The values that have to be parameters, so that these can be written."""
        if not _differ(values):
            return []
        is_sum = meaning == _CHANNELS and values != self._before and values in self._sums
        if not is_sum or (meaning, values) in known:
            return [values]
        return [each for term in self._sums[values] for each in self._terms(meaning, term, known)]

    def _names(self, roles: Mapping[tuple[str, Values], tuple[str, str]]) -> list[str]:
        """One name each: "channels", "out_channels", "stride", "conv2_channels"."""
        wished = [self._wished(*key, role[1]) for key, role in roles.items()]
        count = Counter(wished)
        names: list[str] = []
        for name, (attribute, _) in zip(wished, roles.values(), strict=True):
            if count[name] > 1:
                name = f"{attribute}_{name.removeprefix('hidden_')}"
            number = 1
            found = name
            while found in names:
                number += 1
                found = f"{name}{number}"
            names.append(found)
        return names

    def _wished(self, meaning: str, values: Values, argument: str) -> str:
        if meaning != _CHANNELS:
            return argument
        unit = "features" if argument in ("in_features", "out_features") else "channels"
        if values == self._before:
            return unit if values == self._after else f"in_{unit}"
        return f"out_{unit}" if values == self._after else f"hidden_{unit}"
