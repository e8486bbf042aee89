"""From a person's row to their mail box."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.jobs import current_job_id
from studium.kit.runtime import Runtime
from studium.models import User
from studium.modules.notifications.letters import DEFAULT_LANGUAGE, render


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a letter goes to, and in which language: `language` of the person's metadata, else English."""

    email: str
    name: str
    language: str

    @classmethod
    def of(cls, user: User) -> Self:
        """The recipient behind this row."""
        language = (user.profile_metadata or {}).get("language")
        return cls(user.email, user.full_name, language if isinstance(language, str) else DEFAULT_LANGUAGE)


async def active_person(session: AsyncSession, user_id: UUID) -> Recipient | None:
    """The person, unless deactivated meanwhile: those get no mail."""
    statement = select(User).where(User.id == user_id, User.is_active)
    user = (await session.execute(statement)).scalar_one_or_none()
    return None if user is None else Recipient.of(user)


async def post(runtime: Runtime, letter: str, to: Recipient | None, **facts: str) -> None:
    """Send a letter, if there is somebody to send it to. A job that runs again sends it under the same Message-ID."""
    if to is None:
        return
    mail = render(
        letter,
        to=to.email,
        language=to.language,
        message_id=runtime.mailer.message_id_for(current_job_id()),
        footer_link=runtime.settings.public_base_url,
        **{"name": to.name, **facts},
    )
    await runtime.mailer.send(mail)
