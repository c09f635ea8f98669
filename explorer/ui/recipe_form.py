"""The recipe as a form: one input a field, drawn from the recipe's own models, so that a new field needs nothing here."""

import typing
from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st
from pydantic import BaseModel

from explorer.training.datasets import DATASETS
from explorer.training.devices import available_devices
from explorer.training.recipe import OPTIMIZERS, SCHEDULERS, Recipe, RecipeError, parse_recipe, to_data

Data = dict[str, Any]

LABELS = {
    "epochs": "Epochs",
    "batch_size": "Batch size",
    "label_smoothing": "Label smoothing",
    "rotation": "Rotation, ± degrees",
    "shift": "Shift, ± pixels",
    "scale": "Scale, ± share",
    "plain_epochs": "Last epochs without these",
    "weight_decay_on": "Weight decay on",
    "seed": "Seed",
    "device": "Device",
    "precision": "Precision",
}
# The form's sections: a heading, and its fields in rows of two.
SECTIONS = (
    ("Length", ("epochs", "batch_size")),
    ("Images changed at random", ("rotation", "shift", "scale", "plain_epochs")),
    ("Against overfitting", ("label_smoothing", "weight_decay_on")),
    ("Where, and from which start", ("device", "precision", "seed")),
)
STEPS = {
    "lr": 0.005,
    "max_lr": 0.01,
    "weight_decay": 0.0001,
    "momentum": 0.05,
    "rotation": 1.0,
    "shift": 0.5,
    "scale": 0.02,
    "div_factor": 1.0,
}


def recipe_form(recipe: Recipe, key: str) -> Recipe | RecipeError:
    """Draw the form filled from `recipe`, and return what it holds now, or what is wrong with that.

    `key` names the form; another key shows another recipe.
    """
    data = to_data(recipe)
    filled: Data = {"dataset": _dataset(recipe.dataset, key)}
    length, *sections = SECTIONS
    filled |= _section(length, data, key)
    schedules = {name: kind.model for name, kind in SCHEDULERS.items()}
    filled["optimizer"] = _choice("Optimiser", OPTIMIZERS, data["optimizer"], f"{key}-optimizer")
    filled["scheduler"] = _choice("Learning-rate schedule", schedules, data["scheduler"], f"{key}-scheduler")
    for section in sections:
        filled |= _section(section, data, key)
    try:
        return parse_recipe(filled)
    except RecipeError as error:
        return error


def _dataset(name: str, key: str) -> str:
    return st.selectbox(
        "Images",
        list(DATASETS),
        index=list(DATASETS).index(name),
        format_func=lambda name: DATASETS[name].title,
        help="  \n".join(f"{kind.title}: {kind.summary}" for kind in DATASETS.values()),
        key=f"{key}-dataset",
    )


def _section(section: tuple[str, tuple[str, ...]], data: Data, key: str) -> Data:
    heading, names = section
    st.markdown(f"**{heading}**")
    return _fields(Recipe, names, data, key)


def _choice(heading: str, kinds: Mapping[str, type[BaseModel]], data: Data, key: str) -> Data:
    """A kind, and below it the fields of that kind."""
    names = list(kinds)
    kind = st.selectbox(f"**{heading}**", names, index=names.index(data["kind"]), key=f"{key}-kind")
    model = kinds[kind]
    defaults = {name: info.default for name, info in model.model_fields.items()}
    fields = [name for name in model.model_fields if name != "kind"]
    return {"kind": kind} | _fields(model, fields, defaults | (data if kind == data["kind"] else {}), f"{key}-{kind}")


def _fields(model: type[BaseModel], names: typing.Iterable[str], data: Data, key: str) -> Data:
    names, found = list(names), {}
    for start in range(0, len(names), 2):
        for column, name in zip(st.columns(2, gap="small"), names[start : start + 2], strict=False):
            with column:
                found[name] = _field(model, name, data[name], f"{key}-{name}")
    return found


def _field(model: type[BaseModel], name: str, value: Any, key: str) -> Any:
    """One input: a choice, a switch or a number, as the field's type says."""
    info = model.model_fields[name]
    label, note = LABELS.get(name, name), info.description
    if typing.get_origin(info.annotation) is Literal:
        options = list(typing.get_args(info.annotation))
        if name == "device":
            options = ["auto", *available_devices()]
        return st.selectbox(label, options, index=options.index(value) if value in options else 0, help=note, key=key)
    if info.annotation is bool:
        return st.toggle(label, value, help=note, key=key)
    # Without bounds: an input that has some keeps to itself what lies outside, and the form could not say what is wrong.
    if info.annotation is int:
        return st.number_input(label, value=int(value), step=1, help=note, key=key)
    return st.number_input(label, value=float(value), step=STEPS.get(name, 0.01), format="%g", help=note, key=key)
