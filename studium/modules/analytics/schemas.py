"""Figures, as they go out. Rates and averages are percent 0..100 with two places, null where nothing can be divided."""

from datetime import date, datetime
from uuid import UUID

from studium.kit.http.schemas import Number, ResponseModel
from studium.models import EnrollmentStatus, LessonType, Role


class Figures(ResponseModel):
    """Figures of one moment: `as_of` is that of the oldest among them."""

    as_of: datetime


class QuizFigures(ResponseModel):
    """A learner's quizzes: how many were tried and passed, and the average of the best percentages."""

    attempted: int
    passed: int
    average_percentage: Number | None


class ProgressOut(Figures):
    """What a learner has done in all."""

    enrollments: dict[EnrollmentStatus, int]
    average_progress: Number | None
    completion_rate: Number | None
    lessons_completed: int
    time_spent_seconds: int
    quizzes: QuizFigures
    certificates: int


class ContinueOut(ResponseModel):
    """A course to go on with, and the lesson that comes next."""

    enrollment_id: UUID
    course_id: UUID
    title: str
    progress_percentage: Number
    next_lesson_id: UUID | None
    next_lesson_title: str | None
    last_accessed_at: datetime | None


class ActivityOut(ResponseModel):
    """The last 30 days."""

    lessons_completed: int
    seconds: int
    attempts: int


class RecommendationOut(ResponseModel):
    """A published course that the learner is not in."""

    course_id: UUID
    title: str
    slug: str
    category: str | None
    enrollments_count: int


class DashboardOut(Figures):
    """A learner's home."""

    summary: ProgressOut
    continue_learning: list[ContinueOut]
    recent_activity: ActivityOut
    recommendations: list[RecommendationOut]


class TrendPoint(ResponseModel):
    """One bucket of a trend; `starts_on` is its first day in the time zone asked for.

    Only what happened in the period counts, also in a first or last bucket that reaches beyond it.
    """

    starts_on: date
    enrollments: int
    completions: int


class LessonFunnel(ResponseModel):
    """How many learners have begun and completed a lesson."""

    lesson_id: UUID
    title: str
    lesson_type: LessonType
    order_index: int
    started: int
    completed: int


class QuizRow(ResponseModel):
    """One quiz. Attempts are those handed in, `learners` those who handed one in, `completed` those who are through.

    `pass_rate` is of the graded attempts, `completion_rate` of all enrollments ever made.
    """

    quiz_id: UUID
    title: str
    attempts: int
    learners: int
    completed: int
    pass_rate: Number | None
    average_percentage: Number | None
    completion_rate: Number | None


class CourseAnalyticsOut(Figures):
    """One course, for its staff."""

    course_id: UUID
    title: str
    enrollments: dict[EnrollmentStatus, int]
    completion_rate: Number | None
    average_progress: Number | None
    average_time_spent_seconds: int | None
    average_rating: Number | None
    ratings: dict[int, int]
    lessons: list[LessonFunnel]
    quizzes: list[QuizRow]
    trend: list[TrendPoint]


class CourseRow(ResponseModel):
    """One course in a list of courses."""

    course_id: UUID
    title: str
    is_published: bool
    enrollments: int
    completions: int
    completion_rate: Number | None
    average_rating: Number | None


class InstructorOverviewOut(Figures):
    """What an instructor's courses add up to."""

    instructor_id: UUID
    courses_count: int
    enrollments: int
    completions: int
    completion_rate: Number | None
    average_rating: Number | None
    quiz_completion_rate: Number | None
    courses: list[CourseRow]
    trend: list[TrendPoint]


class SystemOverviewOut(Figures):
    """The whole school, for admins."""

    users: dict[Role, int]
    active_users: int
    courses: int
    published_courses: int
    enrollments: dict[EnrollmentStatus, int]
    completions: int
    completion_rate: Number | None
    certificates: int
    popular_courses: list[CourseRow]
    trend: list[TrendPoint]
