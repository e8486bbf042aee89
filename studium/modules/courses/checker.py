"""What keeps a lesson from being readable for everybody: found in its Markdown, and mended there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from markdown_it.token import Token

from studium.kit.text.links import is_own_file
from studium.kit.text.markdown import looked_through, parsed
from studium.models import LessonType

MOST = 50
"""Remarks on one lesson: whoever has more mends some first."""

WORDS_A_MINUTE = 200
_TOP = 2
"""A text may begin with a heading of the first or the second level."""

_SAYS_NOTHING = frozenset(
    {
        "click here", "click", "here", "link", "this link", "more", "read more", "this", "this page", "page",
        "هنا", "اضغط هنا", "انقر هنا", "المزيد", "اقرأ المزيد", "الرابط", "هذا الرابط", "رابط",
    }
)  # fmt: skip
_PICTURE = re.compile(r"!\[\s*\](?=[(\[])")
_HEADING = re.compile(r"^(\s{0,3})#{1,6}(?=\s|$)")
_LINK = r"(?<!!)\[\s*{words}\s*\](?=[(\[])"
_WORD = re.compile(r"\w+")
_TAKEN_OUT = str.maketrans(dict.fromkeys("[]\n\r", " "))


class Remark(StrEnum):
    """What is wrong."""

    PICTURE = "picture"
    HEADING = "heading"
    LINK = "link"
    TABLE = "table"
    CAPTIONS = "captions"


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark on a line (1-based; none where it is about the lesson), the `number`-th with its words there.

    `words` are those of a link; `was` and `level` are those of a heading: what it is, and what it should be at most.
    """

    remark: Remark
    line: int | None = None
    number: int = 0
    words: str = ""
    was: int = 0
    level: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """What to mend in a lesson, and how many minutes its text takes to read."""

    findings: Sequence[Finding]
    minutes: int


async def check(text: str, lesson_type: LessonType, video_url: str | None, *, has_captions: bool) -> Checked:
    """Look a lesson through beside other requests; no session may be open meanwhile."""

    def work(text: str) -> Checked:
        return Checked(findings(text, lesson_type, video_url, has_captions=has_captions), reading_minutes(text))

    return await looked_through(work, text)


def findings(text: str, lesson_type: LessonType, video_url: str | None, *, has_captions: bool) -> list[Finding]:
    """What to mend in a lesson, in the order of its lines."""
    found = [Finding(Remark.CAPTIONS)] if _lacks_captions(lesson_type, video_url, has_captions=has_captions) else []
    tokens = parsed(text)
    inside = sorted([*_headings(tokens), *_inline(tokens), *_tables(tokens)], key=lambda one: one.line or 0)
    return [*found, *inside][:MOST]


def reading_minutes(text: str) -> int:
    """How long a text takes to read, at least one minute; none takes none."""
    words = len(_WORD.findall(text))
    return -(-words // WORDS_A_MINUTE)


def _lacks_captions(lesson_type: LessonType, video_url: str | None, *, has_captions: bool) -> bool:
    """Whether a film of the school has no captions; players of others have their own."""
    return lesson_type is LessonType.VIDEO and video_url is not None and is_own_file(video_url) and not has_captions


def _headings(tokens: Sequence[Token]) -> Iterator[Finding]:
    above = 0
    for token in tokens:
        if token.type == "heading_open" and token.map is not None:
            level = len(token.markup) if token.markup.startswith("#") else 1 + (token.markup == "-")
            most = above + 1 if above else _TOP
            if level > most:
                yield Finding(Remark.HEADING, token.map[0] + 1, was=level, level=most)
                level = most
            above = level


def _inline(tokens: Sequence[Token]) -> Iterator[Finding]:
    """Pictures without a description, and links whose words say nothing."""
    line = 0
    seen: dict[tuple[int, str], int] = {}
    for token in tokens:
        line = token.map[0] if token.map is not None else line
        here = line
        for place, child in enumerate(token.children or ()):
            here += child.type in ("softbreak", "hardbreak")
            one = _of_child(child, token.children or (), place, here + 1)
            if one is not None:
                number = seen.get((here, one.words), 0)
                seen[here, one.words] = number + 1
                yield replace(one, number=number)


def _of_child(child: Token, siblings: Sequence[Token], place: int, line: int) -> Finding | None:
    if child.type == "image":
        return None if child.content.strip() else Finding(Remark.PICTURE, line)
    if child.type != "link_open":
        return None
    end = next((at for at in range(place, len(siblings)) if siblings[at].type == "link_close"), len(siblings))
    words = " ".join("".join(one.content or " " for one in siblings[place + 1 : end]).split())
    return Finding(Remark.LINK, line, words=words) if words.strip(" .!…").lower() in _SAYS_NOTHING else None


def _tables(tokens: Sequence[Token]) -> Iterator[Finding]:
    """Tables whose first line is empty."""
    for place, token in enumerate(tokens):
        if token.type == "thead_open" and token.map is not None:
            end = next(at for at in range(place, len(tokens)) if tokens[at].type == "thead_close")
            if not any(one.content.strip() for one in tokens[place:end] if one.type == "inline"):
                yield Finding(Remark.TABLE, token.map[0] + 1)


def repaired(text: str, finding: Finding, words: str = "") -> str | None:
    """The text with one finding mended; None where that cannot be done so.

    `words` describe a picture, or say where a link leads.
    """
    lines = text.split("\n")
    at = (finding.line or 0) - 1
    words = " ".join(words.translate(_TAKEN_OUT).split())
    if not 0 <= at < len(lines):
        return None
    match finding.remark:
        case Remark.HEADING:
            made, count = _HEADING.subn(rf"\g<1>{'#' * finding.level}", lines[at])
            lines[at] = made
            is_done = count > 0
        case Remark.TABLE:
            is_done = at + 2 < len(lines) and "|" in lines[at + 2]
            if is_done:
                lines[at] = lines.pop(at + 2)
        case Remark.PICTURE:
            is_done = _replace(lines, at, _PICTURE, finding.number, f"![{words}]") if words else False
        case Remark.LINK:
            pattern = re.compile(_LINK.format(words=r"\s+".join(map(re.escape, finding.words.split()))))
            is_done = _replace(lines, at, pattern, finding.number, f"[{words}]") if words else False
        case _:
            is_done = False
    return "\n".join(lines) if is_done else None


def _replace(lines: list[str], at: int, pattern: re.Pattern[str], number: int, put: str) -> bool:
    """Put something in the place of the `number`-th match of a line, or its last; say whether there is one."""
    found = list(pattern.finditer(lines[at]))
    if not found:
        return False
    match = found[min(number, len(found) - 1)]
    lines[at] = lines[at][: match.start()] + put + lines[at][match.end() :]
    return True
