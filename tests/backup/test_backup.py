"""Backup and restore: the whole school as of one moment, verified, never over another school unasked."""

import hashlib
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url

from studium.app import create_app
from studium.entrypoints.operations.backup import back_up, restore
from studium.entrypoints.operations.reconcile import broken_invariants, reconcile
from studium.kit.backups import dumps_postgres as copies_postgres
from studium.kit.backups.manifest import BackupError
from studium.kit.base.config import Settings, load_settings
from studium.kit.base.ids import new_id
from studium.kit.db.tables import Base
from studium.kit.runtime import open_runtime
from studium.models import UploadedFile
from studium.modules.files import actions_backup
from studium.modules.files.actions_backup import KeptFile
from studium.modules.system.backups import MADE
from tests.cli.test_commands import execute, run
from tests.databases import SERVER
from tests.files.helpers import Desk
from tests.files.samples import PDF
from tests.servers import s3_server
from tests.world import World, open_world

HELLO = hashlib.sha256(b"hello").hexdigest()
ENDED = {"sessions", "refresh_tokens", "one_time_tokens"}


def settings_of(world: World, **changes: Any) -> Settings:  # noqa: ANN401 -- settings of any type.
    return world.runtime.settings.model_copy(update=changes)


@pytest.fixture
async def full(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The school of the tests, with files that are what their rows say, one job that waits, and a live log-in."""
    async with open_world(database_url, tmp_path / "old") as world:
        await make_whole(world)
        yield world


async def make_whole(world: World) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(text("UPDATE uploaded_files SET checksum = :sum"), {"sum": HELLO})
    await Desk(world).take("sam", "report.pdf", PDF, folder="essays")
    person = {"email": "new@school.example", "full_name": "New Person", "password": "violet kettle 41"}
    assert (await world.call(None, "POST", "/auth/register", json=person)).status_code == 201
    login = {"email": person["email"], "password": person["password"]}
    assert (await world.call(None, "POST", "/auth/login", json=login)).status_code == 200


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Settings of another machine: an empty database of the same kind, and an empty folder."""
    folder = tmp_path / "new"
    fresh = {"data_dir": folder, "storage_url": f"file://{folder}/files"}
    if database_url.startswith("sqlite"):
        yield {**fresh, "database_url": f"sqlite:///{folder}/studium.db"}
        return
    name = f"studium_restored_{new_id().hex}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        url = make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        yield {**fresh, "database_url": url}
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def contents(url: str) -> dict[str, list[Any]]:
    """Every row of every table, but for those that a restore changes."""
    driver = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}[make_url(url).get_backend_name()]
    engine = create_engine(make_url(url).set(drivername=driver))
    with engine.connect() as connection:
        tables = [table for table in Base.metadata.sorted_tables if table.name not in ENDED]
        found = {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in tables
            if table.name != "jobs" or url.startswith("sqlite")
        }
        if not url.startswith("sqlite"):
            jobs = connection.execute(text("SELECT id, task_name, args, status FROM procrastinate_jobs ORDER BY id"))
            found["jobs"] = [tuple(row) for row in jobs]
    engine.dispose()
    return found


def live(url: str) -> list[object]:
    """How many sessions, refresh tokens and mailed links are good."""
    ends = {"sessions": "revoked_at", "refresh_tokens": "revoked_at", "one_time_tokens": "used_at"}
    return [execute(url, f"SELECT count(*) FROM {table} WHERE {end} IS NULL")[0] for table, end in ends.items()]  # noqa: S608 -- our own names.


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*copy*"))


async def test_a_round_trip_brings_everything_back_and_ends_every_session(
    full: World, elsewhere: dict[str, Any], tmp_path: Path
) -> None:
    settings, target = settings_of(full), settings_of(full, **elsewhere)
    before = contents(settings.database_url)
    assert before["jobs"]
    assert all(count for count in live(settings.database_url))
    made = await back_up(settings, tmp_path / "copy", force=False)
    assert (made.people, made.files, made.faults) == (7, 4, ())
    after = contents(settings.database_url)
    assert [row for row in after["audit_events"] if MADE not in row] == before["audit_events"]
    assert after | {"audit_events": before["audit_events"]} == before, "a backup changes nothing but the record"

    again = await restore(target, tmp_path / "copy", force=False)
    assert (again.people, again.files, again.made_at, again.is_other_key) == (7, 4, made.made_at, False)
    assert contents(target.database_url) == before
    assert live(target.database_url) == [0, 0, 0]
    assert await reconcile(target, fix=False) == ([], [])
    assert await broken_invariants(target) == []
    async with open_runtime(target) as runtime:
        async with runtime.database.read_session() as session:
            rows = (await session.execute(select(UploadedFile.storage_path, UploadedFile.checksum))).all()
        for path, checksum in rows:
            assert hashlib.sha256(await runtime.storage.get(path)).hexdigest() == checksum


async def test_a_restored_school_works_and_knows_no_old_token(
    full: World, elsewhere: dict[str, Any], tmp_path: Path
) -> None:
    await back_up(settings_of(full), tmp_path / "copy", force=False)
    target = settings_of(full, **elsewhere)
    await restore(target, tmp_path / "copy", force=False)
    app = create_app(target)
    async with app.router.lifespan_context(app):
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test/api/v1")
        there = World(app, client, tmp_path, full.ids, full.tokens)
        assert (await there.call("sam", "GET", "/users/me")).status_code == 401
        login = {"email": "sam@school.example", "password": "violet kettle 41"}
        answer = await there.call(None, "POST", "/auth/login", json=login)
        there.tokens = {"sam": answer.json()["access_token"]}
        assert (await there.call("sam", "GET", "/enrollments/{E3}")).json()["status"] == "completed"
        assert (await Desk(there).download("sam", str(there.ids["F1"]))).content == b"hello"
        await client.aclose()


async def test_what_is_there_is_not_replaced_unasked(full: World, elsewhere: dict[str, Any], tmp_path: Path) -> None:
    settings, target = settings_of(full), settings_of(full, **elsewhere)
    copy = tmp_path / "copy"
    await back_up(settings, copy, force=False)
    before = (copy / "SHA256SUMS").read_bytes()
    with pytest.raises(BackupError, match=r"^There is something at .* already; --force replaces it\.$"):
        await back_up(settings, copy, force=False)
    assert (copy / "SHA256SUMS").read_bytes() == before
    await back_up(settings, copy, force=True)
    assert leftovers(tmp_path) == ["copy"]

    await restore(target, copy, force=False)
    execute(target.database_url, "UPDATE users SET full_name = 'Changed since' WHERE role = 'admin'")
    with pytest.raises(BackupError, match=r"^There is a school in .* already; --force replaces it\.$"):
        await restore(target, copy, force=False)
    changed = "SELECT count(*) FROM users WHERE full_name = 'Changed since'"
    assert execute(target.database_url, changed) == [1]
    await restore(target, copy, force=True)
    assert execute(target.database_url, changed) == [0]


async def test_a_server_that_runs_is_not_restored_under(full: World, tmp_path: Path) -> None:
    settings = settings_of(full)
    await back_up(settings, tmp_path / "copy", force=False)
    before = contents(settings.database_url)
    with pytest.raises(BackupError, match=r": stop every server and worker first\.$"):
        await restore(settings, tmp_path / "copy", force=True)
    assert contents(settings.database_url) == before


def damage(copy: Path, how: str) -> None:
    blob = next(path for path in copy.rglob("*.pdf"))
    if how == "changed":
        content = bytearray(blob.read_bytes())
        content[-1] ^= 1
        blob.write_bytes(content)
    elif how == "missing":
        blob.unlink()
    elif how == "added":
        (copy / "files" / "more.txt").touch()
    elif how == "no sums":
        (copy / "SHA256SUMS").unlink()
    else:
        shutil.rmtree(copy)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_damaged_backup_is_refused_before_anything_is_touched(
    full: World, elsewhere: dict[str, Any], tmp_path: Path
) -> None:
    await back_up(settings_of(full), tmp_path / "copy", force=False)
    said = {
        "changed": r"damaged: files/\S+\.pdf is not as it was written\.$",
        "missing": r"damaged: files/\S+\.pdf is missing\.$",
        "added": r"damaged: files/more.txt is no part of it\.$",
        "no sums": r"^There is no whole backup at ",
        "nothing": r"^There is no whole backup at ",
    }
    for how, sentence in said.items():
        copy = Path(shutil.copytree(tmp_path / "copy", tmp_path / how.replace(" ", "-")))
        damage(copy, how)
        with pytest.raises(BackupError, match=sentence):
            await restore(settings_of(full, **elsewhere), copy, force=True)
    assert not (tmp_path / "new").exists()


def change_manifest(copy: Path, **changes: object) -> None:
    path = copy / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    sums = copy / "SHA256SUMS"
    lines = [line for line in sums.read_text().splitlines() if not line.endswith("  manifest.json")]
    sums.write_text("\n".join([*lines, f"{hashlib.sha256(path.read_bytes()).hexdigest()}  manifest.json"]))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_backup_that_does_not_fit_is_refused(full: World, elsewhere: dict[str, Any], tmp_path: Path) -> None:
    copy, target = tmp_path / "copy", settings_of(full, **elsewhere)
    await back_up(settings_of(full), copy, force=False)
    cases: list[tuple[dict[str, object], str]] = [
        (
            {"database": "postgresql"},
            r"^The backup is of a postgresql database, but STUDIUM_DATABASE_URL names a sqlite",
        ),
        ({"database": "sqlite", "revision": "9999", "version": "9.9"}, r"install version 9\.9 or later\.$"),
        ({"format": 2}, r"install version 9\.9 or later\.$"),
    ]
    for changes, sentence in cases:
        change_manifest(copy, **changes)
        with pytest.raises(BackupError, match=sentence):
            await restore(target, copy, force=True)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_backup_under_another_secret_says_what_will_not_work(
    full: World, elsewhere: dict[str, Any], tmp_path: Path
) -> None:
    await back_up(settings_of(full), tmp_path / "copy", force=False)
    other = load_settings(secret_key="another-one-0123456789-abcdefghijkl", _env_file=None).secret_key
    report = await restore(settings_of(full, **elsewhere, secret_key=other), tmp_path / "copy", force=False)
    assert report.is_other_key


async def test_files_that_are_deleted_meanwhile_are_in_neither_half(
    full: World, elsewhere: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = actions_backup.keep_blobs
    copied: list[int] = []

    async def slowly(storage: Any, files: list[KeptFile], folder: Path) -> list[KeptFile]:  # noqa: ANN401 -- as the function itself.
        copied.append(len(files))
        if len(copied) == 1:
            assert (await full.call("sam", "DELETE", "/files/{F1}")).status_code == 204
            await full.jobs()
        return await keep(storage, files, folder)

    monkeypatch.setattr(actions_backup, "keep_blobs", slowly)
    report = await back_up(settings_of(full), tmp_path / "copy", force=False)
    assert (copied, report.files, report.faults) == ([4, 3], 3, ())
    await restore(settings_of(full, **elsewhere), tmp_path / "copy", force=False)
    assert await reconcile(settings_of(full, **elsewhere), fix=False) == ([], [])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_files_in_a_bucket_are_kept_and_brought_back(
    database_url: str, elsewhere: dict[str, Any], tmp_path: Path
) -> None:
    with s3_server(tmp_path) as s3:
        more = f"endpoint=http://127.0.0.1:{s3.port}&access_key_id=test&secret_access_key=test"
        async with open_world(database_url, tmp_path / "old", storage_url=f"s3://school/old?{more}") as world:
            await make_whole(world)
            report = await back_up(settings_of(world), tmp_path / "copy", force=False)
            target = settings_of(world, **{**elsewhere, "storage_url": f"s3://school/new?{more}"})
        assert (report.files, report.faults) == (4, ())
        await restore(target, tmp_path / "copy", force=False)
        assert await reconcile(target, fix=False) == ([], [])
        assert (tmp_path / "copy").exists()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_missing_programs_are_one_sentence(full: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(BackupError, match=r"needs pg_dump of version \d+ or newer; there is none\.$"):
        await back_up(settings_of(full), tmp_path / "copy", force=False)
    monkeypatch.undo()
    monkeypatch.setattr(copies_postgres, "_major_of", lambda _: 9)
    with pytest.raises(BackupError, match=r"or newer; the one that is there is of version 9\.$"):
        await back_up(settings_of(full), tmp_path / "copy", force=False)
    assert leftovers(tmp_path) == []


async def test_the_commands(database_url: str, elsewhere: dict[str, Any], tmp_path: Path) -> None:
    """As an operator runs them; a lost file is named, and the rest is kept."""
    async with open_world(database_url, tmp_path) as world:
        await make_whole(world)
        lost = world.ids["F2"]
    (tmp_path / "files" / "uploads" / "f2.txt").unlink()
    copy, url = str(tmp_path / "copy"), str(elsewhere["database_url"])
    code, said, complained = run(database_url, tmp_path, "backup", copy)
    assert (code, complained) == (1, "")
    assert said.startswith(f"file {lost}: its content is missing or damaged; this backup cannot bring it back\n")
    assert f"{copy} holds 7 people and 3 files as of 20" in said
    code, said, complained = run(url, tmp_path, "restore", copy)
    assert (code, complained) == (0, "")
    assert "7 people and 3 files of 20" in said
    assert said.endswith("are back, and every session has ended.\n")
    code, said, complained = run(url, tmp_path, "restore", copy)
    assert (code, said) == (1, "")
    assert complained.endswith("already; --force replaces it.\n")
