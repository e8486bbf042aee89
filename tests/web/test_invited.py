"""Whoever is invited comes by the link of the mail to a page that they can see, and from there into the course."""

import re
from typing import Any

from sqlalchemy import update

from studium.models import Course, Enrollment, Source, User
from tests.answers import ok, refused
from tests.auth.helpers import text_of
from tests.notifications.test_mails import arrived
from tests.web.school import tab, text
from tests.world import World

MIA = "mia@school.example"
LINK = re.compile(r"https://school\.example(/\S+)")


async def invited(world: World, address: str = MIA, course: str = "C0") -> tuple[str, str]:
    """The words of the mail to somebody whom ada wants in a course, and where its button leads."""
    people = {"people": [{"email": address}]}
    answer = ok(await world.call("ada", "POST", f"/enrollments/courses/{{{course}}}", json=people))
    assert answer["items"][0]["outcome"] == "invited"
    words = text_of((await arrived(world, address))[-1])
    found = LINK.search(words)
    assert found
    return words, found[1]


async def change(world: World, **values: Any) -> None:  # noqa: ANN401 -- columns of any type.
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["mia"]).values(**values))


async def test_a_draft_stays_hidden_from_whoever_is_invited_and_the_mail_says_so(world: World) -> None:
    words, link = await invited(world)
    assert "It is not open yet." in " ".join(words.split())
    assert link == "/courses"
    refused(await world.call("mia", "GET", "/courses/{C0}"), 404, "not_found")
    async with tab(world, "mia") as mia:
        assert "Course C0" not in text(await mia.get(link))
        assert (await mia.get("/courses/course-c0")).status_code == 404
        async with world.runtime.database.write_session() as session:
            await session.execute(update(Course).where(Course.id == world.ids["C0"]).values(is_published=True))
        assert "Course C0" in text(await mia.get(link))
        assert (await mia.post("/courses/course-c0/enroll")).status_code == 303
    course = {"course_id": str(world.ids["C0"])}
    refused(await world.call("mia", "POST", "/enrollments", json=course), 409, "already_enrolled")


async def test_whoever_has_proved_no_address_does_that_first(world: World) -> None:
    await change(world, email_verified_at=None, source=Source.SELF)
    words, link = await invited(world)
    assert link == "/reset"
    assert "confirms the address, and then you are in the course." in " ".join(words.split())
    refused(await world.call("mia", "GET", "/courses/{C0}"), 404, "not_found")
    ok(await world.call(None, "POST", "/auth/forgot-password", json={"email": MIA}))
    token = re.search(r"token=(\S+)", text_of((await arrived(world, MIA))[-1]))
    assert token
    ok(
        await world.call(
            None, "POST", "/auth/reset-password", json={"token": token[1], "new_password": "amber ladder 77"}
        )
    )
    before = await world.count(Enrollment)
    await world.jobs()
    assert await world.count(Enrollment) == before + 1


async def test_a_published_course_is_linked_itself(world: World) -> None:
    assert (await invited(world, course="C1"))[1] == "/courses/course-c1"
    async with tab(world, None) as visitor:
        assert (await visitor.get("/courses/course-c1")).status_code == 200
    assert (await world.row(Course, "C1")).is_published
