"""What the component gets with each look at the page: which layer and image, and which epochs there
are. What it draws, it asks for by itself, once for each epoch (answers.py).
"""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.network.analysis import Row
from explorer.text import size_text
from explorer.ui.components.assets import component

FOLDER = Path(__file__).parent
SHARED = (FOLDER.parent / "field_view" / "drawing.js",)
_mount = component(
    "layer_maps",
    FOLDER,
    "layer_maps.js",
    ["layer_maps.css", "projector.css", "layer_maps.html"],
    shared=SHARED,
)


@dataclass(frozen=True, eq=False)
class ShownLayer:
    """What is looked at."""

    run: str
    epochs: tuple[int, ...]  # of which the weights are kept
    row: Row
    cam_row: Row | None  # whose maps Grad-CAM looks at
    image: int  # its place among the test images
    permit: str  # to ask about it, of ui/image_permits.py
    pixels: NDArray[np.uint8]  # (H, W, 1 or 3)
    label: int
    classes: tuple[str, ...]


def layer_maps(shown: ShownLayer, *, key: str) -> None:
    """Draw the layer's maps and filters, and what speaks for a class, over the epochs."""
    _mount(key=key, data=shown_data(shown))


def shown_data(shown: ShownLayer) -> dict[str, Any]:
    """All that the browser gets: a few kilobytes, as it comes again with each look."""
    height, width, colours = shown.pixels.shape
    return {
        "run": shown.run,
        "epochs": [*shown.epochs],
        "row": shown.row.index,
        "layer": f"{shown.row.place} {shown.row.title}",
        "shape": [*shown.row.output_shape],
        "cam": shown.cam_row
        and {
            "layer": f"{shown.cam_row.place} {shown.cam_row.title}",
            "size": size_text(shown.cam_row.output_shape[1:]),
        },
        "image": shown.image,
        "permit": shown.permit,
        "label": shown.label,
        "classes": [*shown.classes],
        "picture": {
            "rows": height,
            "columns": width,
            "colours": colours,
            "pixels": base64.b64encode(shown.pixels.tobytes()).decode("ascii"),
        },
    }
