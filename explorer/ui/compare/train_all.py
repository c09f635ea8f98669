"""Train all: queue the runs that what is compared still lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import streamlit as st

from explorer.network.spec import Architecture
from explorer.presets import WAYS
from explorer.text import counted, for_html
from explorer.training.datasets import DATASETS
from explorer.training.devices import DeviceError
from explorer.training.problems import find_problem
from explorer.training.recipe import Recipe
from explorer.training.run import RunError
from explorer.ui import process, state
from explorer.ui.compare.chosen import CHOSEN, Chosen, find_all
from explorer.ui.lasting import last, last_place, lasting
from explorer.ui.part import WRONG, say

SHOWN_IMAGES = "compare-dataset"  # which images' results the page shows: those that were asked for last


class Wish(NamedTuple):
    """What the popover asks for: which of a preset's recipes, on which images ("" is the recipe's own), and how often."""

    way: str
    dataset: str
    seeds: int
    epochs: int


@dataclass(frozen=True)
class Missing:
    """A run that is not here yet."""

    title: str
    architecture: Architecture
    recipe: Recipe


def train_all(chosen: Sequence[Chosen]) -> None:
    with st.popover("Train all", icon=":material/playlist_play:"):
        st.segmented_control(
            "Recipe of presets", list(WAYS), default=last("compare-way", "tuned"), required=True, **lasting("compare-way")
        )
        images = ["", *DATASETS]
        st.selectbox(
            "Images",
            images,
            last_place("compare-images", images),
            format_func=lambda name: DATASETS[name].title if name else "as each recipe says",
            **lasting("compare-images"),
        )
        columns = st.columns(2, gap="small")
        columns[0].number_input("Seeds", 1, 10, last("compare-seeds", 2), **lasting("compare-seeds"))
        columns[1].number_input("Epochs", 1, 1000, last("compare-epochs", 5), **lasting("compare-epochs"))
        wish = _wish()
        missing = missing_runs(chosen, *wish)
        label = f"Train {counted(len(missing), 'run')}" if missing else "All are trained or queued"
        st.button(label, type="primary", disabled=not missing, on_click=_queue, width="stretch")
        for each in chosen:
            recipe = _recipe(each, wish.way, wish.dataset)
            if obstacle := find_problem(each.architecture, DATASETS[recipe.dataset]):
                st.html(f'<p class="note">{for_html(each.title)} is left out: {for_html(obstacle.message)}.</p>')


def missing_runs(chosen: Sequence[Chosen], way: str, dataset: str, seeds: int, epochs: int) -> list[Missing]:
    """What is neither queued nor done with this recipe and as many epochs; without networks that cannot learn the images."""
    here = {(s.run.architecture.layers, s.run.architecture.input_shape, s.run.recipe) for s in process.jobs().runs()}
    found = []
    for each in chosen:
        architecture = _architecture(each, way)
        recipe = _recipe(each, way, dataset).model_copy(update={"epochs": epochs})
        if find_problem(architecture, DATASETS[recipe.dataset]):
            continue
        for seed in range(seeds):
            own = recipe.model_copy(update={"seed": seed})
            if (architecture.layers, architecture.input_shape, own) not in here:
                found.append(Missing(each.title, architecture, own))
    return found


def _architecture(each: Chosen, way: str) -> Architecture:
    found = each.preset.way(way) if each.preset else None
    return found[0] if found else each.architecture


def _recipe(each: Chosen, way: str, dataset: str) -> Recipe:
    """A preset's own of that way; of a run its own; of what was saved its own."""
    found = each.preset.way(way) if each.preset else None
    recipe = found[1] if found else each.recipe
    return recipe.model_copy(update={"dataset": dataset}) if dataset else recipe


def _wish() -> Wish:
    way, dataset, seeds, epochs = (st.session_state[f"compare-{name}"] for name in ("way", "images", "seeds", "epochs"))
    return Wish(way, dataset, int(seeds), int(epochs))


def _queue() -> None:
    """What is asked for at this moment, which the page may not have been drawn with yet."""
    missing = missing_runs(find_all(st.session_state[CHOSEN]), *_wish())
    if not missing:
        say("All of these are trained or queued")
        return
    for each in missing:
        try:
            process.jobs().submit(each.architecture, each.recipe, state.owner(), f"{each.title}, seed {each.recipe.seed}")
        except (RunError, DeviceError) as error:
            say(str(error), WRONG)
            return
    say(f"{counted(len(missing), 'run')} queued")
    st.session_state[SHOWN_IMAGES] = missing[0].recipe.dataset
