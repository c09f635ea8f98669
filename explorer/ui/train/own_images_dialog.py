"""Own images on Train: a zip of images becomes a data set, which is looked at, used and deleted."""

import base64
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from explorer.own_images import Kept
from explorer.people.person import Person
from explorer.text import bytes_text, for_html, for_markdown, quoted, sentence, size_text
from explorer.training.dataset_files import sample_images
from explorer.training.dataset_lookup import find_dataset
from explorer.training.own_images.kept import MAX_TITLE
from explorer.training.own_images.making import Made, Options, make_own_images
from explorer.training.own_images.names import LEAST_SIDE, MOST_SIDE
from explorer.training.own_images.picture import Fit
from explorer.training.own_images.problem import OwnImagesError
from explorer.training.own_images.zip_file import MAX_IMAGES, MAX_ZIP_BYTES
from explorer.ui import messages, process, state
from explorer.ui.downloads.quick_download import quick, reason_not_made
from explorer.ui.notices import notify, refusals_as_notices, with_notices
from explorer.ui.people import who
from explorer.ui.server.page_runs import part_run

NEW = ""  # in place of a name
CHOSEN = "own-chosen"
RULES = (
    f"A zip of up to {MAX_ZIP_BYTES // 1_000_000} MB and {MAX_IMAGES:,} images: a folder for each "
    "class, named after it, or images beside a CSV with the columns filename and label. "
    "PNG, JPEG, BMP, GIF and WebP. The images are seen by you and by teachers alone; their title "
    "and their classes by everybody who sees a run on them."
)
FITS: dict[Fit, str] = {"crop": "Crop around the centre", "pad": "Pad with black"}
COLOURS = {3: "Colour", 1: "Grey"}
SAMPLES = 16  # images that are shown
SAMPLE_SIDE = 56  # pixels on the screen
# Readings at once, of all visitors: each takes up to 250 MB and a processor. Others wait.
AT_ONCE = threading.BoundedSemaphore(2)
LOOK_EVERY = 0.5  # seconds between two looks of who waits at whether the dialog is still open
TELL_EVERY = 25  # images between two steps of the bar


@st.dialog("Own images", width="large", on_dismiss=state.close_own_images)
def own_images_dialog() -> None:
    with part_run():  # the browser asks for a dialog by itself, too
        _dialog()


@with_notices
def _dialog() -> None:
    if added := st.session_state.pop("own-added", NEW):
        st.session_state[CHOSEN] = added
    own = {kept.name: kept for kept in process.own_images().of(who().id)}
    options = [*own, NEW]
    chosen = st.session_state.get(CHOSEN, state.current().recipe.dataset)
    if own:
        st.session_state[CHOSEN] = chosen if chosen in options else options[0]
        chosen = st.selectbox(
            "Images of yours",
            options,
            format_func=lambda name: own[name].about.title if name in own else "New images…",
            key=CHOSEN,
        )
    if chosen in own:
        _kept(own[chosen])
    else:
        _new()


# --- new images -----------------------------------------------------------------------------------


def _new() -> None:
    version = st.session_state.setdefault("own-version", 0)
    title = st.text_input(
        "Title", max_chars=MAX_TITLE, key=f"own-title-{version}", placeholder="Leaves of our park"
    )
    file = st.file_uploader(
        "Zip of images", key=f"own-file-{version}", max_upload_size=MAX_ZIP_BYTES // 1_000_000
    )
    st.caption(RULES)
    options = _options(version)
    # Never disabled: what is typed last comes with the press itself.
    if not st.button("Add these images", type="primary", key="own-add"):
        return
    if file is None or not title.strip():
        # The oldest files that wait on pages make room for new ones of others.
        what = (
            "Choose a zip first; one that was chosen a while ago has to be chosen again"
            if file is None
            else "Give these images a title first"
        )
        messages.error(what)
        return
    try:
        kept = process.own_images().add(_made(file.getvalue(), options), title, who())
    except OwnImagesError as error:
        messages.error(f"Nothing was added: {error}")
        return
    st.session_state["own-version"] = version + 1
    # Chosen in the next run: in this one the input is drawn already. Of the whole page, whose form
    # offers them, too; it draws this dialog again.
    st.session_state["own-added"] = kept.name
    st.rerun()


def _options(version: int) -> Options:
    colours, height, width = st.columns(3, gap="small")
    channels: int = colours.selectbox(
        "Colours", list(COLOURS), format_func=lambda count: COLOURS[count], key=f"own-c-{version}"
    )
    sides = f"{LEAST_SIDE} to {MOST_SIDE} pixels, to which each image is scaled"
    rows = height.number_input("Height", value=32, step=1, help=sides, key=f"own-h-{version}")
    columns = width.number_input("Width", value=32, step=1, help=sides, key=f"own-w-{version}")
    fitting, testing, seeding = st.columns(3, gap="small")
    fit: Fit = fitting.selectbox(
        "Other ratios of sides",
        list(FITS),
        format_func=lambda fit: FITS[fit],
        help="An image's ratio of sides stays as it is.",
        key=f"own-f-{version}",
    )
    share = testing.number_input(
        "Test images, %",
        value=20,
        step=5,
        help="Of each class so many are held back to test, at least one.",
        key=f"own-t-{version}",
    )
    seed = seeding.number_input(
        "Seed", value=0, step=1, help="It draws which images test.", key=f"own-s-{version}"
    )
    return Options((channels, int(rows), int(columns)), fit, int(share) / 100, int(seed))


def _made(data: bytes, options: Options) -> Made:
    """The images of the zip, while a bar says how far it is. Raises OwnImagesError."""
    bar = st.progress(0.0, "Reading the zip…")

    def tell(done: int, total: int) -> None:
        if done % TELL_EVERY == 0 or done == total:
            bar.progress(done / total, f"{done:,} of {total:,} images read")

    try:
        with _turn(lambda: bar.progress(0.0, "Others' images are being read first…")):
            return make_own_images(data, options, tell)
    finally:
        bar.empty()


@contextmanager
def _turn(waits: Callable[[], object]) -> Iterator[None]:
    """A place among those whose images are read. What `waits` raises ends the waiting."""
    while not AT_ONCE.acquire(timeout=LOOK_EVERY):
        waits()
    try:
        yield
    finally:
        AT_ONCE.release()


# --- what is kept ---------------------------------------------------------------------------------


def _kept(kept: Kept) -> None:
    kind, about = find_dataset(kept.name), kept.about
    st.html(
        f'<p class="heading" data-own="{for_html(kept.name)}">{for_html(about.title)}</p>'
        f'<p class="read-as">{kind.train_images:,} images to train on and {kind.test_images:,} to '
        f"test, of {size_text(kind.input_shape)}, in {len(about.classes)} classes; "
        f"{for_html(bytes_text(kept.size))}</p>"
    )
    st.html(balance_table(kept))
    st.html(_samples(kept.name))
    if about.notes:
        notes = "".join(f"<li>{for_html(sentence(note))}</li>" for note in about.notes)
        st.html(f'<ul class="notes">{notes}</ul>')
    with st.container(horizontal=True, gap="small"):
        if st.button("Train on these images", type="primary", key="own-use"):
            _use(kept.name)
            st.rerun()
        st.download_button(
            "Download",
            quick(partial(_file, kept.name, who()), f"own-{kept.name}"),
            f"{kept.name}.safetensors",
            "application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
            help="The scaled images as one file, which the notebook and the code of a run read.",
            key="own-download",
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            on_click=_delete,
            args=(kept,),
            key="own-delete",
            help=for_markdown(
                "Deletes these images for good. Runs on them stay, with their curves and weights."
            ),
        )
    if reason := reason_not_made(f"own-{kept.name}"):
        messages.error(reason)


def balance_table(kept: Kept) -> str:
    """A row for each class: its images, and a bar as long as they are many."""
    about = kept.about
    of_each = list(zip(about.classes, about.train_counts, about.test_counts, strict=True))
    most = max(learn + test for _, learn, test in of_each)
    rows = "".join(
        f"<tr><th scope=row>{for_html(name)}</th><td>{learn:,}</td><td>{test:,}</td>"
        f'<td><i style="width:{100 * (learn + test) / most:.0f}%"></i></td></tr>'
        for name, learn, test in of_each
    )
    return (
        '<div class="balance"><table><caption>Images of each class</caption><thead><tr>'
        "<th scope=col>Class</th><th scope=col>To train</th><th scope=col>To test</th>"
        "<th scope=col><span>Both, as a bar</span></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _samples(name: str) -> str:
    """Test images, of each class in turn."""
    classes = find_dataset(name).classes
    count = max(1, SAMPLES // len(classes)) * min(len(classes), SAMPLES)
    pictures = "".join(
        f'<figure><img src="data:image/png;base64,{for_html(_png(image))}" width="{SAMPLE_SIDE}" '
        f'alt="{for_html(classes[place % len(classes)])}">'
        f"<figcaption>{for_html(classes[place % len(classes)])}</figcaption></figure>"
        for place, image in enumerate(sample_images(name, count))
    )
    return f'<div class="samples">{pictures}</div>'


def _png(image: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def _file(name: str, by: Person) -> bytes:
    try:
        return process.own_images().images_file(name, by).read_bytes()
    except OSError as error:  # deleted meanwhile, in another window
        raise OwnImagesError(f"these images cannot be read ({error.strerror})") from None


def _use(name: str) -> None:
    changed = state.choose_images(name)
    state.close_own_images()
    if changed:
        notify(changed)


def _delete(kept: Kept) -> None:
    with refusals_as_notices():
        are_used = process.jobs().store.names_images(kept.name)
        process.own_images().delete(kept.name, who(), keep_description=are_used)
        st.session_state.pop(CHOSEN, None)
        if state.current().recipe.dataset == kept.name:
            state.choose_images(kept.name)  # anew, as the form's input calls them otherwise now
        notify(f"Deleted {quoted(kept.about.title)}")
