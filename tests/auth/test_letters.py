"""Letters: a text and an HTML part that say the same, in the reader's language, with nothing smuggled in."""

import re
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from mjml import mjml2html

from studium.modules.notifications import letters
from studium.modules.notifications.letters import render
from tests.auth.door import Door, html_of, text_of

FOLDER = Path(letters.__file__).parent / "templates" / "en"
FACTS = {
    "name": "Noor",
    "link": "https://school.example/x?token=abc&more=1",
    "code": "012345",
    "course": "Bees & <b>flowers</b>",
    "instructor": "Ada",
    "lessons": "three lessons",
    "number": "CERT-20260101-ABC234",
    "verify_link": "https://school.example/verify/CERT-20260101-ABC234",
    "quiz": "Nectar",
    "percentage": "80",
    "outcome": "passed",
    "device": "Firefox",
}


def written(name: str, **facts: str):
    return render(
        name,
        to="noor@school.example",
        language=facts.pop("language", "en"),
        message_id="<1@school.example>",
        footer_link="https://school.example",
        **{**FACTS, **facts},
    )


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_both_parts_say_the_same(name: str):
    mail = written(name)
    letter = letters.write(name, "en", FACTS)
    html = mail.html.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'")
    for part in (letter.heading, *letter.body, letter.code, letter.button, *letter.after):
        assert part in mail.text
        assert part in html
    assert "<b>" not in mail.html
    if letter.button:
        assert FACTS["link"] in mail.text
        assert 'href="https://school.example/x?token=abc&amp;more=1"' in mail.html
    assert set(re.findall(r"https?://([^/\"<\s]+)", mail.html)) <= {"school.example", "www.w3.org"}


def test_a_subject_is_one_line():
    assert written("certificate_issued", course="Bees\r\nBcc: eve@evil.example").subject == (
        "Your certificate: Bees Bcc: eve@evil.example"
    )


def test_a_language_without_a_translation_is_english():
    for language in ("ar", "../en", "xx", "", "en/../en"):
        assert 'lang="en" dir="ltr"' in written("welcome", language=language).html


def test_right_to_left_letters_run_right_to_left():
    letter = letters.Letter("ar", "مرحبا", "مرحبا", ("نص",), "", "", (), "")
    about = {"letter": letter, "to": "noor@school.example", "footer_link": "https://school.example"}
    html = mjml2html(letters._layouts(escaped=True).get_template("layout.mjml").render(about))
    assert 'lang="ar" dir="rtl"' in html
    assert "text-align:right" in html.replace(" ", "")


async def test_a_mail_is_a_proper_one(door: Door):
    await door.call(
        "POST",
        "/auth/register",
        json={"email": "new@school.example", "full_name": "Noor", "password": "violet kettle 41"},
    )
    (mail,) = await door.mails("new@school.example")
    (path,) = door.folder.glob("mail/*.eml")
    assert message_from_bytes(path.read_bytes(), policy=default).get_content_type() == "multipart/alternative"
    assert mail["Message-ID"].startswith("<")
    assert mail["Subject"] == "Confirm your e-mail address"
    link = next(word for word in text_of(mail).split() if "/confirm-email?token=" in word)
    assert link in html_of(mail)
