"""Item statistics from sums: pure functions. All sums are of hundredths of points, so they are exact integers."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt

_PLACES = Decimal("0.01")


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
