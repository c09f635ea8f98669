"""Hostile names and links in a real browser: nothing is fetched from another host, and nothing
becomes markup.

That no window asks another host for anything is watched in every browser test, see
`only_this_machine`.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from explorer.link import Shared, encode
from explorer.network.spec import Architecture, Conv2d, Flatten, Linear
from explorer.saved import SavedStore
from explorer.text import printable
from explorer.training.recipe import Recipe
from explorer.ui.compare.chosen import write_link
from tests.browser.conftest import App, Server, open_app, serving
from tests.hostile import NAMES, addresses, broken_links
from tests.people.shared import TEACHER
from tests.runs.shared import wait_until

pytestmark = pytest.mark.browser

RECIPE = Recipe(dataset="digits", epochs=1, batch_size=256, device="cpu", precision="fp32")
LAYERS = (Conv2d(out_channels=2, kernel_size=5, stride=3), Flatten(), Linear(out_features=10))
CANNOT_LEARN = (Flatten(), Linear(out_features=3))  # three values for ten classes
# What a text could have become. The stack editor, Streamlit's own icons and its charts have svg and
# input of their own.
# Ours are drawn by us, of pixels: the thumbnails of test images.
MARKUP = "img:not([src^='data:image/png;base64,']), font, form[action], iframe, script[src*='evil'], object, embed, marquee"
# Links that lead away: the pages' own hold what the address holds, also a text that is an address.
LEADING_AWAY = """(links) => links
  .filter(({ protocol, hostname }) => protocol !== "http:" || hostname !== "127.0.0.1")
  .map((link) => link.outerHTML)"""
# Inside a label or message.
READ = "h1, h2, h4, h5, h6, ol, ul li ul, blockquote, hr, em, del, code, .katex, table tr td table"

# A page of nothing but names, each as our pages give them to Streamlit.
SCRIPT = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
from explorer.text import for_html, for_markdown
from explorer.ui import messages
from tests.hostile import NAMES

for place, name in enumerate(NAMES.values()):
    st.markdown(for_markdown(name))
    st.caption(for_markdown(name))
    st.button(f"**{{for_markdown(name)}}**", key=f"button-{{place}}")
    messages.warning(name)
    st.html(f'<p class="name" title="{{for_html(name)}}">{{for_html(name)}}</p>')
"""
ROOT = Path(__file__).parents[2]


def alike(text: str) -> str:
    """As a reader sees it: without the joiners that show nothing."""
    return " ".join(text.replace("\u2060", "").split())


def read_all(texts: Locator) -> list[str]:
    return [alike(text) for text in texts.all_inner_texts()]


def assert_only_text(page: Page | Locator) -> None:
    assert page.locator(MARKUP).count() == 0, page.locator(MARKUP).first.evaluate(
        "node => node.outerHTML"
    )
    assert page.locator("a[href]").evaluate_all(LEADING_AWAY) == []


@pytest.fixture(scope="module")
def names_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("names")
    script = folder / "names.py"
    script.write_text(SCRIPT.format(root=str(ROOT)))
    with serving(folder, script=str(script)) as server:
        yield server


@pytest.fixture
def names(chromium: Browser, names_server: Server) -> Iterator[App]:
    context = chromium.new_context()
    yield open_app(context, names_server.url)
    context.close()


def test_streamlit_shows_every_name_as_it_stands(names: App):
    names.page.goto(names.url)
    names.settled()
    expected = [printable(name) for name in NAMES.values()]
    page = names.page
    shown = {
        "st.html": page.locator("p.name"),
        "st.markdown": page.locator("[data-testid=stMarkdown] [data-testid=stMarkdownContainer]"),
        "st.caption": page.locator("[data-testid=stCaptionContainer]"),
        "st.button": page.locator("[data-testid=stButton] [data-testid=stMarkdownContainer]"),
    }
    for element, texts in shown.items():
        # Streamlit fetches what draws a kind of element when the first of it comes.
        with suppress(AssertionError):  # what differs is told below
            names.until(
                lambda texts=texts: read_all(texts) == expected, f"{element} shows the names"
            )
        assert read_all(texts) == expected, element
    assert_only_text(page.locator("[data-testid=stMain]"))
    main = page.locator("[data-testid=stMain] [data-testid=stMarkdownContainer]")
    assert main.locator(READ).count() == 0, main.locator(READ).first.evaluate(
        "node => node.outerHTML"
    )
    assert main.locator("[data-testid=stIconMaterial], span[style], svg").count() == 0


@pytest.fixture(scope="module")
def hostile_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which somebody has saved and trained under every name, also in the form of before
    names were cleaned.
    """
    folder = tmp_path_factory.mktemp("hostile")
    saved = SavedStore(folder / "home" / "architectures")
    for name in NAMES.values():
        saved.save(name[:60], Shared(Architecture(name=name, layers=CANNOT_LEARN), RECIPE), TEACHER)
    _train(folder)
    with serving(folder) as server:
        yield server


def _train(folder: Path) -> None:
    """Twelve runs, whose names and networks' names are then written as an older version of this
    program kept them.
    """
    from explorer.runs.home import open_store
    from explorer.runs.manager import JobManager

    with JobManager(store=open_store(folder / "home")) as jobs:
        for seed in range(12):
            jobs.submit(
                Architecture(name=f"net {seed}", layers=LAYERS),
                RECIPE.model_copy(update={"seed": seed}),
                TEACHER,
            )
        wait_until(lambda: all(run.ended for run in jobs.runs()))
    kinds = [
        "Markdown image",
        "Markdown link",
        "HTML image",
        "HTML link",
        "HTML font",
        "bare www",
        "bare address",
        "control characters",
    ]
    kinds += ["turned reading", "emoji and icons", "colours", "end of an attribute"]
    with sqlite3.connect(folder / "home" / "runs.sqlite") as connection:
        for kind, (run_id, text) in zip(
            kinds,
            connection.execute("SELECT id, architecture FROM runs ORDER BY rowid").fetchall(),
            strict=True,
        ):
            old = json.dumps({**json.loads(text), "name": NAMES[kind]})
            connection.execute(
                "UPDATE runs SET name = ?, architecture = ? WHERE id = ?",
                (NAMES[kind], old, run_id),
            )


def runs_in_order(server: Server) -> list[str]:
    """As `_train` queued them, and so by the order of their names."""
    with sqlite3.connect(server.log.parent / "home" / "runs.sqlite") as connection:
        return [run_id for (run_id,) in connection.execute("SELECT id FROM runs ORDER BY rowid")]


@pytest.fixture
def visitor(chromium: Browser, hostile_server: Server) -> Iterator[App]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    app = open_app(context, hostile_server.url)
    yield app
    assert app.page.get_by_test_id("stException").count() == 0
    context.close()


# The first, second and third of each line are tried in a third of the places each, as a look at a
# page takes a second. So each place gets Markdown, HTML, and something else; every name is tried
# above.
LINKED = (
    *("Markdown image", "Markdown link", "bare www"),
    *("HTML image", "HTML form", "HTML link"),
    *("control characters", "colours", "formula"),
)


@pytest.mark.parametrize(("number", "kind"), list(enumerate(LINKED)))
def test_no_address_makes_a_page_show_or_fetch_anything(visitor: App, number: int, kind: str):
    for address in addresses(NAMES[kind])[number % 3 :: 3]:
        visitor.page.goto(visitor.url + address)
        visitor.settled()
        assert_only_text(visitor.page.locator("[data-testid=stMain]"))
        alerts = visitor.page.locator("[data-testid=stAlert] [data-testid=stMarkdownContainer]")
        assert alerts.locator(f"{READ}, a, svg, span[style]").count() == 0


def test_what_an_address_asks_for_is_quoted_as_it_stands(visitor: App):
    visitor.page.goto(visitor.url + addresses(NAMES["Markdown image"])[2])
    visitor.settled()
    said = alike(visitor.page.get_by_test_id("stAlert").inner_text())
    assert said == f"There is no run “{NAMES['Markdown image']}” here; it may have been deleted."


@pytest.mark.parametrize(
    "kind",
    ["Markdown image", "HTML link", "end of an attribute", "emoji and icons", "turned reading"],
)
def test_a_link_with_the_name_works_on_every_page(visitor: App, kind: str):
    name = NAMES[kind]
    visitor.open(f"/?a={encode(Shared(Architecture(name=name, layers=LAYERS), RECIPE))}")
    expect(visitor.name_box).to_have_value(printable(name))
    for page in ("Train", "Compare", "Runs", "Build"):
        visitor.go_to(page)
        assert_only_text(visitor.page.locator("[data-testid=stMain]"))


def test_what_was_saved_is_listed_by_its_name(visitor: App):
    visitor.open("/")
    visitor.started_from.click()
    visitor.settled()
    find = visitor.page.locator("[class*=st-key-find-picker] input")
    for kind in ("Markdown image", "HTML image", "HTML font", "emoji and icons"):
        find.fill(NAMES[kind][:60])
        find.press("Enter")
        label, shown = (
            visitor.page.locator("[class*=st-key-saved-] button").first,
            printable(NAMES[kind][:60]),
        )
        expect(label).to_be_visible()
        visitor.until(
            lambda label=label, shown=shown: alike(label.inner_text()).startswith(shown),
            f"{shown} is listed first",
        )
        visitor.settled()
        assert_only_text(visitor.page.locator("body"))


VIEWS = ("Structure", "Learning", "Verdict", "Trade-off", "Shape of computation")


def test_runs_and_networks_are_compared_by_their_names(visitor: App, hostile_server: Server):
    runs = runs_in_order(hostile_server)
    for view in VIEWS:
        visitor.page.goto(
            f"{visitor.url}/?page=compare&compare={','.join(f'run:{run}' for run in runs[:6])}&view={view}"
        )
        visitor.settled()
        assert_only_text(visitor.page.locator("body"))
    visitor.page.goto(
        f"{visitor.url}/?page=compare&compare={','.join(f'run:{run}' for run in runs[6:])}&view=Structure"
    )
    visitor.settled()
    assert_only_text(visitor.page.locator("body"))
    heads = visitor.page.locator(".compare thead th[scope=col]")
    expect(heads.filter(has_text=re.compile("^gnp.exe"))).to_have_count(1)
    for run in runs:
        visitor.page.goto(f"{visitor.url}/?page=train&run={run}")
        visitor.settled()
        expect(visitor.page.locator(".run h2")).to_be_visible()
        assert_only_text(visitor.page.locator("body"))
    visitor.page.goto(f"{visitor.url}/?page=runs")
    visitor.settled()
    assert_only_text(visitor.page.locator("body"))


def test_train_all_names_what_is_left_out(visitor: App):
    kinds = ("HTML image", "HTML font", "HTML link", "Markdown image", "my_net_2", "bare www")
    keys = write_link(f"saved:{NAMES[kind][:60]}" for kind in kinds)
    visitor.page.goto(f"{visitor.url}/?page=compare&compare={quote(keys)}")
    visitor.settled()
    visitor.page.get_by_role("button", name="Train all").click()
    notes = visitor.page.locator("p.note", has_text="is left out")
    expect(notes).to_have_count(len(kinds))  # they come one by one
    left_out = [alike(text).split(" is left out")[0] for text in notes.all_inner_texts()]
    assert set(left_out) == {printable(NAMES[kind][:60]) for kind in kinds}
    assert_only_text(visitor.page.locator("body"))


def test_pictures_and_reports_are_drawn_and_the_server_lives(
    visitor: App, hostile_server: Server, tmp_path: Path
):
    runs = runs_in_order(hostile_server)
    visitor.page.goto(
        f"{visitor.url}/?page=compare&compare={','.join(f'run:{run}' for run in runs[6:])}&view=Trade-off"
    )
    visitor.settled()
    visitor.page.get_by_role("button", name="Download", exact=True).click()
    for label in ("SVG", "PNG", "CSV"):
        button = visitor.page.get_by_role("button", name=label, exact=True).first
        expect(button).to_be_visible()
        with visitor.page.expect_download() as download:
            button.click()
        assert Path(download.value.path()).stat().st_size > 100
    assert hostile_server.process.poll() is None


def test_the_table_of_links_covers_every_place():
    assert len(NAMES) >= 30
    assert len(broken_links("x")) >= 10
