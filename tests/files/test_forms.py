"""Forms that are broken, too large, or not forms at all; and that nothing stays of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.files.helpers import MIB, Desk
from tests.files.samples import MP4, PDF, picture

KIND = "multipart/form-data; boundary=x"
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
END = b"\r\n--x--\r\n"


def field(name: str, value: str) -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


BROKEN: dict[str, tuple[int, str, bytes]] = {
    "no boundary": (400, "multipart/form-data", FILE + PDF + END),
    "an empty boundary": (400, "multipart/form-data; boundary=", FILE + PDF + END),
    "a boundary that is too long": (400, f"multipart/form-data; boundary={'x' * 500}", FILE + PDF + END),
    "another boundary": (400, "multipart/form-data; boundary=y", FILE + PDF + END),
    "cut off in the file": (400, KIND, FILE + PDF),
    "cut off in the boundary": (400, KIND, FILE + PDF + b"\r\n--x"),
    "cut off after a part": (400, KIND, field("folder", "a")),
    "cut off in the headers": (400, KIND, FILE[:40]),
    "nothing": (400, KIND, b""),
    "no form": (400, KIND, b"hello"),
    "a part without a name": (400, KIND, b"--x\r\nX: y\r\n\r\na" + END),
    "an attachment": (400, KIND, b"--x\r\nContent-Disposition: attachment; filename=a\r\n\r\na" + END),
    "a header without end": (400, KIND, b"--x\r\nContent-Disposition: " + b"a" * 10_000),
    "many headers": (400, KIND, b"--x\r\n" + b"X: y\r\n" * 50 + b"\r\na" + END),
    "an end alone": (422, KIND, b"--x--\r\n"),
    "no file": (422, KIND, field("folder", "a") + b"--x--\r\n"),
    "a file without a name": (422, KIND, FILE.replace(b'; filename="a.pdf"', b"") + PDF + END),
    "a file with an empty name": (422, KIND, FILE.replace(b"a.pdf", b"") + PDF + END),
    "an empty file": (422, KIND, FILE + END),
    "two files": (422, KIND, FILE + PDF + b"\r\n" + FILE + PDF + END),
    "an unknown field": (422, KIND, field("owner", "root") + FILE + PDF + END),
    "a field twice": (422, KIND, field("folder", "a") + field("folder", "b") + FILE + PDF + END),
    "a long field": (422, KIND, field("folder", "a" * 101) + FILE + PDF + END),
    "a folder that is a path": (422, KIND, field("folder", "../etc") + FILE + PDF + END),
    "a course that is no id": (422, KIND, field("course_id", "C1") + FILE + PDF + END),
    "a doubtful yes": (422, KIND, field("is_public", "perhaps") + FILE + PDF + END),
    "a field after the file that is wrong": (422, KIND, FILE + PDF + b"\r\n" + field("folder", "A") + b"--x--\r\n"),
    "JSON": (415, "application/json", b"{}"),
    "another kind of form": (415, "application/x-www-form-urlencoded", b"file=a"),
    "another multipart": (415, "multipart/mixed; boundary=x", FILE + PDF + END),
    "no type at all": (422, "", b""),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", BROKEN)
async def test_a_wrong_form_is_refused_and_leaves_nothing(folder_desk: Desk, what: str) -> None:
    status, kind, body = BROKEN[what]
    headers = {"Content-Type": kind} if kind else {}
    answer = await folder_desk.world.call("ada", "POST", "/files/upload", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if status == 422:
        assert answer.json()["errors"][0]["in"] == "form"
        assert "owner" not in answer.text, "the name of an unknown field is the caller's text"
    assert await folder_desk.rows() == []
    assert await folder_desk.is_clean()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_pieces_of_any_size_make_the_same_form(folder_desk: Desk, size: int) -> None:
    content = PDF + b"\r\n--" + b"\r\n--y" * 20
    body = field("folder", "a") + FILE + content + b"\r\n" + field("is_public", "1") + b"--x--\r\nepilogue"

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    answer = await send(folder_desk, pieces())
    assert answer.status_code == 201, answer.text
    assert (await folder_desk.download("ada", answer.json()["id"])).content == content
    assert (answer.json()["folder"], answer.json()["is_public"]) == ("a", True)


async def send(desk: Desk, body: AsyncIterator[bytes], **headers: str) -> Any:  # noqa: ANN401 -- an answer.
    named = {"Content-Type": KIND, **headers}
    return await desk.world.call("ada", "POST", "/files/upload", content=body, headers=named)


NAMES = {
    "../../etc/passwd.pdf": "passwd.pdf",
    "..\\..\\windows\\a.pdf": "a.pdf",
    "/etc/a.pdf": "a.pdf",
    "C:\\Users\\me\\a.pdf": "a.pdf",
    "a\x00b.pdf": "ab.pdf",
    "a\u202efdp.pdf": "afdp.pdf",
    " .a.pdf. ": "a.pdf",
    "Cafe\u0301.pdf": "Café.pdf",
    "x" * 400 + ".PDF": "x" * 251 + ".PDF",
    "你好 🎓.pdf": "你好 🎓.pdf",
    "a\ud800b.pdf": "a\ufffd\ufffd\ufffdb.pdf",
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", NAMES)
async def test_a_name_is_a_label_and_never_a_path(folder_desk: Desk, name: str) -> None:
    raw = name.encode("utf-8", errors="surrogatepass")
    body = FILE.replace(b"a.pdf", raw.replace(b"\\", b"\\\\")) + PDF + END
    answer = await folder_desk.world.call("ada", "POST", "/files/upload", content=body, headers={"Content-Type": KIND})
    assert answer.status_code == 201, answer.text
    assert answer.json()["original_filename"] == NAMES[name]
    (row,) = await folder_desk.rows()
    assert row.storage_path == f"uploads/{row.filename[:2]}/{row.filename}"
    assert len(row.filename) == len("0" * 32 + ".pdf")
    assert await folder_desk.is_clean()


class Source:
    """A body that counts how much of it was taken."""

    def __init__(self, head: bytes, name: str) -> None:
        self.head, self.name, self.taken = head, name, 0

    async def pieces(self, mebibytes: int) -> AsyncIterator[bytes]:
        yield FILE.replace(b"a.pdf", self.name.encode()) + self.head
        for _ in range(mebibytes):
            self.taken += 1
            yield bytes(MIB)
        yield END


@pytest.mark.parametrize(("name", "head", "most"), [("a.pdf", PDF, 2), ("a.mp4", MP4, 3)])
async def test_too_large_is_413_before_it_has_all_come(folder_desk: Desk, name: str, head: bytes, most: int) -> None:
    source = Source(head, name)
    answer = await send(folder_desk, source.pieces(4))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large"), answer.text
    assert source.taken <= most + 1
    assert await folder_desk.is_clean()


async def test_more_than_any_file_may_have_is_413_from_its_length_alone(folder_desk: Desk) -> None:
    source = Source(PDF, "a.pdf")
    headers = {"Content-Length": str(5 * MIB)}
    answer = await send(folder_desk, source.pieces(5), **headers)
    assert (answer.status_code, source.taken) == (413, 0)


async def test_a_film_may_be_larger_than_a_document(folder_desk: Desk) -> None:
    assert (await send(folder_desk, Source(MP4, "a.mp4").pieces(2))).status_code == 201
    assert await folder_desk.is_clean()


async def test_a_lie_is_found_out_at_once(folder_desk: Desk) -> None:
    source = Source(b"MZ\x90\x00" + bytes(5000), "a.mp4")
    assert (await send(folder_desk, source.pieces(2))).status_code == 415
    assert source.taken == 0
    # What a file of another name is can be told by its first bytes alone.
    source = Source(bytes(5000), "a.exe")
    assert (await send(folder_desk, source.pieces(2))).status_code == 415
    assert source.taken == 0


async def test_nobody_unknown_makes_the_server_read(folder_desk: Desk) -> None:
    source = Source(PDF, "a.pdf")
    answer = await folder_desk.world.call(
        None, "POST", "/files/upload", content=source.pieces(1), headers={"Content-Type": KIND}
    )
    assert (answer.status_code, source.taken) == (401, 0)


async def test_no_transaction_is_open_while_a_file_comes(folder_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others write while a body stands still; on SQLite there is one writer at a time."""
    started, opened = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield FILE + PDF
        started.set()
        await opened.wait()
        yield END

    uploading = asyncio.ensure_future(send(folder_desk, slow()))
    await started.wait()
    async with folder_desk.world.runtime.database.write_session() as session:
        opened.set()
        await session.connection()
    assert (await uploading).status_code == 201


async def test_a_caller_who_goes_away_leaves_nothing(folder_desk: Desk) -> None:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": FILE + PDF + bytes(MIB), "more_body": True},
        {"type": "http.disconnect"},
    ]
    during: list[str] = []
    answered: list[object] = []

    async def receive() -> dict[str, Any]:
        during.extend(folder_desk.leftovers())
        return messages.pop(0)

    async def send(message: object) -> None:
        answered.append(message)

    token = folder_desk.world.tokens["ada"]
    headers = [(b"content-type", KIND.encode()), (b"authorization", f"Bearer {token}".encode())]
    path = "/api/v1/files/upload"
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await folder_desk.world.app({**scope, "app": folder_desk.world.app}, receive, send)
    assert (len(during), answered) == (2, []), "a draft was there, and nobody was answered"
    assert await folder_desk.is_clean()


async def test_a_user_who_was_deactivated_meanwhile_stores_nothing(folder_desk: Desk) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield FILE + PDF
        gone = await folder_desk.world.call("root", "DELETE", f"/users/{folder_desk.world.ids['sam']}")
        assert gone.status_code == 204
        yield END

    answer = await folder_desk.world.call(
        "sam", "POST", "/files/upload", content=pieces(), headers={"Content-Type": KIND}
    )
    assert answer.status_code == 401
    assert await folder_desk.is_clean()
    assert await folder_desk.blobs() == []


async def test_large_public_pictures_are_for_teachers(desk: Desk) -> None:
    large = picture("png", (1000, 900))
    assert len(large) > 2 * MIB
    refused = await desk.upload("sam", "a.png", large, is_public="true")
    assert (refused.status_code, refused.json()["code"]) == (403, "public_not_allowed")
    assert (await desk.upload("ada", "a.png", large, is_public="true")).status_code == 201
    assert await desk.is_clean()
