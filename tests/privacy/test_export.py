"""What is known of a person, as a ZIP: all of it, nothing of others, no secret, once a day, for a week."""

import asyncio
import csv
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email import message_from_string
from email.policy import default
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import Table, select, update

from studium.events import ExportRequested
from studium.kit.base.clock import now, shifted
from studium.kit.base.ids import new_id
from studium.kit.base.languages import SPOKEN
from studium.kit.db.tables import Base
from studium.kit.jobs.registry import PermanentJobError
from studium.models import AttemptStatus, AuditEvent, CourseInvitation, DataExport, Enrollment, Role, User
from studium.models.inventory import INVENTORY, DataClass
from studium.modules.privacy.exports import content, handlers
from studium.modules.privacy.exports.archive import Archive
from studium.modules.privacy.exports.jobs import forget_failed_exports, sweep_exports
from studium.modules.privacy.exports.rows import APPLIED, columns_of, tables_of
from studium.modules.quizzes.actions_export import shown_attempt, shown_entry
from tests.auth.helpers import code_of, text_of
from tests.files.helpers import Desk
from tests.privacy.canary import CANARY, blobs_with, carry_out
from tests.quizzes.test_regrade import regrade, two_learners
from tests.world import World, open_attempt

OTHER = "fremdling"
AREAS = ("account", "learning", "teaching")
WHY = {"reason": "The person asked in writing."}


async def ask(world: World, who: str = "sam") -> None:
    answer = await world.call(who, "POST", "/users/me/export")
    assert answer.status_code == 202, answer.text
    await world.jobs()


def link(world: World, to: str) -> str:
    """The path and ticket of the newest link to an export in a mailbox."""
    mails = [message_from_string(mail, policy=default) for mail in world.mails()]
    texts = [text_of(mail) for mail in mails if mail["To"] == to]
    found = [match[1] for text in texts if (match := re.search(r"/api/v1(/exports/\S+)", text))]
    return str(found[-1])


async def opened(world: World, to: str = "sam@school.example") -> ZipFile:
    answer = await world.call(None, "GET", link(world, to))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    return ZipFile(BytesIO(answer.content))


def tables_in(archive: ZipFile) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for area in AREAS:
        found |= json.loads(archive.read(f"{area}.json"))
    return found


async def test_whoever_asks_gets_a_link_to_all_of_it(world: World) -> None:
    await Desk(world).take("sam", "note.txt", b"My note.")
    await ask(world)
    archive = await opened(world)
    assert archive.testzip() is None
    names = set(archive.namelist())
    assert {f"README.{language}.txt" for language in SPOKEN} <= names
    tables = tables_in(archive)
    assert tables["users"][0]["email"] == "sam@school.example"
    (file,) = [row for row in tables["uploaded_files"] if row["original_filename"] == "note.txt"]
    assert archive.read(f"files/{file['filename']}") == b"My note."
    assert "certificates/CERT-20260105-A1B2C3.pdf" in names
    assert json.loads(archive.read("courses.json"))[str(world.ids["C1"])] == "Course C1"
    for name, rows in tables.items():
        text = archive.read(f"tables/{name}.csv").decode("utf-8-sig")
        heading, *lines = csv.reader(StringIO(text))
        assert (heading, len(lines)) == (columns_of(name), len(rows)), name

    manifest = json.loads(archive.read("manifest.json"))
    assert {each["name"] for each in manifest["files"]} == names - {"manifest.json"}
    for each in manifest["files"]:
        data = archive.read(each["name"])
        assert (each["bytes"], each["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert manifest["missing"] == []


async def test_a_file_whose_content_is_lost_is_named(world: World) -> None:
    lost = await Desk(world).take("sam", "note.txt", b"My note.")
    (row,) = await Desk(world).rows()
    await world.runtime.storage.delete(row.storage_path)
    await ask(world)
    archive = await opened(world)
    assert json.loads(archive.read("manifest.json"))["missing"] == [row.filename]
    assert lost["id"] in archive.read("account.json").decode() + archive.read("learning.json").decode()


async def test_every_column_that_tells_of_the_person_is_in_it(planted: World) -> None:
    """A new personal column is in the export, or is named as one that is left out."""
    await planted.call("root", "POST", "/users/{sam}/anonymize", json={"reason": CANARY})
    async with planted.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == planted.ids["sam"]).values(email_verified_at=now()))
    answer = await planted.call("root", "POST", "/users/{sam}/export", json=WHY)
    assert answer.status_code == 202
    await planted.jobs()
    tables = tables_in(await opened(planted, "root@school.example"))
    for name, held in INVENTORY.items():
        if not held.person:
            continue
        left_out = {*held.others.split(), *held.withheld.split()}
        for column in set(held.columns_of(DataClass.PERSONAL, DataClass.FREE_TEXT)) - left_out:
            says = [row[column] for row in tables[name] if row[column] is not None]
            is_said = any(CANARY in str(value) or not isinstance(value, str) for value in says)
            assert is_said or (name, column) in {("certificates", "revocation_reason"), ("users", "last_login_at")}, (
                column
            )
        kinds = dict(held.classes())
        for row in tables[name]:
            assert {kinds[column] for column in row} <= {DataClass.NONE, DataClass.PERSONAL, DataClass.FREE_TEXT}
            assert not left_out & row.keys()
    (invitation,) = tables["course_invitations"]
    assert CANARY in invitation["email"]


async def test_nothing_of_other_people_is_in_it(planted: World) -> None:
    others = {name: planted.ids[name] for name in ("mia", "ada", "eve", "root")}
    async with planted.runtime.database.write_session() as session:
        for name, user_id in others.items():
            values = {"full_name": f"{OTHER} {name}", "email": f"{OTHER}-{name}@school.example"}
            await session.execute(update(User).where(User.id == user_id).values(**values))
        await session.execute(update(CourseInvitation).values(invited_by=others["ada"]))
    answer = await planted.call("root", "POST", "/users/{sam}/export", json=WHY)
    assert answer.status_code == 202
    await planted.jobs()
    archive = await opened(planted, f"{OTHER}-root@school.example")
    for name in archive.namelist():
        data = archive.read(name)
        assert OTHER.encode() not in data, name
        assert not [who for who, user_id in others.items() if str(user_id).encode() in data], name


async def test_an_invitation_to_an_address_is_its_owners_alone(world: World) -> None:
    await world.add(
        CourseInvitation(course_id=world.ids["C2"], email="mia@school.example", expires_at=now() + timedelta(days=1))
    )
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["mia"]).values(email_verified_at=None))
    await ask(world, "mia")
    assert tables_in(await opened(world, "mia@school.example"))["course_invitations"] == []


def attempt(**values: object) -> dict[str, Any]:
    result = {"question_id": "q", "points": "5", "points_awarded": "5", "feedback": "Yes.", "by_hand": False}
    rules = {"passing_score": "50", "show_correct_answers": True, "quiz_type": "graded", "questions": []}
    row = {"status": AttemptStatus.GRADED, "is_passed": False, "results": [result], "feedback": "Well.", "key": rules}
    return row | values


def test_points_that_would_tell_the_key_are_left_out() -> None:
    row = attempt()
    assert shown_attempt(row)["results"][0] | {"points_awarded": "5"} == row["results"][0]
    assert shown_attempt(row)["results"][0]["points_awarded"] is None
    by_hand = [{**row["results"][0], "by_hand": True}]
    assert shown_attempt(attempt(results=by_hand))["results"] == by_hand
    assert shown_attempt(attempt(is_passed=True))["results"] == row["results"]
    never = {**row["key"], "show_correct_answers": False}
    assert shown_attempt(attempt(is_passed=True, key=never))["results"][0]["points_awarded"] is None
    waiting = shown_attempt(attempt(status=AttemptStatus.SUBMITTED))
    assert (waiting["results"], waiting["feedback"]) == (None, None)


async def test_what_a_dry_run_found_is_the_staffs(world: World) -> None:
    await two_learners(world)
    await regrade(world, dry_run=True)
    applied = await regrade(world)
    await ask(world)
    archive = await opened(world)
    (entry,) = tables_in(archive)["regrade_entries"]
    assert (entry["regrade_id"], entry["before"]["score"], entry["after"]["score"]) == (applied["id"], "2.00", "1.00")
    assert len(archive.read("tables/regrade_entries.csv").splitlines()) == 2


def test_every_table_of_dry_runs_has_its_rule() -> None:
    """Whoever adds a table below regrades says what of it took effect."""
    below = {name for name, table in Base.metadata.tables.items() if "regrades" in _parents(table)}
    assert {name for name in below if INVENTORY[name].person} <= APPLIED.keys()


def _parents(table: Table) -> set[str]:
    return {key.column.table.name for key in table.foreign_keys}


def test_marks_that_wait_are_left_out_of_regrades() -> None:
    sides = {"before": {"status": "submitted", "score": 1}, "after": {"status": "submitted", "score": 2}}
    shown = shown_entry({"regrade_id": "r", "is_changed": True, **sides})
    assert shown == {"regrade_id": "r", "is_changed": None, "before": None, "after": None}


async def test_once_a_day(world: World) -> None:
    await ask(world)
    again = await world.call("sam", "POST", "/users/me/export")
    assert (again.status_code, code_of(again)) == (429, "too_many_requests")
    for status in (202, 429):
        answer = await world.call("root", "POST", "/users/{sam}/export", json=WHY)
        assert answer.status_code == status, "whoever asks has a count of their own"
    await sweep_exports(world.runtime)
    assert await world.count(DataExport) == 2


async def test_all_of_it_is_of_one_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes while the ZIP is written is in none of its parts."""
    add = Archive.add

    async def added(archive: Archive, name: str, pieces: Any, **options: Any) -> None:  # noqa: ANN401 -- as the method.
        await add(archive, name, pieces, **options)
        if name == "account.json":
            async with world.runtime.database.write_session() as session:
                await session.execute(update(User).where(User.id == world.ids["sam"]).values(full_name="Sam Later"))
                await session.execute(update(Enrollment).values(rating=1))

    monkeypatch.setattr(Archive, "add", added)
    await ask(world)
    archive = await opened(world)
    assert "Sam Later" not in archive.read("tables/users.csv").decode()
    assert {row["rating"] for row in tables_in(archive)["enrollments"]} == {None}
    assert (await world.row(User, "sam")).full_name == "Sam Later"


async def test_an_export_that_fails_for_good_uses_nothing_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        message = "the disk is full"
        raise PermanentJobError(message)

    with monkeypatch.context() as patch:
        patch.setattr(handlers, "write_export", fails)
        answer = await world.call("sam", "POST", "/users/me/export")
        await forget_failed_exports(world.runtime)
        assert (answer.status_code, await world.count(DataExport)) == (202, 1), "its job waits"
        with pytest.raises(PermanentJobError):
            await world.jobs()
    assert (await world.call("sam", "POST", "/users/me/export")).status_code == 429
    await forget_failed_exports(world.runtime)
    assert await world.count(DataExport) == 0
    await ask(world)
    await forget_failed_exports(world.runtime)
    assert (await opened(world)).testzip() is None
    assert (await world.call("sam", "POST", "/users/me/export")).status_code == 429


async def test_the_ticket_opens_its_own_export_for_a_week(world: World) -> None:
    await ask(world)
    await ask(world, "mia")
    path, other = link(world, "sam@school.example"), link(world, "mia@school.example")
    bare, _, ticket = path.partition("?")
    assert (await world.call(None, "GET", path)).status_code == 200
    for wrong in (bare, f"{bare}?ticket=", f"{bare}?ticket=x", f"{other.partition('?')[0]}?{ticket}"):
        assert (await world.call(None, "GET", wrong)).status_code == 401, wrong
        assert (await world.call("root", "GET", wrong)).status_code == 401, wrong
    with shifted(timedelta(days=7, seconds=1)):
        assert (await world.call(None, "GET", path)).status_code == 401
        await sweep_exports(world.runtime)
        await world.jobs()
    assert await world.count(DataExport) == 0
    assert [each async for each in world.runtime.storage.list("exports")] == []
    assert (await world.call(None, "GET", path)).status_code == 404


async def test_an_admin_has_a_reason_and_the_owner_hears_of_it(world: World) -> None:
    answer = await world.call("root", "POST", "/users/{mia}/export", json=WHY)
    assert answer.status_code == 202
    await world.jobs()
    told = [mail for mail in world.mails() if "To: mia@school.example" in mail]
    assert len(told) == 1
    assert WHY["reason"] in text_of(message_from_string(told[0], policy=default))
    assert tables_in(await opened(world, "root@school.example"))["users"][0]["email"] == "mia@school.example"
    async with world.runtime.database.read_session() as session:
        mine = select(AuditEvent).where(AuditEvent.action == "users.export_requested")
        entry = (await session.execute(mine)).scalar_one()
    assert (entry.actor_id, entry.target_id) == (world.ids["root"], world.ids["mia"])

    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["root"]).values(role=Role.INSTRUCTOR))
    assert (await world.call(None, "GET", link(world, "root@school.example"))).status_code == 404, "no admin any more"


@pytest.mark.parametrize("path", ["/users/{mia}/export", "/users/{mia}/anonymize"])
async def test_a_reason_can_be_seen(world: World, path: str) -> None:
    invisible = [
        "",
        " ",
        *("\u200b\u2060\u00ad\u3164\ufeff\u115f\u1160\uffa0\u2800\u200d\u034f\ufe0f\U000e0020"),
        " \u200b ",
    ]
    for reason in invisible:
        answer = await world.call("root", "POST", path, json={"reason": reason})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reason"), ascii(reason)
    assert (await world.call("root", "POST", path, json={"reason": " \u200bÜ\u00ad"})).status_code == 202


async def test_nobody_has_no_data(world: World) -> None:
    assert (await world.call("root", "POST", f"/users/{new_id()}/export", json=WHY)).status_code == 404
    assert (await world.call(None, "GET", "/exports/none/download")).status_code == 422


async def test_who_loses_the_account_loses_the_ticket(world: World) -> None:
    await ask(world)
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["sam"]).values(is_active=False))
    assert (await world.call(None, "GET", link(world, "sam@school.example"))).status_code == 404


async def test_an_erasure_takes_exports_along(world: World) -> None:
    await Desk(world).take("sam", "note.txt", CANARY.encode())
    await ask(world)
    assert any(path.startswith("exports/") for path in await blobs_with(world))
    assert (await world.call("root", "POST", "/users/{sam}/anonymize", json=WHY)).status_code == 202
    await carry_out(world)
    assert await world.count(DataExport) == 0
    assert await blobs_with(world) == []


async def test_an_export_of_somebody_who_is_erased_meanwhile_is_dropped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def written(*given: Any) -> None:  # noqa: ANN401 -- as the function it stands for.
        await content.write_export(*given)
        async with world.runtime.database.write_session() as session:
            await session.delete((await session.execute(select(DataExport))).scalar_one())

    monkeypatch.setattr(handlers, "write_export", written)
    await ask(world)
    assert [each async for each in world.runtime.storage.list("exports")] == []
    assert not [mail for mail in world.mails() if "/exports/" in mail]


async def runs(world: World, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Awaitable[None]]) -> None:
    """An export of sam's is made; `meanwhile` happens once, when the ZIP is kept and the row does not name it yet."""
    finish = handlers._finish

    async def later(*given: Any) -> None:  # noqa: ANN401 -- as the function it stands for.
        monkeypatch.setattr(handlers, "_finish", finish)
        await meanwhile()
        await finish(*given)

    monkeypatch.setattr(handlers, "_finish", later)
    await handlers.make_export(world.runtime, await wanted(world))


async def wanted(world: World) -> ExportRequested:
    row = DataExport(user_id=world.ids["sam"], requested_by=world.ids["sam"], expires_at=now() + timedelta(days=7))
    await world.add(row)
    return ExportRequested(export_id=row.id)


async def test_of_two_runs_at_once_one_zip_stays_as_long_as_the_row_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def second() -> None:
        await Desk(world).take("sam", "note.txt", b"My note.")
        async with world.runtime.database.read_session() as session:
            found = await session.scalar(select(DataExport.id))
        assert found
        await handlers.make_export(world.runtime, ExportRequested(export_id=found))

    await runs(world, monkeypatch, second)
    await world.jobs()
    async with world.runtime.database.read_session() as session:
        row = (await session.execute(select(DataExport))).scalar_one()
    assert [each async for each in world.runtime.storage.list("exports")] == [row.storage_path]
    assert await world.runtime.storage.size(str(row.storage_path)) == row.file_size
    assert (await opened(world)).testzip() is None
    assert len([mail for mail in world.mails() if "To: sam@school.example" in mail]) == 1


async def test_a_zip_of_a_killed_run_does_not_outlive_an_erasure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def die() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await runs(world, monkeypatch, die)
    async with world.runtime.database.write_session() as session:
        row = (await session.execute(select(DataExport))).scalar_one()
        event = ExportRequested(export_id=row.id)
        await session.delete(row)
    assert len([each async for each in world.runtime.storage.list("exports")]) == 1
    await handlers.make_export(world.runtime, event)
    assert [each async for each in world.runtime.storage.list("exports")] == []


@pytest.mark.parametrize("when", ["reading", "kept"])
async def test_a_job_that_dies_is_begun_again_and_mails_once(
    world: World, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """The process is killed while it writes, or when the ZIP is kept and not yet announced."""

    class Killed(BaseException):
        pass

    async def die(*_: object) -> None:
        raise Killed

    event = await wanted(world)
    with monkeypatch.context() as patch:
        patch.setattr(*((content, "_add_files", die) if when == "reading" else (handlers, "_finish", die)))
        with pytest.raises(Killed):
            await handlers.make_export(world.runtime, event)
    await sweep_exports(world.runtime)
    for _ in range(3):
        await handlers.make_export(world.runtime, event)
    await world.jobs()
    assert len([mail for mail in world.mails() if "To: sam@school.example" in mail]) == 1
    assert (await opened(world)).testzip() is None
    assert len([each async for each in world.runtime.storage.list("exports")]) == 1
    assert [path.name for path in world.runtime.storage.incoming.iterdir()] == []


async def test_a_zip_that_no_row_names_is_swept(world: World) -> None:
    await world.runtime.storage.put("exports/left.zip", b"x")
    with shifted(timedelta(hours=2)):
        await sweep_exports(world.runtime)
        assert await world.runtime.storage.size("exports/left.zip") == 1
    with shifted(timedelta(hours=4)):
        await sweep_exports(world.runtime)
        assert await world.runtime.storage.size("exports/left.zip") is None


async def test_many_rows_are_read_in_pages(world: World) -> None:
    await world.add(
        *(
            AuditEvent(action="auth.login", outcome="done", actor_id=world.ids["sam"], occurred_at=now())
            for _ in range(250)
        )
    )
    await ask(world)
    events = tables_in(await opened(world))["audit_events"]
    assert len({row["id"] for row in events}) == len(events) >= 250


def test_every_table_of_a_person_is_in_an_area() -> None:
    named = [name for area in AREAS for name in tables_of(area)]
    assert tables_of("running") == []
    assert sorted(named) == sorted({*(name for name, held in INVENTORY.items() if held.person), "course_invitations"})


async def test_an_open_attempt_is_in_it_without_its_key(world: World) -> None:
    await open_attempt(world)
    await ask(world)
    archive = await opened(world)
    (row,) = tables_in(archive)["quiz_attempts"]
    assert row["status"] == "in_progress"
    assert not {"key", "paper", "draft", "marked_at"} & row.keys()
    assert b"correct" not in archive.read("learning.json")
