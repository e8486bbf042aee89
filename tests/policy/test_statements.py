"""A list costs the same number of statements for one row and for a hundred; the hot reads cost one or two."""

from datetime import timedelta

from sqlalchemy import update

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Certificate, Course, Enrollment, FileType, Lesson, LessonType, UploadedFile
from tests.world import World, add_students, lesson

MORE = 99
WHO = 1
"""The statement that finds out who is asking."""

LISTS = [
    (None, "/courses?limit=100", 1),
    ("ada", "/courses?limit=100", WHO + 1),
    ("sam", "/courses?q=more&sort=rating&limit=100", WHO + 1),
    ("ada", "/courses/{C1}/lessons?limit=100", WHO + 1),
    ("sam", "/courses/{C1}/lessons?limit=100", WHO + 1),
    ("sam", "/enrollments/my-courses?limit=100", WHO + 1),
    ("sam", "/enrollments/{E1}/lessons?limit=100", WHO + 1),
    ("ada", "/enrollments/courses/{C1}?limit=100", WHO + 1),
    ("ada", "/enrollments/courses/{C1}/stats", WHO + 1),
    (None, "/courses/{C1}/reviews?limit=100", 1),
    ("sam", "/certificates/my-certificates?limit=100", WHO + 1),
    ("sam", "/files/my-files?limit=100", WHO + 1),
    ("ada", "/courses/{C1}/quizzes?limit=100", 5),
    ("root", "/users?limit=100", WHO + 1),
]
ONES = [
    (None, "/courses/{C1}", 1),
    ("sam", "/courses/{C1}", WHO + 1),
    ("sam", "/courses/slug/course-c1", WHO + 1),
    ("sam", "/courses/{C1}/lessons/{L2}", WHO + 1),
    ("sam", "/enrollments/{E1}", WHO + 1),
    (None, "/certificates/verify/{NUMBER}", 2),
]


async def grow(world: World) -> None:
    """A hundred of everything: courses with sam in them, lessons and reviewers of C1, certificates and files of sam."""
    courses = [
        Course(id=new_id(), title=f"More {i}", slug=f"more-{i}", instructor_id=world.ids["ada"], is_published=True)
        for i in range(MORE)
    ]
    lessons: list[Lesson] = [lesson(world, f"G{i}", "C1", 10 + i, LessonType.TEXT) for i in range(MORE)]
    await world.add(*courses, *lessons)
    names = [f"more-{i}" for i in range(MORE)]
    await add_students(world, *names)
    mine = [_done(world, "sam", course.id) for course in courses]
    await world.add(*mine, *(_done(world, name, world.ids["C1"]) for name in names))
    at = now()
    await world.add(
        *(
            Certificate(
                id=new_id(),
                enrollment_id=enrollment.id,
                student_id=enrollment.student_id,
                course_id=enrollment.course_id,
                certificate_number=f"CERT-20260106-{i:06d}",
                pdf_path=f"certificates/{i}.pdf",
                completion_date=at,
                issued_at=at + timedelta(seconds=i),
                student_name="Sam Example",
                course_title=f"More {i}",
                instructor_name="Ada Example",
            )
            for i, enrollment in enumerate(mine)
        ),
        *(
            UploadedFile(
                id=new_id(),
                uploader_id=world.ids["sam"],
                filename=f"more{i}.txt",
                original_filename="more.txt",
                file_url="/",
                storage_path=f"uploads/mo/more{i}.txt",
                file_type=FileType.DOCUMENT,
                mime_type="text/plain",
                file_size=1,
                checksum="0" * 64,
            )
            for i in range(MORE)
        ),
    )


def _done(world: World, who: str, course_id: object) -> Enrollment:
    return Enrollment(
        id=new_id(), student_id=world.ids[who], course_id=course_id, enrolled_at=now(), progress_percentage=50, rating=4
    )


async def cost(world: World, who: str | None, path: str) -> tuple[int, int]:
    """How many statements a read takes, and how many items come."""
    async with world.counting() as seen:
        answer = await world.call(who, "GET", path)
    assert answer.status_code == 200, answer.text
    return len(seen), len(answer.json().get("items", ()))


async def test_lists_grow_with_nothing(world: World) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(update(Enrollment).where(Enrollment.id == world.ids["E1"]).values(rating=5))
    before = [(await cost(world, who, path))[0] for who, path, _ in LISTS]
    await grow(world)
    after = [await cost(world, who, path) for who, path, _ in LISTS]
    for (who, path, most), few, (many, items) in zip(LISTS, before, after, strict=True):
        assert few == many <= most, (who, path)
        assert items >= MORE or "stats" in path or "quizzes" in path, (who, path, items)


async def test_an_empty_list_asks_once_more_whether_it_may_be_seen(world: World) -> None:
    assert await cost(world, None, "/courses/{C2}/reviews") == (2, 0)
    assert await cost(world, "eve", "/enrollments/courses/{C2}") == (WHO + 2, 0)


async def test_the_hot_reads_are_one_statement_each(world: World) -> None:
    for who, path, most in ONES:
        assert (await cost(world, who, path))[0] <= most, (who, path)
