"""What goes into a report's text is read as it stands."""

import pytest

from explorer.report.markdown import document, escaped, table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a | b", r"a \| b"),
        ("# *no* <b>markup</b>\n[x](y)", r"\# \*no\* \<b\>markup\</b\> \[x\](y)"),
        ("$x$ & `y` ~z~ !w", r"\$x\$ \& \`y\` \~z\~ \!w"),
    ],
)
def test_anyones_text(text: str, expected: str):
    assert escaped(text) == expected


def test_a_table():
    assert table(("a", "b"), [("1", "2"), ("3", "4")]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |\n| 3 | 4 |"


def test_a_document_leaves_out_what_is_empty():
    assert document("# a", "", "b\n", "c") == "# a\n\nb\n\nc\n"
