"""Certificates as their holders and as verifiers see them."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules, throttle
from studium.access.actor import Actor, parameter_actor
from studium.kit.base.config import Settings
from studium.kit.db.prepared import PreparedStatement, Record
from studium.kit.http.pagination import Order, Page, PagedRead, PageQuery
from studium.kit.runtime import Runtime, get_runtime
from studium.models import Certificate, Enrollment, Role
from studium.modules.certificates.numbers import normalize_number
from studium.modules.certificates.rendering import verify_url
from studium.modules.certificates.schemas import CertificateOut, VerificationOut, VerificationStatus

MISSES = throttle.Limit("certificate.miss", hits=20, within=timedelta(minutes=10))


def certificate_out(session: AsyncSession, certificate: Certificate) -> CertificateOut:
    """A certificate as it goes out: where its PDF lies stays here."""
    fields = {name: getattr(certificate, name) for name in CertificateOut.model_fields.keys() - {"verify_url"}}
    return CertificateOut(
        **fields, verify_url=verify_url(get_runtime(session).settings, certificate.certificate_number)
    )


_OWN = [Certificate.__table__.c[name] for name in CertificateOut.model_fields if name != "verify_url"]
_OF_STUDENT = PagedRead(
    select(*_OWN).where(Certificate.student_id == bindparam("student_id", type_=Uuid())),
    order=(Order(Certificate.issued_at), Order(Certificate.id)),
    name="my-certificates",
    of=CertificateOut,
)


def _shown(settings: Settings, row: Record) -> CertificateOut:
    own = {column.name: row[column.name] for column in _OWN}
    return CertificateOut(**own, verify_url=verify_url(settings, row["certificate_number"]))


async def my_certificates(runtime: Runtime, actor: Actor, page: PageQuery) -> Page[CertificateOut]:
    """The caller's own certificates, newest first. One hot read."""
    item = partial(_shown, runtime.settings)
    return await _OF_STUDENT.page(runtime.database.reads, page, item, student_id=actor.id)


def _of_enrollment(role: Role) -> PreparedStatement:
    wanted = Certificate.enrollment_id == bindparam("p_enrollment", type_=Uuid())
    theirs = Certificate.enrollment_id == Enrollment.id
    return PreparedStatement(
        select(*_OWN).join(Enrollment, theirs).where(wanted, rules.may_see_enrollment(parameter_actor(role)))
    )


_OF_ENROLLMENT = {role: _of_enrollment(role) for role in Role}


async def certificate_of(runtime: Runtime, actor: Actor, enrollment_id: UUID) -> CertificateOut | None:
    """The certificate of an enrollment that the caller may know of, if there is one. One hot read."""
    row = await runtime.database.reads.one(_OF_ENROLLMENT[actor.role], p_enrollment=enrollment_id, actor_id=actor.id)
    return None if row is None else _shown(runtime.settings, row)


_BY_NUMBER = PreparedStatement(
    select(*_OWN).where(
        Certificate.certificate_number == bindparam("number", type_=Certificate.certificate_number.type)
    )
)


async def verify(runtime: Runtime, address: str, text: str) -> VerificationOut:
    """What a number stands for. Who guesses is slowed down: raises TooManyRequests after 20 misses in 10 minutes."""
    reads = runtime.database.reads
    await throttle.require_room_to_read(reads, runtime.keys, MISSES, address)
    number = normalize_number(text)
    certificate = None if number is None else await runtime.database.replica_reads.one(_BY_NUMBER, number=number)
    if certificate is None and number is not None and runtime.database.replica is not None:
        # One that was issued a moment ago is no guess.
        certificate = await reads.one(_BY_NUMBER, number=number)
    if certificate is None:
        async with runtime.database.write_session() as writing:
            await throttle.note_at(writing, MISSES, address)
        return VerificationOut(valid=False, status=VerificationStatus.NOT_FOUND, certificate_number=number)
    return _verification(certificate)


def _verification(certificate: Record) -> VerificationOut:
    is_revoked = certificate["is_revoked"]
    shown = ("revoked_at",) if is_revoked else ("student_name", "course_title", "completion_date", "issued_at")
    return VerificationOut(
        valid=not is_revoked,
        status=VerificationStatus.REVOKED if is_revoked else VerificationStatus.VALID,
        certificate_number=certificate["certificate_number"],
        **{name: certificate[name] for name in shown},
    )
