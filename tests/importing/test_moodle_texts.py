"""Texts of Moodle's formats in our form: what a reader sees is what was written."""

import re
import unicodedata
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.kit.text.markdown import markdown_to_html
from studium.modules.exchange.formats.html.text import tidy
from studium.modules.exchange.formats.questions.markdown import plain_to_markdown
from studium.modules.exchange.formats.questions.parts import RichText, TextFormat
from studium.modules.exchange.formats.questions.texts import Texts, label
from tests.importing.moodle_checks import words

PIXEL = "R0lGODlhAQABAAAAACw="
MARKS = st.sampled_from([
    "*", "**", "_", "__", "`", "```", "~", "~~~", "[", "]", "(", ")", "](", "]:", "!", "<", ">", "<b>", "<https://a.b>",
    "&", "&amp;", "&#65;", "#", "# ", "- ", "+ ", "* ", "1. ", "1) ", "> ", "=", "---", "===", "|", "|-|", "\\", "\n",
    "\n\n", " ", "    ", "a", "b c", ".", "é", "\t", "a@b.c", "https://a.b", "12", ":",
])  # fmt: skip


@given(st.lists(MARKS, max_size=30).map("".join))
def test_plain_text_in_markdown_shows_what_was_written(text: str) -> None:
    html = markdown_to_html(plain_to_markdown(text)).replace("<br>", " ").replace("</p>", " ").replace("<p>", "")
    assert words(unescape(html)) == words(text)


@pytest.mark.parametrize(
    "text",
    ["What is 2 + 3?", "Is 2 * 3 < 7 & 1 > 0?", "Fill in _____ .", "a_b_c", "It costs $5 [net].", "Really?!", "№ 1"],
)
def test_what_markdown_would_not_touch_is_left_alone(text: str) -> None:
    assert plain_to_markdown(text) == text


def test_line_ends_of_plain_text_stay() -> None:
    assert markdown_to_html(plain_to_markdown("one\ntwo\n\nthree")) == "<p>one<br>\ntwo</p>\n<p>three</p>\n"


@given(st.text(alphabet=st.characters(categories=["L", "M", "Zs", "Cc", "Cf", "Cs"])))
def test_tidy_text_is_composed_and_without_controls(text: str) -> None:
    found = tidy(text)
    assert unicodedata.is_normalized("NFC", found)
    assert not re.search(
        r"[^\S\n\t ]|[\x00-\x08\x7f-\x9f\ud800-\udfff]", re.sub(r"[^\x00-\xa0\ud800-\udfff]|\xa0", "", found)
    )


@given(st.text(), st.integers(1, 30))
def test_a_label_is_one_short_line(text: str, longest: int) -> None:
    found = label(text, longest)
    assert len(found) <= longest
    assert "\n" not in found
    assert found == found.strip()


def test_a_picture_that_is_written_into_the_text_becomes_a_file() -> None:
    texts = Texts("a:1")
    html = f'<p>See <img alt="a dot" src="data:image/gif;base64,{PIXEL}"></p>'
    found = texts.markdown(RichText(html, TextFormat.HTML))
    (file,) = texts.files
    assert found == f"See ![a dot]({file.token})"
    assert isinstance(file.content, bytes)
    assert (file.filename[-4:], file.content[:6], texts.losses) == (".gif", b"GIF89a", [])


def test_a_damaged_picture_is_left_out_and_named() -> None:
    texts = Texts("a:1")
    assert texts.markdown(RichText('x <img alt="dot" src="data:image/gif;base64,R0l">', TextFormat.HTML)) == "x dot"
    assert texts.losses[0] == "a picture that is damaged is left out"


def test_files_of_the_text_are_found_by_their_path() -> None:
    files = {"/a b.png": b"one", "/deep/c.png": b"two", "/d.png": b"three"}
    texts = Texts("a:1")
    html = (
        '<img src="@@PLUGINFILE@@/a%20b.png"><img src="@@PLUGINFILE@@/deep/c.png"><a href="@@PLUGINFILE@@/no.pdf">x</a>'
    )
    found = texts.markdown(RichText(html, TextFormat.HTML, files))
    assert [(each.filename, each.content) for each in texts.files] == [("a b.png", b"one"), ("c.png", b"two")]
    assert all(each.token in found for each in texts.files)
    assert texts.losses == [
        "the file '/d.png' is shown nowhere and is left out",
        "the file '/no.pdf' is not in the material and is left out",
    ]


def test_files_of_markdown_are_found_too() -> None:
    texts = Texts("a:1")
    markdown = "See ![a dot](@@PLUGINFILE@@/a.png) and [this](@@PLUGINFILE@@/no.pdf)."
    found = texts.markdown(RichText(markdown, TextFormat.MARKDOWN, {"/a.png": b"one"}))
    assert found == f"See ![a dot]({texts.files[0].token}) and this."


def test_the_same_file_has_the_same_reference_wherever_it_stands() -> None:
    first, second = Texts("a:1"), Texts("b:2")
    for texts in (first, second):
        texts.markdown(RichText('<img src="@@PLUGINFILE@@/a.png">', TextFormat.HTML, {"/a.png": b"one"}))
    assert first.files[0].reference == second.files[0].reference


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "a.png", "//host/a", "file:///etc/passwd", "https://[", "ftp://a"]
)
def test_addresses_that_mean_nothing_here_are_named(url: str) -> None:
    texts = Texts("a:1")
    assert texts.markdown(RichText(f'<a href="{url}">words</a>', TextFormat.HTML)) == "words"
    assert texts.losses == ["a link or picture whose address means nothing here is left out"]


def test_links_to_the_web_stay() -> None:
    texts = Texts("a:1")
    found = texts.markdown(RichText('<a href="https://example.org/a?b=1">words</a>', TextFormat.HTML))
    assert (found, texts.losses) == ("[words](https://example.org/a?b=1)", [])
