"""Draw: what a run's network makes of a drawing or an image file, layer by layer."""

import base64
import io
from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st
from PIL import Image

from explorer.insight.drawing import PLACINGS, Prepared, prepare_drawing
from explorer.insight.image_files import MAX_BYTES, open_image, prepare_picture
from explorer.insight.limits import too_large
from explorer.insight.trained import Trained
from explorer.network.analysis import analyze
from explorer.refusal import Refusal
from explorer.runs.images_access import may_see_images
from explorer.runs.run import Snapshot
from explorer.text import for_html, for_markdown
from explorer.ui import messages, process
from explorer.ui.components.draw_canvas import draw_canvas, kept_drawing
from explorer.ui.components.draw_canvas.answers import answer
from explorer.ui.components.field_view import FieldViewContext, OwnImage, field_view_in_part
from explorer.ui.people import who
from explorer.ui.remembered_inputs import remember_input, remember_value, remembered_value

CANVAS, FILE = "Canvas", "Image file"
SOURCE, LAYER, UPLOAD, PAD = "draw-source", "draw-layer", "draw-file", "draw"
READ = "draw-read"  # the file that was read last, which stays while other views are looked at
PREVIEW = 280  # pixels of an image file's picture on the page


def show(snapshot: Snapshot) -> None:
    """Of a run whose first epoch has ended."""
    trained = process.trained(snapshot.run.id)
    if problem := too_large(analyze(trained.architecture)):
        messages.info(problem)
        return
    with st.container(key="draw-view"):
        prepared, file = None, None
        if _source(trained) == FILE:
            prepared, file = _from_file(trained)
            if file is None:
                return
        rows = analyze(trained.architecture).rows
        layer = min(remembered_value(LAYER, 0), len(rows) - 1)
        draw_canvas(trained, file, layer, lambda index: remember_value(LAYER, index), key=PAD)
        if file is None:
            prepared = prepare_drawing(kept_drawing(PAD), trained.dataset, trained.kind)
        _units(snapshot, trained, layer, prepared, "Your image" if file else "Your drawing")


def _source(trained: Trained) -> str:
    """Photographs are better given as files: who would draw them?"""
    first = CANVAS if trained.dataset in PLACINGS else FILE
    chosen = st.segmented_control(
        "Image from",
        (CANVAS, FILE),
        default=remembered_value(SOURCE, first),
        required=True,
        label_visibility="collapsed",
        **remember_input(SOURCE),
    )
    return str(chosen)


def _from_file(trained: Trained) -> tuple[Prepared | None, dict[str, Any] | None]:
    """An image file as the network gets it, and what the page shows of it; None, None where there
    is none that can be read.
    """
    file = st.file_uploader(
        "A photo or an image file: PNG, JPEG, WebP, BMP or GIF",
        key=UPLOAD,
        max_upload_size=MAX_BYTES // 1_000_000,
        on_change=_forget_file,
    )
    read = _kept_file(trained)
    if file is None and read is not None:
        with st.container(key="draw-still", horizontal=True, vertical_alignment="center"):
            st.caption(f"Still shown: {for_markdown(read.name)}", width="content")
            st.button("Remove", key="draw-remove", type="tertiary", on_click=_forget_file)
    if file is not None:
        try:
            read = _read(file.file_id, file.name, file.getvalue, trained)
        except Refusal as error:
            messages.error(f"This file cannot be used: {error}")
            return None, None
    if read is None:
        return None, None
    return read.prepared, {"picture": read.address, "answer": answer(trained, read.prepared)}


class _Read(NamedTuple):
    """An image file that was read, for as long as it is the one that is shown."""

    file: str  # its id
    name: str
    dataset: str
    prepared: Prepared
    address: str


def _forget_file() -> None:
    """The callback of the box: another file was chosen, or this one was taken out."""
    st.session_state.pop(READ, None)


def _kept_file(trained: Trained) -> _Read | None:
    """The file that was read last, if it was for the same images."""
    known: _Read | None = st.session_state.get(READ)
    return known if known and known.dataset == trained.dataset else None


def _read(file: str, name: str, content: Callable[[], bytes], trained: Trained) -> _Read:
    """The file with this id: a page looks at it again every second while a run trains.

    Raises Refusal where it cannot be used.
    """
    known = _kept_file(trained)
    if known and known.file == file:
        return known
    picture = open_image(content())
    prepared = prepare_picture(picture, trained.dataset, trained.kind)
    found = _Read(file, name, trained.dataset, prepared, _address_of(picture))
    st.session_state[READ] = found
    return found


def _address_of(picture: Image.Image) -> str:
    """The picture, made small, as an address that holds it."""
    small = picture.copy()
    small.thumbnail((PREVIEW, PREVIEW))
    written = io.BytesIO()
    small.save(written, "PNG")
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode('ascii')}"


def _units(
    snapshot: Snapshot, trained: Trained, layer: int, prepared: Prepared | None, title: str
) -> None:
    """A layer's units on the image."""
    analysis = analyze(trained.architecture)
    row = analysis.rows[layer]
    st.html(f"<h3>Units of {for_html(f'{row.place} {row.title}')}</h3>")
    own = None
    if prepared is not None:
        pixels = prepared.image.transpose(1, 2, 0)
        own = OwnImage(title, (pixels.shape[0], pixels.shape[1], pixels.shape[2]), pixels.tobytes())
    run = snapshot.run
    person, dataset = who(), trained.dataset
    context = FieldViewContext(
        dataset, run.recipe.seed, run.id, person.id, may_see_images(person, dataset), own
    )
    with st.container(key="draw-units"):
        field_view_in_part(analysis, layer, context, key="draw-field")
