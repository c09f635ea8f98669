"""The page script: which page it draws, and what every page has."""

import random
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.kept_work import new_id
from explorer.link import Shared, encode
from explorer.network.architecture_json import layer_to_data
from explorer.network.spec import Architecture, Conv2d, ReLU
from explorer.ui import main, page_styles, state
from explorer.ui.components import assets
from explorer.ui.components.assets.files import PREFIX, published
from explorer.ui.components.navigation import pages
from explorer.ui.components.navigation.pages import MAX_REQUESTS
from tests.ui.pages import address, opened

OWN = Shared(Architecture(name="own", layers=(Conv2d(out_channels=4, kernel_size=3), ReLU())))

pytestmark = pytest.mark.usefixtures("runs_of_its_own")


def shown(app: AppTest) -> str:
    return app.session_state[pages._KEY].page.value


def asks(app: AppTest, request: object) -> None:
    app.session_state[pages.BAR] = {"request": request}
    app.run()
    assert not app.exception


@pytest.mark.parametrize(
    ("named", "page"),
    [
        ("build", "build"),
        ("train", "train"),
        ("compare", "compare"),
        ("runs", "runs"),
        ("Train", "build"),
        ("", "build"),
    ],
)
def test_the_address_says_which_page_comes_first(named: str, page: str):
    assert shown(opened(named)) == page


def test_the_newest_request_leads_and_comes_with_every_message():
    app = opened()
    asks(app, {"number": 1, "page": "train"})
    assert shown(app) == "train"
    app.session_state[pages._KEY] = pages.OpenPage(pages.Page.RUNS, 1)  # a button led elsewhere
    asks(app, {"number": 1, "page": "train"})
    assert shown(app) == "runs"
    asks(app, {"number": 2, "page": "train"})
    assert shown(app) == "train"


@pytest.mark.parametrize(
    "request_",
    [
        None,
        3,
        "train",
        [],
        {},
        {"page": "train"},
        {"number": "1", "page": "train"},
        {"number": True, "page": "train"},
        {"number": 0, "page": "train"},
        {"number": MAX_REQUESTS + 1, "page": "train"},
        {"number": 1, "page": "nowhere"},
        {"number": 1, "page": ["train"]},
        {"number": 1.5, "page": "train"},
    ],
)
def test_what_is_no_request_leads_nowhere(request_: object):
    app = opened()
    asks(app, request_)
    assert shown(app) == "build"


@pytest.mark.parametrize("page", ["build", "train", "compare", "runs"])
def test_the_work_in_the_address_is_there_on_every_page_and_stays_there(page: str):
    link = encode(OWN)
    compared = {"compare": "gap-17k,strided-20k", "view": "Verdict"}
    app = opened(page=page, a=link, run="nosuchrun", look="health", **compared)
    assert app.session_state["explorer"].shared == OWN
    held = address(app)
    assert held == {
        "a": link,
        "work": "",
        "run": "nosuchrun",
        "assignment": "",
        "lesson": "",
        "step": "",
        "compare": "gap-17k,strided-20k",
        "view": "Verdict",
        "look": "health",
    }


@pytest.mark.parametrize("page", ["build", "train", "compare", "runs"])
def test_a_link_that_is_damaged_is_said_on_every_page(page: str):
    app = opened(page=page, a="1.xxxx")
    assert "cannot be opened" in app.warning[0].value
    assert app.session_state["explorer"].start.preset == state.FIRST_PRESET


def long_work() -> Shared:
    """More than an address should hold: every layer another."""
    chance = random.Random(0)
    layers = [
        Conv2d(out_channels=chance.randrange(1, 999), kernel_size=chance.randrange(1, 9), padding=8)
        for _ in range(190)
    ]
    return Shared(Architecture(name="long", layers=tuple(layers)))


def test_work_that_is_too_long_for_the_address_is_found_under_a_short_id():
    work = long_work()
    assert len(encode(work)) > state.LONGEST_LINK
    held = address(opened(a=encode(work)))
    assert held["a"] == ""
    again = opened(page="runs", work=held["work"])
    assert again.session_state["explorer"].shared == work
    assert address(again)["work"] not in ("", held["work"])  # two windows do not write to one


def test_work_that_is_kept_no_more_is_said():
    app = opened(page="train", work=new_id())
    assert "not kept on this server any more" in app.warning[0].value


def test_a_draft_whose_editor_is_gone_is_accepted_on_any_page():
    app = opened(page="runs")
    session = app.session_state["explorer"]
    stack = [{"uid": "a", **layer_to_data(ReLU())}]
    draft = {
        "base": session.stack.base,
        "seq": session.stack.seq + 1,
        "work": session.work,
        "stack": stack,
        "selected": None,
    }
    app.session_state[state.ADDRESS_KEY] = {"draft": draft}
    app.run()
    assert not app.exception
    assert app.session_state["explorer"].stack.layers == (ReLU(),)


def test_a_run_of_a_page_reads_no_files_to_publish_them_again(monkeypatch):
    app = AppTest.from_file(main.__file__, default_timeout=60).run()
    published = []
    monkeypatch.setattr(assets, "publish", lambda *what: published.append(what) or "/")
    app.run()
    assert not app.exception
    assert published == []


def test_the_pages_styles_are_one_file_made_of_every_part():
    folder = Path(page_styles.__file__).parent / "styles"
    assert sorted(page_styles.PARTS) == sorted(path.stem for path in folder.glob("*.css"))
    (path,) = re.findall(rf'url\("{PREFIX}/([^"]+)"\)', page_styles.STYLES)
    served = published()[path].content.decode()
    for part in page_styles.PARTS:
        assert (folder / f"{part}.css").read_text() in served
