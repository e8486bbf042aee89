"""What admins do with accounts, and nobody else."""

import asyncio

import pytest

from studium.access.actor import Actor
from studium.access.errors import TeachersOnly
from studium.kit.base.ids import new_id
from studium.models import Course, Role
from studium.modules.courses.actions import create_course
from studium.modules.courses.schemas import CourseCreate
from tests.auth.helpers import Door, code_of, text_of

ROOT, SAM = "root@school.example", "sam@school.example"
WISH = {"email": "ina@school.example", "full_name": "Ina", "role": "instructor"}


async def root(door: Door) -> str:
    await door.person(ROOT, Role.ADMIN)
    return await door.token(ROOT)


async def test_only_admins(door: Door):
    sam = await door.person(SAM)
    await door.person("ada@school.example", Role.INSTRUCTOR)
    calls = [
        ("GET", "/users", None),
        ("POST", "/users", WISH),
        ("POST", "/users", {"nonsense": 1}),
        ("GET", f"/users/{sam.id}", None),
        ("PATCH", f"/users/{sam.id}", {"role": "admin"}),
        ("DELETE", f"/users/{sam.id}", None),
        ("GET", f"/users/{new_id()}", None),
        ("GET", "/audit-events", None),
    ]
    tokens = {None: 401, await door.token(SAM): 403, await door.token("ada@school.example"): 403}
    for method, path, body in calls:
        for token, status in tokens.items():
            answer = await door.call(method, path, token, **({} if body is None else {"json": body}))
            assert answer.status_code == status, (method, path, answer.text)


async def test_the_list_is_filtered_and_paged(door: Door):
    token = await root(door)
    for name in ("zoe_1", "zoe%2", "ada"):
        await door.person(f"{name}@school.example", Role.STUDENT if "zoe" in name else Role.INSTRUCTOR)

    async def names(query: str) -> list[str]:
        answer = await door.call("GET", f"/users{query}", token)
        assert answer.status_code == 200, answer.text
        return [item["email"].partition("@")[0] for item in answer.json()["items"]]

    assert await names("") == ["ada", "zoe%2", "zoe_1", "root"]
    assert await names("?role=instructor") == ["ada"]
    assert await names("?q=zoe_") == ["zoe_1"]
    assert await names("?q=%25") == ["zoe%2"]
    assert await names("?q=PERSON%20ZOE") == ["zoe%2", "zoe_1"]
    assert await names("?q=%20") == ["ada", "zoe%2", "zoe_1", "root"]
    assert await names("?is_active=false") == []
    page = (await door.call("GET", "/users?limit=3&include_total=true", token)).json()
    assert (len(page["items"]), page["total"]) == (3, 4)
    assert await names(f"?limit=3&cursor={page['next_cursor']}") == ["root"]
    for wrong in ("?role=emperor", "?limit=0", "?cursor=x", "?nonsense=1", "?is_active=maybe"):
        assert (await door.call("GET", f"/users{wrong}", token)).status_code == 422


async def test_the_list_costs_the_same_however_long(door: Door):
    token = await root(door)
    with door.counting() as one:
        await door.call("GET", "/users", token)
    for n in range(4):
        await door.person(f"person{n}@school.example")
    with door.counting() as five:
        await door.call("GET", "/users", token)
    assert len(one) == len(five) == 2


async def test_an_invitation_lets_its_owner_choose_a_password(door: Door):
    token = await root(door)
    answer = await door.call("POST", "/users", token, json={**WISH, "metadata": {"team": "biology"}})
    assert answer.status_code == 201
    assert (answer.json()["role"], answer.json()["metadata"]) == ("instructor", {"team": "biology"})
    assert (await door.try_login(WISH["email"], "")).status_code == 422
    (mail,) = await door.mails(WISH["email"])
    assert "Welcome, Ina" in text_of(mail)
    link = await door.link_token(WISH["email"], "/set-password")
    body = {"token": link, "new_password": "purple anchor 58"}
    assert (await door.call("POST", "/auth/reset-password", json=body)).status_code == 200
    me = (
        await door.call("GET", "/users/me", (await door.log_in(WISH["email"], "purple anchor 58"))["access_token"])
    ).json()
    assert me["email_verified_at"] is not None


async def test_an_account_with_a_password(door: Door):
    token = await root(door)
    wish = {**WISH, "role": "admin", "password": "purple anchor 58"}
    assert (await door.call("POST", "/users", token, json=wish)).status_code == 201
    await door.log_in(WISH["email"], "purple anchor 58")
    taken = await door.call("POST", "/users", token, json=wish)
    assert (taken.status_code, code_of(taken)) == (409, "email_taken")
    weak = await door.call("POST", "/users", token, json={**WISH, "email": "x@school.example", "password": "password1"})
    assert weak.status_code == 422


async def test_changes_by_an_admin(door: Door):
    token = await root(door)
    sam = await door.person(SAM)
    theirs = await door.token(SAM)
    answer = await door.call("PATCH", f"/users/{sam.id}", token, json={"role": "instructor", "full_name": "Samira"})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"v2"')
    assert (await door.call("GET", "/users/me", theirs)).json()["role"] == "instructor"
    stale = await door.call("PATCH", f"/users/{sam.id}", token, json={"role": "student"}, headers={"If-Match": '"v1"'})
    assert stale.status_code == 412
    assert (await door.call("PATCH", f"/users/{sam.id}", token, json={})).json()["version"] == 2
    forged: list[dict[str, object]] = [{"email": "x@school.example"}, {"mfa_enabled": False}, {"version": 9}]
    for wrong in forged:
        assert (await door.call("PATCH", f"/users/{sam.id}", token, json=wrong)).status_code == 403
    malformed: list[dict[str, object]] = [{"nonsense": 1}, {"role": "emperor"}, {"is_active": "no"}, {"role": None}]
    for wrong in malformed:
        assert (await door.call("PATCH", f"/users/{sam.id}", token, json=wrong)).status_code == 422


async def test_a_password_given_by_an_admin_ends_every_session_and_the_owner_hears_of_it(door: Door):
    token = await root(door)
    sam = await door.person(SAM)
    theirs = await door.token(SAM)
    answer = await door.call("PATCH", f"/users/{sam.id}", token, json={"password": "purple anchor 58"})
    assert answer.status_code == 200
    assert not await door.works(theirs)
    await door.log_in(SAM, "purple anchor 58")
    assert "was changed" in text_of((await door.mails(SAM))[-1])


async def test_deactivation_holds_from_the_next_request(door: Door):
    token = await root(door)
    sam = await door.person(SAM)
    theirs = await door.log_in(SAM)
    for _ in range(2):
        assert (await door.call("DELETE", f"/users/{sam.id}", token)).status_code == 204
    assert not await door.works(theirs["access_token"])
    assert (await door.call("GET", "/courses", theirs["access_token"])).status_code == 401
    body = {"refresh_token": theirs["refresh_token"]}
    assert (await door.call("POST", "/auth/refresh", json=body)).status_code == 401
    assert (await door.try_login(SAM)).status_code == 401
    back = await door.call("PATCH", f"/users/{sam.id}", token, json={"is_active": True})
    assert (back.status_code, back.json()["is_active"]) == (200, True)
    assert not await door.works(theirs["access_token"])
    await door.log_in(SAM)


async def test_links_from_before_a_deactivation_stay_void(door: Door):
    token = await root(door)
    sam = await door.person(SAM)
    await door.call("POST", "/auth/forgot-password", json={"email": SAM})
    ina = (await door.call("POST", "/users", token, json=WISH)).json()
    links = await door.link_token(SAM, "/reset-password"), await door.link_token(WISH["email"], "/set-password")
    for user_id in (sam.id, ina["id"]):
        await door.call("DELETE", f"/users/{user_id}", token)
        assert (await door.call("PATCH", f"/users/{user_id}", token, json={"is_active": True})).status_code == 200
    for link in links:
        body = {"token": link, "new_password": "purple anchor 58"}
        answer = await door.call("POST", "/auth/reset-password", json=body)
        assert (answer.status_code, code_of(answer)) == (400, "invalid_token")


async def test_what_does_not_exist(door: Door):
    token = await root(door)
    for method, body in (
        ("GET", None),
        ("PATCH", {"role": "admin"}),
        ("PATCH", {"password": "purple anchor 58"}),
        ("DELETE", None),
    ):
        answer = await door.call(method, f"/users/{new_id()}", token, **({} if body is None else {"json": body}))
        assert answer.status_code == 404, method


@pytest.mark.parametrize("body", [{"role": "student"}, {"is_active": False}, {"password": "purple anchor 58"}])
async def test_admins_do_not_shut_themselves_out(door: Door, body: dict[str, object]):
    await door.person("second@school.example", Role.ADMIN)
    me = await door.person(ROOT, Role.ADMIN)
    token = await door.token(ROOT)
    answer = await door.call("PATCH", f"/users/{me.id}", token, json=body)
    assert (answer.status_code, code_of(answer)) == (409, "own_account")
    assert code_of(await door.call("DELETE", f"/users/{me.id}", token)) == "own_account"
    assert (
        await door.call("PATCH", f"/users/{me.id}", token, json={"full_name": "Root", "role": "admin"})
    ).status_code == 200
    assert ("users.changed", "refused") in await door.audit()


async def test_who_owns_courses_stays_a_teacher(door: Door):
    token = await root(door)
    ada = await door.person("ada@school.example", Role.INSTRUCTOR)
    async with door.database.write_session() as session:
        session.add(Course(id=new_id(), title="Bees", slug="bees", instructor_id=ada.id))
    answer = await door.call("PATCH", f"/users/{ada.id}", token, json={"role": "student"})
    assert (answer.status_code, code_of(answer)) == (409, "owns_courses")
    for role in ("admin", "instructor"):
        assert (await door.call("PATCH", f"/users/{ada.id}", token, json={"role": role})).status_code == 200


async def test_a_course_begun_during_a_demotion_has_no_student_for_an_owner(door: Door):
    token = await root(door)
    for turn in range(8):
        ada = await door.person(f"ada{turn}@school.example", Role.INSTRUCTOR)
        hers = await door.token(ada.email)
        body = {"title": "Bees", "description": "All about them.", "category": "nature", "difficulty_level": "beginner"}
        demoted, begun = await asyncio.gather(
            door.call("PATCH", f"/users/{ada.id}", token, json={"role": "student"}),
            door.call("POST", "/courses", hers, json=body),
        )
        assert (demoted.status_code, begun.status_code) in {(200, 403), (409, 201)}


async def test_who_was_demoted_a_moment_ago_owns_nothing_new(door: Door):
    ada = await door.person("ada@school.example", Role.STUDENT)
    still_thought_a_teacher = Actor(ada.id, Role.INSTRUCTOR, new_id())
    wish = CourseCreate(title="Bees", description="All about them.", category="nature")
    with pytest.raises(TeachersOnly):
        async with door.database.write_session() as session:
            await create_course(session, still_thought_a_teacher, wish)


async def test_two_admins_who_demote_each_other_leave_one(door: Door):
    one, two = await door.person(ROOT, Role.ADMIN), await door.person("second@school.example", Role.ADMIN)
    first, second = await door.token(ROOT), await door.token("second@school.example")
    for turn in range(20):
        body = {"role": "student"} if turn % 2 else {"is_active": False}
        answers = await asyncio.gather(
            door.call("PATCH", f"/users/{two.id}", first, json=body),
            door.call("PATCH", f"/users/{one.id}", second, json=body),
        )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses[0] == 200
        assert statuses[1] in (401, 403, 409)
        async with door.database.write_session() as session:
            people = [await session.get_one(type(one), user.id) for user in (one, two)]
            assert sum(person.is_active and person.role is Role.ADMIN for person in people) == 1
            for person in people:
                person.role, person.is_active = Role.ADMIN, True
        first, second = await door.token(ROOT), await door.token("second@school.example")


async def test_the_record_of_who_did_what(door: Door):
    token = await root(door)
    sam = await door.person(SAM)
    await door.try_login(SAM, "not the password")
    await door.call("PATCH", f"/users/{sam.id}", token, json={"role": "instructor"})

    async def actions(query: str) -> list[str]:
        answer = await door.call("GET", f"/audit-events{query}", token)
        assert answer.status_code == 200, answer.text
        return [item["action"] for item in answer.json()["items"]]

    assert await actions("") == ["users.changed", "auth.login", "auth.login"]
    assert await actions("?action=auth.") == ["auth.login"] * 2
    assert await actions("?outcome=refused") == ["auth.login"]
    assert await actions(f"?target_id={sam.id}&action=users.changed") == ["users.changed"]
    assert await actions("?since=2999-01-01T00:00:00Z") == []
    entry = (await door.call("GET", f"/audit-events?target_id={sam.id}", token)).json()["items"][0]
    assert (entry["outcome"], entry["address"]) == ("done", door.source)
    assert entry["details"] == {"fields": ["role"], "became": {"role": "instructor"}}
    for method in ("POST", "PATCH", "DELETE"):
        assert (await door.call(method, "/audit-events", token)).status_code == 405


@pytest.mark.parametrize("bound", ["since", "until"])
@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("0001-01-01T00:00:00%2B14:00", 422),
        ("9999-12-31T23:59:59-14:00", 422),
        ("0001-01-01T00:00:00Z", 200),
        ("9999-12-31T23:59:59.999999Z", 200),
        ("0001-01-01T00:00:00-12:00", 200),
        ("2026-01-01T00:00:00", 422),
    ],
)
async def test_the_record_at_the_edges_of_the_calendar(door: Door, bound: str, moment: str, status: int):
    answer = await door.call("GET", f"/audit-events?{bound}={moment}", await root(door))
    assert answer.status_code == status, answer.text
