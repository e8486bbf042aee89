"""Videos on sites of others: whose player it is, and where it is loaded from once somebody asks for it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

_YOUTUBE = frozenset({"youtube.com", "youtube-nocookie.com", "m.youtube.com", "music.youtube.com"})
_VIDEO = re.compile(r"[A-Za-z0-9_-]{6,20}")
_FOLDERS = frozenset({"embed", "shorts", "live", "v"})
_START = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s?)?", re.ASCII)
_VIMEO = re.compile(
    r"/(?:video/|channels/[\w-]{1,60}/|groups/[\w-]{1,60}/videos/)?(\d{4,12})(?:/([0-9a-f]{6,20}))?/?", re.ASCII
)
_HASH = re.compile(r"[0-9a-f]{6,20}")


@dataclass(frozen=True, slots=True)
class ForeignPlayer:
    """The player of another site: its name, who runs it, the host that a frame of it comes from, and its address."""

    name: str
    owner: str
    origin: str
    address: str


def foreign_player(address: str, at: int | None = None) -> ForeignPlayer | None:
    """The player of the video at this address, from the second `at` on, else from where the address says.

    None where nobody knows one, and a link has to do.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    host = (parts.hostname or "").removeprefix("www.")
    if parts.scheme != "https" or parts.port not in (None, 443):
        return None
    return next((found for read in _READERS if (found := read(host, parts, at)) is not None), None)


def _youtube(host: str, parts: SplitResult, at: int | None) -> ForeignPlayer | None:
    folder, _, last = parts.path.strip("/").rpartition("/")
    query = parse_qs(parts.query)
    if host == "youtu.be":
        video = last if not folder else ""
    elif host in _YOUTUBE:
        video = last if folder in _FOLDERS else query.get("v", [""])[0] if last == "watch" else ""
    else:
        return None
    if not _VIDEO.fullmatch(video):
        return None
    start = _seconds((query.get("t") or query.get("start") or [""])[0]) if at is None else at
    address = f"https://www.youtube-nocookie.com/embed/{video}?autoplay=1&rel=0" + (f"&start={start}" if start else "")
    return ForeignPlayer("YouTube", "Google", "https://www.youtube-nocookie.com", address)


def _seconds(text: str) -> int:
    found = _START.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return (hours * 60 + minutes) * 60 + seconds


def _vimeo(host: str, parts: SplitResult, at: int | None) -> ForeignPlayer | None:
    found = _VIMEO.fullmatch(parts.path) if host in {"vimeo.com", "player.vimeo.com"} else None
    if found is None:
        return None
    secret = found[2] or parse_qs(parts.query).get("h", [""])[0]
    shared = f"&h={secret}" if _HASH.fullmatch(secret) else ""
    address = f"https://player.vimeo.com/video/{found[1]}?autoplay=1&dnt=1{shared}" + (f"#t={at}s" if at else "")
    return ForeignPlayer("Vimeo", "Vimeo", "https://player.vimeo.com", address)


_READERS: tuple[Callable[[str, SplitResult, int | None], ForeignPlayer | None], ...] = (_youtube, _vimeo)
