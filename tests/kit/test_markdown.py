"""Markdown becomes HTML that is safe to show, whatever it holds and however much of it there is."""

import re
import threading
from time import process_time

import pytest

from studium.kit import markdown
from studium.kit.ids import new_id
from studium.kit.markdown import MOST_BRACKETS, html_of, markdown_to_html

MIB = 1 << 20


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Some *words* and **more**.", "<p>Some <em>words</em> and <strong>more</strong>.</p>\n"),
        ("# Title", "<h1>Title</h1>\n"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
        ("مرحبا **بالعالم**", "<p>مرحبا <strong>بالعالم</strong></p>\n"),
        ("你好 *世界*", "<p>你好 <em>世界</em></p>\n"),
        ("```python\n1 < 2\n```", '<pre><code class="language-python">1 &lt; 2\n</code></pre>\n'),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>\n'),
        ("", ""),
    ],
)
def test_what_it_looks_like(text: str, html: str) -> None:
    assert markdown_to_html(text) == html


def test_tables() -> None:
    html = markdown_to_html("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert "<table>" in html
    assert '<td style="text-align:right">2</td>' in html


def test_links_lead_out_without_a_trace() -> None:
    html = markdown_to_html("[there](https://example.org/x?a=1&b=2 'title')")
    assert 'href="https://example.org/x?a=1&amp;b=2"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_pictures_come_from_https_or_our_own_files() -> None:
    own = "/api/v1/files/0192f0c4-0000-7000-8000-000000000000/download"
    assert f'src="{own}"' in markdown_to_html(f"![a]({own})")
    assert 'src="https://example.org/a.png"' in markdown_to_html("![a](https://example.org/a.png)")
    for source in (
        "http://example.org/a.png",
        "/api/v1/users/me",
        "//evil.example/a.png",
        "/api/v1/files/../users/me",
        own.upper(),
        "data:image/png;base64,AAAA",
    ):
        assert "src=" not in markdown_to_html(f"![a]({source})")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<iframe src='https://evil.example'></iframe>",
        "<svg onload=alert(1)>",
        "<style>*{display:none}</style>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](//evil.example)",
        "[x](&#47;/evil.example)",
        "[x]: //evil.example\n[x]",
        "![x](javascript:alert(1))",
        '[x](https://a.example "onmouseover=alert(1) x=")',
        "<https://a.example/\"onmouseover='alert(1)'>",
        '```"onmouseover=alert(1)\nx\n```',
        "| a |\n|---|\n| <b onclick=alert(1)>x</b> |",
        "<form action=https://evil.example><input name=password></form>",
        "<a href='https://a.example' style='position:fixed;inset:0'>x</a>",
        "<base href='https://evil.example'>",
        "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_nothing_runs(text: str) -> None:
    html = markdown_to_html(text)
    tags = re.findall(r"<[^>]*>", html)
    allowed = re.compile(
        r"</?(p|em|strong|a|img|code|pre|table|thead|tbody|tr|th|td|h1)"
        r"( (href|src|title|alt|rel|class|style)=\"[^\"]*\")*>"
    )
    assert all(allowed.fullmatch(tag) for tag in tags), html
    assert not re.search(r"(href|src)=\"(?!https://|mailto:|/api/v1/files/)", html), html
    assert "position" not in "".join(tags)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "*a " * 60_000,
        "> " * 50_000 + "x",
        "- " * 20_000 + "x",
        "![" * 50_000,
        "`" * 100_000,
        "<" * 100_000,
        "a\n" * 90_000,
        "|a" * 60_000 + "\n" + "|-" * 60_000,
        "[a](" * 40_000,
        "_" * 150_000,
        "&" * 150_000,
        "[a]: x\n" * 25_000 + "[a]" * 5_000,
        "![" * 99_999 + "](",
        "a![*" * 50_000 + "]",
        ("![" * 21 + "]") * 4_600,
        "> " * 19 + "a\n" * 20_000,
        "> " * 19 + "a\n" * 99_000,
        "- a\n" * 50_000,
    ],
    ids=lambda text: f"{text[:6]}…{text[-6:]}",
)
def test_the_longest_lesson_takes_its_time_and_no_more(text: str) -> None:
    began = process_time()
    html = markdown_to_html(text[:200_000])
    assert process_time() - began < 3
    assert len(html) < 8 * MIB


def test_links_end_where_nobody_writes_so_many() -> None:
    link = "[x](https://a.example)"
    html = markdown_to_html(f"{link * (MOST_BRACKETS // 2)}\n\n{link * (MOST_BRACKETS // 2)}\n\n{link} and *more*")
    assert html.count("<a ") == MOST_BRACKETS
    assert html.endswith(f"<p>{link} and <em>more</em></p>\n")


async def test_a_long_text_is_rendered_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def noted(text: str) -> str:
        threads.append(threading.current_thread())
        return text.upper()

    monkeypatch.setattr(markdown, "markdown_to_html", noted)
    long, short = f"long {new_id()} " * 100, f"short {new_id()}"
    shown = [await html_of(text) for text in (short, long, long, short)]
    assert shown == [text.upper() for text in (short, long, long, short)]
    assert [thread is threading.main_thread() for thread in threads] == [True, False]
