"""Emails about learning: enrollment, grade, certificate."""

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import aliased

from studium.access.codes import certificate_ticket
from studium.events import (
    AttemptGraded,
    CertificateIssued,
    CertificateRevoked,
    CourseInvitationSent,
    EnrollmentCreated,
)
from studium.kit.base.clock import now
from studium.kit.base.languages import day_in
from studium.kit.db.prepared import PreparedStatement
from studium.kit.jobs.events import on
from studium.kit.runtime import Runtime
from studium.models import (
    AttemptStatus,
    Certificate,
    Course,
    CourseInvitation,
    Enrollment,
    GradeChange,
    Lesson,
    Quiz,
    QuizAttempt,
    User,
)
from studium.modules.notifications.sending import Recipient, active_person, send_email

_CERTIFIED = PreparedStatement(
    select(
        *(Certificate.student_name, Certificate.course_title, Certificate.certificate_number),
        *(User.email, User.full_name, User.profile_metadata.label("profile_metadata")),
    )
    .join(User, User.id == Certificate.student_id)
    .where(Certificate.id == bindparam("certificate"), Certificate.is_revoked.is_(False), User.is_active)
)


@on(
    EnrollmentCreated,
    "notifications.mail_enrollment",
    has_external_effects=True,
    when=lambda event: event.mail == "yes",
)
async def mail_enrollment(runtime: Runtime, event: EnrollmentCreated) -> None:
    """A welcome to a course."""
    teacher = aliased(User)
    lessons = select(func.count(Lesson.id)).where(Lesson.course_id == Course.id, Lesson.archived_at.is_(None))
    statement = (
        select(User, Course.title, Course.slug, teacher.full_name, lessons.correlate(Course).scalar_subquery())
        .select_from(Enrollment)
        .join(User, User.id == Enrollment.student_id)
        .join(Course, Course.id == Enrollment.course_id)
        .join(teacher, teacher.id == Course.instructor_id)
        .where(Enrollment.id == event.enrollment_id, User.is_active)
    )
    async with runtime.database.read_session() as session:
        row = (await session.execute(statement)).one_or_none()
        if row is None:
            return
        to, course, slug, instructor, count = Recipient.of(row[0]), row[1], row[2], row[3], row[4]
    facts = {"course": course, "instructor": instructor, "lessons": count}
    await send_email(runtime, "enrollment_welcome", to, page=f"/courses/{slug}", **facts)


@on(CourseInvitationSent, "notifications.mail_course_invitation", has_external_effects=True)
async def mail_course_invitation(runtime: Runtime, event: CourseInvitationSent) -> None:
    """The course, and where to go: to register, to prove the address, to the course. Nothing once it is withdrawn."""
    teacher, person = aliased(User), aliased(User)
    statement = (
        select(CourseInvitation, Course.title, Course.slug, teacher.full_name, person, Course.is_published)
        .join(Course, Course.id == CourseInvitation.course_id)
        .join(teacher, teacher.id == Course.instructor_id)
        .outerjoin(person, person.email == CourseInvitation.email)
        .where(CourseInvitation.id == event.invitation_id, CourseInvitation.withdrawn_at.is_(None))
    )
    async with runtime.database.read_session() as session:
        row = (await session.execute(statement.where(CourseInvitation.expires_at > now()))).one_or_none()
    if row is None:
        return
    known: User | None = row[4]
    if known is not None and not known.is_active:
        return
    invitation, course, slug, instructor = row[0], row[1], row[2], row[3]
    to = Recipient.reading(invitation.email, "", None) if known is None else Recipient.of(known)
    await send_email(
        runtime,
        "course_invitation",
        to,
        course=course,
        instructor=instructor,
        day=day_in(to.language, invitation.expires_at),
        known=known is not None,
        proven=known is not None and known.email_verified_at is not None,
        open=row[5],
        address=invitation.email,
        page=_way_in(known, f"/courses/{slug}" if row[5] else "/courses"),
    )


def _way_in(known: User | None, courses: str) -> str:
    """Where somebody who is invited goes: to an account, to a proved address, else to the course or the catalogue."""
    if known is None:
        return "/register"
    return courses if known.email_verified_at is not None else "/reset"


@on(CertificateIssued, "notifications.mail_certificate", has_external_effects=True)
async def mail_certificate(runtime: Runtime, event: CertificateIssued) -> None:
    """The certificate's download and the address where anybody can check it; nothing once it is revoked."""
    row = await runtime.database.reads.one(_CERTIFIED, certificate=event.certificate_id)
    if row is None:
        return
    to = Recipient.reading(row["email"], row["full_name"], row["profile_metadata"])
    number = row["certificate_number"]
    ticket = certificate_ticket(runtime.keys, event.certificate_id)
    await send_email(
        runtime,
        "certificate_issued",
        to,
        name=row["student_name"],
        course=row["course_title"],
        number=number,
        page=f"/api/v1/certificates/{event.certificate_id}/download?ticket={ticket}",
        verify_link=f"{runtime.settings.public_base_url}/verify/{number}",
    )


@on(CertificateRevoked, "notifications.mail_revocation", has_external_effects=True)
async def mail_revocation(runtime: Runtime, event: CertificateRevoked) -> None:
    """Tell the holder that the certificate was revoked, and why."""
    async with runtime.database.read_session() as session:
        found = await session.get_one(Certificate, event.certificate_id)
        to = await active_person(session, found.student_id)
    await send_email(
        runtime,
        "certificate_revoked",
        to,
        page=f"/certificates/{event.certificate_id}",
        name=found.student_name,
        course=found.course_title,
        number=found.certificate_number,
        reason=found.revocation_reason or "",
    )


@on(AttemptGraded, "notifications.mail_grade", has_external_effects=True)
async def mail_grade(runtime: Runtime, event: AttemptGraded) -> None:
    """What a grader gave, for attempts that were graded by hand; the others are seen at once."""
    async with runtime.database.read_session() as session:
        by_hand = exists().where(GradeChange.attempt_id == QuizAttempt.id, GradeChange.grader_id.is_not(None))
        statement = (
            select(User, Quiz.title, Course.title, QuizAttempt.percentage, QuizAttempt.is_passed)
            .select_from(QuizAttempt)
            .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
            .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
            .join(User, User.id == Enrollment.student_id)
            .join(Course, Course.id == Enrollment.course_id)
            .where(QuizAttempt.id == event.attempt_id, QuizAttempt.status == AttemptStatus.GRADED, by_hand)
        )
        row = (await session.execute(statement.where(User.is_active))).one_or_none()
        if row is None:
            return
        to, quiz, course, percentage, passed = Recipient.of(row[0]), row[1], row[2], row[3], row[4]
    await send_email(
        runtime,
        "essay_graded",
        to,
        page=f"/attempts/{event.attempt_id}/result",
        quiz=quiz,
        course=course,
        percentage=f"{percentage:.2f}".rstrip("0").rstrip("."),
        passed=bool(passed),
    )
