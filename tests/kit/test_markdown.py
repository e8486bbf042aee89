"""Markdown becomes HTML that is safe to show, whatever it holds and however much of it there is."""

import re
import threading
from time import process_time

import lxml.html
import pytest
from hypothesis import given
from hypothesis.strategies import text as texts

from studium.kit.base.ids import new_id
from studium.kit.text import markdown
from studium.kit.text.markdown import MOST_BRACKETS, html_of, markdown_to_html
from studium.kit.text.markdown_html import without_comments
from studium.kit.text.mathml import mathml

MIB = 1 << 20
LONGEST = 200_000
WORST = 18
"""How many times longer than an ordinary lesson the worst text of its length may take: twice what `- a` takes."""
ORDINARY = (
    "Some *words* and **more** of a [link](https://a.example), `code`, and what a lesson says.\n" * 3 + "\n- a\n- b\n\n"
)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Some *words* and **more**.", "<p>Some <em>words</em> and <strong>more</strong>.</p>\n"),
        ("# Title", '<h2 id="h-title">Title</h2>\n'),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
        ("مرحبا **بالعالم**", "<p>مرحبا <strong>بالعالم</strong></p>\n"),
        ("你好 *世界*", "<p>你好 <em>世界</em></p>\n"),
        ("```text\n1 < 2\n```", '<pre><code class="language-text">1 &lt; 2\n</code></pre>\n'),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>\n'),
        ("", ""),
    ],
)
def test_what_it_looks_like(text: str, html: str) -> None:
    assert markdown_to_html(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (r"So \(a_1\) and \(a_2\).", "<p>So «a_1» and «a_2».</p>\n"),
        (r"$\{1,2\}$ and $a*b*c$", "<p>«\\{1,2\\}» and «a*b*c»</p>\n"),
        ("$$a < b_1 * c_1 * d$$", "<p>⟦a < b_1 * c_1 * d⟧</p>\n"),
        (r"\[x_1 = *y*\]", "<p>⟦x_1 = *y*⟧</p>\n"),
        ("$$\n- a\n= b\n# c\n$$\n*d*", '<p class="formula">⟦- a\n= b\n# c⟧</p>\n<p><em>d</em></p>\n'),
        ("So\n\\[\na\n- b\n\\].", '<p>So</p>\n<p class="formula">⟦a\n- b⟧</p>\n'),
        ("- $$\n  a\n  + b\n  $$", '<ul>\n<li>\n<p class="formula">⟦a\n+ b⟧</p>\n</li>\n</ul>\n'),
        (
            "\\begin{align}\n- a &= b\n\\end{align}",
            '<p class="formula">⟦\\begin{align}\n- a &= b\n\\end{align}⟧</p>\n',
        ),
        ("$a <script> b$", "<p>«a <script> b»</p>\n"),
        # What an import escaped.
        (r"\\(a\_1\\) and \\[\\frac{a}{b} \* c\\]", "<p>«a_1» and ⟦\\frac{a}{b} * c⟧</p>\n"),
        # What cannot be read stays.
        ("$$\na &\n\\frac\n$$", "<p>$$\na &amp;\n\\frac\n$$</p>\n"),
        (r"\(\def\a{b}\a\)", "<p>\\(\\def\\a{b}\\a\\)</p>\n"),
        # Prices, code, and brackets that are escaped are no formulas.
        ("$5 and $10, *really* $5", "<p>$5 and $10, <em>really</em> $5</p>\n"),
        ("**$5** to **$10**", "<p><strong>$5</strong> to <strong>$10</strong></p>\n"),
        ("US$5 *or* CA$6", "<p>US$5 <em>or</em> CA$6</p>\n"),
        ("$5 (*not* 6$)", "<p>$5 (<em>not</em> 6$)</p>\n"),
        (r"\$a *b* c\$", "<p>$a <em>b</em> c$</p>\n"),
        ("`$a*b*c$`", "<p><code>$a*b*c$</code></p>\n"),
        (r"\[1\] \[*see* there\]", "<p>[1] [<em>see</em> there]</p>\n"),
        (r"$a\_1$, $\\frac{a}{b}$", "<p>$a_1$, $\\frac{a}{b}$</p>\n"),
    ],
)
def test_formulas_are_drawn(text: str, html: str) -> None:
    """`«…»` is a formula in a line, `⟦…⟧` one that stands apart."""
    for signs, apart in (("«»", False), ("⟦⟧", True)):
        for latex in re.findall(f"{signs[0]}([^{signs[1]}]*){signs[1]}", html):
            drawn = mathml(latex, apart=apart)
            assert drawn is not None
            html = html.replace(f"{signs[0]}{latex}{signs[1]}", drawn)
    assert markdown_to_html(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a <!-- note --> b", "<p>a  b</p>\n"),
        ("<!-- note -->\n# Title", '<h2 id="h-title">Title</h2>\n'),
        ("<!--\n- note\n\n# note\n-->\nText", "<p>Text</p>\n"),
        ("Text <!-- note\n\n# note\n\n- note\n\nnote --> *end*", "<p>Text <em>end</em></p>\n"),
        ("> <!-- note\n> note --> end", "<blockquote>\n<p>end</p>\n</blockquote>\n"),
        ("- a <!-- note\n\nnote -->\n", "<ul>\n<li>a </li>\n</ul>\n"),
        ("text\n<!-- note -->\ntext", "<p>text</p>\n<p>text</p>\n"),
        # Code is shown as it is, and so is a beginning without an end.
        ("`<!-- c -->`", "<p><code>&lt;!-- c --&gt;</code></p>\n"),
        ("```\n<!-- c -->\n```", "<pre><code>&lt;!-- c --&gt;\n</code></pre>\n"),
        ("begin with <!-- and *go on*", "<p>begin with &lt;!-- and <em>go on</em></p>\n"),
    ],
)
def test_comments_reach_nobody(text: str, html: str) -> None:
    assert markdown_to_html(text) == html


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a <!-- note --> b", "a  b"),
        ("<!-- a\n\nb -->\n# T <!-- c -->", "\n# T "),
        ("```\n<!-- code -->\n```\n<!-- note -->x", "```\n<!-- code -->\n```\nx"),
        ("`<!-- code -->` <!-- note -->", "`<!-- code -->` "),
        ("<!-- ``` -->x<!-- y -->", "x"),
        ("~~~\n<!-- code", "~~~\n<!-- code"),
        ("a <!-- b", "a <!-- b"),
    ],
)
def test_learners_get_the_markdown_without_comments(text: str, kept: str) -> None:
    assert without_comments(text) == kept


@pytest.mark.parametrize(
    "text",
    ["<!--" * 50_000, "<!--" * 49_000 + "-->", "<!-- a -->" * 20_000, "`<!--" * 40_000 + "-->", "```\n<!--\n" * 20_000],
)
def test_leaving_comments_out_takes_linear_time(text: str) -> None:
    began = process_time()
    without_comments(text)
    assert process_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a<br>b<br/>c", "<p>a<br>b<br>c</p>\n"),
        ("H<sub>2</sub>O, 10<sup>3</sup>, <u>*u*</u>", "<p>H<sub>2</sub>O, 10<sup>3</sup>, <u><em>u</em></u></p>\n"),
        (
            "<details>\n<summary>S *e*</summary>\n\n<b>b</b>\n\n- x\n\n</details>\n\nc",
            "<details><summary>S <em>e</em></summary><p><b>b</b></p>\n<ul>\n<li>x</li>\n</ul>\n</details><p>c</p>\n",
        ),
        (
            "<details open>\n<summary>S</summary>\n- a\n- b\n</details>",
            '<details open=""><summary>S</summary><ul>\n<li>a</li>\n<li>b</li>\n</ul>\n</details>',
        ),
        ('<p align="center">Hello</p>\n\n# Lesson', '<p>Hello</p><h2 id="h-lesson">Lesson</h2>\n'),
        ("<div class='x'>\n*a*\n</div>", "<p><em>a</em></p>\n"),
        (
            "<table>\n    <tr><td>**a**</td></tr>\n</table>",
            "<table>\n<tbody><tr><td><strong>a</strong></td></tr>\n</tbody></table>",
        ),
        (
            "| a |\n|---|\n| b<br>c |",
            "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b<br>c</td>\n</tr>\n</tbody>\n</table>\n",
        ),
        # What is no tag that the sanitiser knows is text, and what is not closed in its paragraph.
        ("List<String>, <your name>, a<b and c>d", "<p>List&lt;String&gt;, &lt;your name&gt;, a&lt;b and c&gt;d</p>\n"),
        # An id goes, and what only looks like one stays.
        ('<b id="a" title="t" ID=b>c</b>', '<p><b title="t">c</b></p>\n'),
        ('<b title="x id=y">c</b> d "e"', '<p><b title="x id=y">c</b> d "e"</p>\n'),
        ("[x](#Intro)", '<p><a href="#h-intro" rel="noopener noreferrer nofollow">x</a></p>\n'),
        ("<u>a\n\nb</u>", "<p>&lt;u&gt;a</p>\n<p>b&lt;/u&gt;</p>\n"),
        ("<u>a <b>x</u> y</b>", "<p><u>a &lt;b&gt;x</u> y&lt;/b&gt;</p>\n"),
    ],
)
def test_some_tags_work(text: str, html: str) -> None:
    assert markdown_to_html(text) == html


def test_a_formula_stands_in_no_attribute() -> None:
    html = markdown_to_html('<b title="x id=y">$x$ <i title="$y$">$z$</i></b> ![$a$](/api/v1/files/x/download "$b$")')
    found = lxml.html.fragment_fromstring(html, create_parent="div")
    assert [one.get("title") for one in found.iter() if one.get("title")] == ["x id=y", "$y$", "$b$"]
    assert "math" not in "".join(value for one in found.iter() for value in one.attrib.values())
    assert [one.text_content() for one in found.iter("math")] == ["x", "z"]


def test_tables() -> None:
    html = markdown_to_html("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert "<table>" in html
    assert '<td class="end">2</td>' in html


def test_links_lead_out_without_a_trace() -> None:
    html = markdown_to_html("[there](https://example.org/x?a=1&b=2 'title')")
    assert 'href="https://example.org/x?a=1&amp;b=2"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


OWN = "/api/v1/files/0192f0c4-0000-7000-8000-000000000000/download"
HOSTS = ("pictures.example", "*.cdn.example")


@pytest.mark.parametrize(
    ("source", "hosts", "is_shown"),
    [
        (OWN, (), True),
        (OWN, HOSTS, True),
        ("https://pictures.example/a.png", HOSTS, True),
        ("https://PICTURES.example/a.png?b=1", HOSTS, True),
        ("https://a.b.cdn.example/a.png", HOSTS, True),
        ("https://pictures.example/a.png", (), False),
        ("https://evil.example/a.png", HOSTS, False),
        ("https://cdn.example/a.png", HOSTS, False),
        ("https://evilcdn.example/a.png", HOSTS, False),
        ("https://pictures.example.evil.example/a.png", HOSTS, False),
        ("https://pictures.example:8443/a.png", HOSTS, False),
        ("https://pictures.example@evil.example/a.png", HOSTS, False),
        ("https://evil.example\\@pictures.example/a.png", HOSTS, False),
        ("https://evil.example#@pictures.example/a.png", HOSTS, False),
        ("https://[evil.example/a.png", HOSTS, False),
        ("http://pictures.example/a.png", HOSTS, False),
        ("//pictures.example/a.png", HOSTS, False),
        ("/api/v1/users/me", HOSTS, False),
        ("/api/v1/files/../users/me", HOSTS, False),
        (OWN.upper(), HOSTS, False),
        ("data:image/png;base64,AAAA", HOSTS, False),
    ],
)
def test_pictures_come_from_our_own_files_or_named_hosts(source: str, hosts: tuple[str, ...], is_shown: object) -> None:
    html = markdown_to_html(f"![some words](<{source}>)", hosts)
    assert ("src=" in html) is is_shown
    assert "some words" in html


@given(texts(max_size=60))
def test_no_other_host_hears_of_a_reader(name: str) -> None:
    for address in (f"https://{name}/x.png", f"https://{name}.example/x.png", f"https://pictures.example{name}/x.png"):
        for html in (markdown_to_html(f"![a](<{address}>)"), markdown_to_html(f'![a]({address} "b")')):
            assert "src=" not in html


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
        r"$\text{<script>alert(1)</script>}$",
        r"$$\href{javascript:alert(1)}{x}$$",
        r"\\(\text{<img src=x onerror=alert(1)>}\\)",
        "```html\n<img src=x onerror=alert(1)>\n```",
        "# <img src=x onerror=alert(1)>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_nothing_runs(text: str) -> None:
    html = markdown_to_html(text)
    tags = re.findall(r"<[^>]*>", html)
    allowed = re.compile(
        r"</?(p|b|em|strong|a|img|code|pre|table|thead|tbody|tr|th|td|h2|span|math|mrow|mi|mo|mtext)"
        r"( (href|src|title|alt|rel|class|display|id)=\"[^\"]*\")*>"
    )
    assert all(allowed.fullmatch(tag) for tag in tags), html
    assert not re.search(r"(href|src)=\"(?!https://|mailto:|/api/v1/files/)", html), html
    assert "position" not in "".join(tags)


def rendered(text: str) -> tuple[float, str]:
    began = process_time()
    html = markdown_to_html(text)
    return process_time() - began, html


@pytest.fixture(scope="module")
def ordinary_seconds() -> float:
    """Processor time that an ordinary lesson of the greatest length takes here."""
    text = (ORDINARY * (LONGEST // len(ORDINARY) + 1))[:LONGEST]
    return min(rendered(text)[0] for _ in range(3))


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
        "<!--" * 50_000,
        "<!--\n\n" * 30_000 + "-->",
        "> <!--\n" * 28_000 + "\n-->",
        "- <!--\n" * 28_000 + "\n-->",
        "> $$\n" * 40_000 + "\n$$",
        "> \\[\n> a_\n" * 18_000 + "\n\\]",
        "<!-- a -->" * 20_000,
        "a <!-- b\n\nc --> " * 12_000,
        "<u>" * 66_000,
        "<u>a\n\n" * 33_000,
        "<details>" * 22_000,
        "<details>\n" * 20_000,
        "<div>\n\na\n\n" * 18_000,
        "</u>" * 50_000,
        "<b " + "a=b " * 49_000,
        "<b a=" * 40_000,
        "<p>" * 66_000,
        "<table><tr><td>" * 13_000,
        "$a" * 100_000,
        "$" * 200_000,
        "$$a\n# h\n" * 22_000,
        "$$\n" * 66_000,
        "\\(" * 100_000,
        "\\(" * 99_000 + "\\)",
        "\\[\n# h\n" * 25_000,
        "\\[" * 50_000 + "\\]" * 50_000,
        "\\begin{a}\n" * 20_000,
        "\\begin{a}\n" * 19_000 + "\\end{a} x",
        "$1" + " ." * 99_000 + "$",
        "$x_1$ " * 33_000,
        "$$" + "{" * 1_900 + "$$\n\n",
        ("$" + "a'" * 900 + "$ ") * 110,
        "\\\\(" * 60_000 + "\\\\)",
        "[^a]: x\n\n" + "[^" * 99_000,
        "[^a]: x\n\n" + "[^a]" * 40_000,
        "[^a]: x\n" * 25_000,
        "[^" * 99_000 + "]: x",
        "a\n: b\n" * 33_000,
        "a\n\n: b\n\n" * 28_000,
        "a\n: " + ": " * 99_000,
        "!!! a\n" * 33_000,
        "!!! a\n    b\n" * 18_000,
        "!!! " + "a " * 98_000,
        "".join("    " * depth + "!!! a\n" for depth in range(300)),
        "> [!NOTE]\n" * 20_000,
        "> [!NOTE]\n\n" * 18_000,
        "- [ ] a\n" * 25_000,
        "- [ ] " * 33_000,
        "# a\n" * 50_000,
        "```c\n" + "\n" * 199_000,
        ("```c\n" + ("a b " * 70 + "\n") * 17 + "```\n") * 42,
        ("```java\n" + "a\n\n" * 1_600 + "```\n") * 40,
        "```py\nx\n```\n" * 14_000,
        "> " * 19 + "a\n" * 20_000,
        "> " * 19 + "a\n" * 99_000,
        "- a\n" * 50_000,
    ],
    ids=lambda text: f"{text[:6]}…{text[-6:]}",
)
def test_the_longest_lesson_takes_its_time_and_no_more(text: str, ordinary_seconds: float) -> None:
    seconds, html = rendered(text[:LONGEST])
    assert seconds < WORST * ordinary_seconds
    assert len(html) < 8 * MIB


def test_links_end_where_nobody_writes_so_many() -> None:
    link = "[x](https://a.example)"
    html = markdown_to_html(f"{link * (MOST_BRACKETS // 2)}\n\n{link * (MOST_BRACKETS // 2)}\n\n{link} and *more*")
    assert html.count("<a ") == MOST_BRACKETS
    assert html.endswith(f"<p>{link} and <em>more</em></p>\n")


async def test_a_long_text_is_rendered_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def noted(text: str, picture_hosts: tuple[str, ...]) -> str:
        assert picture_hosts == ()
        threads.append(threading.current_thread())
        return text.upper()

    monkeypatch.setattr(markdown, "markdown_to_html", noted)
    long, short = f"long {new_id()} " * 100, f"short {new_id()}"
    shown = [await html_of(text) for text in (short, long, long, short)]
    assert shown == [text.upper() for text in (short, long, long, short)]
    assert [thread is threading.main_thread() for thread in threads] == [True, False]
