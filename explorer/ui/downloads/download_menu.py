"""A popover with things to download: what is quick is made when it is clicked, what takes long is
prepared first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from explorer.text import for_html, for_markdown, sentence, short_bytes
from explorer.ui import process
from explorer.ui.charts.chart import Chart
from explorer.ui.downloads import pictures
from explorer.ui.downloads.preparing import Preparation, Stage, Wanted
from explorer.ui.downloads.progress import show_progress
from explorer.ui.downloads.quick_download import quick, reason_not_made
from explorer.ui.notices import refusals_as_notices


@dataclass(frozen=True)
class Item:
    """One thing to download.

    `make` gives what is quick: it runs outside the page's script, so it must not need the visitor's
    session. `wanted` says what is to be prepared, see report_files.py, and `version` what that is
    of: another version is prepared anew.
    """

    label: str
    note: str
    file: str
    mime: str
    make: Callable[[], str | bytes] | None = None
    wanted: Wanted | None = None
    version: str = ""
    why_not: str = ""  # stands in place of the note where it cannot be made


def items(of: Sequence[Item], key: str) -> None:
    """Draw a line for each item."""
    with st.container(key=f"downloads-{key}", gap=None):
        for item in of:
            if item.make is None and not item.why_not:
                _prepared(item, f"{key}-{item.file}")
            else:
                _download(
                    item,
                    f"{key}-{item.file}",
                    f"**{for_markdown(item.label)}** · {for_markdown(item.why_not or item.note)}",
                    item.make or bytes,
                )


def _download(item: Item, key: str, label: str, make: Callable[[], str | bytes]) -> None:
    st.download_button(
        label,
        quick(make, key),
        item.file,
        item.mime,
        key=key,
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        width="stretch",
        disabled=item.why_not != "",
    )
    _tell_reason(item.label, key)


def _tell_reason(label: str, key: str) -> None:
    if reason := reason_not_made(key):
        st.caption(f"{for_markdown(label)} could not be made: {for_markdown(sentence(reason))}")


# --- what takes long ------------------------------------------------------------------------------


def _prepared(item: Item, key: str) -> None:
    """Draw the button that requests the download, then its progress, then the download itself."""
    version, preparation = prepared(key)
    if preparation is not None and not preparation.stage.is_over:
        show_progress(preparation, f"Preparing: {item.label}")
        return
    can_be_saved = False
    if preparation is not None and preparation.stage is Stage.READY:
        can_be_saved = _save(item, key, preparation)
        if can_be_saved and version == item.version:
            return
    elif preparation is not None:
        st.caption(
            f"{for_markdown(item.label)} could not be made: "
            f"{for_markdown(sentence(preparation.note))}"
        )
    st.button(
        f"**{for_markdown(item.label)}** · "
        f"{for_markdown('there is more to report now' if can_be_saved else item.note)}",
        key=f"{key}-prepare",
        on_click=prepare,
        args=(key, item.version, item.wanted),
        type="tertiary",
        icon=":material/hourglass_empty:",
        width="stretch",
    )


def _save(item: Item, key: str, preparation: Preparation) -> bool:
    """Draw the download, if its file is still there."""
    try:
        size = short_bytes(preparation.path.stat().st_size)
    except OSError:
        st.caption(f"{for_markdown(item.label)} was prepared too long ago and is no longer kept.")
        forget(key)
        return False
    _download(
        item, f"{key}-save", f"**Save: {for_markdown(item.label)}** · {size}", preparation.read
    )
    if preparation.note:
        st.caption(for_markdown(sentence(preparation.note)))
    return True


def prepare(key: str, version: str, wanted: Wanted) -> None:
    """Request a download, to be found by `prepared`. For callbacks."""
    with refusals_as_notices():
        st.session_state[f"prepared-{key}"] = version, process.downloads().ask(wanted)


def prepared(key: str) -> tuple[str, Preparation | None]:
    """The download that was requested last under this key, and its version."""
    known: tuple[str, Preparation | None] = st.session_state.get(f"prepared-{key}", ("", None))
    return known


def forget(key: str) -> None:
    st.session_state.pop(f"prepared-{key}", None)


# --- charts ---------------------------------------------------------------------------------------


def chart_items(charts: dict[str, str], chart: Callable[[str], Chart], key: str, stem: str) -> None:
    """A line for each chart, given by names and titles: SVG, PNG and CSV of what `chart` returns
    for its name then.
    """
    for name, title in charts.items():
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key=f"chart-{key}-{name}"
        ):
            st.html(f'<p class="chart-name">{for_html(title)}</p>', width="stretch")
            for ending, (mime, make) in pictures.FORMS.items():
                st.download_button(
                    for_markdown(ending.upper()),
                    quick(partial(_made, make, chart, name), f"{key}-{name}-{ending}"),
                    f"{stem}-{name}.{ending}",
                    mime,
                    key=f"{key}-{name}-{ending}",
                    on_click="ignore",
                    type="tertiary",
                    help=for_markdown(f"{title}, as {ending.upper()}"),
                )
        for ending in pictures.FORMS:
            _tell_reason(f"{title} as {ending.upper()}", f"{key}-{name}-{ending}")


def _made(make: Callable[[Chart], bytes], chart: Callable[[str], Chart], name: str) -> bytes:
    return make(chart(name))
