"""The process that draws charts as SVG and PNG: `python -m explorer.ui.downloads.draw_pictures`,
started by pictures.py.

vl-convert can abort the process that it runs in, as it does for a character that XML does not have.
It does so here, where nothing else is lost. Nothing of torch or of the app is imported.
"""

from collections.abc import Callable

import vl_convert

from explorer.ui.downloads.child_process import Request, serve

SHARPNESS = 2  # pixels of a PNG for each of the chart's
MOST_MEMORY = 600_000_000  # bytes; a hundred pictures take about 150 million


def _svg(request: Request) -> bytes:
    text: str = vl_convert.vegalite_to_svg(request["spec"], allowed_base_urls=[])
    return text.encode()


def _png(request: Request) -> bytes:
    picture: bytes = vl_convert.vegalite_to_png(
        request["spec"], scale=SHARPNESS, allowed_base_urls=[]
    )
    return picture


FORMS: dict[str, Callable[[Request], bytes]] = {"svg": _svg, "png": _png}


if __name__ == "__main__":
    serve(lambda request: FORMS[request["form"]](request), MOST_MEMORY)
