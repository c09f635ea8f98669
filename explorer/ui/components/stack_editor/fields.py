"""The palette: every kind of layer and its arguments as data that the browser draws its inputs from.

Nothing here names a bound, a default or a help text: they are read from the models of `explorer.network.spec`.
"""

import types
import typing
from functools import cache
from typing import Annotated, Any, Literal

from explorer.network.layers import LAYERS
from explorer.network.spec import LAYER_MODELS, Layer, bounds, describe_values, new_layer

# What the arrow keys add to an argument that is not a whole number. One without a step has none that makes sense.
STEPS = {"p": 0.05, "momentum": 0.05, "negative_slope": 0.01}
# What an argument that is left empty stands for: another argument's value, or a word.
EMPTY_MEANS = {"stride": "kernel_size", "momentum": "mean", "divisor_override": "none"}

_TYPES = {1: "int", 2: "pair", 4: "quad"}


@cache
def palette() -> dict[str, Any]:
    """For each kind: group, summary and fields. JSON-able; made once, and not to be changed by the caller."""
    return {
        kind: {"group": row.group, "summary": row.summary, "fields": _fields(LAYER_MODELS[kind])} for kind, row in LAYERS.items()
    }


def _fields(model: type[Layer]) -> list[dict[str, Any]]:
    initial = new_layer(model.__name__)
    required = [name for name, info in model.model_fields.items() if info.is_required()]
    on_the_row = LAYERS[model.__name__].on_row or required
    fields = []
    for name, info in model.model_fields.items():
        values = _values(info.annotation, info.metadata)
        if name == "kind" or len(values.get("choices", ())) == 1:  # nothing to choose
            continue
        fields.append(
            {
                "name": name,
                **values,
                "initial": getattr(initial, name),
                "required": name in required,
                "on_row": name in on_the_row,
                "step": 1 if values["type"] in _TYPES.values() else STEPS.get(name),
                "empty": EMPTY_MEANS.get(name, "") if values["optional"] else None,
                "help": info.description,
                "expected": describe_values(model, name).replace("null", "empty"),
            }
        )
    return fields


def _values(annotation: Any, metadata: typing.Iterable[Any] = ()) -> dict[str, Any]:
    """Type, bounds and words of an argument: {"type": "pair", "min": 1, "max": 4096, "optional": false, "words": []}."""
    found: dict[str, Any] = {"type": "choice", "optional": False, "words": []}
    numbers = 0
    for option, constraints in _options(annotation, tuple(metadata)):
        if option is type(None):
            found["optional"] = True
        elif typing.get_origin(option) is Literal:
            found["words"] = list(typing.get_args(option))
        elif typing.get_origin(option) is tuple:
            numbers = max(numbers, len(typing.get_args(option)))
        elif option is bool:
            found["type"] = "bool"
        else:
            numbers = max(numbers, 1)
            found |= {"type": "float" if option is float else "int"} | _limits(constraints)
    if numbers and found["type"] != "float":
        found["type"] = _TYPES[numbers]
    if found["type"] == "choice":
        found["choices"] = found.pop("words")
    return found


def _options(annotation: Any, metadata: tuple[Any, ...]) -> typing.Iterator[tuple[Any, tuple[Any, ...]]]:
    """The members of a union, each with the constraints on it."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        base, *extra = typing.get_args(annotation)
        yield from _options(base, (*extra, *metadata))
    elif origin in (typing.Union, types.UnionType):
        for option in typing.get_args(annotation):
            yield from _options(option, metadata)
    else:
        yield annotation, metadata


def _limits(constraints: tuple[Any, ...]) -> dict[str, Any]:
    limits = bounds(constraints)
    return {"min": limits.get("ge", limits.get("gt")), "max": limits["le"], "above_min": "gt" in limits}
