"""The next lesson is the learner's own: what others have done does not move it."""

from decimal import Decimal

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Enrollment, LessonProgress, ProgressStatus
from tests.world import World, add_students


async def test_somebody_elses_progress_is_not_mine(world: World) -> None:
    await add_students(world, "ben")
    theirs = Enrollment(
        id=new_id(), student_id=world.ids["ben"], course_id=world.ids["C1"], enrolled_at=now(), total_lessons_count=4
    )
    done = LessonProgress(
        id=new_id(),
        enrollment_id=theirs.id,
        lesson_id=world.ids["L1"],
        status=ProgressStatus.COMPLETED,
        completed_at=now(),
        completion_percentage=Decimal(100),
    )
    await world.add(theirs)
    await world.add(done)
    for who, following in (("sam", "L1"), ("ben", "L2")):
        mine = (await world.call(who, "GET", "/enrollments/my-courses?status=active")).json()["items"]
        assert [one["next_lesson_id"] for one in mine] == [str(world.ids[following])]
        names = [(one["next_lesson_slug"], one["next_lesson_title"]) for one in mine]
        assert names == [(f"lesson-{following.lower()}", f"Lesson {following}")]
        home = (await world.call(who, "GET", "/analytics/my-dashboard")).json()["continue_learning"]
        assert [one["next_lesson_id"] for one in home] == [str(world.ids[following])]


async def test_a_course_without_another_lesson_names_none(world: World) -> None:
    (done,) = (await world.call("sam", "GET", "/enrollments/my-courses?status=completed")).json()["items"]
    assert [done[f"next_lesson_{name}"] for name in ("id", "slug", "title")] == [None] * 3
