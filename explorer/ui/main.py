"""Page set-up and navigation."""

from functools import partial
from pathlib import Path

import streamlit as st

from explorer.ui import build_page, compare_page, runs_page, train_page

ICON = Path(__file__).parent / "icon.svg"


def main() -> None:
    st.set_page_config("Architecture explorer", str(ICON), "wide")
    st.html(Path(__file__).parent / "page.css")
    build = st.Page(build_page.show, title="Build", url_path="build", default=True)
    train = st.Page(train_page.show, title="Train", url_path="train")
    compare = st.Page(partial(compare_page.show, build), title="Compare", url_path="compare")
    runs = st.Page(partial(runs_page.show, build, train), title="Runs", url_path="runs")
    page = st.navigation([build, train, compare, runs], position="top")
    if page.url_path != compare.url_path:
        compare_page.forget_click()
    page.run()


if __name__ == "__main__":
    main()
