"""From a person's row to their mail box."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit import languages
from studium.kit.jobs import GiveUp, current_job_id
from studium.kit.mail import MailRefused
from studium.kit.runtime import Runtime
from studium.models import User
from studium.modules.notifications.letters import Fact, render


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a letter goes to, and in which language: `language` of the person's metadata if spoken, else English."""

    email: str
    name: str
    language: str

    @classmethod
    def of(cls, user: User) -> Self:
        """The recipient behind this row."""
        return cls.reading(user.email, user.full_name, user.profile_metadata)

    @classmethod
    def reading(cls, email: str, name: str, metadata: Mapping[str, Any] | None) -> Self:
        """The recipient of this name, who reads the language that the metadata wishes for."""
        return cls(email, name, languages.spoken((metadata or {}).get("language")) or languages.DEFAULT)


async def active_person(session: AsyncSession, user_id: UUID) -> Recipient | None:
    """The person, unless deactivated meanwhile: those get no mail."""
    statement = select(User).where(User.id == user_id, User.is_active)
    user = (await session.execute(statement)).scalar_one_or_none()
    return None if user is None else Recipient.of(user)


async def post(runtime: Runtime, letter: str, to: Recipient | None, **facts: Fact) -> None:
    """Send a letter, if there is somebody to send it to. A job that runs again sends it under the same Message-ID.

    Raises MailUnavailable, which is worth another try, and GiveUp for a mail that nobody will ever take.
    """
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
    try:
        await runtime.mailer.send(mail)
    except MailRefused as error:
        message = f"the mail was refused for good: {error}"
        raise GiveUp(message) from error
