"""What an export of a person holds: areas as JSON, tables as CSV, files, certificates, and a manifest."""

import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.base.executors import in_thread
from studium.kit.base.languages import SPOKEN
from studium.kit.runtime import Runtime
from studium.models import Certificate, Course, Enrollment, UploadedFile, User
from studium.models.inventory import AREAS
from studium.modules.certificates.rendering import kept_pdf
from studium.modules.privacy.exports.archive import Archive, new_archive
from studium.modules.privacy.exports.rows import Person, as_csv, as_json, tables_of

_README = Path(__file__).with_name("readme")


async def write_export(runtime: Runtime, user_id: UUID, path: Path) -> None:
    """Write what is known of a person to a new ZIP at `path`, as it is at one moment.

    Nothing of other people is in it, no secret and no answer key. Raises StorageFull, DependencyDown.
    """
    async with new_archive(path) as archive:
        for language in SPOKEN:
            text = await in_thread((_README / f"{language}.txt").read_bytes)
            await archive.add(f"README.{language}.txt", _whole(text))
        async with runtime.database.long_snapshot() as session:
            await _add_rows(session, archive, user_id)
            files = (await session.execute(_files_of(user_id))).all()
            certificates = (await session.execute(_certificates_of(user_id))).scalars().all()
        missing = await _add_files(runtime, archive, files)
        for certificate in certificates:
            pdf = await kept_pdf(runtime, certificate)
            await archive.add(f"certificates/{certificate.certificate_number}.pdf", _whole(pdf), is_packed=False)
        about = {"made_at": now().isoformat(), "person": str(user_id), "missing": missing, "files": archive.entries}
        await archive.add("manifest.json", _whole(json.dumps(about, indent=1).encode()))


async def _add_rows(session: AsyncSession, archive: Archive, user_id: UUID) -> None:
    """Add every area as JSON, every table as CSV, and what the person's courses are called."""
    user = await session.get_one(User, user_id)
    person = Person(user_id, user.email if user.email_verified_at is not None else None)
    for area in AREAS:
        names = tables_of(area)
        if names:
            await archive.add(f"{area}.json", as_json(session, area, person))
        for name in names:
            await archive.add(f"tables/{name}.csv", as_csv(session, name, person))
    titles = select(Course.id, Course.title).join(Enrollment, Enrollment.course_id == Course.id)
    rows = (await session.execute(titles.where(Enrollment.student_id == user_id).order_by(Course.id))).all()
    named = {str(row.id): row.title for row in rows}
    await archive.add("courses.json", _whole(json.dumps(named, indent=1, ensure_ascii=False).encode()))


def _files_of(user_id: UUID) -> Select[str, str]:
    """Everything that the person uploaded."""
    columns = select(UploadedFile.filename, UploadedFile.storage_path)
    return columns.where(UploadedFile.uploader_id == user_id).order_by(UploadedFile.id)


def _certificates_of(user_id: UUID) -> Select[Certificate]:
    """Each certificate of the person that holds."""
    theirs = Certificate.student_id == user_id, Certificate.is_revoked.is_(False)
    return select(Certificate).where(*theirs).order_by(Certificate.id)


async def _add_files(runtime: Runtime, archive: Archive, files: Iterable[Row[str, str]]) -> list[str]:
    """Add the content of files; return the names of those whose content is lost, or was deleted meanwhile."""
    missing: list[str] = []
    for name, path in files:
        if await runtime.storage.size(path) is None:
            missing.append(name)
            continue
        await archive.add(f"files/{name}", runtime.storage.stream(path), is_packed=False)
    return missing


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
