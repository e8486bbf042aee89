"""Videos of Open edX: where everybody can see one, and what of its player was left out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from studium.modules.exchange.formats.olx.captions import KEYS, captions_of
from studium.modules.exchange.formats.olx.links import Links
from studium.modules.exchange.formats.olx.settings import left_out, said
from studium.modules.exchange.formats.olx.tree import Node

_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{6,20}")
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*:\s*(.*)", re.DOTALL)
_YOUTUBE = re.compile(r"(?:www\.|m\.)?(?:youtube(?:-nocookie)?\.com|youtu\.be)", re.IGNORECASE)
_TAKEN = ("youtube", "youtube_id_1_0", "html5_sources", "source", "edx_video_id", "handout", "track", *KEYS)
_PAPERS = ("handout", "track")
_SPEEDS = ("youtube_id_0_75", "youtube_id_1_25", "youtube_id_1_5")


@dataclass(frozen=True)
class Video:
    """The address of a video, None for none; the files that go with it by name and address; what was left out.

    `captions` are files of what is said in it, by language.
    """

    url: str | None
    papers: tuple[tuple[str, str], ...]
    captions: dict[str, str]
    lost: tuple[str, ...]


def read_video(node: Node, links: Links) -> Video:
    """Read a `<video>`, or `<videoalpha>` as it was called once."""
    addresses = list(dict.fromkeys(_addresses(node)))
    found = [url for each in addresses if (url := links.address(each)) is not None]
    lost = left_out(node.settings, (*_TAKEN, *_SPEEDS))
    youtube = _youtube_ids(node)
    if any(node.get(key) for key in _SPEEDS) or any(speed != 1 for speed, _ in youtube):
        lost.append("the video at other speeds")
    if len(found) > 1:
        lost.append(f"{len(found) - 1} other sources of the same video ({', '.join(found[1:4])})")
    captions, without = captions_of(node, links)
    lost += without
    number = node.get("edx_video_id") or next(
        (each.get("client_video_id", "") for each in node.element.iter("video_asset")), ""
    )
    if number and not found:
        lost.append(f"it lies in the store of the other system as {number[:60]!r}")
    papers = [(each.rpartition("/")[2], links.address(each)) for key in _PAPERS if (each := node.get(key))]
    return Video(
        found[0] if found else None,
        tuple((name, url) for name, url in papers if url),
        captions,
        tuple(dict.fromkeys(said(lost))),
    )


def _addresses(node: Node) -> Iterator[str]:
    """YouTube's page first, then the files in the order that they are named."""
    for speed, video in _youtube_ids(node):
        if speed == 1:
            yield f"https://www.youtube.com/watch?v={video}"
    listed = re.findall(r"[^\s\[\]\"',]+", node.get("html5_sources"))
    sources = [node.get("source"), *listed, *(each.get("src", "") for each in node.element.iter("source"))]
    sources += [each.get("url", "") for each in node.element.iter("encoded_video")]
    yield from (each.strip() for each in sources if each.strip())


def _youtube_ids(node: Node) -> list[tuple[float, str]]:
    """The videos on YouTube by speed: `1.0:ID`, `1.00:ID`, `ID` alone or a full address mean the same."""
    found = []
    for part in (node.get("youtube_id_1_0"), *re.split(r"[,\s]+", node.get("youtube"))):
        speed = _SPEED.match(part.strip())
        video = _id_of(speed[2] if speed else part)
        if video is not None:
            found.append((float(speed[1][:8]) if speed else 1.0, video))
    return found


def _id_of(text: str) -> str | None:
    text = text.strip()
    if _VIDEO_ID.fullmatch(text):
        return text
    try:
        parts = urlsplit(text if "//" in text else f"https://{text}")
    except ValueError:
        return None
    if not _YOUTUBE.fullmatch(parts.netloc):
        return None
    path = parts.path.rstrip("/").rpartition("/")[2]
    candidate = (parse_qs(parts.query).get("v") or [path])[0]
    return candidate if _VIDEO_ID.fullmatch(candidate) else None
