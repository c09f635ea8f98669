"""A chart: its specification and its data apart, so that a specification is built once and filled by whoever draws it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

Spec = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Chart:
    """One chart with its data, as a page draws it and as it is downloaded."""

    name: str  # of its files, without the ending
    title: str
    spec: Spec
    data: pd.DataFrame


def plain(chart: Any) -> Spec:
    """The specification less what is given with each drawing (the data) and what Streamlit's theme gives."""
    spec: Spec = chart.to_dict(validate=False)
    for name in ("config", "$schema", "data"):
        spec.pop(name, None)
    return {**spec, "padding": {"left": 0, "top": 0, "right": 6, "bottom": 4}}  # the heading above it is the page's
