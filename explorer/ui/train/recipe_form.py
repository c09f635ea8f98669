"""The recipe as a form: one input a field, drawn from the recipe's own models. A new field needs
its section here.

What every lesson needs is seen at once. What later lessons are about is folded away, but for the
sections in which the recipe differs from the default.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
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
from explorer.ui import state
from explorer.ui.image_choices import image_choices
from explorer.ui.train.previews import augmentation_preview, schedule_preview

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
    "flip": "Flip, probability",
    "crop_padding": "Random crop, ± pixels",
    "cutout": "Cutout, side in pixels",
    "brightness": "Brightness, ± fraction",
    "contrast": "Contrast, ± fraction",
    "saturation": "Saturation, ± fraction",
    "mixup": "Mixup, alpha",
    "plain_epochs": "Final epochs without augmentation",
    "weight_decay_on": "Weight decay on",
    "l1": "L1 penalty",
    "clip_grad_norm": "Gradient clip norm",
    "validation_images": "Validation images",
    "best_epoch_by": "Best epoch by",
    "early_stopping": "Early stopping, epochs",
    "peak_epoch": "Peak epoch (or empty)",
    "seed": "Seed",
    "device": "Device",
    "precision": "Precision",
}


@dataclass(frozen=True)
class Section:
    """A heading, and its fields in rows of two."""

    heading: str
    fields: tuple[str, ...]
    key: str = ""  # of a section that folds, "" for one that is always open


SECTIONS = (
    Section("Length", ("epochs", "batch_size", "images_share")),
    Section("Device and seed", ("device", "precision", "seed")),
    Section(
        "Data augmentation",
        (
            *("rotation", "shift", "scale", "flip", "crop_padding", "cutout"),
            *("brightness", "contrast", "saturation", "mixup", "plain_epochs"),
        ),
        "augmentation",
    ),
    Section(
        "Regularisation",
        ("label_smoothing", "weight_decay_on", "l1", "clip_grad_norm"),
        "regularisation",
    ),
    Section(
        "Validation and early stopping",
        ("validation_images", "best_epoch_by", "early_stopping"),
        "validation",
    ),
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
    "flip": 0.1,
    "l1": 0.0001,
    "clip_grad_norm": 0.5,
    "threshold": 0.0001,
    "min_lr": 0.0001,
    "div_factor": 1.0,
}


_DEFAULTS = to_data(Recipe())


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
    data, filled = to_data(recipe), recipe_in_form(recipe, key)
    length, *sections = SECTIONS
    _dataset(recipe.dataset, key, changed, is_locked)
    _section(length, data, key, changed, is_locked)
    for field, (heading, kinds) in CHOICES.items():
        _choice(heading, kinds, data[field], f"{key}-{field}", changed, is_locked)
    if isinstance(filled, Recipe):
        schedule_preview(filled)
    below_rates()
    for section in sections:
        if not section.key:
            _section(section, data, key, changed, is_locked)
            continue
        folded = st.expander(
            for_markdown(section.heading),
            _is_open(section, data, key),
            key=f"{key}-{section.key}",
            on_change="rerun",
        )
        with folded:
            _fields(Recipe, section.fields, data, key, changed, is_locked)
            if section.key == "augmentation" and folded.open and isinstance(filled, Recipe):
                augmentation_preview(filled)
    return recipe_in_form(recipe, key)


def _is_open(section: Section, data: Data, key: str) -> bool:
    """Whether a section is open at first: where something in it is not as by default.

    It is decided once for each form: for Streamlit a section that is open at first is another one
    than the same that is not, and takes its place with all inputs in it.
    """
    differs = any(data[name] != _DEFAULTS[name] for name in section.fields)
    is_open: bool = st.session_state.setdefault(f"{key}-{section.key}-at-first", differs)
    return is_open


def recipe_in_form(recipe: Recipe, key: str) -> Recipe | RecipeError:
    """What the form holds at this moment.

    Also for callbacks: a button may be pressed before the page has been drawn with what was typed
    last, and what it was drawn with is then no longer what the visitor sees in the form.
    """
    data = to_data(recipe)
    names = ["dataset", *(name for section in SECTIONS for name in section.fields)]
    filled = _held(Recipe, names, data, key)
    for field, (_, kinds) in CHOICES.items():
        kind = st.session_state.get(f"{key}-{field}-kind", data[field]["kind"])
        # Of a kind that is none, parse_recipe says so.
        filled[field] = {"kind": kind}
        if kind in kinds:
            values = _values(kinds[kind], data[field])
            filled[field] |= _held(kinds[kind], values, values, f"{key}-{field}-{kind}")
    try:
        return parse_recipe(filled)
    except RecipeError as error:
        return error


def _held(model: type[BaseModel], names: Iterable[str], values: Data, key: str) -> Data:
    """What the inputs of these names hold; what no input was drawn for yet is as in `values`."""
    held = {name: st.session_state.get(f"{key}-{name}", values[name]) for name in names}
    lists = [name for name, found in field_values(model).items() if found.type == "list"]
    return held | {name: _listed(held[name]) for name in lists if name in held}


def _listed(text: Any) -> Any:
    """The whole numbers of "6, 9"; what is no such list as it is, for parse_recipe to say so."""
    parts = text.replace(",", " ").split() if isinstance(text, str) else ()
    is_list = bool(parts) and all(part.isascii() and part.isdecimal() for part in parts)
    return [int(part[:9]) for part in parts] if is_list else text


def _values(model: type[BaseModel], data: Data) -> Data:
    """The arguments of an optimiser or a schedule: those in `data` where it is of this kind, else
    the defaults.
    """
    values = model().model_dump(mode="json")
    if values["kind"] == data["kind"]:
        values |= data
    del values["kind"]
    return values


def _dataset(name: str, key: str, changed: Changed, is_locked: bool) -> None:
    choices = image_choices(name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Images",
            list(choices),
            index=list(choices).index(name),
            format_func=lambda name: choices.get(name, name),
            help="  \n".join(f"{kind.title}: {kind.summary}" for kind in DATASETS.values()),
            key=f"{key}-dataset",
            on_change=changed,
            disabled=is_locked,
        )
        st.button(
            "Own images…",
            key="own-images",
            on_click=state.show_own_images,
            disabled=is_locked,
            help="Make a data set of a zip of your images",
        )


def _section(section: Section, data: Data, key: str, changed: Changed, is_locked: bool) -> None:
    st.html(f'<h3 class="section">{for_html(section.heading)}</h3>')
    _fields(Recipe, section.fields, data, key, changed, is_locked)


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
    elif values.type == "list":
        text = ", ".join(map(str, value))
        st.text_input(
            label, text, max_chars=120, help=note, key=key, on_change=changed, disabled=is_locked
        )
    # Without bounds: an input that has some keeps to itself what lies outside, and the form could
    # not say what is wrong.
    elif values.type == "whole":
        st.number_input(
            label,
            value=None if value is None else int(value),
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
