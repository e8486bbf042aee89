"""A year of learning, made up: enrollments, progress, attempts and certificates that keep every rule of the school."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from studium.entrypoints.demo.answers import answer_of
from studium.entrypoints.demo.catalogue import CourseRows
from studium.kit.base.ids import new_id
from studium.kit.db.tables import record_of
from studium.models import (
    Certificate,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonProgress,
    ProgressStatus,
    QuizAttempt,
    QuizType,
    User,
)
from studium.modules.certificates.numbers import new_number
from studium.modules.enrollments.progress import percentage
from studium.modules.quizzes.attempts.actions import grade_columns
from studium.modules.quizzes.marking import Result, mark, total
from studium.modules.quizzes.snapshot import Snapshot, take_snapshot

_DROP_SHARE = 0.12
_EXPIRE_SHARE = 0.04
_REVIEW_SHARE = 0.45
_REVIEW_FROM = 20
_WORDS = {
    5: ("Clear, short and useful.", "Exactly what I needed at work.", "The quizzes made it stick."),
    4: ("Good pace, good examples.", "Solid. A few more exercises would be great."),
    3: ("Fine, but I knew much of it already.",),
    2: ("Too fast for me.",),
}


@dataclass(slots=True)
class Journey:
    """One learner in one course, with everything that was left behind on the way."""

    enrollment: Enrollment
    progress: list[LessonProgress] = field(default_factory=list)
    attempts: list[QuizAttempt] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)

    def rows(self) -> list[object]:
        """Everything to store, parents first."""
        return [self.enrollment, *self.progress, *self.attempts, *self.certificates]


class Traveller:
    """Sends learners through courses. `until` is the present: nothing happens after it."""

    def __init__(self, chance: Random, until: datetime) -> None:
        self.chance = chance
        self.until = until

    def journey(self, learner: User, rows: CourseRows, instructor: User, start: datetime, share: float) -> Journey:
        """Let a learner do about `share` (0..1) of a course from `start` on; 1 and everything passed completes it."""
        enrollment = Enrollment(
            id=new_id(), student_id=learner.id, course_id=rows.course.id, enrolled_at=start, started_at=None
        )
        journey = Journey(enrollment)
        at = start + timedelta(minutes=self.chance.randint(1, 600))
        wanted = round(share * len(rows.lessons))
        done = 0
        for lesson in rows.lessons[:wanted]:
            if at > self.until or not self._do(journey, lesson, rows, at):
                break
            done += 1
            enrollment.last_accessed_at = at
            at += timedelta(hours=self.chance.expovariate(1 / 30), minutes=10)
        self._close(journey, learner, rows, instructor, done)
        return journey

    def _do(self, journey: Journey, lesson: Lesson, rows: CourseRows, at: datetime) -> bool:
        """Do one lesson; return whether it is complete."""
        enrollment = journey.enrollment
        enrollment.started_at = enrollment.started_at or at
        minutes = lesson.duration_minutes or 10
        spent = int(minutes * 60 * self.chance.uniform(0.5, 1.4))
        progress = LessonProgress(
            id=new_id(),
            enrollment_id=enrollment.id,
            lesson_id=lesson.id,
            started_at=at,
            time_spent_seconds=spent,
            last_position_seconds=min(spent, minutes * 60) if lesson.video_url else 0,
            updated_at=at,
        )
        journey.progress.append(progress)
        is_done = lesson.id not in rows.quizzes or self._take_quiz(journey, lesson, rows, progress, at)
        progress.status = ProgressStatus.COMPLETED if is_done else ProgressStatus.IN_PROGRESS
        progress.completed_at = at + timedelta(seconds=spent) if is_done else None
        progress.completion_percentage = Decimal(100 if is_done else 0)
        return is_done

    def _take_quiz(
        self, journey: Journey, lesson: Lesson, rows: CourseRows, progress: LessonProgress, at: datetime
    ) -> bool:
        """Try a quiz until it is passed or no attempt is left; practice is done with one."""
        quiz, questions = rows.quizzes[lesson.id]
        progress.attempts_count = 0
        skill = self.chance.uniform(0.6, 1.0)
        for number in range(1, (quiz.max_attempts or 2) + 1):
            snapshot = take_snapshot(record_of(quiz), [record_of(question) for question in questions])
            attempt = self._attempt(journey, quiz.id, snapshot, number, skill, at + timedelta(hours=number - 1))
            journey.attempts.append(attempt)
            progress.attempts_count = number
            if attempt.is_passed or quiz.quiz_type is QuizType.PRACTICE:
                return True
            skill = min(1.0, skill + 0.2)
        return False

    def _attempt(
        self, journey: Journey, quiz_id: object, snapshot: Snapshot, number: int, skill: float, at: datetime
    ) -> QuizAttempt:
        answers = [
            answer_of(question, knows=self.chance.random() < skill, chance=self.chance)
            for question in snapshot.key.questions
        ]
        results = tuple(self._graded(result) for result in mark(snapshot.key, answers))
        taken = self.chance.randint(90, 900)
        attempt = QuizAttempt(
            id=new_id(),
            enrollment_id=journey.enrollment.id,
            quiz_id=quiz_id,
            attempt_number=number,
            started_at=at,
            submitted_at=at + timedelta(seconds=taken),
            time_taken_seconds=taken,
            paper=snapshot.paper,
            key=snapshot.key.to_json(),
            answers=[answer._asdict() for answer in answers],
            **grade_columns(total(snapshot.key, results)),
        )
        attempt.graded_at = attempt.submitted_at
        return attempt

    def _graded(self, result: Result) -> Result:
        """Essays were graded by hand, kindly."""
        if result.points_awarded is not None:
            return result
        share = Decimal(self.chance.randint(6, 10)) / 10
        return result._replace(
            points_awarded=(result.points * share).quantize(Decimal("0.01")), feedback="Well argued."
        )

    def _close(self, journey: Journey, learner: User, rows: CourseRows, instructor: User, done: int) -> None:
        """Set the counters and the status from what was done; a completed course has its certificate."""
        enrollment = journey.enrollment
        enrollment.total_lessons_count = len(rows.lessons)
        enrollment.completed_lessons_count = done
        enrollment.progress_percentage = percentage(done, len(rows.lessons))
        enrollment.total_time_spent_seconds = sum(progress.time_spent_seconds for progress in journey.progress)
        enrollment.status = EnrollmentStatus.ACTIVE
        if done == len(rows.lessons):
            self._complete(journey, learner, rows, instructor)
        elif self.chance.random() < _DROP_SHARE:
            enrollment.status = EnrollmentStatus.DROPPED
        elif self.chance.random() < _EXPIRE_SHARE:
            enrollment.status = EnrollmentStatus.EXPIRED
        if enrollment.progress_percentage >= _REVIEW_FROM and self.chance.random() < _REVIEW_SHARE:
            enrollment.rating = self.chance.choice((5, 5, 5, 4, 4, 3, 2))
            enrollment.review = self.chance.choice(_WORDS[enrollment.rating])
            enrollment.reviewed_at = enrollment.last_accessed_at

    def _complete(self, journey: Journey, learner: User, rows: CourseRows, instructor: User) -> None:
        enrollment = journey.enrollment
        finished = max(progress.completed_at or enrollment.enrolled_at for progress in journey.progress)
        enrollment.status = EnrollmentStatus.COMPLETED
        enrollment.completed_at = finished
        enrollment.certificate_issued_at = finished
        certificate_id = new_id()
        certificate = Certificate(
            id=certificate_id,
            enrollment_id=enrollment.id,
            student_id=learner.id,
            course_id=rows.course.id,
            certificate_number=new_number(finished),
            pdf_path=f"certificates/{finished:%Y/%m}/{certificate_id}.pdf",
            completion_date=finished,
            issued_at=finished,
            student_name=learner.full_name,
            course_title=rows.course.title,
            instructor_name=instructor.full_name,
        )
        journey.certificates.append(certificate)
