"""One enrollment and many are counted by one rule, and both agree with a count in Python."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from random import Random
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.transaction import SessionTransaction
from studium.models import Enrollment, EnrollmentStatus, Lesson, LessonProgress, LessonType, ProgressStatus
from studium.modules.enrollments.actions_recount import recount_course
from studium.modules.enrollments.counters import recount
from tests.world import World, add_students, lesson

LESSONS, LEARNERS = 7, 12
ACTIVE, COMPLETED = EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED


async def random_progress(world: World, dice: Random) -> None:
    """Learners of C1 with some of its lessons done, one of which is archived, and counters that are wrong."""
    lessons: list[Lesson] = [lesson(world, f"R{i}", "C1", 20 + i, LessonType.TEXT) for i in range(LESSONS)]
    lessons[-1].archived_at, lessons[-1].order_index = now(), -20
    await world.add(*lessons)
    names = [f"learner-{i}" for i in range(LEARNERS)]
    await add_students(world, *names)
    rows: list[Enrollment] = []
    for name in names:
        status = dice.choice([ACTIVE, ACTIVE, EnrollmentStatus.DROPPED])
        rows.append(
            Enrollment(
                id=new_id(), student_id=world.ids[name], course_id=world.ids["C1"], enrolled_at=now(), status=status
            )
        )
    await world.add(*rows)
    async with world.runtime.database.write_session() as session:
        live = select(Lesson.id).where(Lesson.course_id == world.ids["C1"])
        every = list((await session.execute(live)).scalars())
        for row in rows:
            done = every if dice.random() < 0.3 else dice.sample(every, dice.randrange(len(every)))
            session.add_all(
                LessonProgress(
                    id=new_id(),
                    enrollment_id=row.id,
                    lesson_id=each,
                    status=ProgressStatus.COMPLETED,
                    completed_at=now(),
                    completion_percentage=100,
                )
                for each in done
            )


async def enrollments_of(world: World, session: AsyncSession) -> Sequence[Enrollment]:
    """Every enrollment of C1."""
    return (await session.execute(select(Enrollment).where(Enrollment.course_id == world.ids["C1"]))).scalars().all()


async def counted(world: World) -> dict[UUID, tuple[object, ...]]:
    """What the counters of every enrollment of C1 should be after a recount, by the rows, in Python."""
    expected: dict[UUID, tuple[object, ...]] = {}
    async with world.runtime.database.read_session() as session:
        rows = (
            (await session.execute(select(Enrollment).where(Enrollment.course_id == world.ids["C1"]))).scalars().all()
        )
        live_where = Lesson.course_id == world.ids["C1"], Lesson.archived_at.is_(None)
        live = set((await session.execute(select(Lesson.id).where(*live_where))).scalars())
        for row in rows:
            done_where = LessonProgress.enrollment_id == row.id, LessonProgress.status == ProgressStatus.COMPLETED
            done = len(
                live & set((await session.execute(select(LessonProgress.lesson_id).where(*done_where))).scalars())
            )
            share = (Decimal(done * 100) / len(live)).quantize(Decimal("0.01"), ROUND_DOWN)
            status = COMPLETED if row.status is ACTIVE and done == len(live) else row.status
            expected[row.id] = (status, len(live), done, share)
    return expected


async def stored(world: World) -> dict[UUID, tuple[object, ...]]:
    async with world.runtime.database.read_session() as session:
        rows = (
            (await session.execute(select(Enrollment).where(Enrollment.course_id == world.ids["C1"]))).scalars().all()
        )
        return {
            row.id: (row.status, row.total_lessons_count, row.completed_lessons_count, row.progress_percentage)
            for row in rows
        }


async def test_one_and_many_are_counted_alike(world: World) -> None:
    await random_progress(world, Random(7))
    expected = await counted(world)
    async with world.runtime.database.write_session() as session:
        transaction = SessionTransaction(session)
        for enrollment_id in expected:
            await recount(transaction, enrollment_id)
    alone = await stored(world)
    assert alone == expected
    assert COMPLETED in {status for status, *_ in alone.values()}
    async with world.runtime.database.write_session() as session:
        await session.execute(delete(LessonProgress).where(LessonProgress.lesson_id == world.ids["R0"]))
    expected = await counted(world)
    async with world.runtime.database.write_session() as session:
        await recount_course(session, world.ids["C1"])
    many = await stored(world)
    for key, found in many.items():
        # A completed enrollment is final; those who left are counted when they come back.
        assert found == (expected[key] if alone[key][0] is ACTIVE else alone[key]), key
