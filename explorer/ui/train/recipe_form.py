"""The recipe as a form: one input a field, drawn from the recipe's own models, so that a new field
needs nothing here.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import streamlit as st
from pydantic import BaseModel

from explorer.schema import field_values
from explorer.text import for_html, for_markdown
from explorer.training.datasets import DATASETS
from explorer.training.devices import available_devices
from explorer.training.recipe import (
    OPTIMIZERS,
    SCHEDULERS,
    Recipe,
    RecipeError,
    parse_recipe,
    to_data,
)

Data = dict[str, Any]
Changed = Callable[[], None]

LABELS = {
    "epochs": "Epochs",
    "batch_size": "Batch size",
    "images_share": "Share of images",
    "label_smoothing": "Label smoothing",
    "rotation": "Rotation, ± degrees",
    "shift": "Shift, ± pixels",
    "scale": "Scale, ± fraction",
    "plain_epochs": "Final epochs without augmentation",
    "weight_decay_on": "Weight decay on",
    "seed": "Seed",
    "device": "Device",
    "precision": "Precision",
}
# The form's sections: a heading, and its fields in rows of two.
SECTIONS = (
    ("Length", ("epochs", "batch_size", "images_share")),
    ("Data augmentation", ("rotation", "shift", "scale", "plain_epochs")),
    ("Regularisation", ("label_smoothing", "weight_decay_on")),
    ("Device and seed", ("device", "precision", "seed")),
)
# What has fields of its own: a heading, and the kinds to choose from.
CHOICES: dict[str, tuple[str, Mapping[str, type[BaseModel]]]] = {
    "optimizer": ("Optimiser", OPTIMIZERS),
    "scheduler": (
        "Learning-rate schedule",
        {name: kind.model for name, kind in SCHEDULERS.items()},
    ),
}
STEPS = {
    "lr": 0.005,
    "max_lr": 0.01,
    "weight_decay": 0.0001,
    "momentum": 0.05,
    "rotation": 1.0,
    "shift": 0.5,
    "scale": 0.02,
    "images_share": 0.1,
    "div_factor": 1.0,
}


def recipe_form(
    recipe: Recipe,
    key: str,
    changed: Changed,
    *,
    is_locked: bool = False,
    below_rates: Callable[[], None] = lambda: None,
) -> Recipe | RecipeError:
    """Draw the form filled from `recipe`, and return what it holds now, or what is wrong with that.

    `key` names the form; another key shows another recipe. `changed` is called as soon as any of it
    is changed, before anything is drawn: somebody who types and goes to another page at once never
    sees the form drawn with what was typed. A form that is locked only shows the recipe.
    `below_rates` draws what stands below all that decides the learning rate.
    """
    data = to_data(recipe)
    length, *sections = SECTIONS
    _dataset(recipe.dataset, key, changed, is_locked)
    _section(length, data, key, changed, is_locked)
    for field, (heading, kinds) in CHOICES.items():
        _choice(heading, kinds, data[field], f"{key}-{field}", changed, is_locked)
    below_rates()
    for section in sections:
        _section(section, data, key, changed, is_locked)
    return recipe_in_form(recipe, key)


def recipe_in_form(recipe: Recipe, key: str) -> Recipe | RecipeError:
    """What the form holds at this moment.

    Also for callbacks: a button may be pressed before the page has been drawn with what was typed
    last, and what it was drawn with is then no longer what the visitor sees in the form.
    """
    data = to_data(recipe)
    names = ["dataset", *(name for _, fields in SECTIONS for name in fields)]
    filled = _held(names, data, key)
    for field, (_, kinds) in CHOICES.items():
        kind = st.session_state.get(f"{key}-{field}-kind", data[field]["kind"])
        # Of a kind that is none, parse_recipe says so.
        values = _values(kinds[kind], data[field]) if kind in kinds else {}
        filled[field] = {"kind": kind} | _held(values, values, f"{key}-{field}-{kind}")
    try:
        return parse_recipe(filled)
    except RecipeError as error:
        return error


def _held(names: Iterable[str], values: Data, key: str) -> Data:
    """What the inputs of these names hold; what no input was drawn for yet is as in `values`."""
    return {name: st.session_state.get(f"{key}-{name}", values[name]) for name in names}


def _values(model: type[BaseModel], data: Data) -> Data:
    """The arguments of an optimiser or a schedule: those in `data` where it is of this kind, else
    the defaults.
    """
    values = {name: info.default for name, info in model.model_fields.items()}
    if values["kind"] == data["kind"]:
        values |= data
    del values["kind"]
    return values


def _dataset(name: str, key: str, changed: Changed, is_locked: bool) -> None:
    st.selectbox(
        "Images",
        list(DATASETS),
        index=list(DATASETS).index(name),
        format_func=lambda name: DATASETS[name].title,
        help="  \n".join(f"{kind.title}: {kind.summary}" for kind in DATASETS.values()),
        key=f"{key}-dataset",
        on_change=changed,
        disabled=is_locked,
    )


def _section(
    section: tuple[str, tuple[str, ...]], data: Data, key: str, changed: Changed, is_locked: bool
) -> None:
    heading, names = section
    st.html(f'<h3 class="section">{for_html(heading)}</h3>')
    _fields(Recipe, names, data, key, changed, is_locked)


def _choice(
    heading: str,
    kinds: Mapping[str, type[BaseModel]],
    data: Data,
    key: str,
    changed: Changed,
    is_locked: bool,
) -> None:
    """A kind, and below it the fields of that kind."""
    names = list(kinds)
    kind = st.selectbox(
        for_markdown(heading),
        names,
        index=names.index(data["kind"]),
        key=f"{key}-kind",
        on_change=changed,
        disabled=is_locked,
    )
    if kind not in kinds:
        return
    values = _values(kinds[kind], data)
    _fields(kinds[kind], values, values, f"{key}-{kind}", changed, is_locked)


def _fields(
    model: type[BaseModel],
    names: Iterable[str],
    data: Data,
    key: str,
    changed: Changed,
    is_locked: bool,
) -> None:
    names = list(names)
    for start in range(0, len(names), 2):
        for column, name in zip(st.columns(2, gap="small"), names[start : start + 2], strict=False):
            with column:
                _field(model, name, data[name], f"{key}-{name}", changed, is_locked)


def _field(
    model: type[BaseModel], name: str, value: Any, key: str, changed: Changed, is_locked: bool
) -> None:
    """One input: a choice, a switch or a number, as the field's type says."""
    values = field_values(model)[name]
    label, note = for_markdown(LABELS.get(name, name)), for_markdown(values.help) or None
    if values.type == "choice":
        options = list(values.choices)
        if name == "device":
            options = ["auto", *available_devices()]
        st.selectbox(
            label,
            options,
            index=options.index(value) if value in options else 0,
            help=note,
            key=key,
            on_change=changed,
            disabled=is_locked,
        )
    elif values.type == "flag":
        st.toggle(label, value, help=note, key=key, on_change=changed, disabled=is_locked)
    # Without bounds: an input that has some keeps to itself what lies outside, and the form could
    # not say what is wrong.
    elif values.type == "whole":
        st.number_input(
            label,
            value=int(value),
            step=1,
            help=note,
            key=key,
            on_change=changed,
            disabled=is_locked,
        )
    else:
        st.number_input(
            label,
            value=float(value),
            step=STEPS.get(name, 0.01),
            format="%g",
            help=note,
            key=key,
            on_change=changed,
            disabled=is_locked,
        )
