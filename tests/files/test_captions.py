"""Caption files: taken where they can be followed, kept as WebVTT, and refused in one sentence that names the line."""

import pytest

from tests.files.helpers import MIB, Desk

SRT = "1\n00:00:01,000 --> 00:00:02,500\nJörg & <b>Mia</b>\n"
VTT = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nJ\xc3\xb6rg &amp; <b>Mia</b>\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_subrip_is_kept_as_webvtt(folder_desk: Desk, encoding: str) -> None:
    file = await folder_desk.take("ada", "talk.de.srt", SRT.encode(encoding))
    assert (file["original_filename"], file["mime_type"], file["file_size"]) == ("talk.de.vtt", "text/vtt", len(VTT))
    assert file["filename"].endswith(".vtt")
    got = await folder_desk.download("ada", file["id"])
    assert (got.content, got.headers["content-type"]) == (VTT, "text/vtt")
    assert await folder_desk.is_clean()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.vtt", b"hello", "It is a plain text; call it .txt."),
        ("a.vtt", SRT.encode(), "It is captions in SubRip; call it .srt."),
        ("a.srt", VTT, "It is captions in WebVTT; call it .vtt."),
        ("a.srt", b"hello", "The content of the file is not that of a .srt file."),
        ("a.vtt", b"WEBVTT\n\n00:01 --> x\nHi", "line 3: expected a time such as 00:01:02.000 --> 00:01:04.500."),
        ("a.srt", SRT.encode() + b"\n2\n00:00:xx --> 1\nHi", "line 6: expected a time"),
        ("a.vtt", b"WEBVTT\n\n00:03.000 --> 00:02.000\nHi", "line 3: it ends before it begins."),
        ("a.vtt", b"WEBVTT\n", "there is nothing said in them."),
        ("a.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nJ\xf6rg", "line 4: not UTF-8; save the file in that encoding."),
        ("a.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nx\x1b[2J", "control characters"),
    ],
)
async def test_what_cannot_be_followed_is_refused_in_one_sentence(
    folder_desk: Desk, name: str, content: bytes, why: str
) -> None:
    answer = await folder_desk.upload("ada", name, content)
    assert (answer.status_code, answer.json()["code"]) == (415, "file_type_not_allowed")
    assert why in answer.json()["detail"]
    assert await folder_desk.is_clean()


async def test_captions_have_one_mib(folder_desk: Desk) -> None:
    one = b"\n00:01.000 --> 00:02.000\n" + b"x" * 1_000 + b"\n"
    answer = await folder_desk.upload("ada", "a.vtt", b"WEBVTT\n" + one * (MIB // len(one) + 1))
    assert (answer.status_code, answer.json()["detail"]) == (413, "A .vtt file may have 1 MiB.")
    assert (await folder_desk.upload("ada", "a.vtt", b"WEBVTT\n" + one * 900)).status_code == 201
