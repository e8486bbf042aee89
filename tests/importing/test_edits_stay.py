"""What was changed here stays when a source comes again; the report says each thing that the source has otherwise."""

from typing import Any

import pytest
from sqlalchemy import delete, update

from studium.models import Course, ImportedItem
from tests.importing.studio import upload, zipped
from tests.world import World

PLANETS = "::one::Largest planet? {=Saturn ~Jupiter}\n\n::two::Sky? {=blue ~red}\n"
THREE = PLANETS + "\n::three::Grass? {=green ~red}\n"
FOUR = THREE + "\n::four::Snow? {=white ~red}\n"
OWN = {
    "question_text": "Our own?",
    "question_type": "true_false",
    "correct_answer": "true",
}


async def gift(world: World, text: str, name: str = "planets.gift", **fields: str) -> dict[str, Any]:
    done = await upload(world, "ada", text.encode(), name, **fields)
    assert done["status"] == "done", done["fault"]
    return done


async def lessons(world: World, course: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.call("ada", "GET", f"/courses/{course}/lessons")).json()["items"]
    return found


async def quiz_of(world: World, course: str) -> str:
    return f"/courses/{course}/quizzes/{(await lessons(world, course))[0]['quiz_id']}"


async def questions(world: World, quiz: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.call("ada", "GET", f"{quiz}/questions")).json()["items"]
    return found


def rights(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (
            each["question_text"],
            next((o["text"] for o in each["options"] or () if o["is_correct"]), each["correct_answer"]),
        )
        for each in found
    ]


def said(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The lines about the course itself, which have no place in the material."""
    return [(each["name"], each["what"], each["why"]) for each in report["report"] if not each["place"]]


async def corrected(world: World, quiz: str, text: str = "Largest planet?", right: str = "Jupiter") -> None:
    """A teacher corrects the key."""
    question = next(each for each in await questions(world, quiz) if each["question_text"] == text)
    options = [option | {"is_correct": option["text"] == right} for option in question["options"]]
    answer = await world.call("ada", "PATCH", f"{quiz}/questions/{question['id']}", json={"options": options})
    assert answer.status_code == 200, answer.text


async def ok(world: World, method: str, path: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON.
    answer = await world.call("ada", method, path, **body)
    assert answer.status_code in {200, 201, 204}, answer.text
    return answer.json() if answer.content else {}


KEPT = (
    "Largest planet?",
    "question kept",
    (
        "planets: the key stays as it is here (right: Jupiter; wrong: Saturn); "
        "the source says: right: Saturn; wrong: Jupiter"
    ),
)
ADDED = ("Our own?", "question kept", "planets: it was added here; the source does not have it")


@pytest.mark.parametrize("into", [False, True])
async def test_a_corrected_key_and_an_added_question_stay(world: World, into: bool) -> None:  # noqa: FBT001 -- a parameter.
    fields = {"course_id": str(world.ids["C0"])} if into else {}
    course = (await gift(world, PLANETS, **fields))["course_id"]
    quiz = f"/courses/{course}/quizzes/{(await lessons(world, course))[-1]['quiz_id']}"
    await corrected(world, quiz)
    await ok(world, "POST", f"{quiz}/questions", json=OWN)
    expected = [("Largest planet?", "Jupiter"), ("Sky?", "blue"), ("Our own?", "true")]
    for text, new in ((THREE, ("Grass?", "green")), (FOUR, ("Snow?", "white"))):
        dry = await gift(world, text, dry_run="true", **fields)
        assert rights(await questions(world, quiz)) == expected
        done = await gift(world, text, **fields)
        assert (done["outcome"], done["course_id"], said(done)) == ("updated", course, [KEPT, ADDED])
        assert dry["report"] == done["report"]
        expected.insert(len(expected) - 1 if expected[-1][0] == "Our own?" else 2, new)
        found = rights(await questions(world, quiz))
        assert sorted(found) == sorted(expected)
        assert [each for each in found if each != ("Our own?", "true")] == [
            each for each in expected if each[0] != "Our own?"
        ]
        again = await gift(world, text, **fields)
        assert (again["outcome"], again["report"]) == ("unchanged", done["report"])
        assert rights(await questions(world, quiz)) == found


async def test_what_the_source_corrects_is_corrected_and_keeps_its_row(world: World) -> None:
    course = (await gift(world, PLANETS))["course_id"]
    quiz = await quiz_of(world, course)
    before = await questions(world, quiz)
    done = await gift(world, PLANETS.replace("=Saturn ~Jupiter", "~Saturn =Jupiter"))
    after = await questions(world, quiz)
    assert (done["outcome"], said(done)) == ("updated", [])
    assert rights(after) == [("Largest planet?", "Jupiter"), ("Sky?", "blue")]
    assert [each["id"] for each in after] == [each["id"] for each in before]
    assert [option["id"] for option in after[0]["options"]] == [option["id"] for option in before[0]["options"]]


async def test_a_question_that_the_source_has_no_more_goes_with_a_line(world: World) -> None:
    course = (await gift(world, FOUR))["course_id"]
    quiz = await quiz_of(world, course)
    await corrected(world, quiz, "Snow?", "red")
    dry = await gift(world, PLANETS, dry_run="true")
    done = await gift(world, PLANETS)
    assert said(done) == [
        ("Grass?", "question removed", "planets: the source has it no more"),
        ("Snow?", "question kept", "planets: the source has it no more, but it was changed here"),
    ]
    assert dry["report"] == done["report"]
    assert [each[0] for each in rights(await questions(world, quiz))] == ["Largest planet?", "Sky?", "Snow?"]


async def test_a_question_that_was_removed_here_stays_removed(world: World) -> None:
    course = (await gift(world, THREE))["course_id"]
    quiz = await quiz_of(world, course)
    await ok(world, "DELETE", f"{quiz}/questions/{(await questions(world, quiz))[1]['id']}")
    done = await gift(world, FOUR)
    assert said(done) == [("Sky?", "question stays removed", "planets: it was removed here; the source still has it")]
    assert [each[0] for each in rights(await questions(world, quiz))] == ["Largest planet?", "Grass?", "Snow?"]


async def test_the_order_of_questions_stays(world: World) -> None:
    course = (await gift(world, THREE))["course_id"]
    quiz = await quiz_of(world, course)
    ids = [each["id"] for each in await questions(world, quiz)]
    await ok(world, "PATCH", f"{quiz}/questions/reorder", json={"question_ids": ids[::-1]})
    done = await gift(world, FOUR)
    assert said(done) == [
        ("planets", "order kept", "the questions were put into another order here; the source has its own")
    ]
    assert [each[0] for each in rights(await questions(world, quiz))] == [
        "Grass?", "Snow?", "Sky?", "Largest planet?"
    ]  # fmt: skip


QUIZ = """```quiz
title: Check
type: graded
passing_score: {score}
max_attempts: 3
questions:
  - question: Is water wet?
    answer: {answer}
    points: {points}
    explanation: {why}
```
"""
SOURCE = {
    "course.md": "---\ntitle: {course}\nslug: a-course\ncategory: {category}\n---\n\n{about}\n",
    "01-one.md": "---\ntitle: {one}\ndescription: {what}\nduration_minutes: {minutes}\n---\n\n{content}\n",
    "02-two.md": "---\ntitle: Two\ntype: quiz\n---\n\n" + QUIZ,
}
FIRST = {
    "course": "Course", "category": "Water", "about": "About.", "one": "One", "what": "What.", "minutes": "5",
    "content": "Words.", "score": "70", "answer": "true", "points": "1", "why": "Because.",
}  # fmt: skip
EDITS: dict[str, tuple[str, str, Any, str]] = {
    # What is edited: its place in the API, the member, the value here, and what the source says later.
    "course": ("course", "title", "Our course", "Their course"),
    "category": ("course", "category", "Ours", "Theirs"),
    "about": ("course", "description", "Our about.", "Their about."),
    "one": ("lesson", "title", "Our one", "Their one"),
    "what": ("lesson", "description", "Our what.", "Their what."),
    "minutes": ("lesson", "duration_minutes", 7, "9"),
    "content": ("lesson", "content", "Our words.", "Their words."),
    "score": ("quiz", "passing_score", 80, "90"),
    "points": ("question", "points", 2, "3"),
    "why": ("question", "explanation", "Our why.", "Their why."),
    "answer": ("question", "correct_answer", "false", '["yes", "sure"]'),
}


def source(**changes: str) -> bytes:
    return zipped({name: text.format_map(FIRST | changes) for name, text in SOURCE.items()})


async def paths(world: World, course: str) -> dict[str, str]:
    one, two = await lessons(world, course)
    quiz = f"/courses/{course}/quizzes/{two['quiz_id']}"
    (question,) = await questions(world, quiz)
    return {
        "course": f"/courses/{course}",
        "lesson": f"/courses/{course}/lessons/{one['id']}",
        "quiz": quiz,
        "question": f"{quiz}/questions/{question['id']}",
    }


async def values(world: World, course: str) -> dict[str, Any]:
    place = await paths(world, course)
    found = {kind: (await world.call("ada", "GET", place[kind])).json() for kind in ("course", "lesson", "quiz")}
    found["question"] = (await questions(world, place["quiz"]))[0]
    return {name: found[kind][member] for name, (kind, member, _, _) in EDITS.items()}


@pytest.mark.parametrize("edited", EDITS)
async def test_each_value_that_was_edited_stays_and_all_others_follow(world: World, edited: str) -> None:
    course = (await upload(world, "ada", source()))["course_id"]
    kind, member, ours, _ = EDITS[edited]
    await ok(world, "PATCH", (await paths(world, course))[kind], json={member: ours})
    same = await upload(world, "ada", source())
    assert same["outcome"] == "unchanged"
    changes = {name: later for name, (_, _, _, later) in EDITS.items() if name != "answer" or edited == "answer"}
    before = await values(world, course)
    dry = await upload(world, "ada", source(**changes), dry_run="true")
    assert await values(world, course) == before
    done = await upload(world, "ada", source(**changes))
    assert (done["status"], done["outcome"], done["course_id"]) == ("done", "updated", course), done["fault"]
    after = await values(world, course)
    expected = {name: later for name, (_, _, _, later) in EDITS.items() if name in changes} | {edited: str(ours)}
    assert {name: str(after[name]).removesuffix(".00").removesuffix(".0") for name in expected if name != "answer"} == {
        name: value for name, value in expected.items() if name != "answer"
    }
    assert after[edited] == before[edited]
    lines = [why for _, what, why in said(done) if what.endswith("kept")]
    assert len(lines) == 1, said(done)
    assert dry["report"] == done["report"]
    again = await upload(world, "ada", source(**changes))
    assert (again["outcome"], again["report"]) == ("unchanged", done["report"])


LESSONS = {"course.md": "---\ntitle: L\nslug: l\n---\n"} | {
    f"0{number}-{name}.md": f"---\ntitle: {name}\n---\n\nWords of {name}.\n" for number, name in enumerate("abcd", 1)
}


def without(name: str) -> dict[str, str]:
    return {path: text for path, text in LESSONS.items() if name not in path}


async def titles(world: World, course: str) -> list[str]:
    return [each["title"] for each in await lessons(world, course)]


async def test_lessons_removed_and_put_into_order_here_stay_so(world: World) -> None:
    course = (await upload(world, "ada", zipped(LESSONS)))["course_id"]
    ids = [each["id"] for each in await lessons(world, course)]
    await ok(world, "DELETE", f"/courses/{course}/lessons/{ids[0]}")
    await ok(world, "PATCH", f"/courses/{course}/lessons/reorder", json={"lesson_ids": ids[:0:-1]})
    more = LESSONS | {"05-e.md": "---\ntitle: e\n---\n\nWords of e.\n"}
    done = await upload(world, "ada", zipped(more))
    assert await titles(world, course) == ["d", "e", "c", "b"]
    assert said(done) == [
        ("a", "lesson stays removed", "it was removed here; the source still has it"),
        ("L", "order kept", "the lessons were put into another order here; the source has its own"),
    ]
    again = await upload(world, "ada", zipped(more))
    assert (again["outcome"], again["report"]) == ("unchanged", done["report"])


async def test_questions_whose_lesson_was_removed_come_back_when_they_are_imported_again(world: World) -> None:
    into = str(world.ids["C0"])
    await gift(world, PLANETS, course_id=into)
    there = await lessons(world, into)
    await ok(world, "DELETE", f"/courses/{into}/lessons/{there[-1]['id']}")
    again = await gift(world, PLANETS, course_id=into)
    assert (again["outcome"], said(again)) == ("updated", [])
    assert [each["title"] for each in await lessons(world, into)] == [each["title"] for each in there]


async def test_a_lesson_that_goes_from_the_source_stays_if_it_was_changed_here(world: World) -> None:
    course = (await upload(world, "ada", zipped(LESSONS)))["course_id"]
    first = (await lessons(world, course))[0]
    await ok(world, "PATCH", f"/courses/{course}/lessons/{first['id']}", json={"content": "Ours."})
    fewer = {path: text for path, text in LESSONS.items() if path not in {"01-a.md", "02-b.md"}}
    done = await upload(world, "ada", zipped(fewer))
    assert said(done) == [
        ("a", "lesson kept", "the source has it no more, but it was changed here"),
        ("b", "lesson removed", "the source has it no more"),
    ]
    assert await titles(world, course) == ["a", "c", "d"]
    back = await upload(world, "ada", zipped(LESSONS))
    assert (await titles(world, course), back["outcome"]) == (["a", "b", "c", "d"], "updated")


async def test_a_file_removed_here_stays_removed_unless_it_is_shown(world: World) -> None:
    files = LESSONS | {"files/spare.txt": "spare"}
    course = (await upload(world, "ada", zipped(files)))["course_id"]
    (file,) = (await world.call("ada", "GET", "/files/my-files")).json()["items"][:1]
    await ok(world, "DELETE", f"/files/{file['id']}")
    done = await upload(world, "ada", zipped(files))
    (line,) = [each for each in done["report"] if each["what"] == "file"]
    assert (done["outcome"], line["fate"]) == ("unchanged", "skipped")
    shows = files | {"01-a.md": "---\ntitle: a\n---\n\n[spare](files/spare.txt)\n"}
    shown = await upload(world, "ada", zipped(shows))
    assert (shown["outcome"], {each["fate"] for each in shown["report"]}) == ("updated", {"imported"})
    assert "/api/v1/files/" in (await lessons(world, course))[0]["content"]


async def test_a_picture_that_is_another_one_now_is_shown(world: World) -> None:
    files = LESSONS | {"01-a.md": "---\ntitle: a\n---\n\n[spare](files/spare.txt)\n", "files/spare.txt": "one"}
    course = (await upload(world, "ada", zipped(files)))["course_id"]
    before = (await lessons(world, course))[0]["content"]
    done = await upload(world, "ada", zipped(files | {"files/spare.txt": "two"}))
    after = (await lessons(world, course))[0]["content"]
    assert (done["outcome"], before == after) == ("updated", False)
    downloaded = await world.call("ada", "GET", after.partition("(/api/v1")[2].rstrip(")\n"))
    assert downloaded.content == b"two"


@pytest.mark.parametrize("is_edited", [False, True])
async def test_what_was_imported_before_edits_were_noticed(world: World, is_edited: bool) -> None:  # noqa: FBT001
    """Only a checksum is known: what may have been edited stays, what nobody touched follows, and a file is shown."""
    files = LESSONS | {"01-a.md": "---\ntitle: a\n---\n\n[spare](files/spare.txt)\n", "files/spare.txt": "one"}
    course = (await upload(world, "ada", zipped(files)))["course_id"]
    second = (await lessons(world, course))[1]
    if is_edited:
        await ok(world, "PATCH", f"/courses/{course}/lessons/{second['id']}", json={"content": "Ours."})
    async with world.runtime.database.write_session() as session:
        await session.execute(update(ImportedItem).values(parts=None))
    newer = files | {"02-b.md": "---\ntitle: b\n---\n\nTheirs.\n", "files/spare.txt": "two"}
    done = await upload(world, "ada", zipped(newer))
    first, second, *_ = await lessons(world, course)
    link = first["content"].partition("(/api/v1")[2].rstrip(")\n")
    assert (await world.call("ada", "GET", link)).content == b"two"
    assert second["content"] == ("Ours." if is_edited else "Theirs.")
    assert len(said(done)) == is_edited


async def test_an_export_that_was_edited_says_what_it_changes_and_removes_nothing(world: World) -> None:
    course = (await upload(world, "ada", source()))["course_id"]
    async with world.runtime.database.write_session() as session:
        # As a course that was made here: nothing is known of where it came from.
        await session.execute(delete(ImportedItem))
        await session.execute(update(Course).values(external_id=None))
    quiz = (await paths(world, course))["quiz"]
    await ok(world, "POST", f"{quiz}/questions", json=OWN)
    changes = {"content": "Their words.", "why": "Their why."}
    done = await upload(world, "ada", source(**changes))
    assert (done["outcome"], done["course_id"]) == ("updated", course)
    assert said(done) == [
        ("One", "lesson changed", "the content was Words. here; the source says: Their words."),
        ("Is water wet?", "question changed", "Check: the explanation was Because. here; the source says: Their why."),
    ]
    assert [each["question_text"] for each in await questions(world, quiz)] == ["Is water wet?", "Our own?"]
    assert (await upload(world, "ada", source(**changes)))["outcome"] == "unchanged"


async def test_each_question_of_a_lesson_or_quiz_that_goes_is_a_line(world: World) -> None:
    await upload(world, "ada", source())
    plain = {"02-two.md": "---\ntitle: Two\n---\n"}
    texts = {name: text.format_map(FIRST) for name, text in SOURCE.items()}
    for files in (texts | plain, {name: text for name, text in texts.items() if name != "02-two.md"}):
        dry = await upload(world, "ada", zipped(files), dry_run="true")
        done = await upload(world, "ada", zipped(files))
        assert ("Is water wet?", "question removed", "Two: the source has it no more") in said(done)
        assert dry["report"] == done["report"]
        await upload(world, "ada", source())
