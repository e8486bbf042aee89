"""Cuts a GIFT file into its questions: empty lines part them, lines that begin with `//` are comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

BLOCK_MAX = 1_000_000
"""Characters of one question, pictures written into its text included."""
# What is too long to be kept is cut later, and named.
_ID = re.compile(r"\[id:((?:\\\]|[^\]]){1,1000})\]")
_TAG = re.compile(r"\[tag:((?:\\\]|[^\]]){1,1000})\]")


@dataclass(frozen=True)
class Block:
    """One question without comments. `line` is that of its first words; `ids` and `tags` stood in comments."""

    line: int
    text: str
    ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    is_too_long: bool = False


class _Lines:
    """The lines of a question as they come in."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._comments: list[str] = []
        self._line = self._size = 0

    def add(self, number: int, line: str) -> None:
        line = line.removesuffix("\n")[: BLOCK_MAX + 1]
        is_comment = line.lstrip().startswith("//")
        self._size += len(line) + 1
        if is_comment and self._size <= BLOCK_MAX:
            self._comments.append(line)
        elif not is_comment and (self._size <= BLOCK_MAX or not self._kept):
            self._line = self._line or number
            self._kept.append(line)

    def blocks(self) -> Iterator[Block]:
        """Yield the question, if there is one."""
        if not self._line:
            return
        comments = "\n".join(self._comments)
        yield Block(
            line=self._line,
            text="\n".join(self._kept).strip(),
            ids=_labels(_ID, comments),
            tags=_labels(_TAG, comments),
            is_too_long=self._size > BLOCK_MAX,
        )


def blocks_of(text: str) -> Iterator[Block]:
    """Yield the questions of the text with their lines; a `$CATEGORY:` line is always one of its own."""
    lines = _Lines()
    for number, line in enumerate(StringIO(text, newline=None), 1):
        words = line.strip()
        if not words:
            yield from lines.blocks()
            lines = _Lines()
        elif words.startswith("$CATEGORY:"):
            yield from lines.blocks()
            yield Block(number, words[:BLOCK_MAX], is_too_long=len(words) > BLOCK_MAX)
            lines = _Lines()
        else:
            lines.add(number, line)
    yield from lines.blocks()


def _labels(pattern: re.Pattern[str], comments: str) -> tuple[str, ...]:
    found = (match[1].replace("\\]", "]").strip() for match in pattern.finditer(comments))
    return tuple(label for label in found if label)
