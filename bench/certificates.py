"""Certificates: drawing alone, and a whole worker from completions to certificates, PDFs and mails."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from bench.contenders import SECRET, Contender, environment
from bench.papers import id_of
from bench.school import Size, embedded, passing
from studium.events import EnrollmentCompleted
from studium.kit.base.clock import now
from studium.kit.base.config import Settings, load_settings
from studium.kit.jobs.events import publish
from studium.kit.runtime import Runtime, open_runtime
from studium.models import Certificate, Enrollment, EnrollmentStatus
from studium.modules.certificates.pdf import CertificateFacts, render_certificate
from studium.modules.registry import load_handlers

_SCHOOL = Size(5_000)
_WARM_UP = 10
_PATIENCE_SECONDS = 120
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Worked:
    """What a worker process took for its certificates, from the commit of the completions until everything is there."""

    certificates: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """Certificates per second."""
        return self.certificates / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of the process for each certificate."""
        return self.cpu_seconds / self.certificates * 1000


def draw(many: int) -> list[float]:
    """The seconds that each of so many drawings took, sorted."""
    at = datetime(2026, 1, 5, tzinfo=UTC)
    took = []
    for number in range(many + 5):
        facts = CertificateFacts(**_facts(number), completion_date=at, issued_at=at)
        began = time.perf_counter()
        render_certificate(facts)
        took.append(time.perf_counter() - began)
    return sorted(took[5:])


def _facts(number: int) -> dict[str, str]:
    names = ("Sam Learner", "محمد عبد الله", "王小明", "Zoë Ångström-Núñez")
    return {
        "student_name": f"{names[number % len(names)]} {number}",
        "course_title": f"How things are done, part {number}",
        "instructor_name": "Ada Teacher",
        "certificate_number": f"CERT-20260105-{number:06}",
        "verify_url": f"https://bench.example/verify/CERT-20260105-{number:06}",
    }


def work(server: str, many: int) -> Worked:
    """A worker on PostgreSQL, in a database of its own."""
    with passing(server, _SCHOOL) as url, tempfile.TemporaryDirectory() as folder:
        return _measured(url, folder, many)


def work_embedded(many: int) -> Worked:
    """A worker on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        return _measured(embedded(Path(folder), _SCHOOL), folder, many)


def _measured(url: str, folder: str, many: int) -> Worked:
    load_handlers()
    settings = load_settings(database_url=url, data_dir=Path(folder), secret_key=SECRET)
    with worker(url, folder) as process:
        # The first few load the compiler and the templates.
        asyncio.run(_complete(settings, range(_WARM_UP)))
        cpu_before = process.cpu_seconds()
        seconds = asyncio.run(_complete(settings, range(_WARM_UP, _WARM_UP + many)))
        return Worked(many, seconds, process.cpu_seconds() - cpu_before)


@contextmanager
def worker(url: str, folder: str) -> Iterator[Contender]:
    """A `studium worker` on a database, stopped at the end."""
    with tempfile.TemporaryFile() as log:
        command = [sys.executable, "-m", "studium", "worker"]
        process = subprocess.Popen(command, env=environment(url, folder), stdout=log, stderr=log)  # noqa: S603 -- our own command.
        try:
            yield Contender("worker", 0, process)
        finally:
            process.terminate()
            process.wait()


async def _complete(settings: Settings, numbers: range) -> float:
    """Complete these enrollments in one transaction; return how long it took until each had all that follows."""
    async with open_runtime(settings) as runtime:
        ids = [id_of("enrollment", number) for number in numbers]
        async with runtime.database.write_session() as session:
            await session.execute(
                update(Enrollment)
                .where(Enrollment.id.in_(ids))
                .values(
                    status=EnrollmentStatus.COMPLETED,
                    completed_at=now(),
                    progress_percentage=100,
                    completed_lessons_count=Enrollment.total_lessons_count,
                )
            )
            for enrollment_id in ids:
                await publish(session, EnrollmentCompleted(enrollment_id=enrollment_id))
        began = time.perf_counter()
        while not _is_complete(settings.data_dir, numbers.stop) or not await _is_settled(runtime, numbers.stop):
            if time.perf_counter() - began > _PATIENCE_SECONDS:
                sys.exit("The worker does not keep up.")
            await asyncio.sleep(_LOOK_SECONDS)
        return time.perf_counter() - began


def _is_complete(folder: Path, many: int) -> bool:
    """Whether so many mails and PDFs are there."""
    found = (len(list((folder / "mail").glob("*.eml"))), len(list((folder / "files").rglob("*.pdf"))))
    return min(found) >= many


async def _is_settled(runtime: Runtime, many: int) -> bool:
    """Whether so many certificates are issued and noted, and no job is left."""
    noted = select(func.count(Enrollment.certificate_issued_at)).scalar_subquery()
    fresh = select(func.count(Certificate.id), noted).where(Certificate.issued_at > now() - timedelta(days=1))
    async with runtime.database.read_session() as session:
        issued, seen = (await session.execute(fresh)).one()
    return issued == seen == many and sum((await runtime.jobs.pending()).values()) == 0
