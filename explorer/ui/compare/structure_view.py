"""Structure: the stacks side by side, aligned by the size of their maps, and what any two of them
differ in.
"""

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from explorer.compare.chosen import Chosen
from explorer.compare.comparison import Comparison
from explorer.compare.structure import (
    Cell,
    Effect,
    Line,
    Stage,
    effect_of_changes,
    params_shares,
    side_by_side,
    totals,
)
from explorer.network.analysis import analyze
from explorer.network.difference import change_text, layer_text, place_of
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.text import NO_BREAK, for_html, percent, short_bytes, short_count, size_text
from explorer.ui.remembered_inputs import remember_input, remembered_index


def structure_view(comparison: Comparison) -> None:
    chosen = comparison.chosen
    analyses = [analyze(each.architecture) for each in chosen]
    stages = side_by_side(analyses)
    st.html(_table(chosen, stages))
    if len(chosen) > 1:
        _two(chosen)


# --- the stacks -----------------------------------------------------------------------------------


def _table(chosen: Sequence[Chosen], stages: Sequence[Stage]) -> str:
    head = "".join(f'<th scope="col">{for_html(each.title)}</th>' for each in chosen)
    body = "".join(
        _stage(chosen, stage, shares)
        for stage, shares in zip(stages, params_shares(stages), strict=True)
    )
    return (
        f"{_LEGEND}"
        '<div class="compare" role="region" tabindex="0" aria-label="The stacks side by side" '
        f'style="--columns: {len(chosen)}"><table><thead><tr><td></td>{head}</tr></thead>'
        f"{body}<tfoot>{_totals(chosen)}</tfoot></table></div>"
    )


_LEGEND = (
    '<p class="note tints"><i class="other">≠ Conv2d</i> other arguments than the first network '
    "that has this layer; "
    "pointing at it shows which. <i>–</i> no such layer.</p>"
)


def _stage(chosen: Sequence[Chosen], stage: Stage, shares: Sequence[float | None]) -> str:
    cells = "".join(
        f"<td>{for_html(percent(share, 0)) + ' of parameters' if share else ''}</td>"
        for share in shares
    )
    title = for_html(stage.title)
    head = f'<tr class="stage" data-stage="{title}"><th scope="rowgroup">{title}</th>{cells}</tr>'
    return f"<tbody>{head}{''.join(_line(chosen, line) for line in stage.lines)}</tbody>"


def _line(chosen: Sequence[Chosen], line: Line) -> str:
    reference = for_html(chosen[line.reference].title)
    cells = "".join(_cell(cell, reference) for cell in line.cells)
    return f'<tr class="{"common" if line.is_common else "differs"}"><td></td>{cells}</tr>'


# Six columns leave no room for torch's names; pointing at a layer shows them.
SHORT = (
    (r"out_(channels|features) ", ""),
    (r"(kernel_size|output_size) (\d+)(?!×|\d)", r"\2×\2"),
    (r"(kernel_size|output_size) ", ""),
    (r"padding ", f"pad{NO_BREAK}"),
    (r"bias no", "no bias"),
)


def _cell(cell: Cell, reference: str) -> str:
    if cell.row is None:
        return '<td class="none">–</td>'
    full = layer_text(cell.row.layer)
    kind, _, arguments = full.partition(" ")
    for long, short in SHORT:
        arguments = re.sub(long, short, arguments)
    params = f"<i>{cell.row.params:,}</i>" if cell.row.params else ""
    text = f"<b>{for_html(kind)}</b> <span>{for_html(arguments)}</span>{params}"
    around = len(cell.row.path) // 2  # of a path's numbers, two lead into each block
    indent = f' style="--around: {around}"' if around else ""
    if not cell.arguments:
        return f'<td{indent} title="{for_html(full)}">{text}</td>'
    other = ", ".join(f"{name} {there} → {here}" for name, there, here in cell.arguments)
    return (
        f'<td class="other"{indent} title="{for_html(full)}; against {reference}: '
        f'{for_html(other)}">{text}</td>'
    )


def _totals(chosen: Sequence[Chosen]) -> str:
    found = [totals(analyze(each.architecture)) for each in chosen]
    lines = (
        ("Parameters", [f"{total.params:,}" for total in found]),
        ("Multiply-adds per image", [short_count(total.mult_adds) for total in found]),
        ("Memory per image", [short_bytes(total.activation_bytes) for total in found]),
        ("Receptive field", [size_text(total.receptive_field) for total in found]),
        ("Inside the image", [f"{size_text(total.seen)} pixels" for total in found]),
        (
            "Layers",
            [f"{total.layers}, {total.layers_with_params} with parameters" for total in found],
        ),
    )
    return "".join(
        f'<tr data-total="{for_html(name)}"><th scope="row"{_help(name)}>{for_html(name)}</th>'
        f"{''.join(f'<td>{for_html(value)}</td>' for value in values)}</tr>"
        for name, values in lines
    )


def _help(name: str) -> str:
    """What pointing at this total shows."""
    return f' title="{for_html(MULT_ADDS_RULE)}"' if name.startswith("Multiply-adds") else ""


# --- any two --------------------------------------------------------------------------------------


def _two(chosen: Sequence[Chosen]) -> None:
    """From one to another: each change, and what it did."""
    by_key = {each.key: each for each in chosen}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html('<h2 class="chart-title">What differs</h2>', width="content")
        old = _one("From", by_key, 0)
        st.html("→", width="content")
        new = _one("To", by_key, 1)
    if old is new:
        st.html('<p class="hint">Select two different networks.</p>')
        return
    effects = effect_of_changes(old.architecture, new.architecture)
    if not effects:
        st.html('<p class="hint">Their layers are the same.</p>')
        return
    rows = "".join(_effect(effect) for effect in effects)
    counted_by = _help("Multiply-adds")
    names = (
        ("Change", ""),
        ("Parameters", ""),
        ("Multiply-adds", counted_by),
        ("Receptive field", ""),
    )
    head = f"<tr>{''.join(f'<th scope=col{note}>{name}</th>' for name, note in names)}</tr>"
    note = (
        "The changes are applied one after another, from the first layer to the last; "
        "each row shows what its change adds to those above it."
    )
    st.html(
        '<div class="effects" role="region" tabindex="0" aria-label="What differs">'
        f'<table><thead>{head}</thead>{rows}</table></div><p class="note">{note}</p>'
    )


def _one(label: str, by_key: Mapping[str, Chosen], place: int) -> Chosen:
    keys, name = list(by_key), f"compare-{label.lower()}"
    key = st.selectbox(
        label,
        keys,
        remembered_index(name, keys, place),
        format_func=lambda key: by_key[key].title,
        **remember_input(name),
        label_visibility="collapsed",
        width=260,
    )
    return by_key[key]


def _effect(effect: Effect) -> str:
    shapes = (
        [f"images {size_text(effect.input_shapes[0])} → {size_text(effect.input_shapes[1])}"]
        if effect.input_shapes
        else []
    )
    changes = [f"{place_of(change)} {change_text(change)}" for change in effect.changes]
    text = "<br>".join(for_html(each) for each in (*shapes, *changes))
    rows, columns = effect.receptive_field
    field = f"{rows:+d}" if rows == columns else f"{rows:+d} × {columns:+d}"
    return (
        f"<tr><td>{text}</td><td>{_signed(effect.params)}</td>"
        f"<td>{_signed(effect.mult_adds)}</td><td>{_zero(field)}</td></tr>"
    )


def _signed(value: int) -> str:
    return f"{value:+,}".replace("-", "−") if value else "·"


def _zero(text: str) -> str:
    return "·" if text == "+0" else text.replace("-", "−")
