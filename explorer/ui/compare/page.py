"""Compare: architectures and runs side by side."""

from collections.abc import Callable, Sequence

import streamlit as st

from explorer.compare.chosen import MOST, Chosen
from explorer.compare.comparison import Comparison
from explorer.runs.run_summary import RunSummary
from explorer.text import counted, for_html, for_markdown
from explorer.training.dataset_lookup import find_dataset
from explorer.ui import messages, process, state
from explorer.ui.arrival import asked_for, words_asked_for
from explorer.ui.charts.chart import Chart
from explorer.ui.charts.comparison import computation_charts, trade_off_charts
from explorer.ui.compare.chosen import (
    CHOSEN,
    find,
    find_all,
    first_choice,
    offered,
    read_link,
    write_link,
)
from explorer.ui.compare.computation_view import computation_view
from explorer.ui.compare.downloads import comparison_downloads
from explorer.ui.compare.learning_view import learning_view, shown_learning_charts
from explorer.ui.compare.structure_view import structure_view
from explorer.ui.compare.trade_off_view import PICKED, trade_off_view
from explorer.ui.compare.train_all import SHOWN_IMAGES, train_all
from explorer.ui.compare.verdict_view import results_csv, verdict_view
from explorer.ui.components.navigation import Page, go_to
from explorer.ui.notices import with_notices
from explorer.ui.part import part
from explorer.ui.remembered_inputs import remember_input, remember_value, remembered_value

PARAMETER = "compare"  # of the address, beside the view
VIEW = "view"  # that parameter, and the input's key
EVERY = 3.0  # seconds between two looks while something chosen trains

View = Callable[[Comparison], None]


@with_notices
def show() -> None:
    if found := find(st.session_state.pop(PICKED, "")):
        _open(found)
    jobs = process.jobs()
    runs = jobs.runs()  # once a look: everything below is made of them
    chosen = find_all(_choose(runs))
    if len(chosen) < 2:
        st.html(
            '<div class="empty"><h2>Nothing to compare yet</h2><p>Select two to six networks: '
            "presets, "
            "saved networks or runs.</p></div>"
        )
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="compare-line"
    ):
        view = st.segmented_control(
            "View",
            list(VIEWS),
            default=_view(),
            required=True,
            format_func=lambda name: for_markdown(str(TITLES.get(name, name))),
            **remember_input(VIEW),
            label_visibility="collapsed",
        )
        comparison = Comparison.of(chosen, runs, jobs)
        comparison = comparison.on(_images(comparison))
        with st.container(horizontal=True, gap="small", width="content", key="compare-menus"):
            train_all(chosen, runs)
            with st.container(width="content"):  # a part would take all the room it can get
                comparison_downloads(
                    comparison,
                    lambda: CHARTS[view](comparison) if view in CHARTS else (),
                    TABLES.get(view),
                )
    _left_out(comparison, view)
    going_on = bool(comparison.coming)
    part(_live, every=EVERY if going_on else None)(
        VIEWS[view], chosen, comparison.dataset, [comparison], going_on
    )


@with_notices
def _live(
    draw: View,
    chosen: Sequence[Chosen],
    dataset: str,
    just_read: list[Comparison],
    was_going_on: bool,
) -> None:
    """A view that fills as runs come.

    What the page has just read is drawn at first, and then what is read anew.
    """
    jobs = process.jobs()
    comparison = (
        just_read.pop() if just_read else Comparison.of(chosen, jobs.runs(), jobs).on(dataset)
    )
    coming = comparison.coming
    if bool(coming) != was_going_on:
        st.rerun()
    if coming:
        st.html(f'<p class="hint" data-coming="{len(coming)}">{for_html(_progress(coming))}</p>')
    draw(comparison)


def _progress(coming: Sequence[RunSummary]) -> str:
    """How far those are that train, and how many wait for their turn."""
    training = [
        f"{each.run.name}, epoch {max(1, each.epoch)} of {each.run.epochs}"
        for each in coming
        if each.status != "queued"
    ]
    waiting = len(coming) - len(training)
    parts = [f"In training: {'; '.join(training)}"] if training else []
    return " · ".join(parts + ([f"{counted(waiting, 'run')} queued"] if waiting else []))


def _images(comparison: Comparison) -> str:
    """The images whose results are shown: those of several data sets are no comparison."""
    chosen = comparison.chosen
    found = comparison.datasets or [chosen[0].recipe.dataset]
    if len(found) == 1:
        return found[0]
    shown = remembered_value(SHOWN_IMAGES, "")
    if shown not in found:
        documented = [
            each.preset.recipe.dataset for each in chosen if each.preset and each.preset.documented
        ]
        shown = documented[0] if documented else found[0]
    st.session_state[SHOWN_IMAGES] = shown  # each time: “Train all” sets it too
    return st.selectbox(
        "Results on",
        found,
        format_func=lambda name: f"on {find_dataset(name).title}",
        **remember_input(SHOWN_IMAGES),
        label_visibility="collapsed",
        width=190,
    )


def _left_out(comparison: Comparison, view: str) -> None:
    """Which runs have nothing to show in a view of results on these images."""
    dataset = comparison.dataset
    others = [each for each in comparison.chosen if each.run and each.recipe.dataset != dataset]
    if others and view in RESULTS:
        names = ", ".join(
            f"{each.title} on {find_dataset(each.recipe.dataset).title}" for each in others
        )
        st.html(
            '<p class="hint">Trained on other images than '
            f"{for_html(find_dataset(dataset).title)}, so left out: {for_html(names)}.</p>"
        )


def _open(found: Chosen) -> None:
    if found.preset:
        state.open_preset(found.preset)
    elif found.run:
        state.open_run(process.jobs().snapshot(found.run, 4).run)
    go_to(Page.BUILD)
    st.rerun()


def forget_click() -> None:
    """Who clicks on a point of a chart and goes to another page at once shall not be led away on
    coming back.
    """
    st.session_state.pop(PICKED, None)


def _choose(runs: Sequence[RunSummary]) -> list[str]:
    """The keys of what is compared, from the link at first; the link follows the choice."""
    options = offered(runs)
    keys: list[str] | None = remembered_value(CHOSEN, None)
    if keys is None:
        known, missing = read_link(asked_for(PARAMETER))
        keys = known if known or missing else first_choice()
        remember_value(CHOSEN, keys)
        if missing:
            messages.warning(
                f"Not on this server, so left out: {', '.join(missing)}", icon=messages.NOT_FOUND
            )
    # Written each time: the browser knows them by their labels, and a run's changes with every
    # epoch. Without what was deleted.
    st.session_state[CHOSEN] = [key for key in keys if key in options]
    return st.multiselect(
        "Compare",
        list(options),
        format_func=lambda key: options.get(key, key),
        **remember_input(CHOSEN),
        max_selections=MOST,
        placeholder="Select two to six networks",
        label_visibility="collapsed",
    )


def _view() -> str:
    """The view that was open last, or that the address asked for."""
    asked = remembered_value(VIEW, None) or _view_in_address()
    return asked if asked in VIEWS else next(iter(VIEWS))


def _view_in_address() -> str:
    """The view of these that the address asked for, "" if none: other words may stand there too."""
    return next((word for word in words_asked_for(VIEW) if word in VIEWS), "")


def address() -> dict[str, str]:
    """What the address holds of this page, by parameter, on the others too; "" where it needs
    nothing.
    """
    keys: list[str] | None = remembered_value(CHOSEN, None)
    if keys is None:  # not looked at yet
        return {PARAMETER: asked_for(PARAMETER) or "", VIEW: _view_in_address()}
    view = _view()
    return {
        PARAMETER: "" if keys == first_choice() else write_link(keys),
        VIEW: "" if view == next(iter(VIEWS)) else view,
    }


VIEWS: dict[str, View] = {
    "Structure": structure_view,
    "Shape of computation": computation_view,
    "Learning": learning_view,
    "Verdict": verdict_view,
    "Trade-off": trade_off_view,
}
# Where a view is not called as in links.
TITLES = {"Shape of computation": "Layer by layer", "Verdict": "Results"}
# Those of them that show what was reached on one data set.
RESULTS = ("Learning", "Verdict", "Trade-off")
CHARTS: dict[str, Callable[[Comparison], Sequence[Chart]]] = {  # of the views that have some
    "Shape of computation": computation_charts,
    "Learning": shown_learning_charts,
    "Trade-off": trade_off_charts,
}
TABLES: dict[str, Callable[[Comparison], str]] = {"Verdict": results_csv}  # as CSV
