"""Train all: queue the runs that what is compared still lacks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import streamlit as st

from explorer.compare.chosen import Chosen
from explorer.network.spec import Architecture
from explorer.presets import WAYS
from explorer.runs.run import RunError
from explorer.runs.run_summary import RunSummary
from explorer.runs.same_run import done_or_coming, task
from explorer.text import counted, for_html
from explorer.training.datasets import DATASETS
from explorer.training.devices import DeviceError
from explorer.training.problems import find_problem
from explorer.training.recipe import Recipe
from explorer.ui import process, state
from explorer.ui.compare.chosen import CHOSEN, find_all
from explorer.ui.part import WRONG, say
from explorer.ui.remembered_inputs import last, last_place, lasting, remember

# Which images' results the page shows: those that were asked for last.
SHOWN_IMAGES = "compare-dataset"


class Wish(NamedTuple):
    """What the popover asks for: which of a preset's recipes, on which images ("" is the recipe's
    own), and how often.
    """

    way: str
    dataset: str
    seeds: int
    epochs: int


@dataclass(frozen=True)
class NewRun:
    """A run that is not here yet."""

    title: str
    architecture: Architecture
    recipe: Recipe


def train_all(chosen: Sequence[Chosen], runs: Sequence[RunSummary]) -> None:
    with st.popover("Train all", icon=":material/playlist_play:"):
        st.segmented_control(
            "Recipe of presets",
            list(WAYS),
            default=last("compare-way", "tuned"),
            required=True,
            **lasting("compare-way"),
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
        columns[0].number_input(
            "Seeds", 1, 10, last("compare-seeds", 2), **lasting("compare-seeds")
        )
        columns[1].number_input(
            "Epochs", 1, 1000, last("compare-epochs", 5), **lasting("compare-epochs")
        )
        wish = _wish()
        missing, again = missing_runs(chosen, runs, *wish)
        label = f"Train {counted(len(missing), 'run')}" if missing else "All are trained or queued"
        st.button(label, type="primary", disabled=not missing, on_click=_queue, width="stretch")
        if again:
            st.html(f'<p class="note">{_AGAIN.format(counted(again, "run"))}</p>')
        for each in chosen:
            recipe = _recipe(each, wish.way, wish.dataset)
            if obstacle := find_problem(each.architecture, DATASETS[recipe.dataset]):
                st.html(
                    f'<p class="note">{for_html(each.title)} is left out: '
                    f"{for_html(obstacle.message)}.</p>"
                )


_AGAIN = (
    "{} of these began before and did not finish. They are trained from the beginning; "
    "to go on where one ended, resume it on the page Runs."
)


class Missing(NamedTuple):
    """What Train all would queue, and how many of these were begun before and did not finish."""

    runs: list[NewRun]
    begun_before: int


def missing_runs(
    chosen: Sequence[Chosen],
    runs: Iterable[RunSummary],
    way: str,
    dataset: str,
    seeds: int,
    epochs: int,
) -> Missing:
    """What none of these runs has done or is about to do: this network, with this recipe, for as
    many epochs.

    A run that failed or was stopped, paused or interrupted has not done it. A network that cannot
    learn the images is left out, and of two chosen that are the same network one.
    """
    present, begun = done_or_coming(runs)
    found, again = [], 0
    for each in chosen:
        architecture = _architecture(each, way)
        recipe = _recipe(each, way, dataset).model_copy(update={"epochs": epochs})
        if find_problem(architecture, DATASETS[recipe.dataset]):
            continue
        for seed in range(seeds):
            own = recipe.model_copy(update={"seed": seed})
            key = task(architecture, own)
            if key not in present:
                present.add(key)
                found.append(NewRun(each.title, architecture, own))
                again += key in begun
    return Missing(found, again)


def _architecture(each: Chosen, way: str) -> Architecture:
    found = each.preset.way(way) if each.preset else None
    return found[0] if found else each.architecture


def _recipe(each: Chosen, way: str, dataset: str) -> Recipe:
    """A preset's own of that way; of a run its own; of what was saved its own."""
    found = each.preset.way(way) if each.preset else None
    recipe = found[1] if found else each.recipe
    return recipe.model_copy(update={"dataset": dataset}) if dataset else recipe


def _wish() -> Wish:
    way, dataset, seeds, epochs = (
        st.session_state[f"compare-{name}"] for name in ("way", "images", "seeds", "epochs")
    )
    return Wish(way, dataset, int(seeds), int(epochs))


def _queue() -> None:
    """What is asked for at this moment, which the page may not have been drawn with yet."""
    missing = missing_runs(find_all(st.session_state[CHOSEN]), process.jobs().runs(), *_wish()).runs
    if not missing:
        say("All of these are trained or queued")
        return
    queued = 0
    try:
        for each in missing:
            process.jobs().submit(
                each.architecture,
                each.recipe,
                state.owner(),
                f"{each.title}, seed {each.recipe.seed}",
            )
            queued += 1
    except (RunError, DeviceError) as error:
        say(f"{queued} of {counted(len(missing), 'run')} queued: {error}", WRONG)
    else:
        say(f"{counted(queued, 'run')} queued")
    if queued:
        remember(SHOWN_IMAGES, missing[0].recipe.dataset)
