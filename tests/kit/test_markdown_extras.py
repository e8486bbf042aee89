"""What lessons have beside plain Markdown: tasks, definitions, admonitions, footnotes, code in colours, headings."""

import re

import pytest

from studium.kit.text.markdown import markdown_to_html
from studium.modules.exchange.formats.html.text import html_to_markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "- [ ] a\n- [x] *b*",
            '<li class="task"><label><input type="checkbox" disabled="" checked=""><em>b</em></label></li>',
        ),
        ("Word\n: What it *means*", "<dl>\n<dt>Word</dt>\n<dd>What it <em>means</em></dd>\n</dl>\n"),
        (
            '!!! tip "My *way*"\n    Text',
            '<div class="admonition tip">\n<p class="admonition-title">My <em>way</em></p>\n<p>Text</p>\n</div>',
        ),
        (
            "!!! danger\n    Text",
            '<div class="admonition caution">\n<p class="admonition-title">Caution</p>\n<p>Text</p>\n</div>',
        ),
        (
            "> [!NOTE]\n> Text",
            '<div class="admonition note">\n<p class="admonition-title">Note</p>\n<p>Text</p>\n</div>',
        ),
        ("a[^x] b[^x]\n\n[^x]: *Note*", '<a href="#fn1" id="fnref1-2" rel="noopener noreferrer nofollow">[1]</a>'),
        ("a[^x]\n\n[^x]: *Note*", '<ol class="footnotes">\n<li id="fn1"><p><em>Note</em> <a href="#fnref1"'),
        ("a[^y]", "<p>a[^y]</p>\n"),
        ("```py\nif x: # why\n```", '<span class="k">if</span> x: <span class="c"># why</span>\n'),
        ("```html\n<script>\n```", '&lt;<span class="nt">script</span>&gt;'),
        ("```py\n" + "x = 1\n" * 1_000 + "```", '<code class="language-py">x = 1\n'),
        # What is written as a tag has no id and no class that is none of a text.
        ('<a id="main" href="https://a.example">x</a>', '<p><a href="https://a.example" rel='),
        ('<div class="admonition tip">x</div>', "x"),
        ('<p class="vh">x</p>', "<p>x</p>"),
    ],
)
def test_what_lessons_have_besides(text: str, html: str) -> None:
    assert html in markdown_to_html(text)


def test_headings_begin_below_those_of_the_page_and_none_is_skipped() -> None:
    html = markdown_to_html("# A b\n#### C\n## مرحبا `x`\n# A b\n<h4>Raw</h4>\n\n# !\n\n[go](#a-b) [on](#h-a-b-2)")
    found = re.findall(r"<(h\d)(?: id=\"([^\"]*)\")?>", html)
    assert found == [
        ("h2", "h-a-b"),
        ("h3", "h-c"),
        ("h3", "h-مرحبا-x"),
        ("h2", "h-a-b-2"),
        ("h3", ""),
        ("h2", "h-"),
    ]
    assert 'href="#h-a-b" ' in html
    assert 'href="#h-a-b-2" ' in html


def test_a_comment_across_footnotes_leaves_the_rest() -> None:
    text = "> > x[^a] <!--\n\n[^a]: > y --> z\n\nend"
    assert "<p>end</p>" in markdown_to_html(text)


def test_formulas_of_an_import_are_drawn() -> None:
    html = markdown_to_html(html_to_markdown(r"<p>So \(a_1\) and \[x^2 * \frac{y}{2}\]</p>"))
    assert html.count("<math") == 2
    assert "\\" not in html
