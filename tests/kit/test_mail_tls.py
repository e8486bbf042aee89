"""Passwords and the links in mails go to another machine only encrypted, whatever stands between the two says."""

import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from studium.kit import mail as mail_module
from studium.kit.base import smtp_address as address_module
from studium.kit.base.config import SettingsError, load_settings
from studium.kit.base.smtp_address import Tls, smtp_address
from studium.kit.mail import MailUnavailable, SmtpMailer
from tests.kit.test_mail import MAIL, SENDER
from tests.postbox import Postbox, smtp


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key and certificate of a server on 127.0.0.1, signed by itself, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    at = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def is_trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's certificate is among those that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@asynccontextmanager
async def encrypting(certificate: Path, postbox: Postbox, *, password: str = "") -> AsyncIterator[str]:
    """A server that offers STARTTLS, and takes nothing without it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with smtp(postbox, password=password, tls_context=context, require_starttls=True) as address:
        yield address


async def send(address: str) -> None:
    await SmtpMailer(address, SENDER).send(MAIL)


@pytest.mark.usefixtures("is_trusted")
@pytest.mark.parametrize("password", ["", "right"])
async def test_a_mail_goes_encrypted_where_that_is_offered(certificate: Path, password: str) -> None:
    postbox = Postbox()
    async with encrypting(certificate, postbox, password=password) as address:
        await send(address)
        await send(f"{address}?tls=required")
        with pytest.raises(MailUnavailable, match=r"530|Auth"):
            await send(f"{address}?tls=never")
    assert len(postbox.mails) == 2


async def test_without_starttls_nothing_is_said_with_a_password() -> None:
    """As after somebody in between has struck the offer."""
    postbox = Postbox()
    async with smtp(postbox, password="right", is_open=False) as address:
        with pytest.raises(MailUnavailable, match=r"offers no TLS; STUDIUM_MAIL_URL with \?tls=never"):
            await send(address)
        assert postbox.logins == []
        await send(f"{address}?tls=never")
    assert len(postbox.mails) == len(postbox.logins) == 1


async def test_without_starttls_nothing_goes_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    postbox = Postbox()
    async with smtp(postbox) as address:
        await send(address)
        monkeypatch.setattr(address_module, "_is_this_machine", {"127.0.0.1": False}.get)
        with pytest.raises(MailUnavailable, match="offers no TLS"):
            await send(address)
        await send(f"{address}?tls=never")
    assert len(postbox.mails) == 2


async def test_a_certificate_that_nobody_vouches_for_is_none(certificate: Path) -> None:
    postbox = Postbox()
    async with encrypting(certificate, postbox, password="right") as address:
        with pytest.raises(MailUnavailable):
            await send(address)
    assert (postbox.mails, postbox.logins) == ([], [])


@pytest.mark.parametrize(
    ("address", "tls"),
    [
        ("smtp://mail.example:25", Tls.REQUIRED),
        ("smtp://10.0.0.5", Tls.REQUIRED),
        ("smtp://localhost.example", Tls.REQUIRED),
        ("smtp://user:password@127.0.0.1", Tls.REQUIRED),
        ("smtp://user@localhost", Tls.REQUIRED),
        ("smtps://127.0.0.1", Tls.REQUIRED),
        ("smtp://127.0.0.1:25", Tls.OFFERED),
        ("smtp://localhost", Tls.OFFERED),
        ("smtp://[::1]:25", Tls.OFFERED),
        ("smtp://127.0.0.1?tls=required", Tls.REQUIRED),
        ("smtp://user:password@mail.example?tls=never", Tls.NEVER),
    ],
)
def test_what_an_address_asks_for(address: str, tls: Tls) -> None:
    assert smtp_address(address).tls is tls


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("smtp://mail.example?tls=no", "may end in ?tls=required or ?tls=never"),
        ("smtp://mail.example?tls=", "may end in"),
        ("smtp://mail.example?starttls=never", "may end in"),
        ("smtp://mail.example/box", "may end in"),
        ("smtps://mail.example?tls=never", "cannot be smtps:// and ?tls=never at once"),
        ("smtp://user:secret@", "must name a host"),
        ("smtp://user:secret@mail.example:port", "must name a host"),
        ("smtp://user:sec/secret@mail.example", "may end in"),
        ("smtp://user:secret#x@mail.example", "may end in"),
        ("smtp://user:secret", "must name a host"),
    ],
)
def test_an_unclear_address_stops_the_start_and_is_not_repeated(address: str, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(mail_url=address, _env_file=None)
    assert "STUDIUM_MAIL_URL" in str(refused.value)
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


def test_every_wish_is_passed_on() -> None:
    assert set(mail_module._START_TLS) == set(Tls)
