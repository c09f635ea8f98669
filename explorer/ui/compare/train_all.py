"""Train all: queue the runs that what is compared still lacks."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import streamlit as st

from explorer.compare.chosen import Chosen
from explorer.network.spec import Architecture
from explorer.presets import RECIPE_VARIANT_NAMES, RECIPE_VARIANTS
from explorer.refusal import Refusal
from explorer.runs.run_summary import RunSummary
from explorer.runs.same_run import done_or_coming, task
from explorer.text import counted, for_html
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import BUILT_IN
from explorer.training.problems import find_problem
from explorer.training.recipe import Recipe, with_changes
from explorer.ui import process
from explorer.ui.compare.chosen import CHOSEN, find_all
from explorer.ui.image_choices import image_choices
from explorer.ui.notices import WRONG, notify, refusals_as_notices
from explorer.ui.people import who
from explorer.ui.remembered_inputs import (
    remember_input,
    remember_value,
    remembered_index,
    remembered_value,
)

# Which images' results the page shows: those that were asked for last.
SHOWN_IMAGES = "compare-dataset"


class TrainAllForm(NamedTuple):
    """What the popover asks for: which of a preset's recipes, on which images ("" is the recipe's
    own), and how often.
    """

    variant: str
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
            list(RECIPE_VARIANTS),
            default=remembered_value("compare-variant", "tuned"),
            required=True,
            format_func=RECIPE_VARIANT_NAMES.__getitem__,
            **remember_input("compare-variant"),
        )
        images = {"": "each recipe's own"} | image_choices(BUILT_IN)
        st.selectbox(
            "Images",
            list(images),
            remembered_index("compare-images", list(images)),
            format_func=lambda name: images.get(name, name),
            **remember_input("compare-images"),
        )
        columns = st.columns(2, gap="small")
        columns[0].number_input(
            "Seeds", 1, 10, remembered_value("compare-seeds", 2), **remember_input("compare-seeds")
        )
        columns[1].number_input(
            "Epochs",
            1,
            1000,
            remembered_value("compare-epochs", 5),
            **remember_input("compare-epochs"),
        )
        form = _read_form()
        missing, again = missing_runs(chosen, runs, *form)
        label = f"Train {counted(len(missing), 'run')}" if missing else "All are trained or queued"
        st.button(label, type="primary", disabled=not missing, on_click=_queue, width="stretch")
        if going_on := len(_own_batches(runs)):
            st.button(
                f"Stop the {counted(going_on, 'run')} that I queued here",
                icon=":material/stop:",
                on_click=_stop,
                width="stretch",
                help="Those that wait and the one in training.",
            )
        if again:
            st.html(f'<p class="note">{_AGAIN.format(counted(again, "run"))}</p>')
        for each in chosen:
            recipe = _recipe(each, form.variant, form.dataset)
            if obstacle := find_problem(each.architecture, find_dataset(recipe.dataset)):
                st.html(
                    f'<p class="note">{for_html(each.title)} is left out: '
                    f"{for_html(obstacle.message)}.</p>"
                )


_AGAIN = (
    "{} of these started earlier and did not finish. They are trained from the beginning; "
    "to continue one instead, resume it on the Runs page."
)


class Missing(NamedTuple):
    """What Train all would queue, and how many of these were begun before and did not finish."""

    runs: list[NewRun]
    begun_before: int


def missing_runs(
    chosen: Sequence[Chosen],
    runs: Iterable[RunSummary],
    variant: str,
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
        architecture = _architecture(each, variant)
        recipe = with_changes(_recipe(each, variant, dataset), epochs=epochs)
        if find_problem(architecture, find_dataset(recipe.dataset)):
            continue
        for seed in range(seeds):
            own = recipe.model_copy(update={"seed": seed})
            key = task(architecture, own)
            if key not in present:
                present.add(key)
                found.append(NewRun(each.title, architecture, own))
                again += key in begun
    return Missing(found, again)


def _architecture(each: Chosen, variant: str) -> Architecture:
    found = each.preset.recipe_variant(variant) if each.preset else None
    return found[0] if found else each.architecture


def _recipe(each: Chosen, variant: str, dataset: str) -> Recipe:
    """That variant of a preset's recipe; the own recipe of a run or a saved network."""
    found = each.preset.recipe_variant(variant) if each.preset else None
    recipe = found[1] if found else each.recipe
    return with_changes(recipe, dataset=dataset) if dataset else recipe


def _read_form() -> TrainAllForm:
    variant, dataset, seeds, epochs = (
        st.session_state[f"compare-{name}"] for name in ("variant", "images", "seeds", "epochs")
    )
    return TrainAllForm(variant, dataset, int(seeds), int(epochs))


def _own_batches(runs: Iterable[RunSummary]) -> list[str]:
    """The batch of each run of this person's that was queued here and has not ended."""
    own = who().id
    return [
        each.run.batch
        for each in runs
        if each.run.batch and each.run.owner == own and not each.ended
    ]


def _stop() -> None:
    """Stop what this person has queued here, whatever there is of it at this moment."""
    with refusals_as_notices():
        jobs, stopped = process.jobs(), 0
        for batch in set(_own_batches(jobs.runs())):
            stopped += jobs.stop_batch(batch, who())
        notify(f"{counted(stopped, 'run')} stopped")


def _queue() -> None:
    """What is asked for at this moment, which the page may not have been drawn with yet."""
    missing = missing_runs(
        find_all(st.session_state[CHOSEN]), process.jobs().runs(), *_read_form()
    ).runs
    if not missing:
        notify("All of these are trained or queued")
        return
    queued, batch = 0, secrets.token_hex(6)
    try:
        for each in missing:
            process.jobs().submit(
                each.architecture,
                each.recipe,
                who(),
                f"{each.title}, seed {each.recipe.seed}",
                batch,
            )
            queued += 1
    except Refusal as error:
        notify(f"{queued} of {counted(len(missing), 'run')} queued: {error}", WRONG)
    else:
        notify(f"{counted(queued, 'run')} queued")
    if queued:
        remember_value(SHOWN_IMAGES, missing[0].recipe.dataset)
