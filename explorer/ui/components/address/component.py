"""The browser's address as the place where the work is kept, and a box to copy the link from.

Setting Streamlit's own st.query_params adds a step to the browser's history, and with every edit
Back would go through them all one by one; a script of ours replaces the address in place.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from explorer.link import PARAMETER
from explorer.ui.components.assets import component
from explorer.ui.components.navigation import Page
from explorer.ui.components.navigation.pages import PARAMETER as PAGE

_FOLDER = Path(__file__).parent
# All that an address can hold beside its page. What is "" is not sent with each run: the script
# knows the names, and takes out of the address what it is not told of.
HELD = ("a", "work", "run", "assignment", "lesson", "step", "compare", "view", "look")
CONSTANTS = {"pages.js": {"PARAMETER": PAGE, "FIRST": Page.BUILD.value, "HELD": list(HELD)}}
_address = component("address", _FOLDER, "address.js", constants=CONSTANTS)
_box = component("link_box", _FOLDER, "link_box.js", ["link_box.css", "link_box.html"])


def keep_address(
    page: Page, held: Mapping[str, str], *, key: str, changed: Callable[[], object]
) -> None:
    """Put parameters into the browser's address, so that a reload shows the same; "" removes one.

    The same component brings a draft that the stack editor had not sent when its page was left.
    `changed` is called then. Raises ValueError for a parameter that is not in HELD.
    """
    if unknown := set(held) - set(HELD):
        raise ValueError(
            f"the script knows no parameter {min(unknown)!r}; HELD lists those it does"
        )
    data = {"page": page.value, "held": {name: value for name, value in held.items() if value}}
    _address(key=key, data=data, width=1, height=1, on_draft_change=changed)


def link_box(link: str, *, key: str, parameter: str = PARAMETER, base: str = "") -> None:
    """Draw the whole link, with a button that copies it.

    `link` is the value of its parameter, `base` the server's address; "" for the one by which the
    browser has opened it.
    """
    _box(key=key, data={"parameter": parameter, "link": link, "base": base})
