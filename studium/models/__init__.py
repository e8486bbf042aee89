"""What the system remembers. Importing this package registers every table on the one metadata."""

from studium.models.accommodation import QuizAccommodation
from studium.models.address_change import AddressChange
from studium.models.arrivals.invitation import CourseInvitation
from studium.models.arrivals.join_code import JoinCode
from studium.models.arrivals.people_import import (
    InviteMode,
    PeopleImport,
    PeopleImportRow,
    PeopleImportStatus,
    PlannedAction,
)
from studium.models.attempt import AttemptStatus, GradeChange, GradingComment, QuizAttempt
from studium.models.audit import AuditEvent
from studium.models.certificate import Certificate
from studium.models.columns import JsonObject, increment_version
from studium.models.course import Course, Difficulty
from studium.models.course_counts import CourseCounts
from studium.models.course_import import CourseImport, ImportedItem, ImportPhase, ImportStatus
from studium.models.course_words import CourseWords
from studium.models.enrollment import Enrollment, EnrollmentStatus
from studium.models.file import FileType, UploadedFile
from studium.models.file_reference import FileReference
from studium.models.idempotency import IdempotencyKey
from studium.models.lesson import Lesson, LessonType
from studium.models.privacy.data_export import DataExport
from studium.models.privacy.erasure import ErasedCertificates, Erasure
from studium.models.progress import LessonProgress, ProgressStatus
from studium.models.quiz import MarksRelease, QuestionType, Quiz, QuizQuestion, QuizType
from studium.models.quiz_sum import WHOLE, QuizSum, QuizSumChange
from studium.models.regrade import Regrade, RegradeEntry
from studium.models.session import OneTimeToken, Passkey, RecoveryCode, RefreshToken, TokenPurpose, UserSession
from studium.models.tally import ALWAYS, SCHOOL, SLOT_SECONDS, Gauge, Tally, TallyDelta, tally_totals
from studium.models.throttle import ThrottleHit
from studium.models.undo.lesson_version import LessonVersion
from studium.models.undo.trash import TrashItem, TrashKind
from studium.models.user import MfaMethod, Role, Source, User
from studium.models.user_words import UserWords

__all__ = [
    "ALWAYS",
    "SCHOOL",
    "SLOT_SECONDS",
    "WHOLE",
    "AddressChange",
    "AttemptStatus",
    "AuditEvent",
    "Certificate",
    "Course",
    "CourseCounts",
    "CourseImport",
    "CourseInvitation",
    "CourseWords",
    "DataExport",
    "Difficulty",
    "Enrollment",
    "EnrollmentStatus",
    "ErasedCertificates",
    "Erasure",
    "FileReference",
    "FileType",
    "Gauge",
    "GradeChange",
    "GradingComment",
    "IdempotencyKey",
    "ImportPhase",
    "ImportStatus",
    "ImportedItem",
    "InviteMode",
    "JoinCode",
    "JsonObject",
    "Lesson",
    "LessonProgress",
    "LessonType",
    "LessonVersion",
    "MarksRelease",
    "MfaMethod",
    "OneTimeToken",
    "Passkey",
    "PeopleImport",
    "PeopleImportRow",
    "PeopleImportStatus",
    "PlannedAction",
    "ProgressStatus",
    "QuestionType",
    "Quiz",
    "QuizAccommodation",
    "QuizAttempt",
    "QuizQuestion",
    "QuizSum",
    "QuizSumChange",
    "QuizType",
    "RecoveryCode",
    "RefreshToken",
    "Regrade",
    "RegradeEntry",
    "Role",
    "Source",
    "Tally",
    "TallyDelta",
    "ThrottleHit",
    "TokenPurpose",
    "TrashItem",
    "TrashKind",
    "UploadedFile",
    "User",
    "UserSession",
    "UserWords",
    "increment_version",
    "tally_totals",
]
