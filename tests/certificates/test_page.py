"""The page behind the QR code: every state in every language, nothing personal or active in it, whoever asks."""

import re
from string import Formatter

import pytest
from sqlalchemy import update

from studium.kit.base.clock import now
from studium.kit.base.languages import SPOKEN, day_in
from studium.models import Certificate
from studium.modules.certificates import page_texts
from tests.world import NUMBER, World

PAGE = "http://test/verify/"
HOSTILE = '<b>"x"</b><script>alert(1)</script>&amp;'


async def look(world: World, number: str, language: str = "en", **headers: str):
    return await world.client.get(PAGE + number, headers={"Accept-Language": language, **headers})


async def change(world: World, **values: object) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(update(Certificate).values(**values))


def words_of(html: str) -> str:
    """What a person reads, on one line."""
    return " ".join(re.sub(r"<style.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split())


@pytest.mark.parametrize("language", SPOKEN)
async def test_each_state_is_said_in_the_language_of_the_browser(world: World, language: str) -> None:
    texts = page_texts.texts_in(language)
    pages = {"valid": NUMBER, "not_found": "CERT-20260105-FFFFFF"}
    for state, number in pages.items():
        answer = await look(world, number, f"{language}-XX")
        assert answer.status_code == 200
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in answer.text
        assert (answer.headers["content-language"], answer.headers["vary"]) == (language, "Accept-Language")
        assert f"<title>{texts[state]} · Studium</title>" in answer.text
        assert texts[state] in words_of(answer.text)
        assert number in words_of(answer.text)
    assert texts["no_number"].partition("{")[0] in words_of((await look(world, "nonsense", language)).text)

    await change(world, is_revoked=True, revoked_at=now(), revocation_reason="Copied the exam.")
    words = words_of((await look(world, NUMBER, language)).text)
    assert texts["revoked"] in words
    assert day_in(language, now()) in words
    assert not [told for told in ("Sam", "Course C3", "Copied") if told in words]


async def test_a_valid_one_says_whose_what_for_and_when(world: World) -> None:
    words = words_of((await look(world, NUMBER)).text)
    certificate = await world.row(Certificate, "X3")
    days = [day_in("en", at) for at in (certificate.completion_date, certificate.issued_at, now())]
    for told in ("school.example", "Sam Example", "Course C3", NUMBER, *days):
        assert told in words


@pytest.mark.parametrize("name", ["عمر الخيّام", "李雷", "नेहा शर्मा", "🎓 Eve", "W" * 255])
async def test_a_name_keeps_its_own_direction(world: World, name: str) -> None:
    await change(world, student_name=name, course_title=name)
    assert (await look(world, NUMBER)).text.count(f"<bdi>{name}</bdi>") == 2


async def test_names_are_text(world: World) -> None:
    await change(world, student_name=HOSTILE, course_title=HOSTILE)
    page = (await look(world, NUMBER)).text
    assert "<b>" not in page
    assert "<script" not in page
    assert page.count("&lt;b&gt;&#34;x&#34;&lt;/b&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;") == 2


@pytest.mark.parametrize("number", ["%3Cb%3E", "%22%3E%3Cscript%3E", "{NUMBER}", "%D9%A3", "x" * 5_000])
async def test_what_was_typed_is_not_repeated(world: World, number: str) -> None:
    answer = await look(world, number)
    assert answer.status_code == 200
    assert not [one for one in ("<b>", "<script", "{NUMBER}", "xxxx") if one in answer.text]


async def test_nothing_in_the_page_is_active(world: World) -> None:
    first, second = await look(world, NUMBER), await look(world, NUMBER)
    policy = first.headers["content-security-policy"]
    nonce = re.search(r"style-src 'nonce-([\w-]{16,})'", policy)
    assert nonce
    assert f'<style nonce="{nonce[1]}">' in first.text
    assert nonce[1] not in second.text, "a nonce is used once"
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script|<link|<img|<form|\son\w+=|\sstyle=|javascript:|https?://", first.text)
    assert first.headers["cache-control"] == "no-store"


async def test_it_never_looks_at_a_token(world: World) -> None:
    assert (await look(world, NUMBER, Authorization="Bearer nonsense")).status_code == 200


async def test_who_guesses_is_asked_to_wait_on_a_page_too(world: World) -> None:
    for number in range(20):
        await look(world, f"CERT-20260105-{number:06d}")
    for language in SPOKEN:
        answer = await look(world, NUMBER, language)
        assert answer.status_code == 429
        assert answer.headers["content-type"].startswith("text/html")
        assert 0 < int(answer.headers["retry-after"]) <= 600
        assert page_texts.texts_in(language)["wait"] in words_of(answer.text)
        assert "Sam" not in answer.text


def test_the_languages_say_the_same() -> None:
    assert set(page_texts._TEXTS) == set(SPOKEN)
    english = page_texts.texts_in("en")
    for language in SPOKEN:
        texts = page_texts.texts_in(language)
        assert texts.keys() == english.keys()
        for name, text in texts.items():
            wanted, given = ({part[1] for part in Formatter().parse(one) if part[1]} for one in (english[name], text))
            assert given == wanted
