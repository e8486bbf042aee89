"""Options as plain text: what was meant survives, nothing of any markup is left, and different texts stay different."""

from html import escape
from time import process_time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from studium.modules.exchange.formats.html.plain_text import OptionTexts
from studium.modules.exchange.formats.html.signs import sign, signs_in
from studium.modules.exchange.formats.html.text import html_to_markdown
from studium.modules.exchange.formats.questions.parts import RichText, TextFormat, Unreadable
from studium.modules.exchange.formats.questions.texts import HTML_MAX, MARKDOWN_MAX, Texts
from tests.importing.moodle_checks import shown, words

SIGNS = st.text(alphabet="0123456789abcnxyzABCÄ+-=()*_^ ·.", min_size=1, max_size=6).filter(str.strip)


def options() -> tuple[OptionTexts, list[str]]:
    losses: list[str] = []
    return OptionTexts(lambda url: url, losses.append), losses


def plain(html: str) -> str:
    return options()[0].of_html(html)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("10<sup>3</sup>", "10³"),
        ("10<sup>-3</sup>", "10⁻³"),
        ("10<SUP> \u22123 </SUP>", "10⁻³"),
        ("x<sub>1</sub>", "x₁"),
        ("CO<sub>2</sub><sup>2-</sup>", "CO₂²⁻"),
        ("a<sup>n+1</sup>", "aⁿ⁺¹"),
        ("a<sup>m·n</sup>", "a^(m·n)"),
        ("v<sub>Q</sub>", "v_(Q)"),
        ("x<sub><i>i</i></sub>", "xᵢ"),
        ("e<sup>x<sup>2</sup></sup>", "e^(x²)"),
        ("a<sub>b<sub>c</sub></sub>", "a_(b_(c))"),
        ("a<sup></sup>b<sub> </sub>", "ab"),
        ("1<sup>st</sup>", "1ˢᵗ"),
        ("x<sub>max</sub>", "xₘₐₓ"),
        ("Bread<sup>sliced</sup>", "Bread^(sliced)"),
    ],
)
def test_raised_and_lowered(html: str, text: str) -> None:
    assert plain(html) == text
    assert shown(html_to_markdown(html)) == text


@given(st.lists(st.tuples(st.sampled_from(["", "sup", "sub"]), SIGNS), min_size=1, max_size=3), SIGNS)
def test_a_sign_is_never_lost(pieces: list[tuple[str, str]], base: str) -> None:
    """The same words without their signs are another text."""
    assume(any(tag for tag, _ in pieces))
    signed = "".join(f"<{tag}>{text}</{tag}>" if tag else text for tag, text in pieces)
    flat = "".join(text for _, text in pieces)
    assert plain(base + signed) != plain(base + flat)
    assert shown(html_to_markdown(base + signed)) == words(plain(base + signed))


@given(SIGNS, SIGNS)
def test_different_signs_stay_different(first: str, second: str) -> None:
    assume(" ".join(first.split()) != " ".join(second.split()))
    assert sign("sup", first) != sign("sup", second)
    assert sign("sub", first) != sign("sub", second)
    assert {sign("sub", first), sign("sub", second)}.isdisjoint({sign("sup", first), sign("sup", second)})


@given(st.text(alphabet="ab*_`[]()#>+-.!~\\$|&<> 1\n=:{}\"'").filter(str.strip))
def test_what_is_written_is_what_is_read(text: str) -> None:
    assert plain(escape(text)) == words(text)
    assert plain(f"<p>{escape(text)}</p>") == words(text)


@pytest.mark.parametrize(
    "text", ["2*3*4", "a_b * c", "3.54 kN", "1. first", "# no heading", "<b>", "C:\\temp", "~~a~~", "5 > 3"]
)
def test_signs_are_not_escaped(text: str) -> None:
    assert plain(escape(text)) == text


@pytest.mark.parametrize(
    "formula", [r"\(a_1 * b_2\)", r"$x_1*y*z$", r"$$\frac{a}{b}_*$$", r"\[\{1,2\}\]", r"\(a<b\)", r"$\{1,2\}$"]
)
def test_formulas_stay_as_they_are_typed(formula: str) -> None:
    assert plain(f"<p>It is <b>{escape(formula)}</b>.</p>") == f"It is {formula}."
    assert options()[0].of_markdown(f"It *is* {formula}.") == f"It is {formula}."


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<table><tr><th>a</th><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a | b\nc | d"),
        ("<pre>if x:\n    y()</pre>", "if x:\n    y()"),
        ("<b>bold</b> <i>slanted</i> <code>a*b</code>", "bold slanted a*b"),
        ("see <a href='https://example.org/a'>this</a>", "see this (https://example.org/a)"),
        ("<a href='https://example.org/a'>https://example.org/a</a>", "https://example.org/a"),
        ("wow!<a href='https://example.org/a'>this</a>", "wow!this (https://example.org/a)"),
        ("a<!-- note -->b<script>c</script>d<style>e</style>", "abd"),
        ("a&nbsp;b &lt;c&gt; &amp;amp;", "a b <c> &amp;"),
        ("", ""),
        ("<p><br></p>", ""),
    ],
)
def test_html_as_plain_text(html: str, text: str) -> None:
    assert plain(html) == text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("*one* **two** `a*b`", "one two a*b"),
        ("a\\_b \\* c", "a_b * c"),
        ("x<sup>2</sup>", "x²"),
        ("5 < 6 & 7", "5 < 6 & 7"),
        ("it costs 5$ or 6$", "it costs 5$ or 6$"),
    ],
)
def test_markdown_as_plain_text(markdown: str, text: str) -> None:
    assert options()[0].of_markdown(markdown) == text


def test_a_picture_stands_in_the_question_and_the_option_names_it() -> None:
    made, losses = options()
    assert made.of_html("<img src='a.png' alt='the [Nile]'>") == "Picture 1"
    assert made.of_html("this <img src='b.png'> one") == "this (Picture 2) one"
    assert made.of_html("<img src='a.png' alt='the [Nile]'> again") == "(Picture 1) again"
    assert made.of_markdown("![the Elbe](c.png)") == "Picture 3"
    assert made.of_html("<audio controls><source src='d.mp3'>no player</audio>") == "Recording 4"
    assert made.below("Which?") == (
        "Which?\n\n**Picture 1:** ![the \\[Nile\\]](a.png)\n\n**Picture 2:** ![](b.png)\n\n"
        "**Picture 3:** ![the Elbe](c.png)\n\n**Recording 4:** [d.mp3](d.mp3)"
    )
    assert made.of_html("<object data='e.pdf'>no reader</object>") == "Recording 5"
    assert set(losses) == {"pictures of its options stand in its text, and the options name them"}


def test_a_picture_without_an_address_leaves_its_words() -> None:
    assert OptionTexts(lambda _: None, len).of_html("say <img src='a.png' alt='cheese'>") == "say cheese"


@pytest.mark.parametrize(
    ("html", "loss"),
    [
        ("<s>no</s>", "words of an option that were crossed out are shown as they are"),
        ("<u>no</u>", "underlined words are shown plain"),
        ("<span style='text-decoration: underline'>no</span>", "underlined words are shown plain"),
        ("<span style='color: #f00'>no</span>", "coloured words are shown plain"),
        ("<mark>no</mark>", "coloured words are shown plain"),
        ("<svg><path/></svg>no", "a drawing that is part of the page (SVG) is left out"),
        ("<input value='x'>no", "a field of a form is left out"),
    ],
)
def test_formatting_that_carries_meaning_is_named(html: str, loss: str) -> None:
    made, losses = options()
    made.of_html(html)
    assert loss in losses


@pytest.mark.parametrize(
    "html",
    ["<b>a</b>", "<span style='color: rgb(0, 0, 0); font-size: 12pt'>a</span>", "<span style='color:black'>a</span>"],
)
def test_formatting_without_meaning_is_not(html: str) -> None:
    made, losses = options()
    assert (made.of_html(html), losses) == ("a", [])


def test_signs_in_a_text_that_is_no_html() -> None:
    assert signs_in("10<sup>3</sup> or 1<3 and x<sub>1</sub>") == "10³ or 1<3 and x₁"
    assert signs_in("the tag <sup> and <sub></sub>") == "the tag <sup> and <sub></sub>"


@pytest.mark.parametrize("mark", ["[", "![", "*a", "`", "<", "\\(", "$", "> ", "]("])
def test_many_marks_of_an_option_take_no_longer_than_anybody_waits(mark: str) -> None:
    began = process_time()
    options()[0].of_markdown((mark * MARKDOWN_MAX)[:MARKDOWN_MAX])
    assert process_time() - began < 2


@pytest.mark.parametrize("mark", ["<a href=x>y", "<img src=x>", "<s>x</s>", "<sub>1</sub>", "<p><pre> x</pre>"])
def test_many_elements_of_an_option_take_no_longer_than_their_number(mark: str) -> None:
    began = process_time()
    plain(mark * (HTML_MAX // len(mark)))
    assert process_time() - began < 5


def test_a_long_option_in_markdown_is_refused_before_it_is_read() -> None:
    with pytest.raises(Unreadable, match="Markdown of more than 5,000 characters"):
        Texts("a:1").option(RichText("[" * 1_000_000, TextFormat.MARKDOWN))
