"""Good inputs turned into bad ones.

All chance comes from the generator given, so a seed repeats a case.
"""

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

Value = Any  # of JSON, or what only a Python caller could send

ODD_VALUES: tuple[Callable[[Random], Value], ...] = (
    lambda r: None,
    lambda r: r.choice([True, False]),
    lambda r: r.choice([-1, 0, 1, 2, 3, 7, 28, 4096, 4097, 65_536, 65_537]),
    lambda r: r.randrange(1, 12),
    lambda r: r.choice([2**31, 2**53, 2**63, 2**64, -(2**63), 10**30, 10**400, 10**3000]),
    lambda r: r.choice([0.0, -0.0, 0.5, 1.0, 1e-320, 1e308, float("nan"), float("inf"), -1e999]),
    lambda r: r.choice(
        ["", " ", "3", "same", "Conv2d", "conv2d", "__class__", "schema_version", "NaN"]
    ),
    lambda r: r.choice(ODD_TEXTS),
    lambda r: "x" * r.choice([41, 61, 101, 121, 10_000]),
    lambda r: r.choice(
        [[], [3], [3, 3], [3, 3, 3], [1, 2, 3, 4], [True, 1], [1.0, 2], ["3", 3], [None]]
    ),
    lambda r: [r.randrange(5)] * r.choice([201, 5_000]),
    lambda r: r.choice(
        [{}, {"kind": "ReLU"}, {"kind": None}, {"kind": {}}, {"uid": "a"}, {"": ""}]
    ),
    lambda r: nested(r.choice([5, 50, 200, 900, 5_000])),
)

ODD_TEXTS = (
    *(
        "\x00",
        "a\x08b",
        "\x0b",
        "\x1b[31mred",
        "\x7f",
        "\n",
        "\r\n",
        "\t",
        "\u2028",
        "\ufeff",
        "\ufffe",
    ),
    *(
        "\ud800",
        "a\udfffb",
        "\U0010ffff",
        "\u202eevil",
        "\u200b",
        "é",
        "e\u0301" * 40,
        "🙂",
        "ｃｏｎｖ",
        "٣",
    ),
    *(
        "<img src=//x.example/a.png>",
        "![x](http://x.example/a.png)",
        "=1+1",
        "{0}",
        "%s",
        "'\"",
        "../../x",
    ),
)

# What nobody should paste: endless work, enormous values, and attempts to have something executed.
HOSTILE_CODE = (
    *("range(10**9)", "9**9**9", "list(range(10**8))", "[0] * 10**9", "'a' * 10**9", "1 << 10**9"),
    *("__import__('os').system('id')", "eval('1')", "exec('import os')", "open('/etc/passwd')"),
    *(
        "().__class__.__bases__",
        "'{0.__class__}'.format(nn)",
        "'%9999999d' % 1",
        "f'{x!r:>999999}'",
    ),
    *("self", "x", "x.view(-1)", "x[:, 0]", "x.size()", "x.shape[9]", "nn.Module()", "nn.LSTM(3)"),
    *("None", "True", "-1", "0", "2.5", "1e999", "'same'", "()", "[]", "{}", "lambda: x", "..."),
    *("(yield)", "(await x)", "*x", "**x", "(x := 3)", "not x", "x if x else x", "[x for x in x]"),
    *("self.forward(x)", "self(x)", "type(self)()", "super().forward(x)", "copy.deepcopy(self)"),
)
_TOKEN = re.compile(r"[A-Za-z_]\w*|\d+|[-+*/%=<>!&|^~@]+|[()\[\]{},:.]|\s+|.", re.DOTALL)


def mutate_code(r: Random, text: str, other: str) -> str:
    """Code with some of its lines and tokens exchanged for others, of its own or of another text."""
    lines = text.split("\n")
    for _ in range(r.randrange(1, 4)):
        place = r.randrange(len(lines))
        match r.randrange(8):
            case 0:
                del lines[place]
                lines = lines or [""]
            case 1:
                lines.insert(place, r.choice(lines))
            case 2:
                lines.insert(place, r.choice(other.split("\n")))
            case 3:
                lines[place] = " " * r.randrange(12) + lines[place].strip()
            case 4:
                indent = len(lines[place]) - len(lines[place].lstrip())
                lines.insert(place, " " * indent + r.choice(HOSTILE_CODE))
            case _:
                lines[place] = _mutate_line(r, lines[place], text)
    return "\n".join(lines)


def _mutate_line(r: Random, line: str, text: str) -> str:
    tokens = _TOKEN.findall(line) or [""]
    place = r.randrange(len(tokens))
    tokens[place] = r.choice(
        [
            lambda: r.choice(HOSTILE_CODE),
            lambda: r.choice(_TOKEN.findall(text)),
            lambda: r.choice(
                ["", "(", ")", "=", "+", "*", ".", ",", ":", "\\", "'", "#", "0", "1"]
            ),
            lambda: str(r.choice([0, 1, 2, 3, 7, 28, 4096, 70_000, 2**63, 2**64, -1, 10**300])),
            lambda: r.choice(ODD_TEXTS),
        ]
    )()
    return "".join(tokens)


SPOILING_TEXTS = (
    *(
        "[" * 100_000,
        '{"a":' * 50_000,
        "9" * 5_000,
        "1e999",
        "NaN",
        "null",
        '"\\ud800"',
        "/*",
        "'",
        "=",
    ),
    *(text for text in ODD_TEXTS if text.isascii()),
)


def nested(depth: int) -> Value:
    """Lists and objects in each other."""
    value: Value = 1
    for level in range(depth):
        value = [value] if level % 2 else {"kind": value}
    return value


def places(data: Value) -> list[tuple[Any, Any]]:
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


OTHER_KEYS = (
    "kind",
    "padding",
    "lr",
    "Kind",
    "extra",
    "layers",
    "uid",
    "\udc80",
    "name",
    "\x08",
    "x" * 5_000,
)


def mutate_data(r: Random, good: Value) -> Value:
    """Replace, remove, rename, double or exchange one to four of the values."""
    data = json.loads(json.dumps(good))
    if r.random() < 0.02 or not isinstance(data, dict | list):
        return r.choice(ODD_VALUES)(r)
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
                here[r.choice(OTHER_KEYS)] = here[key]
            case 4:
                here.insert(key, here[key])
            case _:
                other, its = r.choice(where)
                if not isinstance(other[its], dict | list):
                    here[key] = other[its]
    return data


def json_text(value: Value) -> str:
    """JSON, also of what is nested more deeply than Python writes."""
    try:
        return json.dumps(value)
    except RecursionError:
        return "[" * 5_000 + "1" + "]" * 5_000


def mutate_bytes(r: Random, good: bytes) -> bytes:
    """Flip, cut off, take out, put in or double bytes."""
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
                data[at : at + length] = bytes(
                    r.choice(b'0123456789-.,:[]{}" ') for _ in range(length)
                )
    return bytes(data)


def mutate_text(r: Random, good: str) -> str:
    """Text as mutated bytes leave it, sometimes with half characters, which no file but a browser
    may send.
    """
    errors = r.choice(["replace", "ignore", "surrogateescape"])
    return mutate_bytes(r, good.encode("utf-8", "surrogatepass")).decode("utf-8", errors)


def mutate_json(r: Random, good: str) -> str | bytes:
    """A JSON file, in its bytes, in its text or in its values."""
    match r.randrange(4):
        case 0:
            return mutate_bytes(r, good.encode())
        case 1:
            return mutate_text(r, good)
        case _:
            return json_text(mutate_data(r, json.loads(good)))


def mutate_name(r: Random, good: str) -> str:
    """A name with characters in it that cannot be seen, turn text round, or are too many."""
    match r.randrange(4):
        case 0:
            return mutate_text(r, good)
        case 1:
            at = r.randrange(len(good) + 1)
            return good[:at] + r.choice(ODD_TEXTS) + good[at:]
        case 2:
            return good[: r.randrange(len(good) + 1)] * r.choice([0, 1, 2, 9, 1_000])
        case _:
            planes = (0x20, 0x7F, 0xA0, 0x300, 0x2000, 0xD800, 0xE000, 0xFFF0, 0x1F600, 0xE0000)
            return "".join(
                chr(r.choice(planes) + r.randrange(0x40)) for _ in range(r.choice([1, 5, 60, 130]))
            )


def mutate_table(r: Random, good: str) -> str:
    """Lose, double, exchange and join lines; change numbers and names; then perhaps any bytes."""
    lines = good.splitlines()
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
                lines[at] = change_digits(r, lines[at], 0.4, "0123456789")
            case 4:
                lines[at] = change_digits(r, lines[at], 0.1, ("0", "9", str(10**9), str(10**40)))
            case 5:
                for kind in TABLE_KINDS[:4]:
                    lines[at] = lines[at].replace(kind, r.choice(TABLE_KINDS))
            case 6:
                lines[at] = lines[at] + r.choice(["", " ", "\t"]) + lines[other]
            case 7:
                lines[at] = r.choice(["  ", "> ", "│ ", "\t", "| ", "# "]) + lines[at]
            case _:
                lines[at] = r.choice(ODD_LINES)
        if not lines:
            break
    text = "\n".join(lines)
    return mutate_text(r, text) if r.random() < 0.2 else text


TABLE_KINDS = (
    *("Conv2d", "MaxPool2d", "Linear", "ReLU"),  # those that tables have
    *("AdaptiveAvgPool2d", "LSTM", "Sequential", "BasicBlock", "", "名"),
)
ODD_LINES = (
    "",
    "-" * 64,
    "=" * 64,
    "[" * 3_000,
    "[-1, 8" * 500,
    "├─" * 400,
    "," * 5_000,
    *ODD_TEXTS,
)


def change_digits(r: Random, line: str, share: float, digits: str | tuple[str, ...]) -> str:
    return "".join(r.choice(digits) if c.isdigit() and r.random() < share else c for c in line)
