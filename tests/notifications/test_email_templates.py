"""Letters: a text and an HTML part that say the same, in the reader's language, with nothing smuggled in."""

import re
from html import unescape
from pathlib import Path

import pytest
from jinja2 import Environment, meta

from studium.kit.base.languages import DEFAULT, SPOKEN
from studium.modules.notifications import email_templates
from studium.modules.notifications.email_templates import BLOCKS, EmailTemplate, Fact, render, write

FOLDER = Path(email_templates.__file__).parent / "templates"
NAMES = sorted(path.stem for path in (FOLDER / DEFAULT).glob("*.txt"))
LINK = "https://school.example/x?token=abc&more=1"
VERIFY_LINK = "https://school.example/verify/CERT-20260101-ABC234"
FACTS: dict[str, Fact] = {
    "name": "Noor",
    "link": LINK,
    "code": "012345",
    "course": "Bees",
    "instructor": "Ada",
    "lessons": 3,
    "number": "CERT-20260101-ABC234",
    "verify_link": VERIFY_LINK,
    "quiz": "Nectar",
    "percentage": "80",
    "passed": True,
    "device": "Firefox",
    "address": "203.0.113.7",
    "new_address": "new@school.example",
    "day": "5 May 2026",
    "zone": "Asia/Tokyo",
    "time": "14:15",
    "reason": "A mistake",
    "known": True,
    "proven": True,
    "open": True,
}
# What a person may be called, and a course: markup of every kind that a letter passes through, and other directions.
HOSTILE = [
    '<b>"x"</b><script>alert(1)</script>',
    "&lt;b&gt; &amp; </mj-text><mj-raw><img src=x onerror=alert(1)></mj-raw>",
    "{{ code }} {% include 'layout.txt' %} {# #}",
    "]]> <!-- --> <![CDATA[ ${7*7} %s {0}",
    "Eve\r\nBcc: eve@evil.example\r\n\r\n<b>body</b>",
    "عمر الخيّام (1048)",
    "W" * 255,
]


def mail_of(name: str, language: str = DEFAULT, /, **facts: Fact):
    about = {**FACTS, **facts}
    to, footer = "noor@school.example", "https://school.example"
    return render(name, to=to, language=language, message_id="<1@school.example>", footer_link=footer, **about)


def letter_of(name: str, language: str = DEFAULT, /, **facts: Fact) -> EmailTemplate:
    return write(name, language, {**FACTS, **facts})


def parts_of(letter: EmailTemplate) -> list[str]:
    return [letter.heading, *letter.body, letter.code, letter.button, *letter.after]


def tags_of(html: str) -> list[str]:
    """The tags of a page in their order, without what they carry."""
    return re.findall(r"<[a-zA-Z/!][^\s>]*", html)


@pytest.mark.parametrize("language", SPOKEN)
def test_every_letter_is_there_in_every_language(language):
    assert sorted(path.stem for path in (FOLDER / language).glob("*.txt")) == NAMES
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(SPOKEN)


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("name", NAMES)
def test_translations_have_the_same_parts_and_facts(name, language):
    environment = Environment(autoescape=True)
    theirs, ours = ((FOLDER / one / f"{name}.txt").read_text(encoding="utf-8") for one in (DEFAULT, language))

    for block in BLOCKS:
        pattern = rf"{{% block {block} %}}(.*?){{% endblock %}}"
        found = [re.findall(pattern, text, re.DOTALL) for text in (theirs, ours)]
        assert len(found[0]) == len(found[1])
        facts = [meta.find_undeclared_variables(environment.parse("".join(texts))) for texts in found]
        assert facts[0] == facts[1]
        assert facts[0] <= FACTS.keys()
    assert re.findall(r"block (\w+)", theirs) == re.findall(r"block (\w+)", ours)
    assert len(letter_of(name).body) == len(letter_of(name, language).body)
    assert len(letter_of(name).after) == len(letter_of(name, language).after)


@pytest.mark.parametrize("name", NAMES)
def test_an_arabic_letter_is_arabic(name):
    facts = {key: "1" for key, fact in FACTS.items() if isinstance(fact, str)}
    letter = letter_of(name, "ar", **facts)

    latin = set(re.findall(r"[A-Za-z]+", " ".join([letter.subject, *parts_of(letter)])))
    assert latin <= {"Studium"}
    assert not re.search(r"[\"“”,;?]| …|\.\.\.", " ".join([letter.subject, *parts_of(letter)]))


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("name", NAMES)
def test_both_parts_say_the_same(name, language):
    mail, letter = mail_of(name, language), letter_of(name, language)

    html = unescape(mail.html)
    assert mail.subject == letter.subject
    for part in parts_of(letter):
        assert part in mail.text
        assert part in html
    if letter.button:
        assert LINK in mail.text
        assert f'href="{LINK.replace("&", "&amp;")}"' in mail.html
    if "verify_link" in (FOLDER / language / f"{name}.txt").read_text():
        assert f'href="{VERIFY_LINK}"' in mail.html
    assert set(re.findall(r"https?://([^/\"<\s]+)", mail.html)) <= {"school.example", "www.w3.org"}


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("name", NAMES)
def test_a_letter_runs_the_way_of_its_language(name, language):
    html = mail_of(name, language).html

    way, other = ("rtl", "ltr") if language == "ar" else ("ltr", "rtl")
    side, other_side = ("right", "left") if language == "ar" else ("left", "right")
    assert html.count(f'lang="{language}" dir="{way}"') == 2, "the page, and the part that web mailers keep"
    assert f"direction:{other}" not in html
    assert f"text-align:{side};color" in html
    assert f"text-align:{other_side};color" not in html, "each paragraph stands on its own side"


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: ascii(text[:12]))
@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("name", NAMES)
def test_names_add_neither_markup_nor_headers(name, language, hostile):
    told = {
        "name": hostile,
        "course": hostile,
        "instructor": hostile,
        "quiz": hostile,
        "device": hostile,
        "reason": hostile,
    }
    mail = mail_of(name, language, **told)

    assert tags_of(mail.html) == tags_of(mail_of(name, language).html)
    assert "\r" not in mail.subject
    assert "\n" not in mail.subject
    for part in parts_of(letter_of(name, language, **told)):
        assert part in mail.text
        assert " ".join(part.split()) in " ".join(unescape(mail.html).split())


def test_what_runs_the_other_way_is_kept_apart():
    assert letter_of("welcome", "ar", name="Noor").heading.endswith("\u2068Noor\u2069")
    assert letter_of("welcome", "en", name="نور").heading.endswith("\u2068نور\u2069")
    assert "\u2068" not in letter_of("welcome", "en", name="Łukasz 李雷").heading
    assert "\u2068" not in letter_of("welcome", "ar", name="نور").heading
    assert VERIFY_LINK in letter_of("certificate_issued", "ar").after, "an address stays one that can be followed"


@pytest.mark.parametrize(
    ("lessons", "english", "arabic"),
    [
        (1, "one lesson", "درس واحد"),
        (2, "2 lessons", "درسين"),
        (3, "3 lessons", "3 دروس"),
        (10, "10 lessons", "10 دروس"),
        (11, "11 lessons", "11 درسًا"),
        (99, "99 lessons", "99 درسًا"),
        (100, "100 lessons", "100 درس"),
        (102, "102 lessons", "102 درس"),
        (103, "103 lessons", "103 دروس"),
        (1000, "1000 lessons", "1000 درس"),
    ],
)
def test_lessons_are_counted_as_each_language_counts(lessons, english, arabic):
    assert f"has {english}," in letter_of("enrollment_welcome", lessons=lessons).body[0]
    assert f"من {arabic}،" in letter_of("enrollment_welcome", "ar", lessons=lessons).body[0]


def test_what_is_not_known_is_said_so():
    assert "Device: unknown" in letter_of("session_reused", device="").body
    assert "الجهاز: غير معروف" in letter_of("session_reused", "ar", device="").body
    assert "80 %, not passed" in letter_of("essay_graded", passed=False).body[0]
