"""A teacher's text: formatted, and leading nowhere."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.ui.markdown_text import markdown_to_html
from tests.hostile import NAMES

# The only elements that a text can become, none of them with an attribute but for a list's start
# and the language of code.
ELEMENTS = re.compile(
    r"</?(?:p|h[3-6]|ul|ol|li|em|strong|code|pre|blockquote|hr|br)(?: start=\"\d+\"| class=\"language-[^\"<>]*\")?(?: /)?>"
)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\n\nTwo", "<p>One</p>\n<p>Two</p>\n"),
        ("# Title", "<h3>Title</h3>\n"),
        ("###### Small", "<h6>Small</h6>\n"),
        (
            "- **a**\n- *b*\n- `c`",
            "<ul>\n<li><strong>a</strong></li>\n<li><em>b</em></li>\n<li><code>c</code></li>\n</ul>\n",
        ),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"),
        ("[x](http://a.example)", "<p>[x](http://a.example)</p>\n"),
        ("![x](http://a.example/p.png)", "<p>![x](http://a.example/p.png)</p>\n"),
        ("<http://a.example>", "<p>&lt;http://a.example&gt;</p>\n"),
        ("http://a.example", "<p>http://a.example</p>\n"),
        ("[x]\n\n[x]: http://a.example", "<p>[x]</p>\n<p>[x]: http://a.example</p>\n"),
        ("", ""),
    ],
)
def test_what_it_becomes(text, html):
    assert markdown_to_html(text) == html


def only_known(html: str) -> bool:
    return "<" not in ELEMENTS.sub("", html)


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_hostile_texts_become_no_other_element(text):
    assert only_known(markdown_to_html(text))


@given(st.text(alphabet=st.sampled_from("<>&\"'`*_[]()!#-+=:/\\ \nabhref1.~|{}"), max_size=200))
def test_no_text_becomes_another_element(text):
    assert only_known(markdown_to_html(text))
