"""The record in words: each entry says what was done to what, with the way there, and nothing as a program keeps it."""

import ast
import re
from pathlib import Path

import pytest

import studium
from studium.kit.base.clock import now
from studium.models import AuditEvent
from studium.web.admin.record import audit_action
from studium.web.translations import translations_for
from tests.answers import ok
from tests.web.school import tab, tree
from tests.world import World

PACKAGE = Path(studium.__file__).parent
_ACTION = re.compile(
    r"(access|attempt|auth|certificate|course|enrollments?|join_codes|lesson|people_imports|progress|quiz|system|users)\.[a-z_]+"
)


def written() -> set[str]:
    """Every action that the code puts on the record: the texts of that form where the record is written."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "record_audit" in source or "insert(AuditEvent)" in source:
            tree = ast.parse(source)
            named = {id(text) for call in ast.walk(tree) if _names_a_job(call) for text in ast.walk(call)}
            texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in named)
            found |= {node.value for node in texts if isinstance(node.value, str) and _ACTION.fullmatch(node.value)}
    return found


def _names_a_job(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"on", "job", "periodic"}


def test_everything_that_is_put_on_the_record_has_words() -> None:
    actions = written()
    assert len(actions) > 50
    for language in ("en", "ar"):
        words = translations_for(language)
        assert [action for action in sorted(actions) if audit_action(words, action) == action] == []


async def entries(world: World, language: str, query: str = "") -> list[list[str]]:
    """The rows of the record as an admin sees them."""
    async with tab(world, "root", **{"accept-language": language}) as root:
        answer = await root.get("/admin/audit" + query)
        assert answer.status_code == 200
        rows = tree(answer).xpath("//tbody/tr")
        return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


async def paths(world: World, query: str) -> list[str]:
    async with tab(world, "root") as root:
        return [str(path) for path in tree(await root.get("/admin/audit" + query)).xpath("//tbody/tr/td[2]//a/@href")]


async def test_courses_lessons_and_quizzes_leave_their_trace(world: World) -> None:
    ok(await world.call("ada", "POST", "/courses/{C1}/unpublish"))
    ok(await world.call("ada", "POST", "/courses/{C1}/unpublish"))
    ok(await world.call("ada", "POST", "/courses/{C1}/publish"))
    made = ok(await world.call("ada", "POST", "/courses", json={"title": "Bees"}), 201)
    lesson = ok(
        await world.call("ada", "POST", f"/courses/{made['id']}/lessons", json={"title": "Wax", "lesson_type": "quiz"}),
        201,
    )
    quiz = ok(
        await world.call(
            "ada", "POST", f"/courses/{made['id']}/quizzes", json={"title": "Which?", "lesson_id": lesson["id"]}
        ),
        201,
    )
    ok(await world.call("ada", "DELETE", f"/courses/{made['id']}/quizzes/{quiz['id']}"), 204)
    ok(await world.call("ada", "DELETE", f"/courses/{made['id']}/lessons/{lesson['id']}"), 204)
    trash = ok(await world.call("ada", "GET", f"/courses/{made['id']}/trash"))["items"]
    for item in trash:
        ok(await world.call("ada", "POST", f"/courses/{made['id']}/trash/{item['id']}/restore"))
    ok(await world.call("root", "PATCH", f"/courses/{made['id']}", json={"instructor_id": str(world.ids["eve"])}))
    assert (await world.call("eve", "GET", f"/courses/{made['id']}/export")).status_code == 200
    ok(await world.call("eve", "DELETE", f"/courses/{made['id']}"), 204)

    rows = await entries(world, "en")
    told = [(row[0], row[1], row[2]) for row in reversed(rows) if row[0].startswith(("Course", "Lesson", "Quiz"))]
    assert told == [
        ("Course hidden", "Ada Example", "Course Course C1"),
        ("Course published", "Ada Example", "Course Course C1"),
        ("Course made", "Ada Example", "Course"),
        ("Lesson added", "Ada Example", "Lesson"),
        ("Quiz made", "Ada Example", "Quiz"),
        ("Quiz put into the trash", "Ada Example", "Quiz Which?"),
        ("Lesson put into the trash", "Ada Example", "Lesson Wax"),
        ("Lesson brought back", "Ada Example", "Lesson"),
        ("Quiz brought back", "Ada Example", "Quiz"),
        ("Course given to somebody else New owner: Eve Example", "Root Example", "Course"),
        ("Course exported", "Eve Example", "Course"),
        ("Course deleted", "Eve Example", "Course Bees"),
    ]


async def test_entries_lead_to_what_they_are_about(world: World) -> None:
    about = {
        "course": ("C1", "/teach/courses/{C1}"),
        "lesson": ("L2", "/teach/courses/{C1}/lessons/{L2}"),
        "quiz": ("Q1", "/teach/courses/{C1}/quizzes/{Q1}"),
        "enrollment": ("E1", "/teach/courses/{C1}/learners/{E1}"),
        "certificate": ("X3", "/certificates/{X3}"),
        "user": ("sam", "/admin/people/{sam}"),
    }
    events = [
        AuditEvent(action="x.y", outcome="done", target_type=kind, target_id=world.ids[name], occurred_at=now())
        for kind, (name, _) in about.items()
    ]
    await world.add(*events)
    wanted = {world.filled(path) for _, path in about.values()}
    assert set(await paths(world, "?action=x.")) == wanted
    async with tab(world, "root") as root:
        for path in wanted:
            assert (await root.client.get(path, follow_redirects=True)).status_code == 200, path


DETAILS = {
    "users.created": ({"role": "instructor"}, "Role: Instructor", "الدور: معلّم"),
    "users.changed": (
        {"fields": ["is_active", "role"], "became": {"is_active": False, "role": "admin"}},
        "Changed: May log in, Role, may not log in any more, Role: Admin",
        "عُدّل: يمكنه الدخول، الدور، لم يعد يُسمح بتسجيل الدخول، الدور: مدير",
    ),
    "enrollment.status": ({"before": "active", "after": "dropped"}, "from Under way to Dropped", None),
    "attempt.grade": ({"before": None, "after": "12.5"}, "from nothing to 12.5", None),
    "quiz.release": ({"released": 0, "left": 3}, "Released: 0, Still to come: 3", None),
    "quiz.regrade": (
        {"regrade_id": "x", "attempts": 4, "dry_run": True, "never_lower": False},
        "Attempts: 4, only tried",
        None,
    ),
    "access.refused": (
        {"route": "GET /api/v1/users", "status": 403, "code": "forbidden"},
        "Request: GET /api/v1/users, Status: 403",
        None,
    ),
    "course.imported": ({"made": "created", "format": "olx"}, "Course: made, Format: olx", None),
    "auth.logout": ({"all": True}, "on all devices", "على كل الأجهزة"),
    "enrollments.people": ({"counts": {"enrolled": 2, "invited": 0}}, "Enrolled: 2", None),
}


@pytest.mark.parametrize("action", DETAILS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_details_are_words(world: World, action: str) -> None:
    details, english, arabic = DETAILS[action]
    await world.add(AuditEvent(action=action, outcome="done", details=details, occurred_at=now()))
    for language, words in (("en", english), ("ar", arabic)):
        row = (await entries(world, language, f"?action={action}"))[0]
        said = row[0].removeprefix(audit_action(translations_for(language), action)).strip()
        assert "{" not in said
        assert words is None or said == words


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_what_is_gone_is_named_by_its_kind(world: World, language: str) -> None:
    await world.add(
        AuditEvent(
            action="lesson.created", outcome="done", target_type="lesson", target_id=world.ids["sam"], occurred_at=now()
        )
    )
    assert (await entries(world, language, "?action=lesson."))[0][2] == {"en": "Lesson", "ar": "الدرس"}[language]
