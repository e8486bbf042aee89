"""The PDF on request: from the cache, made anew when that is lost or out of order, and gone once it is revoked."""

import shutil
from datetime import timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import update

from studium.access.codes import certificate_ticket
from studium.events import CertificateIssued
from studium.kit.base import clock
from studium.kit.base.ids import new_id
from studium.kit.jobs.events import publish
from studium.models import Certificate, User
from tests.servers import s3_server
from tests.world import NUMBER, World, open_world

DOWNLOAD = "/certificates/{X3}/download"
PDF = b"%PDF-"


async def kept(world: World, path: str = "certificates/x3.pdf") -> int | None:
    return await world.runtime.storage.size(path)


async def test_a_pdf_is_made_once_and_kept(world: World) -> None:
    assert await kept(world) is None
    answer = await world.call("sam", "GET", DOWNLOAD)
    assert answer.status_code == 200
    assert answer.content.startswith(PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{NUMBER}.pdf"'
    assert await kept(world) == len(answer.content)
    await world.runtime.storage.put("certificates/x3.pdf", b"from the cache")
    assert (await world.call("sam", "GET", DOWNLOAD)).content == b"from the cache"


async def test_what_is_lost_is_made_again(world: World) -> None:
    first = await world.call("sam", "GET", DOWNLOAD)
    shutil.rmtree(world.folder / "files" / "certificates")
    again = await world.call("sam", "GET", DOWNLOAD)
    assert again.content == first.content
    assert await kept(world) == len(first.content)


async def test_each_paper_has_its_own(world: World) -> None:
    a4, letter = [await world.call("sam", "GET", DOWNLOAD, params={"paper": paper}) for paper in ("a4", "letter")]
    assert a4.content != letter.content
    assert await kept(world, "certificates/x3.letter.pdf") == len(letter.content)
    assert (await world.call("sam", "GET", DOWNLOAD, params={"paper": "a3"})).status_code == 422


async def test_a_folder_that_cannot_be_written_costs_no_download(world: World) -> None:
    shutil.rmtree(world.folder / "files")
    (world.folder / "files").write_text("no folder any more")
    answer = await world.call("sam", "GET", DOWNLOAD)
    assert answer.status_code == 200
    assert answer.content.startswith(PDF)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_bucket_keeps_it_too(database_url: str, tmp_path: Path) -> None:
    keys = "access_key_id=test&secret_access_key=test"
    with s3_server(tmp_path) as server:
        url = f"s3://school/files?endpoint=http://127.0.0.1:{server.port}&region=us-east-1&{keys}"
        async with open_world(database_url, tmp_path, storage_url=url) as world:
            first = await world.call("sam", "GET", DOWNLOAD)
            assert await kept(world) == len(first.content)
            assert (await world.call("sam", "GET", DOWNLOAD)).content == first.content


async def test_the_revoked_are_not_given_out(world: World) -> None:
    await world.call("sam", "GET", DOWNLOAD)
    revoked = await world.call("root", "POST", "/certificates/{X3}/revoke", json={"reason": "A mistake."})
    assert revoked.status_code == 200
    for who in ("sam", "ada", "root"):
        answer = await world.call(who, "GET", DOWNLOAD)
        assert (answer.status_code, answer.json()["code"]) == (410, "certificate_gone")


async def test_the_path_never_leaves(world: World) -> None:
    certificate = await world.row(Certificate, "X3")
    for path in ("/certificates/{X3}", "/certificates/my-certificates", "/certificates/verify/{NUMBER}"):
        assert certificate.pdf_path not in (await world.call("sam", "GET", path)).text


def ticket_of(world: World) -> str:
    return certificate_ticket(world.runtime.keys, world.ids["X3"])


async def test_the_link_in_the_mail_works_without_a_log_in(world: World) -> None:
    async with world.runtime.database.write_session() as session:
        await publish(session, CertificateIssued(certificate_id=world.ids["X3"]))
    await world.jobs()
    (mail,) = [message_from_string(mail, policy=default) for mail in world.mails()]
    text = mail.get_body(("plain",))
    assert text is not None
    (link,) = [word for word in text.get_content().split() if "/download" in word]
    answer = await world.client.get(link.replace("https://school.example", "http://test"))
    assert answer.status_code == 200
    assert answer.content.startswith(PDF)
    assert answer.headers["cache-control"] == "no-store"


async def test_a_ticket_opens_its_own_certificate_and_nothing_else(world: World) -> None:
    ticket = ticket_of(world)
    for query, status in {
        f"?ticket={ticket}": 200,
        f"?ticket={ticket}&paper=letter": 200,
        "": 401,
        "?ticket=": 401,
        f"?ticket={ticket[:-1]}": 401,
        f"?ticket={ticket.swapcase()}": 401,
        f"?ticket={mailed_other(world)}": 401,
        f"?ticket={'x' * 5_000}": 401,
        "?ticket=%00": 401,
    }.items():
        assert (await world.call(None, "GET", DOWNLOAD + query)).status_code == status, query
    assert (await world.call(None, "GET", f"/certificates/{new_id()}/download?ticket={ticket}")).status_code == 404
    assert (await world.call(None, "GET", "/certificates/nonsense/download")).status_code == 401
    assert (await world.call(None, "GET", f"/certificates/{{X3}}?ticket={ticket}")).status_code == 401
    assert (await world.call("mia", "GET", f"{DOWNLOAD}?ticket={ticket}")).status_code == 404


def mailed_other(world: World) -> str:
    """A genuine token of another kind for the same row."""
    return world.runtime.keys.one_time_token("reset_password", world.ids["X3"])


async def test_a_ticket_ends_after_a_year_and_no_two_are_alike(world: World) -> None:
    first, second = ticket_of(world), ticket_of(world)
    assert first != second
    for ticket in (first, second):
        path = f"{DOWNLOAD}?ticket={ticket}"
        with clock.shifted(timedelta(days=364, hours=23)):
            assert (await world.call(None, "GET", path)).status_code == 200
        with clock.shifted(timedelta(days=365, seconds=1)):
            assert (await world.call(None, "GET", path)).status_code == 401
    endless = world.runtime.keys.one_time_token("certificate-ticket", world.ids["X3"])
    assert (await world.call(None, "GET", f"{DOWNLOAD}?ticket={endless}")).status_code == 401


async def test_a_ticket_ends_with_the_certificate_or_the_account(world: World) -> None:
    path = f"{DOWNLOAD}?ticket={ticket_of(world)}"
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["sam"]).values(is_active=False))
    assert (await world.call(None, "GET", path)).status_code == 404
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).values(is_active=True))
    await world.call("root", "POST", "/certificates/{X3}/revoke", json={"reason": "A mistake."})
    assert (await world.call(None, "GET", path)).status_code == 410
