"""In which hyperparameters recipes differ."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from explorer.training.recipe import Recipe, to_data

# Not of how a network is trained: seeds stand together in a group, and the device changes nothing
# but the time that it takes.
LEFT_OUT = ("seed", "device")


class Difference(NamedTuple):
    """A hyperparameter that is not the same in all recipes."""

    field: str  # "epochs", or of an optimiser or schedule "optimizer.lr"
    values: tuple[Any, ...]  # one a recipe; None where its kind has no such field


def recipe_differences(recipes: Sequence[Recipe]) -> tuple[Difference, ...]:
    """What is not the same in all of these, in the order of a recipe's fields."""
    flat = [_flat(to_data(recipe)) for recipe in recipes]
    names = list(dict.fromkeys(name for each in flat for name in each))
    found = (Difference(name, tuple(each.get(name) for each in flat)) for name in names)
    # Compared as text: True is 1 in Python, and no recipe has a field that may be both.
    return tuple(each for each in found if len({repr(value) for value in each.values}) > 1)


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """{"optimizer": {"kind": "SGD", "lr": 0.1}} as {"optimizer": "SGD", "optimizer.lr": 0.1}."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        if name in LEFT_OUT:
            continue
        if isinstance(value, dict):
            found[name] = value["kind"]
            found |= {f"{name}.{key}": inner for key, inner in value.items() if key != "kind"}
        else:
            found[name] = value
    return found
