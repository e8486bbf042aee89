"""A whole life of secrets, at the most talkative log level: none is in clear in a log, a job, an audit event, a row."""

import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import select

from studium.kit.base import clock
from studium.kit.base.ids import new_id
from studium.kit.base.logs import configure_logs
from studium.kit.db.tables import Base
from studium.kit.db.transaction import Transaction
from studium.models import AuditEvent, Role
from studium.modules.auth.challenges import _said
from tests.auth.helpers import BASE, PASSWORD, Door, html_of, text_of
from tests.logs import restored_logs  # noqa: F401 -- a fixture.

SAM, ADMIN, NEW = "sam@school.example", "root@school.example", "new@school.example"
OTHERS = {name: f"{name} {PASSWORD} of mine" for name in ("second", "third", "invited", "mistyped")}
MASTER = "k9Lw2vQ8xZr4Tn7Bm1Hc5Jd3Fg6Ps0Ya"


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    return {"log_level": "DEBUG", "mode": "production", "secret_key": MASTER}


@pytest.fixture
def payloads(door: Door, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What every job was stored with."""
    seen: list[str] = []
    put = door.runtime.jobs.put

    async def noted(tx: Transaction, names: Sequence[str], payload: Mapping[str, str]) -> None:
        seen.extend(f"{name} {dict(payload)}" for name in names)
        await put(tx, names, payload)

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
    async with door.database.read_session() as session:
        found = [(await session.execute(select(table))).all() for table in Base.metadata.sorted_tables]
    return "\n".join(repr(tuple(row)) for rows in found for row in rows)


def digests_of(secret: str) -> Iterator[str]:
    """What a fast hash makes of a secret, in the spellings in which it could lie somewhere."""
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256"):
        digest = hashlib.new(name, secret.encode()).digest()
        yield digest.hex()
        yield base64.b64encode(digest).decode().rstrip("=")
        yield base64.urlsafe_b64encode(digest).decode().rstrip("=")
        yield repr(digest)[2:-1]


async def test_no_plain_digest_of_a_secret_is_anywhere(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one of a request that held it: whoever has a copy of the database could try passwords at its speed."""
    cached: list[str] = []
    monkeypatch.setattr(door.runtime.cache, "set", noting(cached, door.runtime.cache.set))
    life = Life(door)
    await life.live()
    admin = (await life.send("/auth/login", {"email": ADMIN, "password": PASSWORD}))["access_token"]
    wish = {"email": "ina@school.example", "full_name": "Ina", "password": OTHERS["third"]}
    body = json.dumps(wish)
    headers = {"Idempotency-Key": "with-a-password", "Content-Type": "application/json"}
    answer = await door.call("POST", "/users", admin, content=body, headers=headers)
    assert answer.status_code == 201
    told = {body, f"POST /api/v1/users?\n{body}", SAM, ADMIN, NEW, "ina@school.example", f"{SAM}\x1f{door.source}"}
    places = await rows_of(door) + "\n".join(cached)
    for secret in life.secrets | life.codes | told:
        assert [digest for digest in digests_of(secret) if digest in places] == [], secret


def noting(seen: list[str], put: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A cache's `set` that remembers what it was given."""

    async def noted(*given: object) -> None:
        seen.extend(map(str, given))
        await put(*given)

    return noted


async def test_equal_codes_of_two_log_ins_are_kept_as_different_texts(door: Door) -> None:
    keys, seen = door.runtime.keys, set()
    for challenge_id in (new_id(), new_id()):
        seen.add(keys.mac("mfa-code-kept", _said(challenge_id, "123456")))
    assert len(seen) == 2


@pytest.mark.usefixtures("restored_logs")
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
    async with door.database.read_session() as session:
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
