"""Reads one GIFT question after the other, as they are written."""

from collections.abc import Iterator

from studium.modules.exchange.formats.gift.answers import with_answers
from studium.modules.exchange.formats.gift.blocks import BLOCK_MAX, Block, blocks_of
from studium.modules.exchange.formats.gift.marks import hide_escapes, rich_text, show_escapes
from studium.modules.exchange.formats.questions.parts import Kind, Part, Question, Refused, TextFormat, Unreadable

_CATEGORY = "$CATEGORY:"
_GAP = "_____"
_NAME_MAX = 80


def gift_parts(text: str) -> Iterator[Part]:
    """Yield every question and category of the text, and what of it is neither."""
    for block in blocks_of(text):
        try:
            yield _part(block)
        except Unreadable as fault:
            yield Refused(block.line, _name(block), "part of the file", str(fault))


def _name(block: Block) -> str:
    title, rest = _title(hide_escapes(block.text[: 4 * _NAME_MAX]))
    return title or " ".join(show_escapes(rest).split())[:_NAME_MAX]


def _part(block: Block) -> Question:
    if block.is_too_long:
        reason = f"a question of more than {BLOCK_MAX:,} characters"
        raise Unreadable(reason)
    if block.text.startswith(_CATEGORY):
        return Question(Kind.CATEGORY, block.line, title=block.text.removeprefix(_CATEGORY).strip())
    title, text = _title(hide_escapes(block.text))
    losses = ("its title is not closed by ::",) if title is None and text.startswith("::") else ()
    if len(block.ids) > 1:
        losses = (*losses, f"of its {len(block.ids)} ids, only the first is kept")
    head, body, tail = _in_braces(text.removeprefix("::"))
    has_gap = bool(tail)
    stem = f"{head} {_GAP} {tail}" if has_gap else head
    question = Question(
        kind=Kind.DESCRIPTION,
        line=block.line,
        title=title,
        stem=rich_text(stem, TextFormat.MOODLE),
        has_gap=has_gap,
        external_id=block.ids[0] if block.ids else None,
        tags=block.tags,
        losses=losses,
    )
    return question if body is None else with_answers(question, body)


def _title(text: str) -> tuple[str | None, str]:
    """Return the title between `::` and `::`, None where it has no end, and the rest."""
    if not text.startswith("::"):
        return None, text
    title, found, rest = text[2:].partition("::")
    return (" ".join(show_escapes(title).split()) or None, rest.strip()) if found else (None, text)


def _in_braces(text: str) -> tuple[str, str | None, str]:
    """Return what stands before, between and after the braces; between is None where there are none."""
    opened, closed = text.count("{"), text.count("}")
    if not opened and not closed:
        return text, None, ""
    if opened != closed:
        missing = "closing brace }; an empty line ends a question" if opened > closed else "opening brace {"
        reason = f"a missing {missing}"
        raise Unreadable(reason)
    if opened > 1:
        reason = (
            "more than one pair of braces: an empty line is missing between two questions, or an escape \\ before {"
        )
        raise Unreadable(reason)
    head, _, rest = text.partition("{")
    body, found, tail = rest.partition("}")
    if not found:
        reason = "a closing brace } before the opening one"
        raise Unreadable(reason)
    return head.strip(), body, tail.strip()
