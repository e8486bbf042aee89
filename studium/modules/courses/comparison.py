"""Two texts line by line, side by side: pure, and bounded."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby, zip_longest

MOST_LINES, MOST_PAIRS = 1_000, 20_000
"""Where more lines differ, or more pairs of lines that say something are the same, they are set against each other in
their order: matching them would take too long."""

NEAR = 3
"""So many lines that stay the same are shown beside a change; where more than twice as many follow, they are folded."""

MOST_PAIRS = 2_000
"""So many pairs are shown; what follows them is counted."""

_Block = tuple[int, int, int, int]
"""Lines that belong together: from and to in the text before, from and to in the text after."""


class LineChange(StrEnum):
    """What became of a line."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    FOLDED = "folded"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class LinePair:
    """A line of the text before beside one of the text after, each with its number; either may be missing.

    What is `folded` stands for so many `lines` that are the same in both, from these numbers on; what is `cut`, at the
    end, for so many pairs that are left out. Neither has a text.
    """

    change: LineChange
    before_line: int | None
    before: str | None
    after_line: int | None
    after: str | None
    lines: int = 1


def compare_lines(before: str, after: str) -> list[LinePair]:
    """Both texts in pairs of lines: what differs, what is near it, and how much else there is."""
    old, new = before.splitlines(), after.splitlines()
    pairs = [pair for block in _blocks(old, new) for pair in _pairs(old, new, block)]
    found = _folded(pairs)
    if len(found) <= MOST_PAIRS:
        return found
    left = sum(pair.lines for pair in found[MOST_PAIRS:])
    return [*found[:MOST_PAIRS], LinePair(LineChange.CUT, None, None, None, None, left)]


def _folded(pairs: Sequence[LinePair]) -> list[LinePair]:
    """The same with long stretches that did not change as one pair each."""
    found: list[LinePair] = []
    for is_same, group in groupby(pairs, lambda pair: pair.change is LineChange.SAME):
        stretch = list(group)
        if not is_same or len(stretch) <= 2 * NEAR:
            found += stretch
            continue
        start = NEAR if found else 0
        end = len(stretch) - (0 if stretch[-1] is pairs[-1] else NEAR)
        first = stretch[start]
        gap = LinePair(LineChange.FOLDED, first.before_line, None, first.after_line, None, end - start)
        found += [*stretch[:start], gap, *stretch[end:]]
    return found


def _pairs(old: Sequence[str], new: Sequence[str], block: _Block) -> Iterator[LinePair]:
    for one, other in zip_longest(range(block[0], block[1]), range(block[2], block[3])):
        if other is None:
            yield LinePair(LineChange.REMOVED, one + 1, old[one], None, None)
        elif one is None:
            yield LinePair(LineChange.ADDED, None, None, other + 1, new[other])
        else:
            change = LineChange.SAME if old[one] == new[other] else LineChange.CHANGED
            yield LinePair(change, one + 1, old[one], other + 1, new[other])


def _blocks(old: Sequence[str], new: Sequence[str]) -> list[_Block]:
    """The texts cut at what they share; what they share at both ends is not looked through."""
    start, shorter = 0, min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    inner = old[start : len(old) - end], new[start : len(new) - end]
    if max(map(len, inner)) > MOST_LINES or _pairs_alike(*inner) > MOST_PAIRS:
        between = [(start, len(old) - end, start, len(new) - end)]
    else:
        found = SequenceMatcher(_is_empty, *inner).get_opcodes()
        between = [(start + a, start + b, start + c, start + d) for _, a, b, c, d in found]
    return [(0, start, 0, start), *between, (len(old) - end, len(old), len(new) - end, len(new))]


def _is_empty(line: str) -> bool:
    return not line.strip()


def _pairs_alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many pairs of a line of the one and a line of the other are the same, but for empty ones."""
    before, after = Counter(old), Counter(new)
    return sum(times * after[line] for line, times in before.items() if not _is_empty(line))
