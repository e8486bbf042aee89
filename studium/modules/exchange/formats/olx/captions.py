"""Captions of Open edX: which files of the course say what is said in a video, in which language."""

import json
from collections.abc import Iterator

from pydantic import TypeAdapter, ValidationError

from studium.kit.text.captions import CUE_MAX, MAX_CUES, Cue, webvtt
from studium.modules.courses.schemas import MAX_CAPTIONS, LanguageTag
from studium.modules.exchange.formats.olx.links import Links
from studium.modules.exchange.formats.olx.tree import Node

KEYS = ("sub", "transcripts")
"""The settings that name them."""

_TAG: TypeAdapter[str] = TypeAdapter(LanguageTag)
_ENGLISH = "en"
_SJSON_MAX = 2_097_152


def captions_of(node: Node, links: Links) -> tuple[dict[str, str], list[str]]:
    """The tokens of the caption files of a `<video>` by language, the first one of each, and what was left out."""
    found: dict[str, str] = {}
    listed = _listed(node.get("transcripts"))
    lost = ["captions whose list cannot be read"] if listed is None else []
    for language, name in _named(node, listed or {}):
        try:
            tag = _TAG.validate_python(language.replace("_", "-"))
        except ValidationError:
            lost.append(f"captions in a language that is called {language[:20]!r}")
            continue
        if tag.lower() in {each.lower() for each in found}:
            continue
        if len(found) >= MAX_CAPTIONS:
            lost.append(f"captions in more than {MAX_CAPTIONS} languages")
            break
        token = links.converted(name, _webvtt, _SJSON_MAX) if name.lower().endswith(".sjson") else links.file(name)
        if token is None:
            lost.append(f"captions ({tag}): the file {name[:80]} is not in the material, or cannot be read")
        else:
            found[tag] = token
    return found, lost


def _named(node: Node, listed: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each language with the static file that is named for it, in the four ways in which courses do."""
    for each in node.element.iter("transcript"):
        if each.get("src"):
            yield each.get("language", _ENGLISH), each.get("src", "")
        elif each.get("language_code") and each.get("file_format"):
            number = node.get("edx_video_id")
            yield each.get("language_code", ""), f"{number}-{each.get('language_code')}.{each.get('file_format')}"
    yield from listed.items()
    if node.get("sub"):
        yield _ENGLISH, f"subs_{node.get('sub')}.srt.sjson"


def _listed(text: str) -> dict[str, str] | None:
    """The files by language as a setting lists them in JSON; None where it is no such list."""
    try:
        listed = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return None
    return {str(tag): str(name) for tag, name in listed.items()} if isinstance(listed, dict) else None


def _webvtt(data: bytes) -> tuple[str, bytes] | None:
    """The extension and the bytes of Open edX's own form of captions as WebVTT; None for what cannot be read."""
    try:
        said = json.loads(data)
        rows = list(zip(said["start"], said["end"], said["text"], strict=True))
        cues = [Cue(int(start), max(int(start), int(end)), str(text or "")[:CUE_MAX]) for start, end, text in rows]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    shown = [cue for cue in cues if cue.words and cue.start >= 0][:MAX_CUES]
    return ("vtt", webvtt(shown).encode(errors="replace")) if shown else None
