"""What the figures of a course show, each with where it leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import ClassVar

from studium.kit.base.languages import day_in
from studium.modules.analytics.schemas import CourseAnalyticsOut, LessonFunnel, QuizRow, TrendPoint
from studium.modules.courses.schemas import CourseOut
from studium.modules.enrollments.queries_courses import STOPPED_DAYS
from studium.modules.enrollments.schemas import EnrollmentStatsOut
from studium.modules.quizzes.schemas import QuizOut
from studium.modules.quizzes.schemas_staff import QuizStatistics
from studium.web.charts import lost_at, worst_step

WEEKS = (12, 26, 52)
_DRAWN = 40


@dataclass(frozen=True)
class CourseFigures:
    """A course in figures: as many weeks as were asked for, the trend twice as long, and one quiz in detail."""

    course: CourseOut
    figures: CourseAnalyticsOut
    stats: EnrollmentStatsOut
    weeks: int
    language: str
    quiz: QuizOut | None = None
    marks: QuizStatistics | None = None
    under_way: Mapping[int, int] = field(default_factory=dict)
    """Who was there in the last days, by how many lessons they are through: nobody of them has stopped."""

    STOPPED_DAYS: ClassVar[int] = STOPPED_DAYS

    @cached_property
    def people(self) -> int:
        """Everybody who was ever enrolled."""
        return sum(self.figures.enrollments.values())

    @property
    def now(self) -> Sequence[TrendPoint]:
        """The weeks of the period."""
        return self.figures.trend[-self.weeks :]

    @property
    def before(self) -> Sequence[TrendPoint]:
        """As many weeks before them."""
        return self.figures.trend[-2 * self.weeks : -self.weeks]

    @cached_property
    def labels(self) -> list[str]:
        """The first day of each week, without its year."""
        return [short_day(self.language, point.starts_on) for point in self.now]

    def more(self, name: str) -> int:
        """How many more than in the period before."""
        return self.total(name) - sum(self.earlier(name))

    def total(self, name: str) -> int:
        """How many in the period."""
        return sum(self.values(name))

    def values(self, name: str) -> list[int]:
        """What happened in each week."""
        return [getattr(point, name) for point in self.now]

    def earlier(self, name: str) -> list[int]:
        """The same of the period before."""
        return [getattr(point, name) for point in self.before]

    @property
    def _through(self) -> list[int]:
        """How many are enrolled, and through each lesson."""
        return [self.people, *(lesson.completed for lesson in self.figures.lessons)]

    @cached_property
    def lost(self) -> list[int]:
        """How many got through the lesson before, or were enrolled, and stopped before the end of this one."""
        return [int(lost) for lost in lost_at(self._through, self.under_way)]

    @property
    def drawn(self) -> Sequence[LessonFunnel]:
        """The lessons that are drawn; the table has them all."""
        return self.figures.lessons[:_DRAWN]

    @property
    def worst(self) -> LessonFunnel | None:
        """The lesson at which most stop; None where nobody does."""
        place = worst_step(self._through, self.under_way)
        return None if place is None else self.figures.lessons[place - 1]

    @property
    def quizzes(self) -> Sequence[QuizRow]:
        """The quizzes that somebody has taken."""
        return [quiz for quiz in self.figures.quizzes if quiz.attempts]

    @property
    def below(self) -> int:
        """How many attempts lie in the tenths below the pass mark."""
        if self.marks is None or self.quiz is None:
            return 0
        return sum(n for place, n in enumerate(self.marks.histogram) if place * 10 < self.quiz.passing_score)


def short_day(language: str, day: date) -> str:
    """A day without its year: `14 September`."""
    return day_in(language, datetime.combine(day, time(12), UTC)).rpartition(" ")[0]
