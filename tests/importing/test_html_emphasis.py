"""Emphasis in HTML becomes emphasis in Markdown, whatever stands beside it: no mark is ever shown as a sign."""

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from studium.kit.text.markdown import markdown_to_html
from studium.modules.exchange.formats.html.text import html_to_markdown

PIECES = st.sampled_from([
    "a", "Wort", "7", " ", ".", ":", "!", "?", "(", ")", "“", "”", "重点", "、", "。", "「", "」", "かな", "،", "é",
    "%",
    "+",
    "$", "€",
    "<br>",
    "&amp;", "-", "\u00a0", "\u3000", "\u2019", "<a href='https://e.x/a'>link</a>",
    "<img src='https://e.x/b.png' alt='p'>",
])  # fmt: skip
LINK = '<a href="https://e.x/" rel="noopener noreferrer nofollow">'
KINDS = ("b", "strong", "i", "em", "del", "s", "cite")


SOME = st.lists(PIECES, max_size=4).map("".join)
EMPHASIS = st.builds(lambda kind, text: f"<{kind}>{text}</{kind}>", st.sampled_from(KINDS), SOME)
LINES = st.lists(EMPHASIS | PIECES, max_size=7).map("".join)


def words(html: str) -> str:
    """The text that is seen, without spaces, also those without a width."""
    root = lxml_html.document_fromstring(f"<div>{html}</div>")
    return re.sub(r"[\s\u200b]", "", "".join(root.itertext()))


@settings(max_examples=200)
@given(LINES)
def test_no_mark_is_shown(html: str) -> None:
    shown, given_words = markdown_to_html(html_to_markdown(f"<p>x{html}y</p>")), words(f"<p>x{html}y</p>")
    if "<math" in shown:  # The signs around a formula are not shown.
        assert words(shown).replace("$", "") == given_words.replace("$", "")
    else:
        assert words(shown) == given_words


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<strong>Task:</strong>Build", "<strong>Task</strong>:Build"),
        ("这是<b>“重点”</b>内容。", "这是“<strong>重点</strong>”内容。"),
        ("これは<b>「重要」</b>です", "これは「<strong>重要</strong>」です"),
        ("これは<b>重要。</b>次", "これは<strong>重要</strong>。次"),
        ("<b>f(x)</b>is", "<strong>f(x)</strong>is"),
        ("see<b>(this)</b>now", "see<strong>(this)</strong>now"),
        ("<b>a</b><b>b</b>", "<strong>ab</strong>"),
        ("<b>a</b><i>b</i>", "<strong>a</strong>\u200b<em>b</em>"),
        ("<b><i>both</i></b>", "<em><strong>both</strong></em>"),
        ("<b>a <b>b</b> c</b>", "<strong>a b c</strong>"),
        ("x<b> spaced </b>y", "x <strong>spaced</strong> y"),
        ("x<b>\u00a0</b>y", "x y"),
        ("<b></b>x", "x"),
        ("un<b>believ</b>able", "un<strong>believ</strong>able"),
        ("<b><a href='https://e.x/'>link</a></b>s", f"<strong>{LINK}link</a></strong>s"),
        ("<code>a <b>b</b></code>", "<code>a b</code>"),
        ("<b>x<code>a</code></b><code>b</code>", "<strong>x<code>a</code></strong><code>b</code>"),
        ("<code>a</code><code>b</code>", "<code>ab</code>"),
        ("See!<a href='https://e.x/'>it</a>", f"See!{LINK}it</a>"),
        ("<del>old!</del>new", "<s>old</s>!new"),
        ("<span style='font-weight: bold'>a</span>, <span style='text-decoration:line-through'>b</span>",
        "<strong>a</strong>, <s>b</s>"),
    ],
)  # fmt: skip
def test_what_is_shown(html: str, shown: str) -> None:
    assert unescape(markdown_to_html(html_to_markdown(f"<p>{html}</p>"))) == f"<p>{shown}</p>\n"


@pytest.mark.parametrize("html", ["<b><p>one</p><p>two</p></b>", "<i>one<div>two</div></i>"])
def test_bold_around_paragraphs_is_named(html: str) -> None:
    lost: list[str] = []
    assert html_to_markdown(html, lambda url: url, lost.append) == "one\n\ntwo"
    assert lost == ["bold or slanted words of whole paragraphs are shown plain"]
