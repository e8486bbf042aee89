"""After an erasure the person is nowhere: not in a row, a dump, a blob, a PDF, a log or a backup that comes back."""

from pathlib import Path

import pytest
from sqlalchemy import select

from studium.app import create_app
from studium.entrypoints.operations.backup import back_up, restore
from studium.entrypoints.operations.reconcile import broken_invariants, reconcile
from studium.kit.base.logs import configure_logs
from studium.kit.db.tables import Base
from studium.models.inventory import INVENTORY, DataClass
from studium.modules.privacy.erased_list import LIST
from studium.modules.privacy.rows import rows_of
from tests.backup.test_backup import elsewhere, make_whole  # noqa: F401 -- a fixture and its rows.
from tests.logs import restored_logs  # noqa: F401 -- a fixture.
from tests.privacy.canary import (
    CANARY,
    backup_with,
    blobs_with,
    erase_sam,
    pdf_text,
    rows_with,
    sam_files,
)
from tests.world import NUMBER, World

UNPLANTED = {("users", "mfa_last_step"), ("certificates", "revocation_reason"), ("erasures", "reason")}


def bytes_of(sqlite_url: str) -> bytes:
    return Path(sqlite_url.removeprefix("sqlite:///")).read_bytes()


async def test_the_word_stands_in_every_column_that_tells_of_a_person(planted: World) -> None:
    """Without this, the tests below would prove nothing of a column that is new."""
    async with planted.runtime.database.read_session() as session:
        for name, held in INVENTORY.items():
            if not held.person:
                continue
            table = Base.metadata.tables[name]
            mine = (await session.execute(select(table).where(rows_of(table, planted.ids["sam"])))).mappings().all()
            for column in held.columns_of(DataClass.PERSONAL, DataClass.SECRET, DataClass.FREE_TEXT):
                if (name, column) in UNPLANTED or (not mine and name == "erasures"):
                    continue
                says = [row[column] for row in mine if row[column] is not None]
                assert any(CANARY in str(value) or not isinstance(value, str) for value in says), f"{name}.{column}"


@pytest.mark.usefixtures("restored_logs")
async def test_nothing_of_the_person_is_left(
    planted: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(planted.runtime.settings.model_copy(update={"log_level": "DEBUG"}))
    assert "users" in await rows_with(planted)
    assert await blobs_with(planted)
    assert await backup_with(planted, tmp_path / "before")
    await erase_sam(planted)

    assert await rows_with(planted) == []
    assert await blobs_with(planted) == []
    assert await backup_with(planted, tmp_path / "after") == []
    assert CANARY not in await pdf_text(planted)
    assert "Former learner" in await pdf_text(planted)
    assert await sam_files(planted) == 0
    logged = "".join(capsys.readouterr())
    assert "/anonymize" in logged
    assert CANARY not in logged
    settings = planted.runtime.settings
    assert await reconcile(settings, fix=False) == ([], [])
    assert await broken_invariants(settings) == []


async def test_certificates_still_verify(planted: World) -> None:
    await erase_sam(planted)
    said = (await planted.call(None, "GET", f"/certificates/verify/{NUMBER}")).json()
    assert (said["valid"], said["student_name"], said["course_title"]) == (True, "Former learner", "Course C3")


async def test_certificates_keep_the_name_where_that_was_said(planted: World) -> None:
    await erase_sam(planted, certificates="keep")
    said = (await planted.call(None, "GET", f"/certificates/verify/{NUMBER}")).json()
    assert (said["valid"], said["student_name"]) == (True, f"{CANARY} Example")
    assert CANARY in await pdf_text(planted)
    assert await rows_with(planted) == ["certificates"]
    assert await broken_invariants(planted.runtime.settings) == []


async def test_a_backup_of_an_earlier_day_brings_nobody_back(
    planted: World,
    elsewhere: dict[str, object],  # noqa: F811 -- the fixture.
    tmp_path: Path,
) -> None:
    settings = planted.runtime.settings
    await back_up(settings, tmp_path / "earlier", force=False)
    await erase_sam(planted)
    await back_up(settings, tmp_path / "later", force=False)
    assert str(planted.ids["sam"]) in (tmp_path / LIST).read_text()

    target = settings.model_copy(update=elsewhere)
    report = await restore(target, tmp_path / "earlier", force=False)
    assert report.erased == 1
    app = create_app(target)
    async with app.router.lifespan_context(app):
        there = World(app, planted.client, tmp_path, planted.ids, planted.tokens)
        assert await rows_with(there) == []
        assert await blobs_with(there) == []
        assert await backup_with(there, tmp_path / "again") == []
    if target.is_sqlite:
        assert CANARY.encode() not in bytes_of(target.database_url)
    assert await reconcile(target, fix=False) == ([], [])
    assert await broken_invariants(target) == []
