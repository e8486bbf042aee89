"""HTML of other systems: any of it comes out as Markdown or is refused in words, in a time that grows as it does."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.modules.exchange.formats.html.text import html_to_markdown

TAGS = (
    "html", "head", "title", "body", "frameset", "frame", "base", "form", "select", "option", "p", "a", "img", "b",
    "pre", "code", "table", "tr", "td", "ul", "li", "iframe", "video", "source", "svg", "template", "plaintext", "br",
)  # fmt: skip
ODD = (
    "<!doctype html>",
    "<!--",
    "-->",
    "<?xml version='1.0'?>",
    "<![CDATA[",
    "]]>",
    "&#0;",
    "\x00",
    "\ud800",
    "w\u0301",
    " ",
)
PIECES = st.sampled_from(
    [mark for tag in TAGS for mark in (f"<{tag}>", f"</{tag}>", f"<{tag} href='x' src='x' alt='y'>")] + list(ODD)
)


@given(st.lists(PIECES, max_size=30).map("".join), st.sampled_from([None, "https://example.org/"]))
def test_any_html_comes_out(html: str, address: str | None) -> None:
    markdown = html_to_markdown(html, lambda _: address)
    assert "\x00" not in markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<html>", ""),
        ("<html><body>hi</body></html>", "hi"),
        ("<!doctype html><html lang='en'><body><p>one<p>two", "one\n\ntwo"),
        ("<div><b>one</b></div></div><p>two</p></body></html><p>three", "**one**\n\ntwo\n\nthree"),
        ("<p>one <a>two</a> <a name='x'>three</a> four", "one two three four"),
        ("<p>say <img alt='cheese'> please", "say cheese please"),
    ],
)
def test_a_page_or_a_piece_of_one(html: str, markdown: str) -> None:
    assert html_to_markdown(html) == markdown


@pytest.mark.parametrize(
    "piece",
    [
        "<a>x</a>",
        "<a><img alt=x></a>",
        "<img alt=x>",
        "<iframe>x</iframe>",
        "<p><video src=x></video>",
        "<script>x</script>y",
    ],
)
def test_many_of_a_kind_take_no_longer_than_their_number(piece: str) -> None:
    began = process_time()
    html_to_markdown(piece * 100_000, lambda _: None)
    assert process_time() - began < 5


def test_one_line_of_numbers_and_escapes_takes_no_longer_than_its_length() -> None:
    began = process_time()
    html_to_markdown(f"<p>{'1' * 500_000} {'- *' * 200_000}")
    assert process_time() - began < 5
