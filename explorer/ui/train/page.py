"""Train: the recipe, and the run as it goes."""

import time
from dataclasses import replace
from functools import partial
from statistics import median

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.network.analysis import analyze
from explorer.network.spec import Architecture, count_layers
from explorer.presets import (
    RECIPE_VARIANT_NAMES,
    RECIPE_VARIANTS,
    Preset,
    load_presets,
)
from explorer.runs.manager import Snapshot, UnknownRun
from explorer.runs.run_summary import RunSummary
from explorer.runs.run_writer import NEXT_TURN
from explorer.runs.same_run import run_in_hand
from explorer.text import counted, duration, for_html, for_markdown, percent
from explorer.training.dataset_lookup import find_dataset
from explorer.training.problems import find_problem
from explorer.training.recipe import Recipe, RecipeError, quick_look
from explorer.ui import messages, process, state
from explorer.ui.components.announcer import announce
from explorer.ui.downloads.run_downloads import run_downloads
from explorer.ui.follow import answer, follow
from explorer.ui.known_numbers import known_of
from explorer.ui.notices import WRONG, notify, refusals_as_notices, with_notices
from explorer.ui.part import part
from explorer.ui.people import who
from explorer.ui.preset_story import preset_story
from explorer.ui.run_actions import run_actions, show_server_notices
from explorer.ui.server.windows import this_window
from explorer.ui.train.before_a_run import show_what_comes
from explorer.ui.train.chosen_view import take_change
from explorer.ui.train.looks import looks
from explorer.ui.train.own_images_dialog import own_images_dialog
from explorer.ui.train.rate_finder import rate_finder
from explorer.ui.train.recipe_form import recipe_form, recipe_in_form
from explorer.ui.train.run_views import show_run_view

POINTS = 400  # step events a chart gets, whatever the run's length
RECENT = 15  # step events whose median speed is told: a single one's is chance
_QUICK_LOOK = "One epoch on a tenth of the training images, to see whether it learns at all."
SHOWN_RUN = "shown-run"  # its place on the page, for links
NEVER_BEGAN = "ended before its first step"
_LOCKED = (
    '<p class="note">This lesson keeps the recipe as it is, so that what you see comes from the '
    "network alone.</p>"
)


@with_notices
def show() -> None:
    show_server_notices()
    session = state.accept_draft()
    with st.container(key="train-columns"):
        form, run = st.columns([1, 2.4], gap="large")
    with form:
        start = _recipe(session)
    with run:
        wanted = state.current().run
        revision = partial(_revision, wanted or "")
        before = answer(revision)
        snapshot = _snapshot(wanted)
        if snapshot is None:
            show_what_comes(state.current())
            return
        with start:
            _link_to_run(snapshot)
        with st.container(key="run"):
            # The part repeats itself only while there is something to come; it asks for one
            # whole run at the end.
            every = None if snapshot.ended else looks.interval(snapshot.run.device)
            take_change()  # the whole page is drawn, and with it the address
            part(_run, every=every, key="live")(snapshot.run.id, every)
            # Outside the live part, as what is drawn anew cannot be clicked at leisure; by its
            # style in the line of its buttons.
            with st.container(key="run-download", width="content"):
                run_downloads(snapshot.run.id, "train")
        if snapshot.ended:
            follow(revision, before)


# --- the recipe -----------------------------------------------------------------------------------


def _recipe(session: state.Session) -> DeltaGenerator:
    """The form; returns the container with the button that starts the training."""
    architecture = session.architecture
    preset = load_presets().get(session.start.preset)
    as_given = session.is_unchanged or (preset and architecture.key in preset.networks)
    edited = "" if as_given else ", edited"
    st.html(
        f'<div class="layer"><h2>{for_html(architecture.name)}{edited}</h2>'
        f"<p>{_parameters(session)}"
        f"{counted(count_layers(architecture.layers), 'layer')}</p></div>"
    )
    start = st.container()
    variants = st.container()
    locked = session.recipe_is_locked
    if session.own_images:
        own_images_dialog()
    filled = recipe_form(
        session.recipe,
        _form(session),
        _keep,
        is_locked=locked,
        below_rates=(lambda: None) if locked else partial(rate_finder, _form(session)),
    )
    wrong = filled.message if isinstance(filled, RecipeError) else ""
    recipe = session.recipe if isinstance(filled, RecipeError) else filled
    with variants:
        if locked:
            st.html(_LOCKED)
        else:
            _recipe_variants(session)
    obstacle = find_problem(architecture, find_dataset(recipe.dataset))
    if obstacle:
        messages.warning(
            f"this network cannot be trained yet: {obstacle.message}", icon=None, on=start
        )
        if obstacle.fixed:
            start.button("Apply fix", on_click=_apply_fix, args=(obstacle.fixed,), width="stretch")
    if wrong:
        messages.error(wrong, icon=None, on=start)
    cannot = obstacle is not None or wrong != ""
    with start, st.container(key="start", horizontal=True, gap="small"):
        st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=cannot,
            on_click=_start,
        )
        if not locked:
            st.button(
                "Quick look",
                icon=":material/bolt:",
                help=_QUICK_LOOK,
                disabled=cannot,
                on_click=_start,
                kwargs={"is_quick": True},
            )
    with start:
        _ask_whether_to_repeat(session, recipe)
    return start


def _parameters(session: state.Session) -> str:
    """ "18,000 parameters in "; "" where they are still to be guessed."""
    analysis = analyze(session.architecture)
    if not known_of(session).shows_parameters(analysis):
        return ""
    return f"{analysis.total_params:,} parameters in "


def _link_to_run(snapshot: Snapshot) -> None:
    """A way past the recipe's inputs.

    In a narrow window the run is below the recipe, and everybody sees this link; else whoever comes
    to it by the keyboard.
    """
    with st.container(key="to-run"):
        st.html(f'<a href="#{SHOWN_RUN}">Skip to run {for_html(snapshot.run.id)}</a>')


def _recipe_variants(session: state.Session) -> None:
    """The preset's recipes; the one in the form is marked, and none once a field was changed."""
    preset = load_presets().get(session.start.preset)
    offered = [
        (variant, found[1])
        for variant in RECIPE_VARIANTS
        if preset and (found := preset.recipe_variant(variant))
    ]
    if preset is None or not offered:
        return
    with st.container(horizontal=True, gap="small", key="recipe-variants"):
        for variant, recipe in offered:
            st.button(
                RECIPE_VARIANT_NAMES[variant].capitalize(),
                key=f"recipe-{variant}",
                icon=":material/check:" if recipe == session.recipe else None,
                help=for_markdown(_why(preset, variant)),
                on_click=state.use_recipe_variant,
                args=(preset, variant),
                width="stretch",
            )
    preset_story(preset, "train")


def _why(preset: Preset, variant: str) -> str:
    if variant == "documented" and preset.documented:
        return f"As in the author's text “{preset.documented.title}”."
    if preset.tuned:
        return f"{preset.tuned.why} It also sets every dropout rate to {preset.tuned.dropout:g}."
    if preset.built:
        return f"{preset.built.recipe}."
    return f"{preset.known.smaller.recipe}." if preset.known and preset.known.smaller else ""


def _form(session: state.Session) -> str:
    """The form's name: another where a recipe of ours was put in place, which the form then
    shows.
    """
    return f"recipe-{session.recipe_version}"


def _apply_fix(architecture: Architecture) -> None:
    """The network, and then the images that were chosen in the form, which only the fixed one
    takes.
    """
    state.apply_fix(architecture)
    _keep()


def _keep() -> None:
    session = state.current()
    recipe = recipe_in_form(session.recipe, _form(session))
    if not isinstance(recipe, RecipeError) and (changed := state.keep_recipe(recipe)):
        notify(changed)


def _start(again: bool = False, is_quick: bool = False) -> None:
    """Train as the form tells at this moment, which may not be drawn yet, nor checked; or have a
    quick look at that.

    The same network, recipe and seed asked for twice are one run. Where that has just finished, it
    is asked whether it is to be trained `again`.
    """
    session = state.current()
    recipe = recipe_in_form(session.recipe, _form(session))
    if session.recipe_is_locked:
        recipe, is_quick = session.recipe, False
    if isinstance(recipe, RecipeError):
        notify(recipe.message, WRONG)
        return
    recipe = quick_look(recipe) if is_quick else recipe
    if obstacle := find_problem(session.architecture, find_dataset(recipe.dataset)):
        notify(f"This network cannot be trained yet: {obstacle.message}", WRONG)
        return
    jobs = process.jobs()
    same = run_in_hand(jobs.runs(), session.architecture, recipe, who().id, time.time())
    if same and (is_quick or not same.ended):
        notify(
            f"This run {_how_it_stands(same)}: same network, recipe and seed. "
            "For another one, change the seed"
        )
        state.keep_session(replace(session, run=same.run.id, repeat=None))
        return
    if same and not again:
        state.keep_session(
            replace(session, repeat=state.Repeat(same.run.id, session.architecture, recipe))
        )
        return
    with refusals_as_notices():
        run = jobs.submit(session.architecture, recipe, who())
        state.keep_session(replace(session, run=run, repeat=None))


def _ask_whether_to_repeat(session: state.Session, recipe: Recipe) -> None:
    """The question that a start left open, as long as it would still start the same run.

    It stands below the button that was pressed, which so stays under the pointer.
    """
    repeat = session.repeat
    if repeat is None or (repeat.architecture, repeat.recipe) != (session.architecture, recipe):
        return
    try:
        same: Snapshot | None = process.jobs().snapshot(repeat.run, 0)
    except UnknownRun:  # deleted since
        same = None
    if same is None or same.status != "finished":
        # Settled: a run that goes on is not repeated.
        state.keep_session(replace(session, repeat=None))
        return
    ago = duration(max(0.0, time.time() - same.run.submitted))
    with st.container(key="repeat", gap="small"):
        stands = f"The same run {_how_it_stands(same)}: same network, recipe and seed"
        messages.info(f"{stands}, started {ago} ago. Start another?")
        with st.container(horizontal=True, gap="small"):
            if same.run.id != session.run:
                st.button("Show that run", on_click=_show, args=(same.run.id,), width="stretch")
            st.button("Start another", on_click=_start, kwargs={"again": True}, width="stretch")


def _how_it_stands(snapshot: Snapshot | RunSummary) -> str:
    if snapshot.status == "queued":
        return "is queued already"
    return "has finished already" if snapshot.ended else "is training already"


def _show(run_id: str) -> None:
    state.keep_session(replace(state.current(), run=run_id, repeat=None))


# --- the run --------------------------------------------------------------------------------------


def _revision(run_id: str) -> int:
    return process.jobs().store.revision(run_id)


def _snapshot(wanted: str | None) -> Snapshot | None:
    """The run named in the link or started here, if the server still knows it."""
    if not wanted:
        return None
    try:
        return process.jobs().snapshot(wanted, POINTS)
    except UnknownRun as error:
        messages.info(str(error))
        return None


@with_notices
def _run(run_id: str, every: float | None) -> None:
    """The run as it stands, looked at again after so many seconds; None where it had ended."""
    if take_change():
        st.rerun()  # the address too, which stands outside this part
    snapshot = process.jobs().snapshot(run_id, POINTS)
    if snapshot.ended != (every is None):
        st.rerun()
    if every is not None:
        looks.note(this_window())
        if looks.is_far_off(every, snapshot.run.device):
            st.rerun()
    _status(snapshot)
    announce(_in_short(snapshot), "training", urgent=f"{snapshot.run.id} {snapshot.status}")
    _say_whose_run(snapshot)
    show_run_view(snapshot)


def _in_short(snapshot: Snapshot) -> str:
    """Where the run is, for whoever hears the page."""
    status = {"running": "Training", "preparing": "Preparing"}.get(
        snapshot.status, snapshot.status.capitalize()
    )
    if not snapshot.epochs:
        return f"{status}: {snapshot.run.architecture.name}"
    last = snapshot.epochs[-1]
    return (
        f"{status}: epoch {last.epoch} of {snapshot.run.epochs}, "
        f"test accuracy {percent(last.metrics['test_accuracy'])}"
    )


def _say_whose_run(snapshot: Snapshot) -> None:
    """Where the run is of another network than the one that is being edited: that, and a way to
    it.
    """
    run, edited = snapshot.run, state.current().architecture
    if run.architecture.key == edited.key:
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="other-network"
    ):
        if run.architecture.name == edited.name:
            words = (
                f"This run trains another version of “{edited.name}” than the one that is open "
                "in Build."
            )
        else:
            words = f"This run trains “{run.architecture.name}”; “{edited.name}” is open in Build."
        st.html(f'<p class="hint">{for_html(words)}</p>', width="stretch")
        if st.button("Open this run's network", icon=":material/stacks:", key=f"open-{run.id}"):
            state.open_run(run)
            st.rerun()


def _status(snapshot: Snapshot) -> None:
    run = snapshot.run
    name = for_html(run.architecture.name)
    status = for_html(snapshot.status)
    images = for_html(find_dataset(run.recipe.dataset).title)
    with st.container(horizontal=True, vertical_alignment="top", key="run-line"):
        st.html(
            f'<div class="run" id="{SHOWN_RUN}" tabindex="-1"><h2>{name}</h2> on {images} '
            f'<span class="status {status}">{status}</span>'
            f"<p>{for_html(run.environment.device)} · run {for_html(run.id)}</p></div>",
            width="stretch",
        )
        run_actions(snapshot, "train")
    share, words = _progress(snapshot)
    st.progress(share, for_markdown(words))
    # What the line above says already.
    said = snapshot.message == NEXT_TURN
    if snapshot.message and snapshot.status != "failed" and not said:
        messages.info(snapshot.message)
    if snapshot.status == "failed":
        messages.error(
            snapshot.message or (snapshot.latest.message if snapshot.latest else ""), icon=None
        )


def _progress(snapshot: Snapshot) -> tuple[float, str]:
    """The share that is done, and in words: where it is, how fast, and what is left."""
    if snapshot.position is not None:
        return _progress_in_queue(snapshot, snapshot.position - 1)
    latest = snapshot.latest
    if snapshot.started is None or latest is None:
        return 0.0, snapshot.note or (NEVER_BEGAN if snapshot.ended else "loading the images")
    epochs, steps_per_epoch = (
        int(snapshot.started.metrics[name]) for name in ("epochs", "steps_per_epoch")
    )
    total = epochs * steps_per_epoch
    if snapshot.status == "finished":  # also one that stopped early
        total = latest.step
    words = [f"epoch {latest.epoch} of {epochs}"]
    if snapshot.ended:
        words += [f"{latest.step:,} steps", duration(latest.time)]
    elif snapshot.steps:
        rate = median(step.metrics["iterations_per_second"] for step in snapshot.steps[-RECENT:])
        # With the tests, which the rate leaves out.
        left = (total - latest.step) * latest.time / latest.step
        words += [f"{rate:.1f} iterations/s"]
        if snapshot.ends_in is None:
            words.append(f"about {duration(left)} left")
        else:
            soon = duration(max(left, snapshot.ends_in))
            words.append(f"done in about {soon}, as others have turns between its epochs")
    return latest.step / total, " · ".join(words)


def _progress_in_queue(snapshot: Snapshot, ahead: int) -> tuple[float, str]:
    """How far a run is that waits for its first turn, or for the next."""
    done = len(snapshot.epochs)
    words = ["Waiting for its next turn" if done else "Queued"]
    words.append(f"{counted(ahead, 'run')} ahead" if ahead else "it is next")
    if snapshot.starts_in is not None:
        words.append(f"{'' if done else 'starts '}in about {duration(snapshot.starts_in)}")
    if snapshot.ends_in is not None:
        words.append(f"done in about {duration(snapshot.ends_in)}")
    if done:
        words.append(f"{done} of {counted(snapshot.run.epochs, 'epoch')} done")
    return done / snapshot.run.epochs, f"{words[0]}: {', '.join(words[1:])}"
