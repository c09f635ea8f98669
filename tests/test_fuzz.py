"""Every way in, fed what nobody meant: an answer or the module's own error, soon and in little memory.

Cases are mutated from good ones by a seeded generator, so a failure repeats; it names the seed and shows the input.
What is understood is analysed too, as the page would do at once. EXPLORER_FUZZ=10 makes ten times as many.
"""

import base64
import json
import os
import random
import resource
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import torchinfo

from explorer.assignment import Assignment
from explorer.link import LinkError, Shared, decode, encode
from explorer.network.analysis import analyze
from explorer.network.build import build
from explorer.network.difference import difference
from explorer.network.spec import Architecture, ArchitectureError, parse_architecture, to_json
from explorer.network.summary_table import SummaryError, import_summary, summary_table
from explorer.presets import load_presets
from explorer.training.recipe import RecipeError, parse_recipe
from explorer.training.recipe import to_json as recipe_to_json
from explorer.ui.opening import OpenError, open_text
from explorer.ui.stack_editor import DraftError, Stack, parse_draft

SECONDS, MEGABYTES = 1.0, 200
PRESETS = list(load_presets().values())
NETWORKS = [preset for preset in PRESETS if preset.architecture.layers]

# --- mutations ------------------------------------------------------------------------------------------------------

ODD_VALUES: tuple[Callable[[random.Random], Any], ...] = (
    lambda r: None,
    lambda r: r.choice([True, False]),
    lambda r: r.choice([-1, 0, 1, 2, 3, 7, 28, 4096, 4097, 65_536, 65_537]),
    lambda r: r.randrange(1, 12),
    lambda r: r.choice([2**31, 2**53, 2**63, 2**64, -(2**63), 10**30, 10**400]),
    lambda r: r.choice([0.0, -0.0, 0.5, 1.0, 1e-320, 1e308, float("nan"), float("inf"), float("-inf")]),
    lambda r: r.choice(["", " ", "3", "same", "Conv2d", "conv2d", "__class__", "schema_version", "NaN", "\x00", "\n", "é", "🙂"]),
    lambda r: r.choice(["\ud800", "a\udfffb", "\u202e\u200b", "ｃｏｎｖ", "٣"]),
    lambda r: "x" * r.choice([41, 121, 10_000]),
    lambda r: r.choice([[], [3], [3, 3], [3, 3, 3], [1, 2, 3, 4], [True, 1], [1.0, 2], ["3", 3], [None], [[3, 3]]]),
    lambda r: [r.randrange(5)] * r.choice([201, 5_000]),
    lambda r: r.choice([{}, {"kind": "ReLU"}, {"kind": None}, {"kind": {}}, {"uid": "a"}, {"": ""}]),
    lambda r: nested(r.choice([5, 50, 200])),
)


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"layers": value}
    return value


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in the data."""
    found = []
    waiting = [data]
    while waiting:
        here = waiting.pop()
        for key in list(here) if isinstance(here, dict) else range(len(here)):
            found.append((here, key))
            if isinstance(here[key], dict | list):
                waiting.append(here[key])
    return found


def spoilt_data(r: random.Random, good: Any) -> Any:
    """One to four values of the data replaced, taken away, renamed, doubled or exchanged."""
    data = json.loads(json.dumps(good))
    for _ in range(r.choice([1, 1, 1, 2, 4])):
        where = places(data)
        if not where:
            return r.choice(ODD_VALUES)(r)
        here, key = r.choice(where)
        match r.randrange(6):
            case 0 | 1 | 2:
                here[key] = r.choice(ODD_VALUES)(r)
            case 3:
                del here[key]
            case 4 if isinstance(here, dict):
                here[r.choice(["kind", "padding", "lr", "Kind", "extra", "layers", "uid", "\udc80", "name"])] = here[key]
            case 4:
                here.insert(key, here[key])
            case _:
                other, its = r.choice(where)
                if not isinstance(other[its], dict | list):
                    here[key] = other[its]
        if r.random() < 0.02:
            return r.choice(ODD_VALUES)(r)
    return data


SPOILING_TEXTS = (
    "[" * 100_000,
    '{"a":' * 50_000,
    "9" * 5_000,
    "1e999",
    "NaN",
    "\x00",
    "\ufeff",
    "\r",
    "null",
    '"\\ud800"',
    "/*",
    "'",
)


def spoilt_bytes(r: random.Random, good: bytes) -> bytes:
    """Bytes flipped, cut off, taken out, put in, doubled."""
    data = bytearray(good)
    for _ in range(r.choice([1, 1, 2, 6])):
        at, length = r.randrange(len(data) + 1), r.choice([1, 1, 2, 8, 60])
        match r.randrange(7):
            case 0 if at < len(data):
                data[at] ^= 1 << r.randrange(8)
            case 1:
                del data[at:]
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = bytes(r.randrange(256) for _ in range(length))
            case 4:
                data[at:at] = data[at : at + length] * r.randint(1, 5)
            case 5:
                data[at:at] = r.choice(SPOILING_TEXTS).encode()
            case _:
                data[at : at + length] = bytes(r.choice(b'0123456789-.,:[]{}" ') for _ in range(length))
    return bytes(data)


def spoilt_text(r: random.Random, good: str) -> str:
    """Text as spoilt bytes leave it; sometimes with halves of characters, as no file but a browser may send them."""
    return spoilt_bytes(r, good.encode()).decode("utf-8", r.choice(["replace", "ignore", "surrogateescape"]))


# --- the good ones --------------------------------------------------------------------------------------------------


@cache
def tables() -> list[str]:
    """Summaries of the presets as torchsummary and torchinfo print them, bare and in a README."""
    found = []
    for preset in NETWORKS:
        text = summary_table(analyze(preset.architecture))
        found += [
            text,
            f"# {preset.title}\n\nSome words.\n\n```\n{text}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
            "    " + text,
        ]
        network = build(preset.architecture)
        for columns in (("output_size", "num_params"), ("input_size", "output_size", "num_params", "kernel_size", "mult_adds")):
            size = (1, *preset.architecture.input_shape)
            found.append(str(torchinfo.summary(network, size, col_names=columns, verbose=0, device="cpu")))
    return found


def spoilt_table(r: random.Random) -> str:
    """Lines lost, doubled, exchanged, joined; numbers and names changed; then perhaps any bytes."""
    lines = r.choice(tables()).splitlines()
    for _ in range(r.randint(1, 5)):
        at, other = r.randrange(len(lines)), r.randrange(len(lines))
        match r.randrange(9):
            case 0:
                del lines[at : at + r.randint(1, 3)]
            case 1:
                lines[at:at] = lines[other : other + r.choice([1, 3, 60])] * r.choice([1, 1, 4, 40])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines[at] = "".join(r.choice("0123456789") if c.isdigit() and r.random() < 0.4 else c for c in lines[at])
            case 4:
                lines[at] = "".join(
                    str(r.choice([0, 9, 10**9, 10**40])) if c.isdigit() and r.random() < 0.1 else c for c in lines[at]
                )
            case 5:
                kinds = (
                    "Conv2d",
                    "MaxPool2d",
                    "Linear",
                    "ReLU",
                    "AdaptiveAvgPool2d",
                    "LSTM",
                    "Sequential",
                    "BasicBlock",
                    "",
                    "名",
                )
                for kind in kinds[:4]:
                    lines[at] = lines[at].replace(kind, r.choice(kinds))
            case 6:
                lines[at] = lines[at] + r.choice(["", " ", "\t"]) + lines[other]
            case 7:
                lines[at] = r.choice(["  ", "> ", "│ ", "\t", "| ", "# "]) + lines[at]
            case _:
                lines[at] = r.choice(["", "-" * 64, "=" * 64, "[" * 3_000, "[-1, 8" * 500, "├─" * 400, "," * 5_000])
        if not lines:
            break
    text = "\n".join(lines)
    return spoilt_text(r, text) if r.random() < 0.2 else text


def spoilt_link(r: random.Random) -> str:
    preset = r.choice(PRESETS)
    shared = Shared(preset.architecture, preset.recipe, Assignment(max_layers=r.choice([None, 9])), preset.id)
    match r.randrange(4):
        case 0:  # the text
            return spoilt_text(r, encode(shared))
        case 1:  # what is packed in it
            return packed(spoilt_bytes(r, unpacked(encode(shared))))
        case 2:  # the data in that
            return packed(json.dumps(spoilt_data(r, json.loads(unpacked(encode(shared))))).encode())
        case _:  # the packing
            data = bytearray(zlib.compress(unpacked(encode(shared))))
            return "1." + base64.urlsafe_b64encode(spoilt_bytes(r, bytes(data))).decode().rstrip("=")


def packed(data: bytes) -> str:
    return "1." + base64.urlsafe_b64encode(zlib.compress(data)).decode().rstrip("=")


def unpacked(text: str) -> bytes:
    body = text.partition(".")[2]
    return zlib.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def spoilt_json(r: random.Random, good: str) -> str | bytes:
    match r.randrange(4):
        case 0:
            return spoilt_bytes(r, good.encode())
        case 1:
            return spoilt_text(r, good)
        case _:
            return json.dumps(spoilt_data(r, json.loads(good)))


def spoilt_draft(r: random.Random) -> Any:
    stack = Stack.of(r.choice(PRESETS).architecture.layers)
    draft = {"base": 0, "seq": 1, "stack": stack.to_data(), "selected": None}
    return spoilt_data(r, draft)


def spoilt_anything(r: random.Random) -> str:
    """What may be put into the dialog: all of the above, as text."""
    made = r.choice([way for way in WAYS_IN if way.name not in ("draft", "dialog")]).spoilt(r)
    text = made.decode("utf-8", "replace") if isinstance(made, bytes) else made
    return r.choice(["", "http://localhost:8501/?a=", "https://[?a=", "{"]) + text


# --- the ways in ----------------------------------------------------------------------------------------------------


def shown(architecture: Architecture) -> None:
    """What the page does at once with what came in."""
    analyze(architecture)
    difference(NETWORKS[0].architecture, architecture)


def take_draft(value: Any) -> None:
    stack = Stack.of(NETWORKS[0].architecture.layers).accepting(value)  # never raises
    shown(Architecture(layers=stack.layers))
    parse_draft(value)


@dataclass(frozen=True)
class WayIn:
    name: str
    cases: int
    spoilt: Callable[[random.Random], Any]
    take: Callable[[Any], None]
    refusal: type[Exception]


WAYS_IN = [
    WayIn("link", 1200, spoilt_link, lambda text: shown(decode(text).architecture), LinkError),
    WayIn(
        "architecture",
        1200,
        lambda r: spoilt_json(r, to_json(r.choice(PRESETS).architecture)),
        lambda text: shown(parse_architecture(text)),
        ArchitectureError,
    ),
    WayIn("recipe", 900, lambda r: spoilt_json(r, recipe_to_json(r.choice(PRESETS).recipe)), parse_recipe, RecipeError),
    WayIn("draft", 1000, spoilt_draft, take_draft, DraftError),
    WayIn("table", 1000, spoilt_table, lambda text: shown(import_summary(text).architecture), SummaryError),
    WayIn("dialog", 300, spoilt_anything, lambda text: shown(open_text(text).architecture), OpenError),
]
assert sum(way.cases for way in WAYS_IN) >= 5_000


@pytest.mark.parametrize("way", WAYS_IN, ids=lambda way: way.name)
def test_an_answer_or_a_message(way):
    warm_up(way)
    before = memory()
    refused, slowest = 0, (0.0, 0)
    cases = way.cases * int(os.environ.get("EXPLORER_FUZZ", "1"))
    for seed in range(cases):
        case = way.spoilt(random.Random(f"{way.name} {seed}"))
        began = time.thread_time()
        message = ""
        try:
            way.take(case)
        except way.refusal as error:
            message = str(error)
            refused += 1
        except Exception as error:
            pytest.fail(f"seed {seed}: {type(error).__name__}: {error!s:.300}\n{case!r:.2000}")
        message.encode()  # no half characters, which neither a page nor a terminal could show
        assert len(message) < 2_000, f"seed {seed}: a message nobody reads"
        slowest = max(slowest, (time.thread_time() - began, seed))
    print(
        f"{way.name}: {cases} cases, {refused} refused, slowest {slowest[0]:.3f} s (seed {slowest[1]}), "
        f"{memory() - before:.0f} MB more"
    )
    assert slowest[0] < SECONDS, f"seed {slowest[1]}"
    assert memory() - before < MEGABYTES
    assert 0 < refused < cases  # else the cases are too spoilt, or not spoilt


def warm_up(way: WayIn) -> None:
    """What a server has behind it before the first visitor: torch's parts for the meta device, the tables read."""
    tables()
    import_summary(tables()[0])
    for preset in PRESETS:
        shown(preset.architecture)


def memory() -> float:
    """The most that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
