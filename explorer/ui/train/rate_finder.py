"""Find a learning rate: the search that a visitor asks for below the recipe's optimiser and
schedule, and one click that takes what it found.
"""

from dataclasses import replace

import streamlit as st

from explorer.runs.rate_searches import Question, Stage, Standing
from explorer.text import counted, for_html, for_markdown, sentence
from explorer.training.dataset_lookup import find_dataset
from explorer.training.learning_rate import peak_rate, peak_rate_name, with_peak_rate
from explorer.training.learning_rate_finder import FoundRates, count_tries
from explorer.training.problems import find_problem
from explorer.training.recipe import Recipe, RecipeError, count_images
from explorer.ui import messages, process, state
from explorer.ui.charts.rate_chart import rate_chart, suggestions
from explorer.ui.components.announcer import announce
from explorer.ui.notices import WRONG, notify, refusals_as_notices, with_notices
from explorer.ui.part import part
from explorer.ui.people import who
from explorer.ui.show_chart import show_chart
from explorer.ui.train.recipe_form import recipe_in_form

LOOK_EVERY = 1.0  # seconds between two looks at a search that goes on
_HELP = (
    "Tries rising learning rates, one a step, on a copy of this network, and suggests the one to "
    "train with. No run is changed."
)


def rate_finder(form: str) -> None:
    """Draw the button, or the search that it began, or what that found. `form` is the recipe form's
    key.
    """
    session = state.current()
    recipe = recipe_in_form(session.recipe, form)
    with st.container(key="rate-finder", gap="small"):
        if isinstance(recipe, RecipeError):
            _button(form, is_disabled=True)
            return
        question = Question(session.architecture, recipe)
        standing = _standing(session, question)
        if standing is None or standing.stage is Stage.FAILED:
            cannot = find_problem(session.architecture, find_dataset(recipe.dataset)) is not None
            _button(form, is_disabled=cannot)
        if standing is None:
            return
        announce(_aloud(standing), "learning-rate")
        if standing.stage is Stage.FAILED:
            messages.error(f"no learning rate was found: {standing.problem}", icon=None)
        elif standing.found:
            _show_found(standing.found, recipe, form)
        else:
            part(_progress, every=LOOK_EVERY, key="rate-search")(question)


def _button(form: str, *, is_disabled: bool) -> None:
    st.button(
        "Find a learning rate",
        icon=":material/trending_down:",
        key="find-rate",
        help=_HELP,
        width="stretch",
        disabled=is_disabled,
        on_click=_find,
        args=(form,),
    )


def _standing(session: state.Session, question: Question) -> Standing | None:
    """How the search stands that answers this question, if it is what the visitor asked last."""
    asked = session.rate_question
    if asked is None or asked.key != question.key:
        return None
    return process.rate_searches().look(question, who())


def _find(form: str) -> None:
    """Ask for the form's recipe at this moment, which may not be drawn yet."""
    session = state.accept_draft()
    recipe = recipe_in_form(session.recipe, form)
    if isinstance(recipe, RecipeError):
        notify(recipe.message, WRONG)
        return
    if obstacle := find_problem(session.architecture, find_dataset(recipe.dataset)):
        notify(f"This network cannot be trained yet: {obstacle.message}", WRONG)
        return
    question = Question(session.architecture, recipe)
    with refusals_as_notices():
        process.rate_searches().ask(question, who())
        state.keep_session(replace(session, rate_question=question))


def _cancel() -> None:
    process.rate_searches().cancel(who())
    state.keep_session(replace(state.current(), rate_question=None))


def _take(rate: float, form: str) -> None:
    """Put the rate into the recipe as the form holds it at this moment."""
    recipe = recipe_in_form(state.current().recipe, form)
    if isinstance(recipe, RecipeError):
        notify(recipe.message, WRONG)
    elif changed := state.put_recipe(with_peak_rate(recipe, rate)):
        notify(changed)


@with_notices
def _progress(question: Question) -> None:
    """The search as it goes on, looked at again every LOOK_EVERY seconds."""
    standing = process.rate_searches().look(question, who())
    if standing is None or standing.stage.is_over:
        st.rerun()
    share, words = _in_words(question.recipe, standing)
    st.progress(share, for_markdown(words))
    st.button("Cancel", key="cancel-rate", on_click=_cancel, width="stretch")


def _in_words(recipe: Recipe, standing: Standing) -> tuple[float, str]:
    """The share that is done, and how the search stands in words."""
    if standing.stage is Stage.WAITING:
        first = f": {counted(standing.ahead, 'other')} first" if standing.ahead else ""
        return 0.0, f"Waiting{first}"
    if standing.latest is None:
        return 0.0, "Preparing the images"
    images = count_images(recipe, find_dataset(recipe.dataset).train_images)
    most = count_tries(images, recipe.batch_size)
    lr, loss = standing.latest
    words = f"Step {standing.steps} of up to {most}: rate {lr:.2g}, loss {loss:.3g}"
    return min(1.0, standing.steps / most), words


def _aloud(standing: Standing) -> str:
    """What is said to whoever hears the page."""
    if standing.stage is Stage.FAILED:
        return "No learning rate was found"
    if standing.found is None:
        return "Searching for a learning rate"
    rate = standing.found.suggested
    return "No learning rate is suggested" if rate is None else f"Learning rate found: {rate:g}"


def _show_found(found: FoundRates, recipe: Recipe, form: str) -> None:
    chart = rate_chart(found)
    show_chart(chart, chart.name, level=4)
    st.html(f'<p class="note">{for_html(sentence(found.why))}</p>')
    if found.suggested is None:
        return
    with st.container(horizontal=True, gap="small", key="rates-found"):
        for place, (name, rate) in enumerate(suggestions(found).items()):
            st.button(
                f"Use {rate:g}",
                key=f"use-rate-{place}",
                type="secondary",
                icon=":material/check:" if rate == peak_rate(recipe) else None,
                help=for_markdown(
                    f"{name.capitalize()}: sets {peak_rate_name(recipe)} to {rate:g}"
                ),
                on_click=_take,
                args=(rate, form),
                width="stretch",
            )
