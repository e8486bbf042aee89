"""HTML of strangers in question texts: whatever stands there, a text comes back or one reason why not."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from studium.modules.exchange.formats.questions.parts import RichText, TextFormat, Unreadable
from studium.modules.exchange.formats.questions.texts import Texts

MARKS = st.sampled_from([
    "<p>", "</p>", "<b>", "</b>", "<i", "<img src=", "'@@PLUGINFILE@@/a.png'", "'data:image/png;base64,AAAA'", ">",
    "<a href=", "'https://a.b'", "'https://['", "<ul>", "<ol start='-9'>", "<li>", "<table>", "<tr>",
    "<td colspan='9999999'>", "<pre>", "<code>", "`", "<br/>", "<!--", "-->", "<![CDATA[", "]]>", "<?php", "&",
    "&#0;", "&#xd800;", "&#x110000;", "&nbsp;", "<script>", "<svg>", "<iframe src='x'>", "<video>",
    "<source src='y'>", "<h1>", "<blockquote>", "<sup>", "<math>", "<input value='", "é", "\u0301", "\x00", "\x85",
    "\u202e", "*", "_", "|", "\\", "\n", " ", "word", "<html>", "<body>", "<head>", "<title>", "<base href='//x'>",
])  # fmt: skip


@given(st.lists(MARKS, max_size=40).map("".join), st.sampled_from(TextFormat))
def test_any_html_gives_a_text_or_a_reason(html: str, text_format: TextFormat) -> None:
    texts = Texts("a:1")
    rich = RichText(html, text_format, {"/a.png": b"one"})
    for convert in (texts.markdown, texts.option, texts.note):
        with suppress(Unreadable):
            found = convert(rich)
            assert not any(char in found for char in "\x00\x85\ud800")
    assert all(file.content for file in texts.files)
