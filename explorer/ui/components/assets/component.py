"""A component of ours: Streamlit gets only the few lines that fetch it."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import streamlit as st

from explorer.ui.components.assets.files import module_text, publish

# As short as can be, as it travels with every answer: f fetches the module, c is the component, and
# s what load.js calls Shown. Streamlit may take the component away before all of it is fetched.
_INLINE = """const f=import(new URL({module},document.baseURI))
export default c=>{{const s={{}}
f.then(m=>m.show(c,s))
return()=>{{s.gone=1;s.end?.()}}}}"""

_SHOW = """import {{ load }} from {loader};
import draw from {script};
export const show = await load(draw, {parts}.map((part) => new URL(part, import.meta.url)));
"""


def component(
    name: str,
    directory: Path,
    script: str,
    parts: Sequence[str] = (),
    constants: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
    shared: Sequence[Path] = (),
) -> Callable[..., Any]:
    """What draws the component whose module is `script` in this directory, with styles and markup
    in `parts`.

    It is called with a key, with the data that the script gets, all of it JSON, and with whatever
    else a component of Streamlit's takes.

    `constants` are modules that the script imports from beside it: by file name, the names and
    values that they export. `shared` are modules of other components, which it imports from beside
    it too.
    """
    values = {
        "loader": f"../{_LOADER}/load.js",
        "script": f"./{script}",
        "parts": [f"./{part}" for part in parts],
    }
    show = _SHOW.format(**{key: json.dumps(value) for key, value in values.items()})
    made = {name: module_text(each) for name, each in constants.items()}
    made |= {path.name: path.read_text() for path in shared}
    folder = publish(directory, made | {"show.js": show})
    mounted = st.components.v2.component(
        f"explorer.{name}", js=_INLINE.format(module=json.dumps(f"{folder}show.js"))
    )

    def mount(*, key: str, data: object, **more: Any) -> Any:
        # Streamlit's own JSON has a space after each comma: 600 bytes of an edit's answer.
        return mounted(key=key, data=json.dumps(data, separators=(",", ":")).encode(), **more)

    return mount


def keep_state() -> None:
    """The callback of a component that needs none: Streamlit keeps a component's state only if it
    has one.
    """


_LOADER = publish(Path(__file__).parent).rstrip("/").rsplit("/", 1)[-1]
