"""Mails in a folder and over SMTP, to real servers in every temper."""

from email.message import EmailMessage
from pathlib import Path
from time import monotonic

import pytest

from studium.kit import mail as mail_module
from studium.kit.mail import MailRefused, MailUnavailable, OutgoingMail, open_mailer
from tests.postbox import Postbox, parsed, silent, smtp
from tests.servers import free_port

SENDER = "Schule für alle <school@school.example>"
MAIL = OutgoingMail(
    to="omar@school.example",
    subject="Your certificate · شهادتك",
    text="Dear عمر الخيّام,\n\nŁukasz signed it.\n",
    html="<p>Dear <b>عمر الخيّام</b></p>",
    message_id="<0123456789abcdef@school.example>",
)


def mails_in(folder: Path) -> list[EmailMessage]:
    files = [path for path in folder.iterdir() if path.is_file()]
    assert all(file.suffix == ".eml" for file in files)
    return [parsed(file.read_bytes()) for file in files]


def check(message: EmailMessage) -> None:
    assert message["To"] == "omar@school.example"
    assert message["From"] == SENDER
    assert message["Subject"] == MAIL.subject
    assert message["Message-ID"] == MAIL.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == MAIL.text
    assert html is not None
    assert html.get_content().strip() == MAIL.html


async def test_a_folder_holds_one_file_for_each_mail(tmp_path: Path) -> None:
    mailer = open_mailer(f"file://{tmp_path}/mail", sender=SENDER)
    await mailer.send(MAIL)
    await mailer.send(MAIL)
    (message,) = mails_in(tmp_path / "mail")
    check(message)


async def test_a_folder_that_cannot_be_written_is_worth_another_try(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file, not a folder")
    with pytest.raises(MailUnavailable):
        await open_mailer(f"file://{tmp_path}/mail", sender=SENDER).send(MAIL)


async def test_smtp_hands_it_over() -> None:
    postbox = Postbox()
    async with smtp(postbox) as address:
        await open_mailer(address, sender=SENDER).send(MAIL)
    (message,) = postbox.mails
    check(message)


async def test_the_id_follows_the_job(tmp_path: Path) -> None:
    mailer = open_mailer(f"file://{tmp_path}", sender=SENDER)
    assert mailer.message_id_for("7") == mailer.message_id_for("7") != mailer.message_id_for("8")
    assert mailer.message_id_for("7").endswith("@school.example>")


@pytest.mark.parametrize("subject", ["Hello\r\nBcc: eve@evil.example", "Hello\nX-Evil: 1", "Hello\r\n\r\n<b>body</b>"])
async def test_a_subject_cannot_add_headers(tmp_path: Path, subject: str) -> None:
    mail = OutgoingMail(MAIL.to, subject, MAIL.text, MAIL.html, MAIL.message_id)
    await open_mailer(f"file://{tmp_path}", sender=SENDER).send(mail)
    (message,) = mails_in(tmp_path)
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert message["Subject"] == " ".join(subject.split())


@pytest.mark.parametrize("to", ["a@b.example\r\nBcc: eve@evil.example", "a@b.example, eve@evil.example", "no address"])
async def test_an_address_is_one_address(tmp_path: Path, to: str) -> None:
    mail = OutgoingMail(to, MAIL.subject, MAIL.text, MAIL.html, MAIL.message_id)
    with pytest.raises(Exception, match=r".") as refused:
        await open_mailer(f"file://{tmp_path}", sender=SENDER).send(mail)
    assert not isinstance(refused.value, MailUnavailable), "trying again would be no use"
    assert mails_in(tmp_path) == []


@pytest.mark.parametrize(
    ("postbox", "final"),
    [
        (Postbox(answer="451 later, please"), False),
        (Postbox(answer="554 never"), True),
        (Postbox(recipient="450 mailbox busy"), False),
        (Postbox(recipient="550 nobody here"), True),
    ],
)
async def test_a_refusal_is_final_or_not(postbox: Postbox, *, final: bool) -> None:
    async with smtp(postbox) as address:
        with pytest.raises(MailRefused if final else MailUnavailable):
            await open_mailer(address, sender=SENDER).send(MAIL)


async def test_nobody_listens() -> None:
    with pytest.raises(MailUnavailable):
        await open_mailer(f"smtp://127.0.0.1:{free_port()}", sender=SENDER).send(MAIL)


@pytest.mark.alone
async def test_a_server_that_says_nothing_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_module, "TIMEOUT_SECONDS", 0.3)
    async with silent() as address:
        mailer, began = open_mailer(address, sender=SENDER), monotonic()
        with pytest.raises(MailUnavailable, match="Timeout"):
            await mailer.send(MAIL)
        assert 0.3 <= monotonic() - began < 3
        began = monotonic()
        with pytest.raises(MailUnavailable, match="a moment ago"):
            await mailer.send(MAIL)
        assert monotonic() - began < 0.3, "one mail waits, the others do not"
        monkeypatch.setattr(mailer, "_left_alone_until", 0.0)
        with pytest.raises(MailUnavailable, match="Timeout"):
            await mailer.send(MAIL)


async def test_a_wrong_password_of_ours_is_not_the_fault_of_the_mail() -> None:
    async with smtp(Postbox(), password="right") as address:
        with pytest.raises(MailUnavailable, match="SMTPAuthenticationError 535"):
            await open_mailer(address.replace("right", "wrong"), sender=SENDER).send(MAIL)
        await open_mailer(address, sender=SENDER).send(MAIL)


async def test_a_server_that_takes_the_mail_and_hangs_up_has_taken_it() -> None:
    postbox = Postbox(after="close")
    async with smtp(postbox) as address:
        await open_mailer(address, sender=SENDER).send(MAIL)
    assert len(postbox.mails) == 1
