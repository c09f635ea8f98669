"""The page script without a browser."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from explorer.ui.components.address.component import HELD


def script() -> None:
    from explorer.ui import main

    main.main()


def page_of(page: str = "", *, timeout: int = 120, **query: str) -> AppTest:
    """The page script at this address, not run yet."""
    app = AppTest.from_function(script, default_timeout=timeout)
    for name, value in {"page": page, **query}.items():
        if value or name != "page":
            app.query_params[name] = value
    return app


def opened(page: str = "", **query: str) -> AppTest:
    """The same once it is drawn without an exception."""
    app = page_of(page, **query).run()
    assert not app.exception
    return app


def component_data(app: AppTest, key: str) -> Any:
    """What the component of this key was given."""
    (found,) = (each for each in app.get("bidi_component") if each.proto.id.endswith(f"-{key}"))
    return json.loads(found.proto.bytes)


def address(app: AppTest) -> dict[str, str]:
    """What the address is to hold, by parameter; "" for those that are taken out of it."""
    held: dict[str, str] = component_data(app, "address")["held"]
    return {**dict.fromkeys(HELD, ""), **held}


def open_menu(app: AppTest, name: str) -> None:
    """Have a menu of the Build page open, whose inputs are drawn only then: "assignment", or the
    one to start from, "picker".
    """
    key = f"picker-{app.session_state['explorer'].stack.base}" if name == "picker" else name
    app.session_state[key] = True
    app.run()


def start_from(app: AppTest, preset: str) -> None:
    open_menu(app, "picker")
    app.button(key=f"preset-{preset}").click().run()


def reset(app: AppTest) -> None:
    """Back to where the work started from."""
    open_menu(app, "picker")
    app.button(key="reset").click().run()
