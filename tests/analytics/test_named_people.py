"""The figures of the school of named people, counted by hand."""

from tests.world import World


async def test_a_course_in_figures(world: World) -> None:
    answer = await world.call("ada", "GET", "/analytics/courses/{C3}?bucket=week")
    figures = answer.json()
    assert figures["enrollments"] == {"active": 0, "completed": 1, "dropped": 0, "expired": 0}
    assert (figures["completion_rate"], figures["average_progress"]) == (100, 100)
    assert [(one["started"], one["completed"]) for one in figures["lessons"]] == [(1, 1)]
    assert sum(point["enrollments"] for point in figures["trend"]) == 1
    assert sum(point["completions"] for point in figures["trend"]) == 1


async def test_an_instructor_sees_their_own_courses_alone(world: World) -> None:
    mine = (await world.call("ada", "GET", "/analytics/instructors/{ada}/overview")).json()
    assert (mine["courses_count"], mine["enrollments"], mine["completions"]) == (3, 2, 1)
    assert mine["completion_rate"] == 50
    assert {course["course_id"] for course in mine["courses"]} == {str(world.ids[name]) for name in ("C0", "C1", "C3")}


async def test_a_learner_in_figures(world: World) -> None:
    mine = (await world.call("sam", "GET", "/analytics/my-progress")).json()
    assert (mine["lessons_completed"], mine["certificates"]) == (1, 1)
    assert (mine["completion_rate"], mine["average_progress"]) == (50, 50)
    home = (await world.call("sam", "GET", "/analytics/my-dashboard")).json()
    assert [one["next_lesson_id"] for one in home["continue_learning"]] == [str(world.ids["L1"])]
    assert [one["course_id"] for one in home["recommendations"]] == [str(world.ids["C2"])]


async def test_the_school_in_figures(world: World) -> None:
    school = (await world.call("root", "GET", "/analytics/system/overview")).json()
    assert school["users"] == {"admin": 1, "instructor": 2, "student": 3}
    assert (school["courses"], school["published_courses"], school["certificates"]) == (4, 3, 1)
