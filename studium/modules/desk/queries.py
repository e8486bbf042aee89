"""What waits for a grader: one statement for a page, whatever waits, and one for the summary.

A page walks along the index of what waits, oldest first, and looks up names for its own rows alone. Which quizzes the
caller grades is found once, and then asked of a hash: the work is bounded by what waits, whoever asks. Where these are
few, PostgreSQL takes the oldest of each along an index by quiz instead, and of these the oldest.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from studium.access import rules
from studium.access.actor import Actor, parameter_actor
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.kit.http.pagination import MAX_LIMIT, AnySelect, Order, Page, PagedRead, PageQuery
from studium.kit.http.routing import API
from studium.kit.http.schemas import PersonOut
from studium.models import Course, Enrollment, GradingComment, Lesson, Quiz, QuizAttempt, QuizQuestion, Role, User
from studium.modules.desk.schemas import (
    CommentOut,
    CourseWaiting,
    GradedCourse,
    GradedItem,
    GradingKind,
    GradingSummary,
    ItemWaiting,
    WaitingOut,
)

QUIZZES_MAX = 1_000
FEW = 100
"""Quizzes of which it is quicker to take the oldest of each than to walk past those of others."""

Condition = ColumnElement[bool]
# As the indexes say it: parameters would not be found to mean the same.
_IS_WAITING = text("quiz_attempts.status = 'submitted' AND quiz_attempts.marked_at IS NULL")
_IS_MARKED = text("quiz_attempts.marked_at IS NOT NULL")
# A parameter would let the planner expect a tenth of everything.
_MOST: Any = literal_column(str(MAX_LIMIT + 1))
_OLDEST = (Order(QuizAttempt.submitted_at, descending=False), Order(QuizAttempt.id, descending=False))
_COURSE, _ITEM, _QUESTION, _AFTER = (
    bindparam(f"p_{name}", type_=Uuid()) for name in ("course", "item", "question", "after")
)
_left = aliased(QuizAttempt, name="left_behind")


class DeskFilter(NamedTuple):
    """What narrows the queue; None leaves it open."""

    course_id: UUID | None = None
    item_id: UUID | None = None
    question_id: UUID | None = None
    after_id: UUID | None = None


class lacks_mark(FunctionElement[bool]):  # noqa: N801 -- it stands in statements like the other SQL functions.
    """Whether results and draft have no mark for a question, whose id is a text."""

    type = Boolean()
    inherit_cache = True


@compiles(lacks_mark, "postgresql")
def _lacks_postgresql(element: lacks_mark, compiler: SQLCompiler, **kw: object) -> str:
    results, draft, question = (compiler.process(clause, **kw) for clause in element.clauses)
    asked = f"jsonb_build_object('question_id', CAST({question} AS text), 'points_awarded', NULL)"
    return f"({results} @> jsonb_build_array({asked}) AND {draft} -> 'marks' -> CAST({question} AS text) IS NULL)"


@compiles(lacks_mark, "sqlite")
def _lacks_sqlite(element: lacks_mark, compiler: SQLCompiler, **kw: object) -> str:
    results, draft, question = (compiler.process(clause, **kw) for clause in element.clauses)
    lacking = f"json_extract(value, '$.question_id') = {question} AND json_extract(value, '$.points_awarded') IS NULL"
    drafted = f"json_extract({draft}, '$.marks.\"' || {question} || '\"')"
    return f"(EXISTS (SELECT 1 FROM json_each({results}) WHERE {lacking}) AND {drafted} IS NULL)"  # noqa: S608 -- our own words.


def _quizzes(actor: Actor, *of: Condition) -> Select[UUID]:
    """The quizzes that the caller grades."""
    return (
        select(Quiz.id)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(rules.may_edit_course(actor), *of)
    )


def _graded(actor: Actor, *of: Condition) -> Condition:
    """Whether the caller grades the attempt's quiz. Said so that no planner begins with the quizzes and sorts."""
    return QuizAttempt.quiz_id.in_(_quizzes(actor, *of)).is_(true())


def _where(actor: Actor, has: frozenset[str]) -> Iterator[Condition]:
    """The conditions of a queue that is narrowed by these."""
    if "course_id" in has:
        yield _graded(actor, Lesson.course_id == _COURSE)
    elif not actor.is_admin:
        yield _graded(actor)
    if "item_id" in has:
        yield QuizAttempt.quiz_id == _ITEM
    if "question_id" in has:
        own = select(QuizQuestion.quiz_id).where(QuizQuestion.id == _QUESTION)
        yield QuizAttempt.quiz_id == own.scalar_subquery()
        yield lacks_mark(QuizAttempt.results, QuizAttempt.draft, bindparam("p_asked", type_=String()))


def _beyond(has: frozenset[str]) -> Condition:
    """Whether an attempt comes after the piece that was named, if one was."""
    if "after_id" not in has:
        return true()
    since = select(_left.submitted_at).where(_left.id == _AFTER).scalar_subquery()
    return tuple_(QuizAttempt.submitted_at, QuizAttempt.id) > tuple_(since, _AFTER)


def _of_each(quizzes: FromClause, condition: Condition) -> Select[UUID]:
    """The oldest of each quiz, and of these the oldest. SQLite has no LATERAL."""
    own = (
        select(QuizAttempt.id, QuizAttempt.submitted_at)
        .where(_IS_WAITING, QuizAttempt.quiz_id == quizzes.c.id, condition)
        .order_by(*(each.clause() for each in _OLDEST))
        .limit(_MOST)
        .lateral()
    )
    all_of_them = select(own.c.id).select_from(quizzes.join(own, true()))
    return all_of_them.order_by(own.c.submitted_at, own.c.id).limit(_MOST)


def _of_all(condition: Condition) -> Select[UUID]:
    """The oldest of all, along the index of what waits."""
    waiting = select(QuizAttempt.id).where(_IS_WAITING, condition)
    return waiting.order_by(*(each.clause() for each in _OLDEST)).limit(_MOST)


def _oldest(actor: Actor, has: frozenset[str], condition: Condition, dialect: str) -> FromClause:
    """The ids of the oldest, in whichever way is quicker: one of the two is never begun."""
    condition = and_(condition, _beyond(has))
    walked, has = and_(condition, *_where(actor, has)), has - {"after_id"}
    if dialect == "sqlite" or has - {"course_id"} or (actor.is_admin and not has):
        return _of_all(walked).subquery()
    if has:
        return _of_each(_quizzes(actor, Lesson.course_id == _COURSE).subquery(), condition).subquery()
    quizzes = _quizzes(actor).limit(literal_column(str(FEW + 1))).cte()
    are_few = select(func.count() <= literal_column(str(FEW))).select_from(quizzes).scalar_subquery()
    either = (_of_each(quizzes, condition).where(are_few), _of_all(walked).where(~are_few))
    return union_all(*(select(each.subquery().c.id) for each in either)).subquery()


@cache
def _queue(role: Role, has: frozenset[str], dialect: str) -> PagedRead[WaitingOut]:
    actor = parameter_actor(role)
    waiting = select(QuizAttempt.id).where(_IS_WAITING, _beyond(has), *_where(actor, has))

    def beyond(condition: Condition) -> AnySelect:
        oldest = _oldest(actor, has, condition, dialect)
        return (
            select(
                *(QuizAttempt.id, QuizAttempt.attempt_number, QuizAttempt.submitted_at, QuizAttempt.version),
                *(QuizAttempt.results, QuizAttempt.draft, QuizAttempt.enrollment_id, QuizAttempt.quiz_id),
                *(Quiz.title.label("quiz_title"), Course.id.label("course_id"), Course.title.label("course_title")),
                *(User.id.label("student_id"), User.full_name),
            )
            .select_from(oldest)
            .join(QuizAttempt, QuizAttempt.id == oldest.c.id)
            .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
            .join(User, User.id == Enrollment.student_id)
            .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
            .join(Course, Course.id == Enrollment.course_id)
        )

    return PagedRead(beyond(true()), order=_OLDEST, name="grading", of=WaitingOut, beyond=beyond, counted=waiting)


async def waiting_page(reads: QueryExecutor, actor: Actor, wanted: DeskFilter, page: PageQuery) -> Page[WaitingOut]:
    """What waits and the caller may grade, oldest first. One hot read."""
    has = frozenset(name for name, value in wanted._asdict().items() if value is not None)
    values: dict[str, Any] = {f"p_{name.removesuffix('_id')}": getattr(wanted, name) for name in has}
    if "question_id" in has:
        values["p_asked"] = str(wanted.question_id)
    return await _queue(actor.role, has, reads.dialect).page(reads, page, _waiting, actor_id=actor.id, **values)


def _waiting(row: Record) -> WaitingOut:
    drafted = {} if row["draft"] is None else row["draft"]["marks"]
    lacking = [each["question_id"] for each in row["results"] or () if each["points_awarded"] is None]
    return WaitingOut(
        kind=GradingKind.ESSAY,
        id=row["id"],
        attempt_number=row["attempt_number"],
        course=GradedCourse(id=row["course_id"], title=row["course_title"]),
        item=GradedItem(id=row["quiz_id"], title=row["quiz_title"]),
        learner=PersonOut(id=row["student_id"], full_name=row["full_name"]),
        question_ids=[UUID(each) for each in lacking if each not in drafted],
        is_drafted=row["draft"] is not None,
        waiting_since=row["submitted_at"],
        link=f"{API}/enrollments/{row['enrollment_id']}/quizzes/{row['quiz_id']}/attempts/{row['id']}",
        version=row["version"],
    )


@cache
def _summary(role: Role, *, is_one_course: bool) -> PreparedStatement:
    """By quiz, each row with the sums over all quizzes beside it; those of a course stand together."""
    actor = parameter_actor(role)
    of = [Lesson.course_id == _COURSE] if is_one_course else []
    may = [QuizAttempt.quiz_id.in_(_quizzes(actor, *of))] if of or not actor.is_admin else []
    none = literal(0, BigInteger())
    counted = func.count(QuizAttempt.id)
    waiting = select(
        QuizAttempt.quiz_id,
        counted.label("waiting"),
        func.min(QuizAttempt.submitted_at).label("since"),
        none.label("unreleased"),
    )
    marked = select(QuizAttempt.quiz_id, none, null(), counted)
    both = union_all(
        waiting.where(_IS_WAITING, *may).group_by(QuizAttempt.quiz_id),
        marked.where(_IS_MARKED, *may).group_by(QuizAttempt.quiz_id),
    ).subquery()
    amounts = {name: func.sum(both.c[name]) for name in ("waiting", "unreleased")}
    since = func.min(both.c.since)
    of_course = func.min(since).over(partition_by=Course.id)
    return PreparedStatement(
        select(
            *(Course.id, Course.title, Quiz.id.label("quiz_id"), Quiz.title.label("quiz_title")),
            *(since.label("since"), func.min(since).over().label("first")),
            *(cast(amount, BigInteger).label(name) for name, amount in amounts.items()),
            *(cast(func.sum(amount).over(), BigInteger).label(f"all_{name}") for name, amount in amounts.items()),
        )
        .select_from(both)
        .join(Quiz, Quiz.id == both.c.quiz_id)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .join(Course, Course.id == Lesson.course_id)
        .group_by(Course.id, Course.title, Quiz.id, Quiz.title)
        .order_by(of_course.asc().nulls_last(), Course.id, since.asc().nulls_last(), Quiz.id)
        .limit(QUIZZES_MAX)
    )


async def grading_summary(reads: QueryExecutor, actor: Actor, course_id: UUID | None = None) -> GradingSummary:
    """How much waits, in all courses or in one. One hot read."""
    statement = _summary(actor.role, is_one_course=course_id is not None)
    values = {} if course_id is None else {"p_course": course_id}
    rows = await reads.all(statement, actor_id=actor.id, **values)
    if not rows:
        return GradingSummary(waiting=0, since=None, unreleased=0, courses=[])
    first = rows[0]
    return GradingSummary(
        waiting=first["all_waiting"],
        since=first["first"],
        unreleased=first["all_unreleased"],
        courses=[_course_waiting(list(own)) for _, own in groupby(rows, itemgetter("id"))],
    )


async def waiting_in(reads: QueryExecutor, actor: Actor, course_id: UUID) -> dict[UUID, ItemWaiting]:
    """What waits in a course, by its quizzes; one of which nothing does is not there. One hot read."""
    summary = await grading_summary(reads, actor, course_id)
    return {one.item.id: one for each in summary.courses for one in each.items}


def _course_waiting(rows: Sequence[Record]) -> CourseWaiting:
    """The quizzes of one course, those that wait longest first."""
    items = [
        ItemWaiting(
            item=GradedItem(id=row["quiz_id"], title=row["quiz_title"]),
            **{name: row[name] for name in ("waiting", "since", "unreleased")},
        )
        for row in rows
    ]
    return CourseWaiting(
        course=GradedCourse(id=rows[0]["id"], title=rows[0]["title"]),
        waiting=sum(one.waiting for one in items),
        since=items[0].since,
        unreleased=sum(one.unreleased for one in items),
        items=items,
    )


_COMMENTS = PagedRead(
    select(*GradingComment.__table__.c).where(GradingComment.owner_id == bindparam("p_owner", type_=Uuid())),
    order=(Order(GradingComment.uses), Order(GradingComment.id)),
    name="comments",
    of=CommentOut,
)


async def comment_page(reads: QueryExecutor, actor: Actor, page: PageQuery) -> Page[CommentOut]:
    """The caller's own comments, those used most first. One hot read."""
    return await _COMMENTS.page(reads, page, p_owner=actor.id)
