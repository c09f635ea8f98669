"""Backward: for one test image, how the loss comes about, and the arithmetic of any unit: of its
value, and of the gradient that it gets and passes on.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from torch import nn

from explorer.insight.backward import (
    POOLS,
    WEIGHTED_SUMS,
    BothPasses,
    LossArithmetic,
    Place,
    Term,
    UnitArithmetic,
    run_both_ways,
    spelt_out_rows,
    strongest_unit,
    unit_arithmetic,
)
from explorer.network.analysis import Row, analyze
from explorer.runs.run import Snapshot
from explorer.runs.run_weights import NoWeights
from explorer.text import counted, for_html, percent
from explorer.training.dataset_files import load_present_dataset
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import DatasetError
from explorer.training.images import normalise
from explorer.ui import messages, process
from explorer.ui.show_chart import show_numbers
from explorer.ui.test_images import picture_address
from explorer.ui.train.looking_inside import choose_row, why_not_to_look
from explorer.ui.train.shown_image import choose_image

MOST_TERMS = 12  # inputs of a unit that are shown one by one
IN_BF16 = (
    "This run was computed in bf16, which keeps two to three digits. The arithmetic here is in "
    "fp32, so probabilities may differ a little from the run's."
)


def show(snapshot: Snapshot) -> None:
    run, analysis = snapshot.run, analyze(snapshot.run.architecture)
    if problem := why_not_to_look(run.recipe.dataset, analysis):
        messages.info(problem)
        return
    try:
        trained = process.trained(run.id)
        test = load_present_dataset(run.recipe.dataset).test
    except NoWeights:
        messages.info(
            "the weights of this run are no longer kept, so there is nothing to compute with"
        )
        return
    except DatasetError as error:
        messages.info(f"to follow the two passes takes an image: {error}")
        return
    with st.container(
        key="backward-choice", horizontal=True, vertical_alignment="bottom", gap="small"
    ):
        index = choose_image(run.id, len(test.images))
        rows = spelt_out_rows(analysis.rows)
        row = choose_row(rows, len(rows) - 1, f"backward-layer-{run.id}") if rows else None
    if trained.numerics.precision == "bf16":
        st.caption(IN_BF16)
    pixels, label = test.images[index][None], int(test.labels[index])
    image = normalise(pixels.float() / 255, trained.kind)
    passes = run_both_ways(analysis.rows, trained.network, image, label)
    classes = find_dataset(run.recipe.dataset).classes
    with st.container(key="backward-columns"):
        left, right = st.columns((2, 3), gap="medium")
    with left:
        _loss(passes.loss, classes, trained.epoch, picture_address(run.recipe.dataset, index))
    with right:
        if row is None:
            messages.info("no layer of this network is one whose units are spelt out here")
            return
        _unit(row, trained.network, passes, f"{run.id}-{index}")


# --- the loss -------------------------------------------------------------------------------------


def _loss(found: LossArithmetic, classes: Sequence[str], epoch: int, picture: str) -> None:
    answer = int(found.probabilities.argmax())
    chance = float(found.probabilities[found.label])
    told = (
        f"this {classes[answer]} is recognised"
        if answer == found.label
        else f"this {classes[found.label]} is taken for {classes[answer]}"
    )
    st.html(
        '<h3 class="chart-title">Softmax and cross-entropy</h3><div class="backward-loss">'
        f'<img src="{for_html(picture)}" alt="The image of {for_html(classes[found.label])}">'
        f"<p class='hint'>After epoch {epoch:,} {for_html(told)}. Its loss is "
        f"−ln {_number(chance) if chance else 'of nearly 0'} = "
        f"<strong>{_number(found.loss)}</strong>. The gradient of each score is its probability, "
        "less 1 for the right class.</p></div>"
    )
    table = pd.DataFrame(
        {
            "class": list(classes),
            "score": _numbers(found.scores.tolist()),
            "probability": [percent(each) for each in found.probabilities.tolist()],
            "target": [int(place == found.label) for place in range(len(classes))],
            "gradient": _numbers(found.gradient.tolist()),
        }
    )
    show_numbers(table, "Softmax and cross-entropy")


# --- a unit ---------------------------------------------------------------------------------------


def _unit(row: Row, network: nn.Module, passes: BothPasses, of: str) -> None:
    place = _choose_unit(row, strongest_unit(passes, row), of)
    unit = unit_arithmetic(row, network, passes, place)
    is_sum = row.kind in WEIGHTED_SUMS
    st.html(
        f'<h3 class="chart-title">{for_html(f"{row.place} {row.title}, {_name(place)}")}</h3>'
        f"<p class='hint'>{_value_text(row, unit)} Upstream, the gradient of the loss with respect "
        f"to this value: <strong>{_number(unit.upstream)}</strong>. It goes on to each input times "
        f"the local derivative{_OF_A_SUM if is_sum else ''}.</p>"
    )
    show_numbers(_table(unit, is_sum), "The arithmetic of the unit")


_OF_A_SUM = (
    ", which is its weight; and to each weight times its input. The gradient of a weight is the "
    "sum over all units that use it"
)


def _choose_unit(row: Row, strongest: Place, of: str) -> Place:
    """A unit by its numbers; first the one with the largest gradient."""
    names = ("Channel", "Row", "Column") if len(strongest) == 3 else ("Unit",)
    with st.container(
        key="backward-unit", horizontal=True, vertical_alignment="bottom", gap="small"
    ):
        return tuple(
            int(
                st.number_input(
                    f"{name} (0 to {size - 1:,})",
                    0,
                    size - 1,
                    value=first,
                    width=150,
                    key=f"backward-{name}-{row.place}-{of}",
                )
            )
            for name, size, first in zip(names, row.output_shape, strongest, strict=True)
        )


def _value_text(row: Row, unit: UnitArithmetic) -> str:
    value = f"<strong>{_number(unit.value)}</strong>"
    if row.kind in WEIGHTED_SUMS:
        total = sum(map(_share, unit.terms))
        bias = "" if unit.bias is None else f", with the bias {_number(unit.bias)}"
        of = f"{counted(len(unit.terms), 'input')} × weight: {_number(total)}"
        return f"Its value is the sum of {for_html(of)}{bias}: {value}."
    if row.kind in POOLS:
        shares = {round(term.local * len(unit.terms), 9) for term in unit.terms}
        if "Max" in row.kind:
            how = "the largest in its window"
        elif shares == {1.0}:
            how = "the mean of its window"
        else:  # of a border that counts, or a divisor of its own
            how = "the sum of its window, each times the local derivative"
        return f"Its value is {how}: {value}."
    if row.kind == "ReLU":
        return f"Its value is what comes in, or 0 where that is below 0: {value}."
    return f"Its value is {for_html(row.kind)} of what comes in: {value}."


def _table(unit: UnitArithmetic, is_sum: bool) -> pd.DataFrame:
    """The terms that matter most, and then the others together."""
    terms = sorted(unit.terms, key=lambda term: -abs(_share(term) if is_sum else term.local))
    shown, rest = terms[:MOST_TERMS], terms[MOST_TERMS:]
    table = pd.DataFrame([_cells(term, unit.upstream, is_sum) for term in shown])
    if rest:
        others = {**dict.fromkeys(table.columns, ""), "input": f"{len(rest):,} others"}
        if is_sum:
            others["input × weight"] = _number(sum(map(_share, rest)))
        table.loc[len(table)] = others
    return table


def _share(term: Term) -> float:
    """What an input adds to a weighted sum."""
    return term.value * term.local


def _cells(term: Term, upstream: float, is_sum: bool) -> dict[str, str]:
    name = "border" if term.place is None else _name(term.place)
    passed = _number(upstream * term.local) if term.place is not None else "–"
    if not is_sum:
        return {
            "input": name,
            "its value": _number(term.value),
            "local derivative": _number(term.local),
            "upstream × local": passed,
        }
    return {
        "input": name,
        "its value": _number(term.value),
        "weight": _number(term.local),
        "input × weight": _number(_share(term)),
        "upstream × weight": passed,
        "upstream × input": _number(upstream * term.value),
        "gradient of the weight": _number(term.weight_gradient or 0.0),
    }


def _name(place: Place) -> str:
    return (
        f"unit {place[0]}"
        if len(place) == 1
        else f"channel {place[0]}, row {place[1]}, column {place[2]}"
    )


def _numbers(values: Sequence[float]) -> list[str]:
    return [_number(value) for value in values]


def _number(value: float) -> str:
    """0.041234 -> "0.0412"; with a sign that is as wide as a plus."""
    return f"{value + 0.0:.3g}".replace("-", "−")  # never a zero below zero
