"""Sends emails to users."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base import languages, zones
from studium.kit.jobs.registry import PermanentJobError, current_job_id
from studium.kit.mail import MailRefused
from studium.kit.runtime import Runtime
from studium.models import User
from studium.modules.notifications.email_templates import Fact, render


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom an email goes to, in which language (English by default) and with whose times (UTC by default).

    Both are those of the person's metadata, `language` and `timezone`, if they are known.
    """

    email: str
    name: str
    language: str
    timezone: str = zones.DEFAULT

    @property
    def zone(self) -> tzinfo:
        """Whose times the person reads."""
        return zones.clock_of(self.timezone)

    @classmethod
    def of(cls, user: User) -> Self:
        """The recipient behind this row."""
        return cls.reading(user.email, user.full_name, user.profile_metadata)

    @classmethod
    def reading(cls, email: str, name: str, metadata: Mapping[str, Any] | None) -> Self:
        """The recipient of this name, who reads the language that the metadata wishes for."""
        wishes = metadata or {}
        language = languages.spoken(wishes.get("language")) or languages.DEFAULT
        return cls(email, name, language, zones.known_zone(wishes.get("timezone")))


async def active_person(session: AsyncSession, user_id: UUID) -> Recipient | None:
    """The person, unless deactivated meanwhile: those get no mail."""
    statement = select(User).where(User.id == user_id, User.is_active)
    user = (await session.execute(statement)).scalar_one_or_none()
    return None if user is None else Recipient.of(user)


async def send_email(
    runtime: Runtime, letter: str, to: Recipient | None, *, page: str | None = None, **facts: Fact
) -> None:
    """Send an email, if there is a recipient. A job that runs again sends it under the same Message-ID.

    `page` is where its button leads: a path of the school.

    Raises MailUnavailable, which is worth another try, and PermanentJobError for one that is refused for good.
    """
    if to is None:
        return
    base = runtime.settings.public_base_url
    link = {} if page is None else {"link": base + page}
    mail = render(
        letter,
        to=to.email,
        language=to.language,
        message_id=runtime.mailer.message_id_for(current_job_id()),
        footer_link=base,
        **{"name": to.name, **link, **facts},
    )
    try:
        await runtime.mailer.send(mail)
    except MailRefused as error:
        message = f"the mail was refused for good: {error}"
        raise PermanentJobError(message) from error
