"""A whole life of secrets, at the most talkative log level: none is in clear in a log, a job, an audit event, a row."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit import clock
from studium.kit.logs import configure_logs
from studium.kit.tables import Base
from studium.models import AuditEvent, Role
from tests.auth.door import BASE, PASSWORD, Door, html_of, text_of

SAM, ADMIN, NEW = "sam@school.example", "root@school.example", "new@school.example"
OTHERS = {name: f"{name} {PASSWORD} of mine" for name in ("second", "third", "invited", "mistyped")}
MASTER = "k9Lw2vQ8xZr4Tn7Bm1Hc5Jd3Fg6Ps0Ya"


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    return {"log_level": "DEBUG", "mode": "production", "secret_key": MASTER}


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def payloads(door: Door, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What every job was stored with."""
    seen: list[str] = []
    put = door.runtime.jobs.put

    async def noted(session: AsyncSession, names: Sequence[str], payload: Mapping[str, str]) -> None:
        seen.extend(f"{name} {dict(payload)}" for name in names)
        await put(session, names, payload)

    monkeypatch.setattr(door.runtime.jobs, "put", noted)
    return seen


class Life:
    """What happens to one person, and every secret that was in it."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.secrets: set[str] = {PASSWORD, MASTER, *OTHERS.values()}
        self.codes: set[str] = set()

    async def send(self, path: str, body: object, token: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- as the client.
        """Act, and take up every secret of the answer."""
        answer = await self.door.call("POST", path, token, json=body, **more)
        found: dict[str, Any] = answer.json() if answer.content else {}
        for name in ("access_token", "refresh_token", "challenge_token", "secret"):
            if found.get(name):
                self.secrets |= {found[name], found[name].rpartition(".")[2]}
        self.secrets |= set(found.get("recovery_codes", ()))
        return found

    async def link(self, to: str, path: str) -> str:
        token = await self.door.link_token(to, path)
        self.secrets.add(token)
        return token

    async def live(self) -> None:
        await self.door.person(SAM, email_verified_at=None)
        await self.door.person(ADMIN, Role.ADMIN)
        await self.log_in_and_out()
        await self.use_links()
        await self.use_factors()
        self.take_up_links()

    async def log_in_and_out(self) -> None:
        await self.send("/auth/login", {"email": SAM, "password": OTHERS["mistyped"]})
        tokens = await self.send("/auth/login", {"email": SAM, "password": PASSWORD})
        form = {"username": SAM, "password": PASSWORD, "client_secret": OTHERS["mistyped"]}
        answer = await self.door.call("POST", "/auth/token", data=form)
        self.secrets.add(answer.json()["access_token"])
        refresh = {"refresh_token": tokens["refresh_token"]}
        await self.send("/auth/refresh", refresh)
        await self.send("/auth/refresh", refresh)
        await self.send("/auth/logout", {"all": True}, (await self.send("/auth/login", self.pair()))["access_token"])
        await self.door.call("GET", f"/users/me?password={OTHERS['mistyped']}", tokens["access_token"])
        await self.send("/auth/login", {"email": SAM, "password": [OTHERS["mistyped"]], "token": MASTER})

    def pair(self, password: str = PASSWORD) -> dict[str, str]:
        return {"email": SAM, "password": password}

    async def use_links(self) -> None:
        await self.send("/auth/verify-email", {"email": SAM})
        link = await self.link(SAM, "/confirm-email")
        await self.door.client.get(f"{BASE}/confirm-email?token={link}")
        await self.send("/auth/confirm-email", {"token": link})
        await self.send("/auth/forgot-password", {"email": SAM})
        link = await self.link(SAM, "/reset-password")
        await self.door.client.get(f"{BASE}/reset-password?token={link}")
        await self.send("/auth/reset-password", {"token": link, "new_password": OTHERS["second"]})
        await self.send("/auth/reset-password", {"token": link, "new_password": OTHERS["third"]})
        admin = (await self.send("/auth/login", {"email": ADMIN, "password": PASSWORD}))["access_token"]
        person = {"email": NEW, "full_name": "New Person", "role": "instructor"}
        await self.send("/users", person, admin, headers={"Idempotency-Key": "an-invitation"})
        invited = {"token": await self.link(NEW, "/set-password"), "new_password": OTHERS["invited"]}
        await self.send("/auth/reset-password", invited)

    async def use_factors(self) -> None:
        password = OTHERS["second"]
        token = (await self.send("/auth/login", self.pair(password)))["access_token"]
        pending = await self.send("/auth/mfa/enable", {"password": password}, token)
        app = pyotp.TOTP(pending["secret"])
        first = await self.send("/auth/mfa/confirm", {"code": app.at(clock.now())}, token)
        for code in first["recovery_codes"][:2]:
            challenge = (await self.send("/auth/login", self.pair(password)))["challenge_token"]
            await self.send("/auth/mfa/verify", {"challenge_token": challenge, "code": code})
        spare = {"password": password, "code": first["recovery_codes"][2]}
        await self.send("/auth/mfa/disable", spare, token)
        await self.send("/auth/mfa/enable", {"password": password, "method": "email"}, token)
        mail = (await self.door.mails(SAM))[-1]
        (code,) = re.findall(r"^\s*(\d{6})\s*$", text_of(mail), re.MULTILINE)
        self.codes.add(code)
        await self.send("/auth/mfa/confirm", {"code": code}, token)

    def take_up_links(self) -> None:
        """Whatever stands behind a question mark in a mail."""
        for path in self.door.folder.glob("mail/*.eml"):
            mail = message_from_bytes(path.read_bytes(), policy=default)
            for link in re.findall(rf"{BASE}\S+", text_of(mail) + html_of(mail)):
                self.secrets |= {value for values in parse_qs(urlsplit(link).query).values() for value in values}


async def rows_of(door: Door) -> str:
    """Every row of every table."""
    async with door.database.reading() as session:
        found = [(await session.execute(select(table))).all() for table in Base.metadata.sorted_tables]
    return "\n".join(repr(tuple(row)) for rows in found for row in rows)


async def test_no_secret_is_anywhere_in_clear(
    door: Door, payloads: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(door.runtime.settings)
    life = Life(door)
    await life.live()
    logged = capsys.readouterr().err
    assert len(life.secrets) > 40
    assert logged.count("\n") > 30
    assert len(payloads) > 8
    async with door.database.reading() as session:
        audited = [str(details) for details in (await session.execute(select(AuditEvent.details))).scalars()]
    places = {"log": logged, "jobs": "\n".join(payloads), "audit": "\n".join(audited), "rows": await rows_of(door)}
    for place, text in places.items():
        assert [secret for secret in life.secrets if secret in text] == [], place
    (code,) = life.codes
    for place in ("log", "jobs", "audit"):
        # Six digits may well be part of an id or of a moment.
        assert not re.search(rf"(?<![\w.]){code}(?!\w)", places[place]), place
    assert SAM not in places["jobs"]
    assert SAM not in places["log"]
