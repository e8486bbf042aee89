"""An enrollment in plain Python: what the contract says must become of it, step by step. Times are whole seconds."""

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

GRACE = 60
STAFF = ("ada", "root")
"""The owner of the course, and an admin."""


@dataclass
class Progress:
    """What the learner has done in one lesson."""

    first: int
    percent: int = 0
    seconds: int = 0
    position: int = 0
    is_done: bool = False


@dataclass
class Model:
    """One learner (`learner`) in one course of ada's. Each step returns the status to expect, and a code if refused."""

    live: list[str]
    learner: str
    at: int = 0
    is_published: bool = True
    status: str | None = None
    total: int = 0
    done: int = 0
    started: int | None = None
    rating: int | None = None
    progress: dict[str, Progress] = field(default_factory=dict)

    @property
    def percentage(self) -> Decimal:
        if self.total == 0:
            return Decimal(0)
        return (Decimal(100 * self.done) / self.total).quantize(Decimal("0.01"), ROUND_DOWN)

    @property
    def seconds(self) -> int:
        return sum(lesson.seconds for lesson in self.progress.values())

    def recount(self) -> None:
        """Count what is done of what is live; an enrollment that is through is completed."""
        if self.status == "completed":
            return
        self.total = len(self.live)
        self.done = sum(lesson in self.live and known.is_done for lesson, known in self.progress.items())
        if self.status == "active" and self.total and self.done == self.total:
            self.status = "completed"

    def enroll(self) -> tuple[int, str | None]:
        if self.status is None and not self.is_published:
            return 404, "not_found"
        if self.status == "expired":
            return 409, "enrollment_expired"
        if self.status in ("active", "completed"):
            return 409, "already_enrolled"
        is_new, self.status = self.status is None, "active"
        self.recount()
        return (201 if is_new else 200), None

    def move(self, who: str, wanted: str) -> tuple[int, str | None]:
        if who not in (self.learner, *STAFF):
            return 404, "not_found"
        if wanted == self.status != "completed":
            return 200, None
        if who == self.learner and (wanted == "expired" or (self.status, wanted) == ("expired", "active")):
            return 403, "staff_only_transition"
        allowed = {("active", "dropped"), ("active", "expired"), ("dropped", "active"), ("expired", "active")}
        if (self.status, wanted) not in allowed:
            return 409, "transition_not_allowed"
        self.status = wanted
        if wanted == "active":
            self.recount()
        return 200, None

    def drop(self, who: str) -> tuple[int, str | None]:
        status, code = self.move(who, "dropped")
        return (204, None) if status == 200 else (status, code)

    def _refusal(self, who: str, lesson: str) -> tuple[int, str | None] | None:
        if who not in (self.learner, *STAFF):
            return 404, "not_found"
        if who == "ada":
            return 403, "forbidden"
        if lesson not in self.live:
            return 404, "not_found"
        return (409, "enrollment_not_active") if self.status in ("dropped", "expired") else None

    def _visit(self, lesson: str) -> Progress:
        self.started = self.at if self.started is None else self.started
        return self.progress.setdefault(lesson, Progress(first=self.at))

    def _finish(self, known: Progress) -> None:
        known.is_done, known.percent = True, 100
        self.recount()

    def complete(self, who: str, lesson: str) -> tuple[int, str | None]:
        refusal = self._refusal(who, lesson)
        if refusal is not None:
            return refusal
        is_done = lesson in self.progress and self.progress[lesson].is_done
        if self.status == "completed" and not is_done:
            return 409, "enrollment_not_active"
        known = self._visit(lesson)
        if not known.is_done:
            self._finish(known)
        return 200, None

    def report(self, who: str, lesson: str, report: dict[str, int]) -> tuple[int, str | None]:
        refusal = self._refusal(who, lesson)
        if refusal is not None:
            return refusal
        if not report:
            return 200, None
        known = self._visit(lesson)
        known.position = report.get("last_position_seconds", known.position)
        reported = report.get("time_spent_seconds", 0)
        known.seconds = max(known.seconds, reported if who == "root" else self._credited(known, reported))
        if self.status == "active" and not known.is_done:
            known.percent = max(known.percent, report.get("completion_percentage", 0))
            if known.percent == 100:
                self._finish(known)
        return 200, None

    def _credited(self, known: Progress, reported: int) -> int:
        """No more than the clock since the lesson's and since the enrollment's first report, with a minute's grace."""
        assert self.started is not None
        of_lesson = self.at - known.first + GRACE
        of_enrollment = self.at - self.started + GRACE * len(self.progress)
        return min(reported, of_lesson, known.seconds + max(0, of_enrollment - self.seconds))

    def review(self, who: str, rating: int) -> tuple[int, str | None]:
        if who not in (self.learner, *STAFF):
            return 404, "not_found"
        if who != self.learner:
            return 403, "forbidden"
        if self.status not in ("active", "completed"):
            return 409, "enrollment_not_active"
        if self.percentage < 20:
            return 409, "progress_too_low"
        is_first, self.rating = self.rating is None, rating
        return (201 if is_first else 200), None

    def add(self, lesson: str, place: int) -> None:
        self.live.insert(place - 1, lesson)
        if self.status == "active":
            self.recount()

    def remove(self, lesson: str) -> tuple[int, str | None]:
        if self.is_published and len(self.live) == 1:
            return 409, "last_lesson"
        self.live.remove(lesson)
        if self.status == "active":
            self.recount()
        return 204, None
