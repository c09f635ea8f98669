"""What the canvas is told of a drawing: what the network sees, what it answers, and what each of
its layers makes of it.
"""

import base64
from math import isfinite
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from explorer.insight.drawing import Drawing, Prepared, prepare_drawing
from explorer.insight.limits import too_large
from explorer.insight.recognition import map_greys, recognise, shown_maps
from explorer.insight.trained import Trained
from explorer.network.analysis import analyze
from explorer.network.spec import Architecture
from explorer.refusal import Refusal
from explorer.text import size_text
from explorer.ui import process
from explorer.validation import describe_fault


class DrawingQuestion(BaseModel):
    """A drawing, and the run whose network is to say what it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: Annotated[str, Field(max_length=40)]
    drawing: Drawing


def answer_question(asked: object) -> dict[str, Any]:
    """The answer to what a canvas asks, {run, drawing: {pen, strokes}}.

    Raises Refusal where it is anything else, or the run is not there or has learnt nothing yet.
    """
    try:
        question = DrawingQuestion.model_validate(asked)
    except ValidationError as error:
        raise Refusal(describe_fault(error, "a question")) from None
    trained = process.trained(question.run)
    if problem := too_large(analyze(trained.architecture)):
        raise Refusal(problem)
    return answer(trained, prepare_drawing(question.drawing, trained.dataset, trained.kind))


def answer(trained: Trained, prepared: Prepared | None) -> dict[str, Any]:
    """What the network makes of an image; None where nothing is drawn yet."""
    if prepared is None:
        return {"epoch": trained.epoch, "image": None, "words": "", "chances": [], "maps": []}
    chances = recognise(trained, prepared.image)
    shown = shown_maps(analyze(trained.architecture))
    return {
        "epoch": trained.epoch,
        "image": _picture(prepared.image.transpose(1, 2, 0)),
        "words": " ".join(prepared.steps),
        # No number, where the network has diverged.
        "chances": [round(chance, 4) if isfinite(chance) else None for chance in chances],
        "maps": [_base64(greys) for greys in map_greys(trained, shown, prepared.image)],
    }


def layers_data(architecture: Architecture) -> list[dict[str, Any]]:
    """The layers whose maps the answers hold, in their order."""
    return [
        {
            "index": each.row.index,
            "title": f"{each.row.place} {each.row.title}",
            "shape": size_text(each.row.output_shape),
            "count": each.maps,
            "rows": each.rows,
            "columns": each.columns,
        }
        for each in shown_maps(analyze(architecture))
    ]


def _picture(pixels: NDArray[np.uint8]) -> dict[str, Any]:
    """Of (rows, columns, colours)."""
    rows, columns, colours = pixels.shape
    return {"rows": rows, "columns": columns, "colours": colours, "pixels": _base64(pixels)}


def _base64(values: NDArray[np.uint8]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
