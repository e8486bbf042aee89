"""Every mail of the product, asked for as people do: to whom, in which language, with which link; no secret kept."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import text, update

from studium.kit.base.clock import now
from studium.kit.base.languages import SPOKEN
from studium.models import AttemptStatus, User
from studium.modules.notifications.email_templates import Fact, write
from tests.auth.authenticator import Authenticator
from tests.auth.helpers import html_of, text_of
from tests.notifications.test_email_templates import FACTS, NAMES
from tests.web.school import tab
from tests.world import NUMBER, PASSWORD, PEOPLE, World, open_attempt

SCHOOL = "https://school.example"
NEW = "noor@school.example"
SAM = "sam@school.example"
INSIDE = ("/account", "/attempts", "/certificates")
_JOBS = {"sqlite": "SELECT payload FROM jobs", "postgresql": "SELECT args FROM procrastinate_jobs"}


async def arrived(world: World, to: str) -> list[EmailMessage]:
    """What has come for an address, oldest first, once every job is done."""
    await world.jobs()
    files = sorted(world.folder.glob("mail/*.eml"), key=lambda path: path.stat().st_mtime_ns)
    found = [message_from_bytes(path.read_bytes(), policy=default) for path in files]
    return [mail for mail in found if mail["To"] == to]


async def waiting(world: World) -> list[dict[str, str]]:
    """What the jobs that wait carry."""
    async with world.runtime.database.read_session() as session:
        rows = (await session.execute(text(_JOBS[world.runtime.database.dialect]))).scalars()
        return [json.loads(row) if isinstance(row, str) else row for row in rows]


def check_payload(payload: dict[str, str], to: str) -> None:
    """Ids alone; but for what a stranger typed, which is sealed, and where they did."""
    for name, value in payload.items():
        if name == "sealed_address":
            assert to.partition("@")[0] not in value
        elif name == "mail":
            assert value in {"yes", "no"}
        elif name != "source":
            assert str(UUID(value)) == value


async def done(world: World, who: str | None, method: str, path: str, **content: Any) -> Any:  # noqa: ANN401 -- any JSON.
    answer = await world.call(who, method, path, **content)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def register(world: World, language: str) -> None:
    body = {"email": NEW, "full_name": "Noor Example", "password": PASSWORD}
    await done(
        world, None, "POST", "/auth/register", json=body, headers={"Accept-Language": f"{language}-XX, fr;q=0.1"}
    )


async def confirm(world: World, language: str) -> None:
    await register(world, language)
    (mail,) = await arrived(world, NEW)
    found = re.search(r"token=(\S+)", text_of(mail))
    assert found
    await done(world, None, "POST", "/auth/confirm-email", json={"token": found[1]})


async def invite(world: World, language: str) -> None:
    body = {"email": NEW, "full_name": "Noor Example", "metadata": {"language": language}}
    await done(world, "root", "POST", "/users", json=body)


async def forget(world: World, language: str) -> None:
    await done(world, None, "POST", "/auth/forgot-password", json={"email": "mia@school.example"})


async def change_password(world: World, language: str) -> None:
    wish = {"password": "amber ladder 77", "current_password": PASSWORD}
    await done(world, "mia", "PATCH", "/users/me", json=wish)


async def ask_for_code(world: World, language: str) -> None:
    await done(world, "mia", "POST", "/auth/mfa/enable", json={"password": PASSWORD, "method": "email"})


async def turn_on(world: World, language: str) -> str:
    pending = await done(world, "mia", "POST", "/auth/mfa/enable", json={"password": PASSWORD})
    code = pyotp.TOTP(pending["secret"]).at(now())
    answer = await done(world, "mia", "POST", "/auth/mfa/confirm", json={"code": code})
    return str(answer["recovery_codes"][0])


async def turn_off(world: World, language: str) -> None:
    code = await turn_on(world, language)
    await done(world, "mia", "POST", "/auth/mfa/disable", json={"password": PASSWORD, "code": code})


async def be_helped(world: World, language: str) -> None:
    await turn_on(world, language)
    await done(world, "root", "DELETE", "/users/{mia}/mfa")


async def use_twice(world: World, language: str) -> None:
    entry = {"email": "mia@school.example", "password": PASSWORD}
    tokens = await done(
        world, None, "POST", "/auth/login", json=entry, headers={"User-Agent": "Firefox/140.0 evil.example"}
    )
    old = {"refresh_token": tokens["refresh_token"]}
    await done(world, None, "POST", "/auth/refresh", json=old)
    assert (await world.call(None, "POST", "/auth/refresh", json=old)).status_code == 401


async def enter_elsewhere(world: World, language: str) -> None:
    entry = {"email": "mia@school.example", "password": PASSWORD}
    for name in ("tests", "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0 evil.example"):
        await done(world, None, "POST", "/auth/login", json=entry, headers={"User-Agent": name})


async def revoke(world: World, language: str) -> None:
    await done(world, "root", "POST", "/certificates/{X3}/revoke", json={"reason": "A <b>mistake</b>."})


async def enrol(world: World, language: str) -> None:
    entered = await done(world, "mia", "POST", "/enrollments", json={"course_id": str(world.ids["C2"])})
    world.ids["E2"] = UUID(entered["id"])


async def complete(world: World, language: str) -> None:
    await enrol(world, language)
    await done(world, "mia", "POST", "/enrollments/{E2}/lessons/{M1}/complete")


async def grade(world: World, language: str) -> None:
    given = [{"question_id": str(world.ids["K3"]), "answer_text": "Because.", "selected_option_ids": []}]
    results = [{"question_id": str(world.ids["K3"]), "points": "5", "points_awarded": None}]
    state = {"status": AttemptStatus.SUBMITTED, "submitted_at": now(), "answers": given, "results": results}
    await open_attempt(world, "T2", "Q2", **state)
    scores = {"scores": [{"question_id": str(world.ids["K3"]), "points": 4}]}
    await done(world, "ada", "POST", "/enrollments/{E1}/quizzes/{Q2}/attempts/{T2}/grade", json=scores)


@dataclass(frozen=True)
class Case:
    """What makes a mail go out, to whom, the page behind its button, and what it tells of.

    A code alone has no page: it is typed where it was asked for, and whoever learns to follow links beside codes is
    easily fooled.
    """

    act: Callable[[World, str], Awaitable[object]]
    to: str = "mia@school.example"
    page: str | None = None
    facts: dict[str, Fact] = field(default_factory=dict)
    tells: tuple[str, ...] = ()


async def ask_to_be_erased(world: World, language: str) -> None:
    await done(world, "mia", "POST", "/users/me/erasure")


async def stay(world: World, language: str) -> None:
    await done(world, "root", "POST", "/users/{mia}/anonymize", json={"reason": "Left the school."})
    await done(world, "root", "DELETE", "/users/{mia}/erasure")


async def want_another_address(world: World, language: str) -> None:
    await done(world, "mia", "POST", "/auth/change-address", json={"email": NEW})


async def change_address(world: World, language: str) -> None:
    await want_another_address(world, language)
    for to in (NEW, "mia@school.example"):
        (mail,) = await arrived(world, to)
        found = re.search(r"/confirm-address\?token=(\S+)", text_of(mail))
        assert found
        await done(world, None, "POST", "/auth/confirm-address", json={"token": found[1]})


async def export_oneself(world: World, language: str) -> None:
    await done(world, "mia", "POST", "/users/me/export")


async def be_exported(world: World, language: str) -> None:
    await done(world, "root", "POST", "/users/{mia}/export", json={"reason": "A <b>mistake</b>."})


async def add_passkey(world: World, language: str) -> None:
    options = await done(world, "mia", "POST", "/auth/passkeys/options")
    made = {"credential": Authenticator().create(options["public_key"]), "name": "A <b>phone</b>"}
    await done(world, "mia", "POST", "/auth/passkeys", json={"challenge_token": options["challenge_token"], **made})


async def want_in_course(world: World, language: str) -> None:
    wanted = {"people": [{"email": "mia@school.example"}]}
    answer = await done(world, "ada", "POST", "/enrollments/courses/{C1}", json=wanted)
    assert answer["items"][0]["outcome"] == "invited"


CASES = {
    "verify_email": Case(register, NEW, "/confirm-email?token="),
    "welcome": Case(confirm, NEW, "/courses", tells=("Noor Example",)),
    "invitation": Case(invite, NEW, "/set-password?token=", tells=("Noor Example",)),
    "reset_password": Case(forget, page="/reset-password?token="),
    "password_changed": Case(change_password, page="/reset"),
    "erasure_requested": Case(ask_to_be_erased, page="/account/privacy"),
    "erasure_cancelled": Case(stay, page="/account/security"),
    "prove_new_address": Case(want_another_address, NEW, "/confirm-address?token="),
    "leave_old_address": Case(want_another_address, page="/confirm-address?token=", tells=(NEW,)),
    "address_changed": Case(change_address, page="/login", tells=(NEW,)),
    "export_ready": Case(export_oneself, page="/api/v1/exports/"),
    "export_by_school": Case(be_exported, page="/account/privacy", tells=("A <b>mistake</b>.",)),
    "mfa_code": Case(ask_for_code, page=None),
    "mfa_enabled": Case(turn_on, page="/reset"),
    "mfa_disabled": Case(turn_off, page="/reset"),
    "mfa_reset": Case(be_helped, page="/account/second-factor"),
    "session_reused": Case(use_twice, page="/account/security", tells=("Firefox",)),
    "passkey_added": Case(add_passkey, page="/account/passkeys"),
    "new_device": Case(enter_elsewhere, page="/account/security", tells=("Firefox, Windows", "127.0.0.1", "UTC")),
    "enrollment_welcome": Case(
        enrol, page="/courses/course-c2", facts={"course": "Course C2"}, tells=("Mia Example", "Eve Example")
    ),
    "course_invitation": Case(
        want_in_course,
        page="/courses/course-c1",
        facts={"course": "Course C1", "known": True, "proven": True, "open": True},
        tells=("Ada Example", "mia@school.example"),
    ),
    "certificate_issued": Case(
        complete,
        page="/api/v1/certificates/",
        facts={"course": "Course C2"},
        tells=("Mia Example", f"{SCHOOL}/verify/"),
    ),
    "certificate_revoked": Case(
        revoke,
        SAM,
        "/certificates/{X3}",
        facts={"course": "Course C3"},
        tells=("Sam Example", NUMBER, "A <b>mistake</b>."),
    ),
    "essay_graded": Case(grade, SAM, "/attempts/{T2}/result", facts={"quiz": "Practice"}, tells=("Sam Example", "80")),
}


def test_there_is_a_case_for_every_letter() -> None:
    assert sorted(CASES) == NAMES


async def check_link(world: World, case: Case, words: str, page: str) -> None:
    """The button leads to the page, which is there for the reader once they have logged in."""
    assert case.page is not None
    link = next(word for word in words.split() if word.startswith(SCHOOL + world.filled(case.page)))
    assert f'href="{link}"' in page
    reader = case.to.partition("@")[0]
    async with tab(world, reader if reader in PEOPLE and case.page.startswith(INSIDE) else None) as visitor:
        answer = await visitor.client.get(link)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("name", CASES)
async def test_a_mail_reaches_its_reader(world: World, name: str, language: str) -> None:
    case = CASES[name]
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).values(profile_metadata={"language": language}))
    await case.act(world, language)
    for payload in await waiting(world):
        check_payload(payload, case.to)

    subject = write(name, language, {**FACTS, **case.facts}).subject
    (mail,) = [
        mail for mail in await arrived(world, case.to) if re.sub(r"\d{6}", "012345", str(mail["Subject"])) == subject
    ]
    words, page = text_of(mail), html_of(mail)
    assert mail.get_content_type() == "multipart/alternative"
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert mail["Auto-Submitted"] == "auto-generated"
    for told in case.tells:
        assert any(one in words for one in told.split("|"))
    if case.page is None:
        assert "/account" not in words
    else:
        await check_link(world, case, words, page)
    assert "<b>" not in page
    assert "evil" not in words


async def test_a_mail_to_a_stranger_names_nobody(world: World) -> None:
    body = {"email": NEW, "full_name": "You won: evil.example", "password": PASSWORD}
    await done(world, None, "POST", "/auth/register", json=body)
    (mail,) = await arrived(world, NEW)
    assert "evil" not in str(mail)


async def test_the_deactivated_get_no_mail(world: World) -> None:
    await enrol(world, "en")
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["mia"]).values(is_active=False))
    assert await arrived(world, "mia@school.example") == []


@pytest.mark.parametrize("wish", ["fr", "../ar", "", 7, None, ["ar"], {"ar": 1}, "ar-EG"])
async def test_any_wish_for_a_language_is_answered(world: World, wish: object) -> None:
    await done(world, "mia", "PATCH", "/users/me", json={"metadata": {"language": wish}})
    await enrol(world, "en")
    (mail,) = await arrived(world, "mia@school.example")
    assert f'lang="{"ar" if wish == "ar-EG" else "en"}"' in html_of(mail)


@pytest.mark.parametrize(
    ("header", "metadata"), [("en-GB, ar;q=0.5", None), ("ar;q=0.8, fr", {"language": "ar"}), ("", None)]
)
async def test_registration_remembers_the_language_of_the_browser(
    world: World, header: str, metadata: dict[str, str] | None
) -> None:
    body = {"email": NEW, "full_name": "Noor", "password": PASSWORD}
    answer = await done(world, None, "POST", "/users/register", json=body, headers={"Accept-Language": header})
    assert answer["metadata"] == metadata
