"""Who may do what: one page of rules.

Each rule is a condition in SQL about one row, for one actor (None is a caller without a token). The same rule answers
"may this caller?" for one object and filters every list, so the two cannot disagree.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true

from studium.access.actor import Actor
from studium.kit.base.clock import now
from studium.models import (
    Certificate,
    Course,
    CourseImport,
    DataExport,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonType,
    Quiz,
    Role,
    UploadedFile,
    User,
)

Rule = ColumnElement[bool]
LEARNING = (EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED)
PREVIEW_TYPES = (LessonType.TEXT, LessonType.VIDEO)


# Courses and lessons


def may_edit_course(actor: Actor | None) -> Rule:
    """Edit, publish, see the roster and the keys: the instructor who owns it, and admins."""
    if actor is None or actor.role is Role.STUDENT:
        return false()
    return true() if actor.is_admin else Course.instructor_id == actor.id


def may_see_course(actor: Actor | None) -> Rule:
    """Know that it exists: everyone when it is published; a draft only its owner, admins and those ever enrolled."""
    if actor is None:
        return Course.is_published.is_(True)
    if actor.is_admin:
        return true()
    return or_(Course.is_published.is_(True), Course.instructor_id == actor.id, _ever_enrolled(actor))


def may_read_lessons(actor: Actor | None) -> Rule:
    """Read locked lessons, course files and quizzes: owner, admins, and learners who are active or done."""
    if actor is None:
        return false()
    if actor.is_admin:
        return true()
    return or_(Course.instructor_id == actor.id, is_learning(actor))


def may_preview_lesson() -> Rule:
    """Read a lesson without enrolling: a text or video preview of a published course."""
    return and_(Lesson.is_preview.is_(True), Lesson.lesson_type.in_(PREVIEW_TYPES), Course.is_published.is_(True))


def is_learning(actor: Actor) -> Rule:
    """Has an enrollment in the course that is active or completed."""
    return _enrolled(actor, Enrollment.status.in_(LEARNING))


def _ever_enrolled(actor: Actor) -> Rule:
    return _enrolled(actor, true())


def _enrolled(actor: Actor, condition: Rule) -> Rule:
    mine = select(Enrollment.id).where(Enrollment.course_id == Course.id, Enrollment.student_id == actor.id, condition)
    return exists(mine.correlate(Course))


# Enrollments


def may_see_enrollment(actor: Actor) -> Rule:
    """Know of it: the student, the owner of the course, admins."""
    return true() if actor.is_admin else or_(is_own_enrollment(actor), may_manage_enrollment(actor))


def is_own_import(actor: Actor) -> Rule:
    """The import is the caller's own."""
    return CourseImport.owner_id == actor.id


def is_own_enrollment(actor: Actor) -> Rule:
    """Learn in it: the student alone."""
    return Enrollment.student_id == actor.id


def may_advance_enrollment(actor: Actor) -> Rule:
    """Record progress: the student; an admin may override (audited)."""
    return true() if actor.is_admin else is_own_enrollment(actor)


def may_manage_enrollment(actor: Actor) -> Rule:
    """Expire, restore, grade: the owner of the course, admins."""
    if actor.is_admin:
        return true()
    owned = select(Course.id).where(Course.id == Enrollment.course_id, Course.instructor_id == actor.id)
    return exists(owned.correlate(Enrollment))


# Quizzes


def may_see_quiz(actor: Actor) -> Rule:
    """Know that a quiz exists: whoever edits the course; others once it is published."""
    return or_(may_edit_course(actor), Quiz.is_published.is_(True))


# Certificates


def may_see_certificate(actor: Actor) -> Rule:
    """Read and download: the student, the owner of the course, admins."""
    if actor.is_admin:
        return true()
    owned = select(Course.id).where(Course.id == Certificate.course_id, Course.instructor_id == actor.id)
    return or_(Certificate.student_id == actor.id, exists(owned.correlate(Certificate)))


def ticket_admits(certificate_id: UUID) -> Rule:
    """Download: whoever holds the ticket of this certificate, while its student is active."""
    active = select(User.id).where(User.id == Certificate.student_id, User.is_active)
    return and_(Certificate.id == certificate_id, exists(active.correlate(Certificate)))


def may_have_export() -> Rule:
    """Download, with the ticket: while it is kept, and whoever asked for it is active and the person, or an admin."""
    may_ask = or_(User.id == DataExport.user_id, User.role == Role.ADMIN)
    asked = select(User.id).where(User.id == DataExport.requested_by, User.is_active, may_ask)
    kept = DataExport.storage_path.is_not(None), DataExport.expires_at > now()
    return and_(*kept, exists(asked.correlate(DataExport)))


# Files


def may_see_file(actor: Actor | None) -> Rule:
    """Read and download: everyone when public; else the uploader, admins, and readers of its course's lessons."""
    if actor is None:
        return UploadedFile.is_public.is_(True)
    if actor.is_admin:
        return true()
    readable = select(Course.id).where(Course.id == UploadedFile.course_id, may_read_lessons(actor))
    return or_(
        UploadedFile.is_public.is_(True),
        UploadedFile.uploader_id == actor.id,
        exists(readable.correlate(UploadedFile)),
    )


def may_delete_file(actor: Actor) -> Rule:
    """Delete: the uploader, admins."""
    return true() if actor.is_admin else UploadedFile.uploader_id == actor.id
