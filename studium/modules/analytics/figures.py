"""Figures that several answers share."""

from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from studium.models import EnrollmentStatus

LEARNING = (EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED)
_PLACES = Decimal("0.01")


def ratio(amount: Decimal | int | None, count: int | None) -> Decimal | None:
    """The quotient with two places (half up), or None where there is nothing to divide by."""
    return (Decimal(amount or 0) / count).quantize(_PLACES, ROUND_HALF_UP) if count else None


@dataclass(frozen=True, slots=True)
class EnrollmentFigures:
    """What some enrollments add up to.

    `amounts` has a count for each status, `progress` in hundredths of a percent over those who learn or have learnt to
    the end, `seconds`, and `stars_1` to `stars_5`.
    """

    amounts: Counter[str]

    @property
    def by_status(self) -> dict[EnrollmentStatus, int]:
        """How many there are of each status, 0 included."""
        return {status: self.amounts[status] for status in EnrollmentStatus}

    @property
    def people(self) -> int:
        """All enrollments ever made."""
        return sum(self.by_status.values())

    @property
    def average_progress(self) -> Decimal | None:
        """The mean progress of those who are active or done, in percent."""
        return ratio(Decimal(self.amounts["progress"]) / 100, sum(self.amounts[status] for status in LEARNING))

    @property
    def completion_rate(self) -> Decimal | None:
        """Completed of all enrollments ever made, in percent."""
        return ratio(self.amounts[EnrollmentStatus.COMPLETED] * 100, self.people)

    @property
    def average_seconds(self) -> int | None:
        """The mean time of all enrollments ever made."""
        return round(self.amounts["seconds"] / self.people) if self.people else None

    @property
    def ratings(self) -> dict[int, int]:
        """How often each number of stars was given."""
        return {stars: self.amounts[f"stars_{stars}"] for stars in range(1, 6)}

    @property
    def average_rating(self) -> Decimal | None:
        """The mean number of stars."""
        return ratio(sum(stars * many for stars, many in self.ratings.items()), sum(self.ratings.values()))
