"""What the system remembers. Importing this package registers every table on the one metadata."""

from studium.models.accommodation import QuizAccommodation
from studium.models.attempt import AttemptStatus, GradeChange, QuizAttempt
from studium.models.audit import AuditEvent
from studium.models.certificate import Certificate
from studium.models.columns import JsonObject, bump
from studium.models.course import Course, Difficulty
from studium.models.course_counts import CourseCounts
from studium.models.course_import import CourseImport, ImportedItem, ImportPhase, ImportStatus
from studium.models.course_words import CourseWords
from studium.models.enrollment import Enrollment, EnrollmentStatus
from studium.models.file import FileType, UploadedFile
from studium.models.idempotency import IdempotencyKey
from studium.models.lesson import Lesson, LessonType
from studium.models.progress import LessonProgress, ProgressStatus
from studium.models.quiz import QuestionType, Quiz, QuizQuestion, QuizType
from studium.models.regrade import Regrade, RegradeEntry
from studium.models.session import OneTimeToken, RecoveryCode, RefreshToken, TokenPurpose, UserSession
from studium.models.tally import ALWAYS, SCHOOL, SLOT_SECONDS, Gauge, Tally, TallyDelta, tally_totals
from studium.models.throttle import ThrottleHit
from studium.models.user import MfaMethod, Role, User

__all__ = [
    "ALWAYS",
    "SCHOOL",
    "SLOT_SECONDS",
    "AttemptStatus",
    "AuditEvent",
    "Certificate",
    "Course",
    "CourseCounts",
    "CourseImport",
    "CourseWords",
    "Difficulty",
    "Enrollment",
    "EnrollmentStatus",
    "FileType",
    "Gauge",
    "GradeChange",
    "IdempotencyKey",
    "ImportPhase",
    "ImportStatus",
    "ImportedItem",
    "JsonObject",
    "Lesson",
    "LessonProgress",
    "LessonType",
    "MfaMethod",
    "OneTimeToken",
    "ProgressStatus",
    "QuestionType",
    "Quiz",
    "QuizAccommodation",
    "QuizAttempt",
    "QuizQuestion",
    "QuizType",
    "RecoveryCode",
    "RefreshToken",
    "Regrade",
    "RegradeEntry",
    "Role",
    "Tally",
    "TallyDelta",
    "ThrottleHit",
    "TokenPurpose",
    "UploadedFile",
    "User",
    "UserSession",
    "bump",
    "tally_totals",
]
