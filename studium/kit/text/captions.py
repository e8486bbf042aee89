"""Captions: WebVTT as players read it, SubRip as people have it, and the lines that they say."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_CUES = 10_000
CUE_MAX = 2_000
"""Characters of one cue."""

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMING = re.compile(rf"\s*{_TIME}[ \t]*-->[ \t]*{_TIME}(?:[ \t].*)?", re.ASCII)
_ARROW = "-->"
_HEADER = re.compile(r"WEBVTT(?:[ \t].*)?")
_BESIDE = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]{1,100})>")
_TAG = re.compile(r"</?[A-Za-z0-9][^>]*>|\{\\[^}]*\}")
_KEPT_TAG = re.compile(r"(</?[biu]>)")
_SIXTY = 60
_EXPECTED = "expected a time such as 00:01:02.000 --> 00:01:04.500"


class CaptionsError(ValueError):
    """The text breaks the format at `line` (from 1); `reason` says how."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__(f"line {line}: {reason}")


@dataclass(frozen=True, slots=True)
class Cue:
    """What is said from `start` to `end`, in milliseconds; `text` is as the file has it, with its tags."""

    start: int
    end: int
    text: str

    @property
    def words(self) -> str:
        """The same in one line for people, without tags; a speaker who is named stands before what they say."""
        named = _SPEAKER.sub(lambda found: f"{found[1].strip()}: ", self.text)
        return " ".join(html.unescape(_TAG.sub("", named)).split())


def read_webvtt(text: str) -> list[Cue]:
    """The cues of a WebVTT file, in its order; notes, styles and regions are passed over. Raises CaptionsError."""
    lines = _lines(text)
    if not _HEADER.fullmatch(lines[0]):
        raise CaptionsError(1, "expected WEBVTT")
    cues: list[Cue] = []
    for number, block in _blocks(lines):
        if number == 1 and not any(_ARROW in line for line in block):
            continue
        rest = block[1:] if number == 1 else block
        start = number + 1 if number == 1 else number
        if not _BESIDE.fullmatch(rest[0]) or _ARROW in rest[0]:
            _add(cues, start, rest)
    return cues


def read_subrip(text: str) -> list[Cue]:
    """The cues of a SubRip file, in its order; an empty line within what is said is no end. Raises CaptionsError."""
    cues: list[Cue] = []
    for number, block in _blocks(_lines(text)):
        if cues and not any(_ARROW in line for line in block[:2]):
            last = cues.pop()
            cues.append(_cue(number, last.start, last.end, [last.text, *block]))
        else:
            _add(cues, number, block)
    return cues


def webvtt(cues: Iterable[Cue]) -> str:
    """The cues as a WebVTT file: italic, bold and underlined words stay, whatever else is marked is plain text."""
    return "WEBVTT\n" + "".join(
        f"\n{_time(cue.start)} {_ARROW} {_time(cue.end)}\n{_payload(cue.text)}\n" for cue in cues
    )


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines between empty ones, with the number of the first."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _add(cues: list[Cue], number: int, block: list[str]) -> None:
    """Add the cue of a block: its name, which may be left out, its times, and what is said."""
    at = 0 if _ARROW in block[0] else 1
    found = _TIMING.fullmatch(block[at]) if at < len(block) else None
    if found is None:
        raise CaptionsError(min(number + at, number + len(block) - 1), _EXPECTED)
    start, end = _milliseconds(*found.groups()[:4]), _milliseconds(*found.groups()[4:])
    if end < start:
        raise CaptionsError(number + at, "it ends before it begins")
    if len(cues) >= MAX_CUES:
        raise CaptionsError(number, f"more than {MAX_CUES:,} captions")
    cues.append(_cue(number + at, start, end, block[at + 1 :]))


def _cue(number: int, start: int, end: int, lines: list[str]) -> Cue:
    text = "\n".join(lines)
    if len(text) > CUE_MAX:
        raise CaptionsError(number, f"a caption of more than {CUE_MAX:,} characters")
    return Cue(start, end, text)


def _milliseconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> int:
    whole = (int(hours or 0) * _SIXTY + int(minutes)) * _SIXTY + int(seconds)
    return whole * 1000 + int(fraction.ljust(3, "0"))


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, _SIXTY)
    hours, minutes = divmod(minutes, _SIXTY)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{rest:03d}"


def _payload(text: str) -> str:
    """A text of SubRip as WebVTT has it; empty lines would end the cue."""
    parts = (part if _KEPT_TAG.fullmatch(part) else _plain(part) for part in _KEPT_TAG.split(text))
    return "\n".join(line for line in "".join(parts).split("\n") if line.strip()) or "&nbsp;"


def _plain(text: str) -> str:
    return html.escape(html.unescape(_TAG.sub("", text)), quote=False)
