"""Text of others for each place that it goes to, and numbers as the screens and the reports write
them.
"""

import ast
from pathlib import Path
from xml.etree import ElementTree

import pytest

from explorer import text

ORDINALS = [
    "1st",
    "2nd",
    "3rd",
    "4th",
    "11th",
    "12th",
    "13th",
    "21st",
    "22nd",
    "100th",
    "111th",
    "1,003rd",
]


@pytest.mark.parametrize(
    ("write", "value", "expected"),
    [
        (text.short_count, 0, "0"),
        (text.short_count, 9_999, "9,999"),
        (text.short_count, 10_000, "10 k"),
        (text.short_count, 1_492_698, "1.49 M"),
        (text.short_count, 20_000_000_000, "20 G"),
        (text.short_bytes, 512, "0.5 KB"),
        (text.short_bytes, 1_500_000, "1.43 MB"),
        (text.percent, 0.994, "99.40 %"),
        (text.percent, 0.0, "0.00 %"),
        (text.percent, 0.00005, "0.01 %"),
        (text.percent, 0.00004, "< 0.01 %"),
        (text.points, 0.00077, "0.08 points"),
        (text.duration, 7.4, "7 s"),
        (text.duration, 59.6, "1 min 00 s"),
        (text.duration, 75, "1 min 15 s"),
        (text.duration, 3725, "1 h 02 min"),
        *((text.ordinal, int(word[:-2].replace(",", "")), word) for word in ORDINALS),
    ],
)
def test_as_written(write, value, expected):
    assert write(value) == expected


KEPT = [
    "plain",
    "naïve café",
    "Сеть 3",
    "网络",
    "نام‌ها",
    "क्‍ष",
    "👩‍👩‍👧 family",
    "e\u0301",
    "x² ≥ 3",
    "🫨",
]


@pytest.mark.parametrize("name", KEPT)
def test_letters_marks_and_emoji_stay(name):
    assert text.printable(name) == name


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a\x00b\x08c\x7f\x9b", "abc"),
        ("line\none\u2028two\x0bthree", "line one two three"),
        ("\ufffea\uffff\ufdd0\U0001ffff", "a"),
        ("a\ud800b", "ab"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u2066a\u2069\u200e\u061c", "a"),
        ("pay\u200bpal\ufeff", "paypal"),
        ("pay\u200dpal \u200d", "paypal"),
        ("\u3164\u115f\u2800", ""),
        ("  two \t spaces ", "two spaces"),
        ("\x1b[31mred", "[31mred"),
    ],
)
def test_what_cannot_be_seen_goes(given, expected):
    assert text.printable(given) == expected


def test_every_printable_character_can_stand_in_xml():
    every = "".join(text.printable(chr(code)) for code in range(0x110000))
    ElementTree.fromstring(f"<a>{text.for_html(every)}</a>")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain", "plain"),
        ("a | b", r"a \| b"),
        ("# *no* <b>markup</b>\n[x](y)", r"\# \*no\* \<b\>markup\</b\> \[x\](y)"),
        ("$x$ & `y` ~z~ !w", r"\$x\$ \& \`y\` \~z\~ \!w"),
        ("1. one", r"1\. one"),
        ("12) one", r"12\) one"),
        ("- one", r"\- one"),
        ("+ one", r"\+ one"),
        ("===", r"\==="),
        ("---", r"\---"),
        (":red[x]", r"\:red\[x\]"),
        ("1.5 M at 10:30, -3: x", r"1.5 M at 10\:30, -3: x"),
        ("www.evil.example", "www\u2060.evil.example"),
        ("https://evil.example", "https\\:\u2060//evil.example"),
        ("a@evil.example", "a@\u2060evil.example"),
        (":smile: :material/home:", "\\:\u2060smile: \\:\u2060material/home\\:"),
        ("a -> b", "a -\u2060\\> b"),
        (r"\(x\)", "\\\\\u2060(x\\\\\u2060)"),
    ],
)
def test_markdown_is_read_as_it_stands(given, expected):
    assert text.for_markdown(given) == expected


def test_html():
    assert (
        text.for_html("<img src='x' onerror=\"y\"> & \x00\u202e")
        == "&lt;img src=&#x27;x&#x27; onerror=&quot;y&quot;&gt; &amp;"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain", "plain"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1+cmd", "'+1+cmd"),
        ("-a", "'-a"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("＝1", "'＝1"),
        ("a;=1", "a;'=1"),
        ("-0.5", "-0.5"),
        ("+1e3", "+1e3"),
        (-3, -3),
        (None, None),
    ],
)
def test_no_cell_is_a_formula(given, expected):
    assert text.for_csv(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("there is no run “x” here", "There is no run “x” here."),
        ("kernel_size must be 3", "kernel_size must be 3."),
        ("model.py is missing", "model.py is missing."),
        ("Done!", "Done!"),
        ("wait…", "Wait…"),
        ("“x” is taken", "“x” is taken."),
        ("", ""),
    ],
)
def test_a_message_is_a_sentence(given, expected):
    assert text.sentence(given) == expected


SOURCES = sorted((Path(__file__).parents[1] / "explorer").rglob("*.py"))
# What takes a message.
SAYING = ("Error", "Busy", "Refusal", "NoWeights", "say", "info", "warning", "error", "question")


def beginnings_with_a_name(source: str) -> list[str]:
    """The messages of a module that begin with somebody's name, which as a sentence would get a
    capital letter.
    """
    calls = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args
    )
    begun = [
        call.args[0].values[0].value
        for call in calls
        if ast.unparse(call.func).endswith(SAYING)
        and isinstance(call.args[0], ast.JoinedStr)
        and isinstance(call.args[0].values[0], ast.FormattedValue)
    ]
    named = (
        each
        for each in begun
        if isinstance(each, ast.Attribute) and each.attr in ("name", "title", "label")
    )
    # Data sets' titles have capital letters, and files that come with the explorer are named to its
    # developers alone.
    return [
        text for each in named if not (text := ast.unparse(each)).startswith(("DATASETS[", "path."))
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_message_begins_with_a_name_that_is_not_quoted(path):
    assert beginnings_with_a_name(path.read_text(encoding="utf-8")) == []


def test_a_message_that_begins_with_a_name_is_found():
    assert beginnings_with_a_name('raise RunError(f"{run.name} is too large")') == ["run.name"]
    assert beginnings_with_a_name('raise RunError(f"{quoted(run.name)} is too large")') == []


def test_a_quoted_word_is_cut_and_seen():
    assert text.quoted("nosuch\u202erun") == "“nosuchrun”"
    assert text.quoted("x" * 100) == f"“{'x' * 59}…”"
