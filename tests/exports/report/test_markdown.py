"""The parts of a report's Markdown."""

from explorer.exports.report.markdown import document, table


def test_a_table():
    assert (
        table(("a", "b"), [("1", "2"), ("3", "4")])
        == "| a | b |\n| --- | ---: |\n| 1 | 2 |\n| 3 | 4 |"
    )


def test_a_document_leaves_out_what_is_empty():
    assert document("# a", "", "b\n", "c") == "# a\n\nb\n\nc\n"
