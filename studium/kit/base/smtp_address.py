"""The address of a mail server, and whether what is sent there is encrypted."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit


class Tls(StrEnum):
    """Whether mails go encrypted: always, or as it comes, which is for this machine alone; never must be asked for."""

    REQUIRED = "required"
    OFFERED = "offered"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """An address `smtp://user:password@host:port?tls=…` or `smtps://…`, read."""

    host: str
    port: int
    user: str | None
    password: str | None
    is_smtps: bool
    tls: Tls


def smtp_address(url: str) -> SmtpAddress:
    """Read an address; raise ValueError, which never repeats it.

    Without `tls`, encryption is required with a password and to other machines, else used where it is offered: whoever
    sits between the two could strike the offer of STARTTLS, and read passwords and the links in mails.
    """
    parts = urlsplit(url)
    options = parse_qs(parts.query, keep_blank_values=True)
    wishes = options.pop("tls", [])
    payload = wishes[-1] if wishes else None
    is_smtps = parts.scheme == "smtps"
    if options or parts.fragment or parts.path.strip("/") or payload not in {None, Tls.REQUIRED, Tls.NEVER}:
        message = "may end in ?tls=required or ?tls=never, and in nothing else"
        raise ValueError(message)
    if is_smtps and payload == Tls.NEVER:
        message = "cannot be smtps:// and ?tls=never at once; smtp:// is without TLS from the first word"
        raise ValueError(message)
    try:
        port = parts.port or (465 if is_smtps else 587)
    except ValueError:
        port = 0
    if not parts.hostname or not port:
        message = (
            "must name a host, as in smtp://user:password@host:587; a sign such as / or @ in a password is %2F or %40"
        )
        raise ValueError(message) from None
    needs_tls = is_smtps or bool(parts.username or parts.password) or not _is_this_machine(parts.hostname)
    return SmtpAddress(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        is_smtps=is_smtps,
        tls=Tls(payload) if payload else Tls.REQUIRED if needs_tls else Tls.OFFERED,
    )


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
