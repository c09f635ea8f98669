"""Curves of a run: loss and accuracy as they come, beside what its preset's document says, and the
table of its epochs.
"""

import streamlit as st

from explorer.network.dropout import dropout_rates
from explorer.presets import RECIPE_VARIANT_NAMES, RECIPE_VARIANTS, Preset, find_preset, result
from explorer.runs.run import Snapshot
from explorer.text import for_html, for_markdown, percent, points
from explorer.training.dataset_lookup import find_dataset
from explorer.training.event import Event, best_of
from explorer.training.images import is_augmented
from explorer.training.recipe import picks_best
from explorer.ui.charts import run_charts as charts
from explorer.ui.components.figure_table import Figure, figure_table
from explorer.ui.remembered_inputs import remember_input, remembered_value
from explorer.ui.show_chart import show_chart

AUTHORS_LOG = "author's log"
LARGE_LOSS = 1e6  # from here on a loss is written with a power of ten
TABLE_HEIGHT = 250  # pixels, the same from the first epoch on, so that nothing below it moves


def show(snapshot: Snapshot) -> None:
    beside = _beside(snapshot)
    for side, chart in zip(
        st.columns(2, gap="medium"), charts.run_charts(snapshot, beside), strict=True
    ):
        with side:
            if snapshot.ended and chart.data.empty:
                st.html(_NO_EPOCH)
                continue
            show_chart(chart, chart.name, is_live=not snapshot.ended, height="run")
    if snapshot.epochs:
        _epochs(snapshot)


_NO_EPOCH = (
    '<div class="empty"><h2>No accuracy</h2><p>The run ended within its first epoch, '
    "and accuracy is "
    "measured after each whole one.</p></div>"
)


def _beside(snapshot: Snapshot) -> tuple[charts.Curve, ...]:
    """The curves that the visitor wants to see beside the run's: its preset's document, and our own
    runs of the preset.
    """
    preset = find_preset(snapshot.run.architecture)
    if preset is None or preset.documented is None or snapshot.started is None:
        return ()
    offered = {AUTHORS_LOG: charts.documented_curves(preset.documented)}
    for variant in RECIPE_VARIANTS:
        if found := result(preset.id, variant):
            offered[_measured_label(variant, found.seeds)] = (
                charts.measured_curve(variant, found),
            )
    same = snapshot.run.recipe.dataset == preset.recipe.dataset
    key, first = f"beside-{snapshot.run.id}", list(offered)[:1] if same else []
    chosen = st.pills(
        f"Compare with ({for_markdown(find_dataset(preset.recipe.dataset).title)})",
        list(offered),
        selection_mode="multi",
        default=remembered_value(key, first),
        **remember_input(key),
        format_func=for_markdown,
        help=_compared(preset),
    )
    return tuple(curve for label in chosen for curve in offered[label])


def _measured_label(variant: str, seeds: int) -> str:
    mean = f", mean of {seeds} seeds" if seeds > 1 else ""
    return f"our run, {RECIPE_VARIANT_NAMES[variant]}{mean}"


def _compared(preset: Preset) -> str:
    """What the figures are, and why the two kinds differ."""
    assert preset.documented is not None
    best = preset.documented.best
    when = f"after epoch {best.epoch} of {len(preset.documented.log)}"
    lines = [f"The best in the author's log is {percent(best.test_accuracy)}, {when}."]
    for variant in RECIPE_VARIANTS:
        if found := result(preset.id, variant):
            spread = (
                ""
                if found.deviation is None
                else f" ± {points(found.deviation).removesuffix(' points')}"
            )
            lines.append(
                f"Our run, {RECIPE_VARIANT_NAMES[variant]}: {percent(found.final)}{spread} "
                "after its last epoch."
            )
    lines.append(
        "Choosing the best epoch on the test set is optimistic; report the last one, or hold out "
        "validation images to choose on."
    )
    return "  \n".join(for_markdown(line) for line in lines)


def _epochs(snapshot: Snapshot) -> None:
    picked_by = picks_best(snapshot.run.recipe)
    best = best_of(snapshot.epochs, picked_by)
    final, soon = snapshot.epochs[-1], "" if snapshot.ended else "so far "
    st.html(
        f'<p class="run-epochs" data-epochs="{len(snapshot.epochs)}">'
        f"Test accuracy <b>{for_html(percent(final.metrics['test_accuracy']))}</b> after epoch "
        f"{final.epoch:,}; "
        f"{for_html(_best_text(best, picked_by, soon))} "
        f"<small>{for_html(_ADVICE[picked_by])}</small></p>"
        f"{_why_test_is_above_train(snapshot)}"
    )
    figure_table(
        _epoch_rows(snapshot.epochs),
        {**EPOCH_COLUMNS, **(VALIDATION_COLUMNS if snapshot.run.recipe.validation_images else {})},
        "Epochs",
        key="epochs",
        height=TABLE_HEIGHT,
    )


def _best_text(best: Event, picked_by: str, soon: str) -> str:
    """What the best epoch reached, and by which images it was picked; `soon` is "so far " of a run
    that goes on.
    """
    reached = percent(best.metrics["test_accuracy"])
    if picked_by == "validation":
        chosen = percent(best.metrics["validation_accuracy"])
        return (
            f"the best epoch {soon}on the validation images was {best.epoch:,}, with {chosen} on "
            f"them and {reached} on the test images."
        )
    return f"the highest {soon}was {reached} after epoch {best.epoch:,}."


_ADVICE = {
    "validation": "Validation images may choose the best epoch: nothing is learned from them, and "
    "they are not those that it is judged by.",
    "test": "Report the last epoch; choosing the best epoch on the test set is optimistic. "
    "Validation images may choose it: the recipe can hold some out.",
}


def _why_test_is_above_train(snapshot: Snapshot) -> str:
    """Where the test accuracy is the higher one, the first question of every class: why."""
    final, recipe = snapshot.epochs[-1].metrics, snapshot.run.recipe
    if final["test_accuracy"] <= final["train_accuracy"]:
        return ""
    harder = [
        *(["dropout"] if dropout_rates(snapshot.run.architecture) else []),
        *(["data augmentation"] if is_augmented(recipe) else []),
    ]
    made_harder = f" and with {' and '.join(harder)}, which are off in the test" if harder else ""
    return (
        '<p class="note" data-why="above-train">Test accuracy is above train accuracy: '
        "the train figure is the mean over "
        f"the epoch, while the network was still learning{made_harder}; "
        "the test comes after the epoch.</p>"
    )


def _epoch_rows(epochs: tuple[Event, ...]) -> list[dict[str, float]]:
    """One row an epoch, the newest first."""
    return [{"epoch": event.epoch, **event.metrics} for event in reversed(epochs)]


def _loss(value: float) -> str:
    """A run that diverges comes to 1e35, which is no number to write out."""
    return f"{value:.4f}" if value < LARGE_LOSS else f"{value:.4g}"


EPOCH_COLUMNS = {
    "epoch": Figure("epoch"),
    "train_accuracy": Figure("train accuracy", percent),
    "test_accuracy": Figure("test accuracy", percent),
    "train_loss": Figure("train loss", _loss),
    "test_loss": Figure("test loss", _loss),
    "lr": Figure("learning rate", "{:.5g}".format),
    "iterations_per_second": Figure("iterations/s", "{:.1f}".format),
    "seconds": Figure("seconds", "{:.1f}".format),
}
VALIDATION_COLUMNS = {
    "validation_accuracy": Figure("validation accuracy", percent),
    "validation_loss": Figure("validation loss", _loss),
}
