"""A component of ours: Streamlit gets only the few lines that fetch it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import streamlit as st

from explorer.ui.components.assets.files import publish

_INLINE = """const loader = new URL({loader}, document.baseURI), folder = new URL({folder}, document.baseURI);
const loaded = import(loader).then(({{ load }}) => load(folder, {script}, {parts}));
export default function (component) {{
  const shown = {{ gone: false, end: null }};
  loaded.then((show) => show(component, shown));
  return () => {{
    shown.gone = true;
    shown.end?.();
  }};
}}"""


def component(
    name: str,
    directory: Path,
    script: str,
    parts: Sequence[str] = (),
    modules: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
) -> Any:
    """The component whose module is `script` in this directory, with styles and markup in `parts`.

    `modules` are modules of constants that the script imports: names and values by file name.
    """
    values = {
        "loader": f"{_LOADER}load.js",
        "folder": publish(directory, modules),
        "script": script,
        "parts": list(parts),
    }
    inline = _INLINE.format(**{key: json.dumps(value) for key, value in values.items()})
    return st.components.v2.component(f"explorer.{name}", js=inline)


_LOADER = publish(Path(__file__).parent)
