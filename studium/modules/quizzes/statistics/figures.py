"""Item statistics from sums: pure functions. All sums are of hundredths of points, so they are exact integers.

The sums of a quiz have names. Of the quiz as a whole, `percent_<hundredths>` counts the attempts with that percentage.
Of a question they are those of `ItemSums`, and how often each `option_<id>` was selected and each `text_<text>` given.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from typing import Any
from uuid import UUID

from studium.kit.db.prepared import Record
from studium.models import WHOLE
from studium.modules.quizzes.question_types import KINDS
from studium.modules.quizzes.question_types.comparing import normalized

Name = tuple[UUID, str]
"""A question, or WHOLE, and what is summed up."""

Sums = Counter[Name]

_PLACES = Decimal("0.01")
_TEXTS = frozenset(text for kind in KINDS.values() for text in kind.counted_texts)
_TEXT_MAX = 50
"""Characters of an answer that may be one of the counted texts, invisible ones among them."""


@dataclass(frozen=True, slots=True)
class ItemSums:
    """Sums over the attempts at one question: of its points x, of the attempts' scores t, and of their products."""

    n: int
    maximum: int
    x: int
    t: int
    xx: int
    tt: int
    xt: int


_ITEM = tuple(field.name for field in fields(ItemSums))


def item_sums(sums: Sums, question_id: UUID) -> ItemSums:
    """Those of one question; a question that nobody was asked has zeros."""
    return ItemSums(*(sums[question_id, name] for name in _ITEM))


def parts_of(attempt: Record) -> Iterator[tuple[Name, int]]:
    """What one graded attempt adds to the sums of its quiz, from its score, percentage, results and answers."""
    yield (WHOLE, f"percent_{hundredths(attempt['percentage'])}"), 1
    t = hundredths(attempt["score"])
    for result in attempt["results"] or ():
        x, question_id = hundredths(result["points_awarded"]), UUID(result["question_id"])
        sums = ItemSums(n=1, maximum=hundredths(result["points"]), x=x, t=t, xx=x * x, tt=t * t, xt=x * t)
        yield from (((question_id, name), getattr(sums, name)) for name in _ITEM)
    for answer in attempt["answers"] or ():
        question_id = UUID(answer["question_id"])
        yield from (((question_id, what), 1) for what in _given(answer))


def _given(answer: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"option_{option}" for option in answer["selected_option_ids"])
    text = answer["answer_text"]
    if 0 < len(text) <= _TEXT_MAX and (said := normalized(text)) in _TEXTS:
        yield f"text_{said}"


def hundredths(number: Decimal | str | float | None) -> int:
    """A number of two places as a whole one."""
    return round(Decimal(str(number or 0)) * 100)


@dataclass(frozen=True, slots=True)
class Spread:
    """How the percentages of a quiz's attempts are spread: how many attempts have so many hundredths."""

    counts: Mapping[int, int]

    @classmethod
    def of(cls, sums: Sums) -> "Spread":
        """The spread that the sums of a quiz hold, in order."""
        found = {int(name.removeprefix("percent_")): n for (of, name), n in sums.items() if of == WHOLE and n}
        return cls(dict(sorted(found.items())))

    @property
    def n(self) -> int:
        """How many attempts there are."""
        return sum(self.counts.values())

    def moment(self, power: int) -> int:
        """The sum of the values raised to a power."""
        return sum(n * value**power for value, n in self.counts.items())

    def tenths(self) -> list[int]:
        """How many values lie in each tenth of 0 to 100 per cent; a whole hundred is in the last."""
        found = Counter[int]()
        for value, n in self.counts.items():
            found[min(value // 1_000, 9)] += n
        return [found[place] for place in range(10)]

    def median(self) -> Decimal | None:
        """The middle percentage, or the mean of the two in the middle."""
        n = self.n
        return mean(self._at((n - 1) // 2) + self._at(n // 2), 2) if n else None

    def _at(self, place: int) -> int:
        """The value at a place of all values in order, the first at 0."""
        for value, n in self.counts.items():
            if place < n:
                return value
            place -= n
        raise IndexError


def facility(sums: ItemSums) -> Decimal | None:
    """The mean of the points awarded, in percent of the points there were: 100 is a question that everybody answers.

    Source: Moodle, "Quiz statistics calculations", facility index, which is the item difficulty of classical test
    theory (Crocker and Algina, Introduction to Classical and Modern Test Theory, 1986, section 5) for partial credit.
    """
    return percent(sums.x, sums.maximum)


def discrimination_index(sums: ItemSums) -> float | None:
    """How well the question tells strong learners from weak ones, -1 to 1; None where nothing varies.

    The correlation of the points of the question with those of the rest of the attempt: with r = t - x,
    C(x, r) / sqrt(V(x) V(r)). Leaving the question out of the total keeps it from correlating with itself.

    Source: Moodle, "Quiz statistics calculations", discrimination index; Henrysson, "Correction of item-total
    correlations in item analysis", Psychometrika 28 (1963).
    """
    var_x = sums.n * sums.xx - sums.x**2
    var_t = sums.n * sums.tt - sums.t**2
    cov_xt = sums.n * sums.xt - sums.x * sums.t
    var_r = var_t + var_x - 2 * cov_xt
    if var_x <= 0 or var_r <= 0:
        return None
    return round((cov_xt - var_x) / sqrt(var_x * var_r), 4)


def percent(part: int, whole: int) -> Decimal | None:
    """Percent, half up to two places; None of nothing."""
    return (Decimal(part) * 100 / whole).quantize(_PLACES, ROUND_HALF_UP) if whole else None


def mean(total: int, n: int) -> Decimal | None:
    """The mean of n values whose sum is `total` hundredths."""
    return (Decimal(total) / n / 100).quantize(_PLACES, ROUND_HALF_UP) if n else None


def standard_deviation(n: int, total: int, squares: int) -> Decimal | None:
    """The standard deviation of the sample: s = sqrt(sum of (v - mean)^2 / (n - 1)); None of fewer than two values.

    Source: ISO 3534-1:2006, 2.17 (sample standard deviation). Sums are of hundredths and of their squares.
    """
    if n < 2:  # noqa: PLR2004 -- one value does not deviate.
        return None
    variance = Decimal(n * squares - total**2) / (n * (n - 1))
    return (variance.sqrt() / 100).quantize(_PLACES, ROUND_HALF_UP)
