"""Permission types: a route that names `EditableCourse` gets the row, or its caller gets 401, 403 or 404.

Each is one SELECT: the row if the caller may know of it (else 404), and whether the caller may do this (else 403).
"""

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request
from sqlalchemy import Uuid, bindparam, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules
from studium.access.actor import Actor, CurrentUser, OptionalUser, Teacher, parameter_actor
from studium.access.codes import ticketed_certificate, ticketed_export
from studium.access.errors import EnrollmentRequired
from studium.access.reading import NOT_ALLOWED, NOTHING
from studium.access.rules import Rule
from studium.kit.base.problems import Forbidden, NotFound, Unauthorized
from studium.kit.db.prepared import PreparedStatement, Record
from studium.kit.http.dependencies import ReadsDep, SessionDep, TransactionDep, request_runtime
from studium.kit.http.routing import permission
from studium.models import (
    Certificate,
    Course,
    CourseImport,
    DataExport,
    Enrollment,
    Lesson,
    Quiz,
    QuizQuestion,
    Role,
    UploadedFile,
    User,
)

Row = TypeVar("Row")


async def _found(session: AsyncSession, row: type[Row], *where: Rule, may: Rule | None = None) -> tuple[Row, bool]:
    """The one row for which all of `where` holds, and whether `may` holds for it; raise NotFound otherwise."""
    return await _pick(session, select(row, (true() if may is None else may).label("may")).where(*where))


async def _pick(session: AsyncSession, statement: Any) -> tuple[Any, bool]:  # noqa: ANN401 -- any entity.
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        raise NotFound(NOTHING)
    return found[0], bool(found[1])


async def _allowed(session: AsyncSession, row: type[Row], *where: Rule, may: Rule) -> Row:
    found, allowed = await _found(session, row, *where, may=may)
    if not allowed:
        raise Forbidden(NOT_ALLOWED)
    return found


# Courses


@permission("course: visible")
async def visible_course(course_id: UUID, actor: OptionalUser, session: SessionDep) -> Course:
    """A course that the caller may know of."""
    course, _ = await _found(session, Course, Course.id == course_id, rules.may_see_course(actor))
    return course


@permission("course: learner, owner or admin")
async def readable_course(course_id: UUID, actor: CurrentUser, session: SessionDep) -> Course:
    """A course whose lessons the caller may read; 403 `enrollment_required` otherwise."""
    seen = rules.may_see_course(actor)
    course, may = await _found(session, Course, Course.id == course_id, seen, may=rules.may_read_lessons(actor))
    if not may:
        message = "Enroll in the course first."
        raise EnrollmentRequired(message)
    return course


@permission("course: owner or admin")
async def editable_course(course_id: UUID, actor: CurrentUser, session: SessionDep) -> Course:
    """A course that the caller may edit."""
    seen = rules.may_see_course(actor)
    return await _allowed(session, Course, Course.id == course_id, seen, may=rules.may_edit_course(actor))


VisibleCourse = Annotated[Course, Depends(visible_course)]
ReadableCourse = Annotated[Course, Depends(readable_course)]
EditableCourse = Annotated[Course, Depends(editable_course)]


# Lessons


@permission("lesson: owner or admin")
async def editable_lesson(lesson_id: UUID, course: EditableCourse, session: SessionDep) -> Lesson:
    """A live lesson of a course that the caller may edit."""
    live = Lesson.archived_at.is_(None)
    lesson, _ = await _found(session, Lesson, Lesson.id == lesson_id, Lesson.course_id == course.id, live)
    return lesson


EditableLesson = Annotated[Lesson, Depends(editable_lesson)]


@permission("import: own, instructor or admin")
async def own_import(import_id: UUID, actor: Teacher, session: SessionDep) -> CourseImport:
    """An import that the caller asked for; 404 for those of others."""
    row, _ = await _found(session, CourseImport, CourseImport.id == import_id, rules.is_own_import(actor))
    return row


OwnImport = Annotated[CourseImport, Depends(own_import)]


# Enrollments


def _enrollment_where(actor: Actor, enrollment_id: UUID) -> tuple[Rule, Rule]:
    return Enrollment.id == enrollment_id, rules.may_see_enrollment(actor)


@permission("enrollment: student, owner or admin")
async def visible_enrollment(enrollment_id: UUID, actor: CurrentUser, session: SessionDep) -> Enrollment:
    """An enrollment that the caller may know of."""
    enrollment, _ = await _found(session, Enrollment, *_enrollment_where(actor, enrollment_id))
    return enrollment


def _advancing(role: Role) -> PreparedStatement:
    actor = parameter_actor(role)
    where = Enrollment.id == bindparam("p_enrollment", type_=Uuid()), rules.may_see_enrollment(actor)
    shown = (
        Enrollment.id,
        Enrollment.student_id,
        Enrollment.course_id,
        Enrollment.status,
        Enrollment.started_at,
        Enrollment.progress_percentage,
        Enrollment.completed_lessons_count,
        Enrollment.total_lessons_count,
        rules.may_advance_enrollment(actor).label("may"),
    )
    return PreparedStatement(select(*shown).where(*where).with_for_update(of=Enrollment))


_ADVANCING = {role: _advancing(role) for role in Role}


@permission("enrollment: student or admin")
async def advancing_enrollment(enrollment_id: UUID, actor: CurrentUser, tx: TransactionDep) -> Record:
    """An enrollment in which the caller may record progress (the student; an admin overrides), locked.

    After a wait for the lock its own columns are those of now; other tables are read by later statements.
    """
    return allowed(await tx.first(_ADVANCING[actor.role], p_enrollment=enrollment_id, actor_id=actor.id))


def allowed(found: Record | None) -> Record:
    """A row whose column `may` says whether the caller may do this; raise NotFound without one, else Forbidden."""
    if found is None:
        raise NotFound(NOTHING)
    if not found["may"]:
        raise Forbidden(NOT_ALLOWED)
    return found


@permission("enrollment: student")
async def own_enrollment(enrollment_id: UUID, actor: CurrentUser, session: SessionDep) -> Enrollment:
    """The caller's own enrollment."""
    may = rules.is_own_enrollment(actor)
    return await _allowed(session, Enrollment, *_enrollment_where(actor, enrollment_id), may=may)


VisibleEnrollment = Annotated[Enrollment, Depends(visible_enrollment)]
AdvancingEnrollment = Annotated[Record, Depends(advancing_enrollment)]
OwnEnrollment = Annotated[Enrollment, Depends(own_enrollment)]


# Quizzes, questions


def _quiz_of(course: Course, quiz_id: UUID) -> tuple[Rule, Rule]:
    lessons = select(Lesson.id).where(Lesson.course_id == course.id, Lesson.archived_at.is_(None))
    return Quiz.id == quiz_id, Quiz.lesson_id.in_(lessons)


@permission("quiz: learner (published), owner or admin")
async def visible_quiz(quiz_id: UUID, course: ReadableCourse, actor: CurrentUser, session: SessionDep) -> Quiz:
    """A quiz of a course whose lessons the caller may read; unpublished ones only for those who edit the course."""
    seen = rules.may_see_quiz(actor)
    statement = select(Quiz, true().label("may")).join(Lesson, Lesson.id == Quiz.lesson_id)
    statement = statement.join(Course, Course.id == Lesson.course_id).where(*_quiz_of(course, quiz_id), seen)
    quiz, _ = await _pick(session, statement)
    return quiz  # type: ignore[no-any-return]  # the statement selects quizzes.


@permission("quiz: owner or admin")
async def editable_quiz(quiz_id: UUID, course: EditableCourse, session: SessionDep) -> Quiz:
    """A quiz of a course that the caller may edit."""
    quiz, _ = await _found(session, Quiz, *_quiz_of(course, quiz_id))
    return quiz


VisibleQuiz = Annotated[Quiz, Depends(visible_quiz)]
EditableQuiz = Annotated[Quiz, Depends(editable_quiz)]


@permission("question: owner or admin")
async def editable_question(question_id: UUID, quiz: EditableQuiz, session: SessionDep) -> QuizQuestion:
    """A question of a quiz that the caller may edit."""
    question, _ = await _found(session, QuizQuestion, QuizQuestion.id == question_id, QuizQuestion.quiz_id == quiz.id)
    return question


EditableQuestion = Annotated[QuizQuestion, Depends(editable_question)]


# Certificates


@permission("certificate: student, owner or admin")
async def visible_certificate(certificate_id: UUID, actor: CurrentUser, session: SessionDep) -> Certificate:
    """A certificate that the caller may read."""
    seen = rules.may_see_certificate(actor)
    certificate, _ = await _found(session, Certificate, Certificate.id == certificate_id, seen)
    return certificate


VisibleCertificate = Annotated[Certificate, Depends(visible_certificate)]


async def _ticket_or_user(
    request: Request,
    actor: OptionalUser,
    ticket: Annotated[
        str | None, Query(description="From the mail about the certificate, in place of a log-in.")
    ] = None,
) -> Actor | UUID:
    """The caller, or the certificate that their ticket is for; 401 without either."""
    if actor is not None:
        return actor
    found = None if ticket is None else ticketed_certificate(request_runtime(request).keys, ticket)
    if found is None:
        raise Unauthorized
    return found


@permission("certificate: student, owner, admin, or with its mailed ticket")
async def downloadable_certificate(
    holder: Annotated[Actor | UUID, Depends(_ticket_or_user)], certificate_id: UUID, session: SessionDep
) -> Certificate:
    """A certificate that the caller may download; a ticket is good for its own one while its student is active."""
    seen = rules.may_see_certificate(holder) if isinstance(holder, Actor) else rules.ticket_admits(holder)
    certificate, _ = await _found(session, Certificate, Certificate.id == certificate_id, seen)
    return certificate


DownloadableCertificate = Annotated[Certificate, Depends(downloadable_certificate)]


@permission("certificate: admin")
async def revocable_certificate(certificate: VisibleCertificate, actor: CurrentUser) -> Certificate:
    """A certificate that the caller may revoke."""
    if not actor.is_admin:
        message = "Only an admin revokes a certificate."
        raise Forbidden(message)
    return certificate


RevocableCertificate = Annotated[Certificate, Depends(revocable_certificate)]


@permission("export: with its mailed ticket")
async def ticketed_export_of(
    request: Request,
    export_id: UUID,
    session: SessionDep,
    ticket: Annotated[str, Query(description="From the mail about the export.")] = "",
) -> DataExport:
    """An export whose ticket the caller has, while whoever asked for it may have it; 401 without the ticket."""
    if ticketed_export(request_runtime(request).keys, ticket) != export_id:
        raise Unauthorized
    export, _ = await _found(session, DataExport, DataExport.id == export_id, rules.may_have_export())
    return export


TicketedExport = Annotated[DataExport, Depends(ticketed_export_of)]


# Files


@permission("file: public, uploader, course reader or admin")
async def visible_file(file_id: UUID, actor: OptionalUser, session: SessionDep) -> UploadedFile:
    """A file that the caller may read; without a token a private one is 401 like every route that needs a caller."""
    try:
        file, _ = await _found(session, UploadedFile, UploadedFile.id == file_id, rules.may_see_file(actor))
    except NotFound:
        if actor is None:
            raise Unauthorized from None
        raise
    return file


@permission("file: uploader or admin")
async def deletable_file(file_id: UUID, actor: CurrentUser, session: SessionDep) -> UploadedFile:
    """A file that the caller may delete."""
    seen = rules.may_see_file(actor)
    may = rules.may_delete_file(actor)
    return await _allowed(session, UploadedFile, UploadedFile.id == file_id, seen, may=may)


VisibleFile = Annotated[UploadedFile, Depends(visible_file)]
DeletableFile = Annotated[UploadedFile, Depends(deletable_file)]


# Analytics


_TEACHER = PreparedStatement(
    select(User.id).where(User.id == bindparam("user_id", type_=Uuid()), User.role != Role.STUDENT)
)


@permission("instructor: self or admin")
async def overview_instructor(instructor_id: UUID, actor: CurrentUser, reads: ReadsDep) -> UUID:
    """An instructor whose figures the caller may see: one's own, or any for an admin (404 where there is none)."""
    if actor.role is Role.STUDENT or not (actor.is_admin or actor.id == instructor_id):
        message = "These figures are for the instructor and admins."
        raise Forbidden(message)
    if await reads.one(_TEACHER, user_id=instructor_id) is None:
        raise NotFound(NOTHING)
    return instructor_id


OverviewInstructor = Annotated[UUID, Depends(overview_instructor)]
