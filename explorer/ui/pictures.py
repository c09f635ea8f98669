"""Charts as files: SVG, PNG and CSV."""

from collections.abc import Callable, Iterable
from typing import Any

import vl_convert

from explorer.ui.charts import Chart, Spec

WIDTH = 640  # pixels, where the page would give a chart the width that there is
SHARPNESS = 2  # pixels of a PNG for each of those
# Streamlit's theme is the page's; a picture is looked at on white.
LOOK = {
    "background": "white",
    "font": "sans-serif",
    "view": {"stroke": "transparent"},
    "axis": {"gridColor": "#e3e7ed", "domainColor": "#8a94a3", "tickColor": "#8a94a3", "labelFontSize": 12, "titleFontSize": 12}
    | {"titleFontWeight": "normal"},
    "legend": {"labelFontSize": 12},
    "title": {"fontSize": 15, "anchor": "start", "offset": 10},
}


def svg(chart: Chart) -> bytes:
    text: str = vl_convert.vegalite_to_svg(_whole(chart), allowed_base_urls=[])
    return text.encode()


def png(chart: Chart) -> bytes:
    picture: bytes = vl_convert.vegalite_to_png(_whole(chart), scale=SHARPNESS, allowed_base_urls=[])
    return picture


def csv(chart: Chart) -> bytes:
    """What is drawn, a row a point."""
    text: str = chart.data.to_csv(index=False)
    return text.encode()


FORMS: dict[str, tuple[str, Callable[[Chart], bytes]]] = {  # by the file's ending
    "svg": ("image/svg+xml", svg),
    "png": ("image/png", png),
    "csv": ("text/csv", csv),
}


def files(charts: Iterable[Chart]) -> dict[str, bytes]:
    """Every chart in every form, by the files' names."""
    return {f"{chart.name}.{ending}": make(chart) for chart in charts for ending, (_, make) in FORMS.items()}


def _whole(chart: Chart) -> Spec:
    """The specification with its data, a title and a look of its own."""
    spec: dict[str, Any] = {
        **chart.spec,
        "data": {"values": _records(chart)},
        "title": chart.title,
        "config": LOOK,
        "padding": 12,
    }
    return {**spec, "width": WIDTH} if spec.get("width") == "container" else spec


def _records(chart: Chart) -> list[dict[str, Any]]:
    """Rows as JSON has them: what is not there is null, and never NaN."""
    rows = chart.data.astype(object).where(chart.data.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
