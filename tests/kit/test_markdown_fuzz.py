"""Whatever Markdown is put together from signs of every rule: nothing fails, and only what is on the list comes out."""

import re

import pytest
from hypothesis import given, settings
from hypothesis.strategies import lists, sampled_from
from hypothesis.strategies import text as texts
from lxml import html as lxml_html
from structlog.testing import capture_logs

from studium.kit.text.markdown import markdown_to_html

_PIECES = (
    *(
        "# ",
        "## ",
        "- [x] ",
        "> ",
        "> [!NOTE]\n",
        "!!! tip\n    ",
        ": ",
        "[^a]",
        "[^a]: ",
        "```py\n",
        "```",
        "|a|b|\n|-|-|\n",
    ),
    *(
        "$",
        "$$",
        "\\(",
        "\\)",
        "\\\\[",
        "\\\\]",
        "\\begin{align}",
        "\\end{align}",
        "\\text{",
        "\\href{",
        "\\frac",
        "{",
        "}",
        "&",
        "\\\\",
    ),
    *(
        "<script>",
        "</script>",
        "<math>",
        "<mi>",
        "<b>",
        "</b>",
        "<details>",
        "<div>",
        "<h1>",
        "<!--",
        "-->",
        "<a id=fn1 href=x>",
    ),
    *(
        "javascript:alert(1)",
        "[x](",
        ")",
        "![",
        "](",
        "\n",
        "\n\n",
        "    ",
        "a",
        "ب",
        '"',
        "'",
        "`",
        "*",
        "_",
        "\x00",
        "&lt;",
    ),
)
_TAG = re.compile(
    "a|b|br|code|del|em|i|img|s|span|strong|sub|sup|u|label|input|blockquote|details|div|summary|hr|p|pre|li|ol|ul|dl|dt|dd"
    "|table|tbody|thead|tr|td|th|h[2-6]|math|mrow|mi|mn|mo|mtext|mspace|mfrac|msqrt|mroot|mstyle|mpadded|mphantom|msub|msup"
    "|msubsup|munder|mover|munderover|mtable|mtr|mtd"
)
_NAME = re.compile(
    "href|src|title|alt|rel|class|id|open|start|checked|type|disabled|display|displaystyle|scriptlevel|columnalign|width"
    "|columnspacing|rowspacing|stretchy|fence|form|separator|mathvariant|height|depth|lspace|rspace|linethickness|minsize"
    "|maxsize|largeop|movablelimits|symmetric|accent|accentunder|rowlines|columnlines|voffset"
)


@given(lists(sampled_from(_PIECES), max_size=40))
def test_whatever_is_put_together_is_safe_and_whole(pieces: list[str]) -> None:
    holds_only_what_is_allowed("".join(pieces))


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=20_000, deadline=None)
@given(lists(sampled_from(_PIECES) | texts(max_size=3), max_size=80))
def test_much_that_is_put_together_is_safe_and_whole(pieces: list[str]) -> None:
    holds_only_what_is_allowed("".join(pieces))


def holds_only_what_is_allowed(text: str) -> None:
    with capture_logs() as failures:
        html = markdown_to_html(text)
    assert failures == []
    tree = lxml_html.fragment_fromstring(html, create_parent="div")
    for element in tree.iterdescendants():
        assert _TAG.fullmatch(str(element.tag)), html
        assert all(map(_NAME.fullmatch, map(str, element.keys()))), html
    for address in tree.xpath("//@href | //@src"):
        assert not re.match(r"(?!https:|mailto:)[a-z][a-z0-9+.-]*:|//", address.strip(), re.IGNORECASE), html
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids)), html
