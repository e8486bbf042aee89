"""A course comes in over HTTP, is learnt, and comes again: once only, and all of it or nothing."""

from uuid import UUID

from sqlalchemy import select

from studium.models import Course, CourseImport, ImportedItem, Lesson, Quiz, QuizQuestion, UploadedFile
from tests.importing.studio import BICYCLE, contents, upload, walk_through, zipped
from tests.world import World

FILES = {f"bicycle-olx/{name}": content for name, content in contents(BICYCLE).items()}
TABLES = (Course, Lesson, Quiz, QuizQuestion, UploadedFile, ImportedItem)


async def counts(world: World) -> list[int]:
    return [await world.count(table) for table in TABLES]


async def blobs(world: World) -> set[str]:
    return {path async for path in world.runtime.storage.list("uploads")}


async def test_a_course_is_imported_published_learnt_and_certified(world: World) -> None:
    done = await upload(world, "ada", zipped(FILES))
    assert (done["status"], done["format"], done["outcome"], done["fault"]) == ("done", "olx", "created", None)
    assert done["progress"]["phase"] == "writing"
    path = f"/courses/{done['course_id']}"
    course = (await world.call("ada", "POST", f"{path}/publish")).json()
    assert (course["title"], course["lessons_count"], course["is_published"]) == ("Mend Your Bicycle", 7, True)
    enrollment = await walk_through(world, "ada", "mia", done["course_id"])
    assert (enrollment["status"], enrollment["progress_percentage"]) == ("completed", 100)
    await world.jobs()
    mine = (await world.call("mia", "GET", "/certificates/my-certificates")).json()["items"]
    assert [each["course_title"] for each in mine] == ["Mend Your Bicycle"]


async def test_pictures_are_files_of_the_course_that_its_learners_see(world: World) -> None:
    done = await upload(world, "ada", zipped(FILES))
    lessons = (await world.call("ada", "GET", f"/courses/{done['course_id']}/lessons")).json()["items"]
    content = next(each["content"] for each in lessons if each["title"].startswith("How Hard"))
    async with world.runtime.database.read_session() as session:
        statement = select(UploadedFile).where(UploadedFile.course_id == UUID(done["course_id"]))
        file = (await session.execute(statement)).scalar_one()
    assert f"![A wheel with its valve at the top]({file.file_url})" in content
    course = (await world.call("ada", "GET", f"/courses/{done['course_id']}")).json()
    assert course["thumbnail_url"] == file.file_url
    assert (await world.call("ada", "GET", f"/files/{file.id}/download")).status_code == 200
    assert (await world.call("eve", "GET", f"/files/{file.id}/download")).status_code == 404


async def test_the_same_again_changes_nothing(world: World) -> None:
    first = await upload(world, "ada", zipped(FILES))
    before, stored = await counts(world), await blobs(world)
    again = await upload(world, "ada", zipped(FILES))
    assert (again["outcome"], again["course_id"]) == ("unchanged", first["course_id"])
    assert (await counts(world), await blobs(world)) == (before, stored)
    assert again["report"] == first["report"]


async def test_two_owners_have_a_course_each(world: World) -> None:
    first = await upload(world, "ada", zipped(FILES))
    second = await upload(world, "eve", zipped(FILES))
    assert second["outcome"] == "created"
    slugs = [
        (await world.call("root", "GET", f"/courses/{each['course_id']}")).json()["slug"] for each in (first, second)
    ]
    assert slugs == ["mend-your-bicycle", "mend-your-bicycle-2"]


async def test_a_newer_source_changes_what_it_changed_and_leaves_edits_alone(world: World) -> None:
    first = await upload(world, "ada", zipped(FILES))
    path = f"/courses/{first['course_id']}"
    lessons = {each["title"]: each for each in (await world.call("ada", "GET", f"{path}/lessons")).json()["items"]}
    edited = lessons["Mending a Puncture"]["id"]
    await world.call("ada", "PATCH", f"{path}/lessons/{edited}", json={"description": "Our own words."})
    own = await world.call(
        "ada", "POST", f"{path}/lessons", json={"title": "Ours", "lesson_type": "text", "order_index": 1}
    )
    newer = FILES | {
        "bicycle-olx/html/pressure.html": b"<p>Pump more.</p>",
        "bicycle-olx/vertical/extra.xml": b'<vertical display_name="Extra">'
        b'<html url_name="e"><p>More.</p></html></vertical>',
        "bicycle-olx/sequential/tyres.xml": b'<sequential display_name="Tyres"><vertical url_name="extra"/>'
        b'<vertical url_name="puncture"/><vertical url_name="pressure"/></sequential>',
    }
    again = await upload(world, "ada", zipped(newer))
    assert (again["outcome"], again["course_id"]) == ("updated", first["course_id"])
    after = {each["title"]: each for each in (await world.call("ada", "GET", f"{path}/lessons")).json()["items"]}
    assert list(after) == [
        "Ours", "Wheels", "Tyres", "Extra", "Mending a Puncture", "How Hard Is Hard Enough?", "The Road Test", "Test",
        "Are You Ready for the Road?",
    ]  # fmt: skip
    assert after["How Hard Is Hard Enough?"]["content"] == "Pump more."
    assert after["How Hard Is Hard Enough?"]["id"] == lessons["How Hard Is Hard Enough?"]["id"]
    assert after["Mending a Puncture"]["description"] == "Our own words."
    assert after["Ours"]["id"] == own.json()["id"]
    assert [each["order_index"] for each in after.values()] == list(range(1, 10))


async def test_a_lesson_that_the_source_has_no_more_goes(world: World) -> None:
    await upload(world, "ada", zipped(FILES))
    shorter = FILES | {
        "bicycle-olx/sequential/tyres.xml": b'<sequential display_name="Tyres">'
        b'<vertical url_name="puncture"/></sequential>'
    }
    again = await upload(world, "ada", zipped(shorter))
    assert again["outcome"] == "updated"
    assert {"name": "How Hard Is Hard Enough?", "place": "", "fate": "changed", "what": "lesson removed",
            "why": "the source has it no more", "count": 1} in again["report"]  # fmt: skip


async def test_a_dry_run_says_all_and_changes_nothing(world: World) -> None:
    before, stored = await counts(world), await blobs(world)
    dry = await upload(world, "ada", zipped(FILES), dry_run="true")
    assert (dry["status"], dry["dry_run"], dry["outcome"], dry["course_id"]) == ("done", True, "created", None)
    assert (await counts(world), await blobs(world)) == (before, stored)
    wet = await upload(world, "ada", zipped(FILES))
    assert wet["report"] == dry["report"]
    assert (await upload(world, "ada", zipped(FILES), dry_run="true"))["outcome"] == "unchanged"


async def test_nothing_stays_of_a_failed_import(world: World) -> None:
    before, stored = await counts(world), await blobs(world)
    broken = FILES | {"bicycle-olx/problem/valve.xml": b"<problem>\n<p>\n</problem>"}
    failed = await upload(world, "ada", zipped(broken))
    assert failed["status"] == "failed"
    assert failed["fault"]["place"] == "problem/valve.xml:3"
    assert "not well-formed" in failed["fault"]["reason"]
    assert (await counts(world), await blobs(world)) == (before, stored)
    assert [path async for path in world.runtime.storage.list("imports")] == []


async def test_questions_become_a_lesson_of_a_course_and_come_once(world: World) -> None:
    data = (BICYCLE.parent / "road-signs.gift").read_bytes()
    into = str(world.ids["C0"])
    done = await upload(world, "ada", data, "road-signs.gift", course_id=into)
    assert (done["format"], done["outcome"], done["course_id"]) == ("gift", "updated", into)
    lessons = (await world.call("ada", "GET", "/courses/{C0}/lessons")).json()["items"]
    assert (lessons[-1]["title"], lessons[-1]["lesson_type"]) == ("road-signs", "quiz")
    questions = (await world.call("ada", "GET", f"/courses/{{C0}}/quizzes/{lessons[-1]['quiz_id']}/questions")).json()
    types = [each["question_type"] for each in questions["items"]]
    assert types == ["multiple_choice", "true_false", "short_answer"]
    again = await upload(world, "ada", data, "road-signs.gift", course_id=into)
    assert again["outcome"] == "unchanged"
    alone = await upload(world, "ada", data, "road-signs.gift")
    assert (alone["outcome"], alone["course_id"] != into) == ("created", True)


async def test_a_whole_course_does_not_go_into_another(world: World) -> None:
    done = await upload(world, "ada", zipped(FILES), course_id=str(world.ids["C0"]))
    assert (done["status"], done["fault"]["reason"]) == (
        "failed",
        "Only questions can be imported into a course that is there; a whole course makes its own.",
    )


async def test_imports_are_seen_by_those_who_asked_for_them(world: World) -> None:
    done = await upload(world, "ada", zipped(FILES))
    path = f"/courses/imports/{done['id']}"
    assert [(await world.call(who, "GET", path)).status_code for who in (None, "sam", "ada", "eve", "root")] == [
        401, 403, 200, 404, 404,
    ]  # fmt: skip
    other = {"file": ("course.zip", zipped(FILES))}
    into = {"course_id": str(world.ids["C1"])}
    refused = await world.call("eve", "POST", "/courses/import", files=other, data=into)
    assert refused.status_code == 403


async def test_the_same_key_asks_once(world: World) -> None:
    files, headers = {"file": ("course.zip", zipped(FILES))}, {"Idempotency-Key": "once"}
    first = await world.call("ada", "POST", "/courses/import", files=files, headers=headers)
    again = await world.call("ada", "POST", "/courses/import", files=files, headers=headers)
    assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")
    assert await world.count(CourseImport) == 1
    assert len([path async for path in world.runtime.storage.list("imports")]) == 1


async def test_a_quiz_that_the_source_has_no_more_goes_and_its_lesson_stays(world: World) -> None:
    first = await upload(world, "ada", zipped(FILES))
    problem = {name: b"<problem><p>Nothing is asked.</p></problem>" for name in FILES if "problem/" in name}
    again = await upload(world, "ada", zipped(FILES | problem))
    assert (again["fault"], again["outcome"], again["course_id"]) == (None, "updated", first["course_id"])
    lessons = (await world.call("ada", "GET", f"/courses/{first['course_id']}/lessons")).json()["items"]
    assert (len(lessons), [each["quiz_id"] for each in lessons]) == (7, [None] * 7)
