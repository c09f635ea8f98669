"""The palette: every kind of layer and its arguments as data that the browser draws its inputs
from.

Nothing here names a bound, a default or a help text of a layer: they are read from the models of
`explorer.network.spec`.
"""

from functools import cache
from typing import Any

from explorer.network.layers import LAYERS, MERGE
from explorer.network.spec import LAYER_MODELS, MAX_NAME, Branches, Layer, new_layer
from explorer.schema import FieldValues, field_values

_NUMBERS = {1: "int", 2: "pair", 4: "quad"}


@cache
def palette() -> dict[str, Any]:
    """For each kind: group, summary and fields.

    JSON-able; made once, and not to be changed by the caller.
    """
    return {
        kind: {"group": row.group, "summary": row.summary, "fields": _fields(LAYER_MODELS[kind])}
        for kind, row in LAYERS.items()
    }


@cache
def block_kind() -> dict[str, Any]:
    """Like a kind of the palette, what the row that begins a block has: the merge to choose, and
    the name that somebody gives it.
    """
    merge = field_values(Branches)["merge"]
    fields = [_field("merge", merge, initial=merge.choices[0], is_on_row=True), _NAME]
    return {"group": MERGE.group, "summary": MERGE.summary, "fields": fields}


_NAME = {
    "name": "name",
    "type": "text",
    "optional": False,
    "words": [],
    "min": 0,  # characters
    "max": MAX_NAME,
    "initial": "",
    "required": False,
    "on_row": True,
    "step": None,
    "empty": "unnamed",
    "help": "what the block is called here and in exports",
    "expected": f"a text of at most {MAX_NAME} characters",
}


def _fields(model: type[Layer]) -> list[dict[str, Any]]:
    initial, values = new_layer(model.__name__), field_values(model)
    on_the_row = LAYERS[model.__name__].on_row or [
        name for name in values if values[name].is_required
    ]
    return [
        _field(name, each, getattr(initial, name), name in on_the_row)
        for name, each in values.items()
        if each.type != "choice" or len(each.choices) > 1  # else there is nothing to choose
    ]


def _field(name: str, values: FieldValues, initial: Any, is_on_row: bool) -> dict[str, Any]:
    return {
        "name": name,
        **_input(values),
        "initial": initial,
        "required": values.is_required,
        "on_row": is_on_row,
        "help": values.help,
        "expected": values.words.replace("null", "empty"),
    }


def _input(values: FieldValues) -> dict[str, Any]:
    """Type, bounds, step and words of an argument's input."""
    found: dict[str, Any] = {"optional": values.is_optional, "step": values.extra.get("step")}
    found["empty"] = values.extra.get("empty", "") if values.is_optional else None
    if values.bounds is None:
        if values.is_flag:
            return found | {"type": "bool", "words": []}
        return found | {"type": "choice", "choices": list(values.choices)}
    limits = {
        "min": values.bounds.low,
        "max": values.bounds.high,
        "above_min": values.bounds.excludes_low,
    }
    if not values.bounds.is_whole:
        return found | limits | {"type": "float", "words": list(values.choices)}
    return (
        found
        | limits
        | {"type": _NUMBERS[values.numbers], "step": 1, "words": list(values.choices)}
    )
