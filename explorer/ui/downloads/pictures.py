"""Charts as files: SVG, PNG and CSV.

The pictures are drawn in a process of their own, see draw_pictures.py.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from explorer.text import for_csv, printable
from explorer.ui.charts import palette
from explorer.ui.charts.chart import Chart, Spec
from explorer.ui.downloads.child_process import ChildDied, ChildError, ChildProcess

log = logging.getLogger(__name__)

WIDTH = 640  # pixels, where the page would give a chart the width that there is
LOOK = {
    **palette.on_white(palette.CONFIG),
    "background": "white",
    "font": "sans-serif",
    "title": {"color": palette.TEXT.light, "fontSize": 15, "anchor": "start", "offset": 10},
}
SECONDS = 30.0  # for one picture, which takes about a tenth of a second; the first one about two
IDLE_SECONDS = 300.0  # the process takes about 100 MB, and two seconds to start

_process = ChildProcess("explorer.ui.downloads.draw_pictures", IDLE_SECONDS)


class PictureError(Exception):
    """A chart that cannot be drawn as a picture; the message says which and why."""


def svg(chart: Chart) -> bytes:
    """Raises PictureError."""
    return _drawn(chart, "svg")


def png(chart: Chart) -> bytes:
    """Raises PictureError."""
    return _drawn(chart, "png")


def csv(chart: Chart) -> bytes:
    """What is drawn, a row a point; no name in it is a formula."""
    data = chart.data.drop(columns=list(chart.layout))
    cells = {name: data[name].map(for_csv) for name in data.select_dtypes(exclude="number").columns}
    text: str = data.assign(**cells).to_csv(index=False)
    return text.encode()


FORMS: dict[str, tuple[str, Callable[[Chart], bytes]]] = {  # by the file's ending
    "svg": ("image/svg+xml", svg),
    "png": ("image/png", png),
    "csv": ("text/csv", csv),
}


def files(charts: Iterable[Chart]) -> dict[str, bytes]:
    """Every chart in every form, by the files' names.

    A chart that cannot be drawn has its CSV, and a .txt that says why there is no picture.
    """
    found: dict[str, bytes] = {}
    for chart in charts:
        try:
            found |= {f"{chart.name}.{ending}": make(chart) for ending, (_, make) in FORMS.items()}
        except PictureError as error:
            found |= {f"{chart.name}.txt": f"{error}.\n".encode(), f"{chart.name}.csv": csv(chart)}
    return found


def close() -> None:
    """End the process that draws."""
    _process.close()


def _drawn(chart: Chart, form: str) -> bytes:
    try:
        return _process.ask({"form": form, "spec": _cleaned(_whole(chart))}, SECONDS)
    except ChildError as error:
        if isinstance(error, ChildDied):
            log.warning("the chart %r could not be drawn: %s", chart.name, error)
        raise PictureError(f"“{chart.title}” could not be drawn as a picture: {error}") from None


def _whole(chart: Chart) -> Spec:
    """The specification with its data, a title and a look of its own."""
    spec: dict[str, Any] = {
        **palette.on_white(chart.spec),
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


def _cleaned(value: Any) -> Any:
    """The same with texts that XML can hold: a name may have come in before names were checked."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {name: _cleaned(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value
