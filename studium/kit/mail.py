"""Mail: one `.eml` file each in a folder, or SMTP. Sending the same Message-ID again is harmless."""

import asyncio
import hashlib
import os
import secrets
from abc import ABC, abstractmethod
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import aiosmtplib

from studium.kit.base.clock import now
from studium.kit.base.held import require_free
from studium.kit.base.scratch import Scratch, remove_abandoned
from studium.kit.base.smtp_address import Tls, smtp_address

TIMEOUT_SECONDS = 10
"""How long each step of a delivery may take."""

PAUSE_SECONDS = 5
"""How long a server that hung is left alone, so that one mail waits for it and not each."""

_PERMANENT = 500
_NOT_THIS_WAY = 530
"""The server wants a log-in or TLS first: a fault of the settings, not of the mail."""


class MailUnavailable(Exception):
    """The mail could not be handed over now; try again later."""


class MailRefused(Exception):
    """The server will never take this mail."""


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A mail: one receiver, a text and an HTML part, and an id that stays the same when it is sent again."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str


class Mailer(ABC):
    """Hands mails over. `sender` is the From line."""

    def __init__(self, sender: str) -> None:
        self.sender = sender

    @property
    def is_left_alone(self) -> bool:
        """Whether the server behind it hung a moment ago."""
        return False

    def clear_drafts(self) -> None:  # noqa: B027 -- only a folder has any.
        """Remove what killed processes were writing."""

    def close(self) -> None:  # noqa: B027 -- only a folder holds something.
        """Let go of what is held."""

    @abstractmethod
    async def send(self, mail: OutgoingMail) -> None:
        """Hand a mail over; raise MailUnavailable or MailRefused."""

    def message_id_for(self, job_id: str) -> str:
        """The Message-ID of the mail that a job sends, the same over all its tries."""
        return f"<{hashlib.sha256(job_id.encode()).hexdigest()[:32]}@{parseaddr(self.sender)[1].rpartition('@')[2]}>"

    def compose(self, mail: OutgoingMail) -> EmailMessage:
        """The message; line breaks in any header are refused by the policy (ValueError)."""
        message = EmailMessage(policy=SMTP)
        name, address = parseaddr(self.sender)
        message["From"] = Address(name, addr_spec=address)
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = format_datetime(now())
        message["Message-ID"] = mail.message_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        return message


class FolderMailer(Mailer):
    """Writes each mail to a folder as one `.eml`, named after its Message-ID."""

    def __init__(self, folder: Path, sender: str) -> None:
        super().__init__(sender)
        self.folder = folder
        self._scratch = Scratch(folder / ".drafts")

    def clear_drafts(self) -> None:
        """See Mailer."""
        remove_abandoned(self._scratch.root)

    def close(self) -> None:
        """See Mailer."""
        self._scratch.close()

    async def send(self, mail: OutgoingMail) -> None:
        """Write the file whole or not at all."""
        require_free("The mail folder")
        content = self.compose(mail).as_bytes()
        name = hashlib.sha256(mail.message_id.encode()).hexdigest()[:32]
        try:
            await asyncio.to_thread(self._write, name, content)
        except OSError as error:
            raise MailUnavailable(error.strerror) from error

    def _write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self._scratch.path / f"{name}.{secrets.token_hex(4)}"
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / f"{name}.eml")
        finally:
            draft.unlink(missing_ok=True)


_START_TLS = {Tls.REQUIRED: True, Tls.OFFERED: None, Tls.NEVER: False}


class SmtpMailer(Mailer):
    """Hands mails to an SMTP server, encrypted as `smtp_address` says, and with a certificate that is valid.

    A server that did not answer in time is left alone for a moment: mails fail at once then, and other jobs go on.
    """

    def __init__(self, url: str, sender: str) -> None:
        super().__init__(sender)
        self._to = smtp_address(url)
        self._left_alone_until = 0.0

    @property
    def is_left_alone(self) -> bool:
        """Whether the server hung a moment ago."""
        return monotonic() < self._left_alone_until

    async def send(self, mail: OutgoingMail) -> None:
        """Send; a refusal of this mail of the 5xx kind is final, one of ourselves (such as a wrong password) is not.

        What the server said is no cause of what is raised: with its words the address would come into the log.
        """
        require_free("The mail server")
        if self.is_left_alone:
            message = "the server hung a moment ago"
            raise MailUnavailable(message)
        try:
            await aiosmtplib.send(
                self.compose(mail),
                hostname=self._to.host,
                port=self._to.port,
                username=self._to.user,
                password=self._to.password,
                use_tls=self._to.is_smtps,
                start_tls=False if self._to.is_smtps else _START_TLS[self._to.tls],
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal(error.recipients[0]) from None
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
            raise _refusal(error) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            if isinstance(error, TimeoutError):
                self._left_alone_until = monotonic() + PAUSE_SECONDS
            raise MailUnavailable(_reason(error)) from (error if isinstance(error, OSError) else None)


def _refusal(error: aiosmtplib.SMTPResponseException) -> MailRefused | MailUnavailable:
    """What a refusal means. The server's words stay out: they may hold the address."""
    is_final = error.code >= _PERMANENT and error.code != _NOT_THIS_WAY
    return MailRefused(str(error.code)) if is_final else MailUnavailable(str(error.code))


def _reason(error: Exception) -> str:
    """What went wrong, without the server's words."""
    if type(error) is aiosmtplib.SMTPException and "STARTTLS" in str(error):
        return "the mail server offers no TLS; STUDIUM_MAIL_URL with ?tls=never would do without"
    return " ".join([type(error).__name__, *([str(error.code)] if hasattr(error, "code") else [])])


def open_mailer(url: str, *, sender: str) -> Mailer:
    """The mailer for `file:///folder`, `smtp://user:password@host:port?tls=…` or `smtps://…`."""
    parts = urlsplit(url)
    return FolderMailer(Path(parts.path), sender) if parts.scheme == "file" else SmtpMailer(url, sender)
