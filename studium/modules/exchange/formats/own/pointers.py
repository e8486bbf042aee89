"""Where the texts of a Markdown course point at files beside them, however the author spelled it."""

import html
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath
from urllib.parse import unquote

from studium.kit.text.combining_marks import composed
from studium.modules.exchange.formats.own.course import FILES
from studium.modules.exchange.model.items import token_of
from studium.modules.exchange.model.wishes import Change

_BARE = r"(?:[^\s()<>\"']|\([^\s()<>\"']{0,200}\)){1,1024}"
_POINTER = re.compile(
    r"(?:\]\(\s{0,9}|\]:[ \t]{0,9})(?:<(?P<angle>[^<>\n]{1,1024})>|(?P<bare>" + _BARE + "))"
    r"|(?:\b(?:src|href)\s{0,9}=\s{0,9}(?P<quote>[\"']))(?P<quoted>[^\"'<>\n]{1,1024})(?P=quote)"
)
BEFORE = r"(?:(?<=[(<\"])|(?<=\]: )|^)"
_PLAIN = re.compile(BEFORE + r"(?P<up>(?:\.\./)*)files/(?P<name>[a-z0-9][a-z0-9._-]*)")
"""How an export writes it, wherever an address of ours may stand."""
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[/#?]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_ABOVE = "\0"
"""Stands for a folder whose name does not matter."""

Missing = Callable[[str], None]


class Pointers:
    """The files of a material, found by the ways in which people and programs write their names."""

    def __init__(self, paths: Iterable[PurePath]) -> None:
        self._paths = frozenset(paths)
        self._alike: dict[str, list[PurePath]] = defaultdict(list)
        for path in self._paths:
            self._alike[_alike(path)].append(path)

    def change(self, depth: int, missing: Missing) -> Change:
        """A change that puts tokens in place of paths, as they are written so many folders down."""

        def pointed(match: re.Match[str]) -> str:
            group = next(name for name in ("angle", "bare", "quoted") if match[name])
            token = self._token(match[group], depth, missing)
            if token is None:
                return match[0]
            start, end = (place - match.start() for place in match.span(group))
            return f"{match[0][:start]}{token}{match[0][end:]}"

        def plain(match: re.Match[str]) -> str:
            path = PurePath(FILES, match["name"])
            return token_of(path.as_posix()) if self._is_here(path, match["up"], depth) else match[0]

        def change(text: str) -> str:
            text = _POINTER.sub(pointed, text) if "](" in text or "]:" in text or "=" in text else text
            return _PLAIN.sub(plain, text) if f"{FILES}/" in text else text

        return change

    def address(self, written: str | None, depth: int, missing: Missing) -> str | None:
        """The token of a file that is an address by itself; one elsewhere as it is, None for what leads nowhere."""
        if written is None or _ELSEWHERE.match(written):
            return written
        return self._token(written, depth, missing)

    def _is_here(self, path: PurePath, up: str, depth: int) -> bool:
        return path in self._paths and up == "../" * depth

    def _token(self, written: str, depth: int, missing: Missing) -> str | None:
        if _ELSEWHERE.match(written):
            return None
        for spelled, rest in _spellings(written):
            found = self._find(_path(spelled, depth)) or self._find(_path(spelled.lstrip("./"), 0))
            if found is not None:
                return f"{token_of(found.as_posix())}{rest}"
        missing(written)
        return None

    def _find(self, path: PurePath) -> PurePath | None:
        if path in self._paths:
            return path
        alike = self._alike.get(_alike(path), ())
        return alike[0] if len(alike) == 1 else None


def _spellings(written: str) -> Iterator[tuple[str, str]]:
    """What may be meant, the likeliest first, and the query or fragment behind it.

    Markdown and HTML escape signs, addresses encode them.
    """
    plain = html.unescape(_ESCAPED.sub(r"\1", written))
    for text in dict.fromkeys((written, plain, written.replace("\\", "/"), plain.replace("\\", "/"))):
        yield text, ""
        yield unquote(text), ""
        end = min((at for at in map(text.find, "?#") if at >= 0), default=len(text))
        yield unquote(text[:end]), text[end:]


def _path(written: str, depth: int) -> PurePath:
    """The path from the top of the material; it never leads out of it."""
    parts = [_ABOVE] * depth
    for part in written.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return PurePath(*parts)


def _alike(path: PurePath) -> str:
    """The same for names that differ in capitals, or in how accents are encoded."""
    return composed(path.as_posix().casefold())
