"""Verdict: what each network came to, in a table, and whether two of them differ by more than
noise.
"""

from collections.abc import Sequence

import streamlit as st

from explorer.compare.chosen import Chosen
from explorer.compare.comparison import Comparison
from explorer.compare.learning import Group, Record
from explorer.compare.mcnemar import first_pair
from explorer.compare.verdict import TARGET, Verdict, documented_figures, noise_note, verdict
from explorer.network.analysis import analyze
from explorer.presets import load_presets
from explorer.text import for_html, percent, sentence
from explorer.training.dataset_lookup import find_dataset
from explorer.training.event import table_csv
from explorer.ui.compare.disagreement_view import disagreement_view
from explorer.ui.compare.recipes_view import recipes_view
from explorer.ui.components.columns import Column
from explorer.ui.components.figure_table import Figure, figure_table
from explorer.ui.downloads.download_menu import prepare, prepared
from explorer.ui.downloads.preparing import Wanted
from explorer.ui.downloads.progress import show_progress
from explorer.ui.remembered_inputs import remember_input, remembered_index

PAIRED = "compare-paired"
TWO_DIGITS, ONE_DIGIT = "{:.2f}".format, "{:.1f}".format
COLUMNS = {
    "network": Column("Network and recipe"),
    "seeds": Figure("Seeds"),
    "epochs": Figure("Epochs"),
    "final": Figure("Final, %", TWO_DIGITS, "Test accuracy after the last epoch, mean over seeds."),
    "deviation": Figure("±", TWO_DIGITS, "Standard deviation over seeds, in points."),
    "best": Figure(
        "Best, %",
        TWO_DIGITS,
        "Mean of each seed's best epoch, which validation images choose where the recipe holds "
        "some out. Choosing it on the test set is optimistic.",
    ),
    "documented": Figure(
        "Best in author's log, %", TWO_DIGITS, "The highest test accuracy that the author logged."
    ),
    "reached": Figure(
        f"Epochs to {percent(TARGET, 1)}",
        help="First epoch after which the mean over seeds has reached it.",
    ),
    "seconds": Figure("Seconds per epoch", ONE_DIGIT, "Median, including the test."),
    "speed": Figure(
        "Iterations/s", ONE_DIGIT, "Median of training only, on the machine that ran it."
    ),
    "documented_speed": Figure("Author's it/s", ONE_DIGIT, "On the author's machine."),
    "parameters": Figure("Parameters", "{:,}".format),
    "per_parameter": Figure(
        "Accuracy points per 1,000 parameters",
        TWO_DIGITS,
        "Points of accuracy above chance for every 1,000 parameters.",
    ),
}


def verdict_view(comparison: Comparison) -> None:
    groups = comparison.groups
    if not groups:
        st.html(
            '<p class="hint">None of these networks has been trained yet. Click “Train all”.</p>'
        )
    figure_table(_rows(comparison), COLUMNS, "Results", key="compare-verdict")
    # Of what comes with the presets there are no weights to test.
    ours = [group for group in groups if any(record.run_id for record in group.records)]
    more = " The paired test below is more sensitive." if len(ours) > 1 else ""
    st.html(f'<p class="note">{for_html(noise_note(groups) + more)}</p>')
    recipes_view(groups)
    if len(ours) > 1:
        _pair(ours)
    elif groups:
        st.html('<p class="hint">Train two networks here to compare them on the same images.</p>')


def results_csv(comparison: Comparison) -> str:
    """The table of results with every digit that is known; no name in it is a formula."""
    rows = (
        {column.title: row.get(name) for name, column in COLUMNS.items()}
        for row in _rows(comparison)
    )
    return table_csv([column.title for column in COLUMNS.values()], rows)


def _rows(comparison: Comparison) -> list[dict[str, object]]:
    presets = tuple(load_presets().values())
    return [
        *(_row(verdict(group, presets)) for group in comparison.groups),
        *(_untrained(each, comparison.dataset) for each in comparison.untrained),
    ]


def _untrained(each: Chosen, dataset: str) -> dict[str, object]:
    """What is known of a network without any run on these images."""
    same = each.preset is not None and each.preset.recipe.dataset == dataset
    documented = documented_figures(each.preset) if each.preset and same else None
    return {
        "network": f"{each.title}, not trained on {find_dataset(dataset).title} here yet",
        "documented": _points(documented.best) if documented else None,
        "documented_speed": documented.iterations_per_second if documented else None,
        "parameters": analyze(each.architecture).total_params,
    }


def _row(found: Verdict) -> dict[str, object]:
    documented = found.documented
    return {
        "network": found.label,
        "seeds": found.seeds,
        "epochs": found.epochs,
        "final": _points(found.final),
        "deviation": _points(found.final_deviation),
        "best": _points(found.best),
        "documented": _points(documented.best) if documented else None,
        "reached": found.epochs_to_target,
        "seconds": found.seconds_an_epoch,
        "speed": found.iterations_per_second,
        "documented_speed": documented.iterations_per_second if documented else None,
        "parameters": found.parameters,
        "per_parameter": found.accuracy_per_parameter,
    }


def _points(share: float | None) -> float | None:
    return None if share is None else 100 * share


# --- two networks on the same images --------------------------------------------------------------


def _pair(ours: Sequence[Group]) -> None:
    """McNemar's test of two of those that were trained here."""
    by_label = {group.label: group for group in ours}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html('<h2 class="chart-title">Is the difference significant?</h2>', width="content")
        a, b = (_one(name, list(by_label), place) for place, name in enumerate(("One", "Other")))
        pair = None if a == b else first_pair(by_label[a], by_label[b])
        version = f"{a} {b} {[(record.run_id, len(record.epochs)) for record in pair or ()]}"
        st.button(
            "Run McNemar's test",
            icon=":material/compare_arrows:",
            on_click=prepare,
            args=(PAIRED, version, _wanted(pair, a, b)) if pair else (),
            disabled=pair is None,
        )
    if a != b and pair is None:
        st.html(
            '<p class="hint">They were tested on different images, so they cannot be compared.</p>'
        )
    _tested(version)
    if pair:
        disagreement_view(pair, (a, b))


def _tested(version: str) -> None:
    """What the test found, or how far it is, where it was asked for."""
    # Only of these two: the page is drawn anew as other runs come in.
    asked, preparation = prepared(PAIRED)
    if preparation is None or asked != version:
        return
    if preparation.stage.is_over:
        st.html(f'<p class="paired">{for_html(sentence(preparation.note))}</p>')
    else:
        show_progress(preparation, "Testing both networks on the same images")


def _wanted(pair: tuple[Record, Record], a: str, b: str) -> Wanted:
    return {
        "what": "pair",
        "runs": [record.run_id for record in pair],
        "epochs": [len(record.epochs) for record in pair],
        "seeds": [record.recipe.seed for record in pair],
        "labels": [a, b],
    }


def _one(name: str, labels: list[str], place: int) -> str:
    key = f"compare-{name.lower()}"
    return st.selectbox(
        name,
        labels,
        remembered_index(key, labels, place),
        **remember_input(key),
        label_visibility="collapsed",
        width=320,
    )
