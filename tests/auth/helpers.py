"""An empty school on each database: a client for its API, the people who log in, and the emails that they get."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from studium.app import create_app
from studium.kit.base.clock import now
from studium.kit.base.config import load_settings
from studium.kit.base.ids import new_id
from studium.kit.db.database import Database
from studium.kit.runtime import Runtime
from studium.kit.security.passwords import executor, hash_password
from studium.models import AuditEvent, Role, User
from tests.databases import counting

PASSWORD = "violet kettle 41"
HOME = "198.51.100.7"
BASE = "https://school.example"


@dataclass
class Door:
    """A running application and what a test does with it. `source` is where requests seem to come from."""

    app: FastAPI
    client: httpx2.AsyncClient
    folder: Path
    statements: list[str] = field(default_factory=list)
    source: str = HOME

    @property
    def runtime(self) -> Runtime:
        found: Runtime = self.app.state.runtime
        return found

    @property
    def database(self) -> Database:
        return self.runtime.database

    async def call(self, method: str, path: str, token: str | None = None, **content: Any) -> httpx2.Response:  # noqa: ANN401 -- whatever the client takes.
        headers = {"X-Forwarded-For": self.source, **content.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self.client.request(method, path, headers=headers, **content)

    async def person(self, email: str, role: Role = Role.STUDENT, **fields: Any) -> User:  # noqa: ANN401 -- columns of any type.
        values = {"full_name": email.partition("@")[0].title() + " Person", "email_verified_at": now(), **fields}
        hashed = await hash_password(PASSWORD)
        user = User(id=new_id(), email=email, role=role, password_hash=hashed, is_active=True, version=1, **values)
        user.mfa_enabled = False
        async with self.database.write_session() as session:
            session.add(user)
        return user

    async def try_login(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        return await self.call("POST", "/auth/login", json={"email": email, "password": password})

    async def log_in(self, email: str, password: str = PASSWORD) -> dict[str, Any]:
        answer = await self.try_login(email, password)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def token(self, email: str) -> str:
        return str((await self.log_in(email))["access_token"])

    async def works(self, token: str) -> bool:
        return (await self.call("GET", "/users/me", token)).status_code == 200

    async def mails(self, to: str) -> list[EmailMessage]:
        """What has arrived for this address, oldest first."""
        await self.runtime.jobs.drain()
        files = sorted(self.folder.glob("mail/*.eml"), key=lambda path: path.stat().st_mtime_ns)
        found = [message_from_bytes(path.read_bytes(), policy=default) for path in files]
        return [mail for mail in found if mail["To"] == to]

    async def link_token(self, to: str, path: str) -> str:
        """The token of the newest link to `path` in this mail box."""
        for mail in reversed(await self.mails(to)):
            for word in text_of(mail).split():
                if word.startswith(f"{BASE}{path}?"):
                    return parse_qs(urlsplit(word).query)["token"][0]
        message = f"no link to {path} for {to}"
        raise AssertionError(message)

    async def audit(self) -> list[tuple[str, str]]:
        async with self.database.read_session() as session:
            statement = select(AuditEvent.action, AuditEvent.outcome).order_by(AuditEvent.occurred_at, AuditEvent.id)
            return [(action, outcome) for action, outcome in (await session.execute(statement)).all()]

    def counting(self) -> AbstractContextManager[list[str]]:
        """The statements that the block sends, without transaction control."""
        return counting(self.database)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def code_of(answer: httpx2.Response) -> str:
    """The code of a problem."""
    return str(answer.json()["code"])


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    """Settings that a test file wants otherwise; it overrides this fixture."""
    return {}


@pytest.fixture
async def door(database_url: str, tmp_path: Path, settings_changes: dict[str, Any]) -> AsyncIterator[Door]:
    settings = load_settings(
        database_url=database_url,
        data_dir=tmp_path,
        public_base_url=BASE,
        jobs="external",
        trusted_proxies="127.0.0.1/32",
        _env_file=None,
        **{"log_level": "ERROR", **settings_changes},
    )
    app = create_app(settings)
    with executor.with_cost(memory_kib=8, passes=1):
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
                yield Door(app, client, tmp_path)
