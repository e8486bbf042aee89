"""What pages listen for: imports, regrades, what waits for a grader, and the session that listens.

One statement looks at all of it, whoever listens. A mark is a text that is another one after each change.
"""

from collections.abc import Callable, Collection, Mapping
from functools import reduce
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Uuid,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    text,
    union_all,
)

from studium.access.actor import Actor
from studium.kit.base.clock import now
from studium.kit.db.database import Database
from studium.kit.http.live import Topic
from studium.models import Course, CourseImport, Lesson, PeopleImport, Quiz, QuizAttempt, Regrade, User, UserSession

Arm = Select[str, UUID, UUID, str]
_NOBODY = cast(null(), Uuid())
_IS_WAITING = text("quiz_attempts.status = 'submitted' AND quiz_attempts.marked_at IS NULL")


def topic_of_import(actor: Actor, import_id: UUID) -> Topic:
    """An import of a course, for whoever asked for it."""
    return Topic("import", import_id, actor.id)


def topic_of_people_import(import_id: UUID) -> Topic:
    """An import of people, for any admin."""
    return Topic("people", import_id)


def topic_of_regrade(actor: Actor, regrade_id: UUID) -> Topic:
    """A regrade, for who owns the course and for admins."""
    return Topic("regrade", regrade_id, None if actor.is_admin else actor.id)


def topic_of_grading(actor: Actor) -> Topic:
    """What waits and the caller may grade."""
    return Topic("grading", None, None if actor.is_admin else actor.id)


def needs_of(actor: Actor) -> dict[Topic, str]:
    """What must stay as it is for whoever listens: their session, and their role."""
    return {Topic("session", actor.session_id): actor.role.value}


def _mark(*parts: Any) -> ColumnElement[str]:  # noqa: ANN401 -- columns of any type.
    texts: list[ColumnElement[str]] = [cast(part, String) for part in parts]
    return reduce(lambda before, after: before + literal(".") + after, texts)


def _ids(name: str) -> Any:  # noqa: ANN401 -- a list of ids.
    return bindparam(name, expanding=True, type_=Uuid())


def _row(kind: str, id_: Any, by: Any, *mark: Any) -> Arm:  # noqa: ANN401 -- columns of any type.
    return select(literal(kind).label("kind"), id_.label("id"), by.label("by"), _mark(*mark).label("mark"))


def _sessions() -> Arm:
    live = UserSession.revoked_at.is_(None), UserSession.expires_at > now(), User.is_active
    row = _row("session", UserSession.id, _NOBODY, User.role).join(User, User.id == UserSession.user_id)
    return row.where(UserSession.id.in_(_ids("session")), *live)


def _imports() -> Arm:
    of = CourseImport
    row = _row("import", of.id, of.owner_id, of.status, of.phase, of.progress_done, of.progress_total)
    return row.where(of.id.in_(_ids("import")))


def _people() -> Arm:
    of = PeopleImport
    row = _row("people", of.id, _NOBODY, of.status, of.progress_done, of.progress_total)
    return row.where(of.id.in_(_ids("people")))


def _regrades() -> Arm:
    is_done = func.coalesce(cast(Regrade.finished_at, String), "")
    row = _row("regrade", Regrade.id, Course.instructor_id, Regrade.attempts_done, is_done)
    row = row.join(Quiz, Quiz.id == Regrade.quiz_id).join(Lesson, Lesson.id == Quiz.lesson_id)
    return row.join(Course, Course.id == Lesson.course_id).where(Regrade.id.in_(_ids("regrade")))


def _grading() -> Arm:
    row = _row("grading", _NOBODY, Course.instructor_id, func.count(QuizAttempt.id), func.max(QuizAttempt.submitted_at))
    row = row.join(Quiz, Quiz.id == QuizAttempt.quiz_id).join(Lesson, Lesson.id == Quiz.lesson_id)
    return row.join(Course, Course.id == Lesson.course_id).where(_IS_WAITING).group_by(Course.instructor_id)


_ARMS: dict[str, Callable[[], Arm]] = {
    "session": _sessions,
    "import": _imports,
    "people": _people,
    "regrade": _regrades,
    "grading": _grading,
}


async def look(database: Database, topics: Collection[Topic]) -> Mapping[Topic, str]:
    """The mark of each topic that there is, for whom it may be seen by. One statement.

    What nobody has to grade has a mark too: it is not over when it is empty.
    """
    wanted = {kind: [topic.id for topic in topics if topic.kind == kind] for kind in _ARMS}
    kinds = [kind for kind, ids in wanted.items() if ids]
    ids = {kind: wanted[kind] for kind in kinds if kind != "grading"}
    async with database.read_session() as session:
        rows = (await session.execute(union_all(*(_ARMS[kind]() for kind in kinds)), ids)).all()
    found = {Topic(kind, id_, by): mark for kind, id_, by, mark in rows}
    # What somebody owns an admin sees too; of what waits, all of it.
    found |= {topic._replace(by=None): mark for topic, mark in found.items() if topic.kind == "regrade"}
    waiting = sorted(f"{topic.by}:{mark}" for topic, mark in found.items() if topic.kind == "grading")
    everything = {Topic("grading"): ";".join(waiting)}
    return {topic: "" for topic in topics if topic.kind == "grading"} | found | everything
