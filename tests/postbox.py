"""SMTP servers for tests, in every temper."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers import free_port


class Postbox:
    """Takes every mail, unless `answer` says otherwise at the end of one, or `recipient` at its address.

    With `after` as `close` it hangs up instead of saying goodbye. The answers may change while it runs.
    """

    def __init__(self, answer: str = "250 OK", recipient: str = "250 OK", after: str = "") -> None:
        self.answer, self.recipient, self.after = answer, recipient, after
        self.mails: list[EmailMessage] = []
        self.logins: list[bool] = []

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name.
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[Any]
    ) -> str:
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(parsed(envelope.content))
        return self.answer

    async def handle_QUIT(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        if self.after == "close":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "221 Bye"


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


@asynccontextmanager
async def smtp(
    postbox: Postbox,
    *,
    password: str = "",
    is_open: bool = True,
    tls_context: ssl.SSLContext | None = None,
    require_starttls: bool = False,
) -> AsyncIterator[str]:
    """The address of a running SMTP server; with `password` it accepts only that one.

    Without STARTTLS the address says that a password may go in clear, unless it is not `is_open`.
    """

    def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401 -- as aiosmtpd says.
        right = isinstance(data, LoginPassword) and data.password == password.encode()
        postbox.logins.append(right)
        return AuthResult(success=right, handled=False)

    asking: dict[str, Any] = {"auth_require_tls": False, "authenticator": authenticate} if password else {}
    asking |= {"tls_context": tls_context, "require_starttls": require_starttls}
    controller = Controller(postbox, hostname="127.0.0.1", port=free_port(), **asking)
    clear = "?tls=never" if password and is_open and tls_context is None else ""
    await asyncio.to_thread(controller.start)
    try:
        yield f"smtp://{f'school:{password}@' if password else ''}127.0.0.1:{controller.port}{clear}"
    finally:
        await asyncio.to_thread(controller.stop)


@asynccontextmanager
async def silent() -> AsyncIterator[str]:
    """The address of a server that takes connections and never says a word."""
    over = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        over.set()
        server.close()
        await server.wait_closed()
