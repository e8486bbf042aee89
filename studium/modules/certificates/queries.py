"""Certificates as their holders and as verifiers see them."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import throttle
from studium.access.actor import Actor
from studium.kit.pages import Order, Page, PageQuery, paginate
from studium.kit.runtime import runtime_of
from studium.models import Certificate
from studium.modules.certificates.numbers import tidy_number
from studium.modules.certificates.rendering import verify_url
from studium.modules.certificates.schemas import CertificateOut, VerificationOut, VerificationStatus

MISSES = throttle.Limit("certificate.miss", hits=20, within=timedelta(minutes=10))


def certificate_out(session: AsyncSession, certificate: Certificate) -> CertificateOut:
    """A certificate as it goes out: where its PDF lies stays here."""
    fields = {name: getattr(certificate, name) for name in CertificateOut.model_fields.keys() - {"verify_url"}}
    return CertificateOut(**fields, verify_url=verify_url(runtime_of(session).settings, certificate))


async def my_certificates(session: AsyncSession, actor: Actor, page: PageQuery) -> Page[CertificateOut]:
    """The caller's own certificates, newest first."""
    statement = select(Certificate).where(Certificate.student_id == actor.id)
    order = (Order(Certificate.issued_at), Order(Certificate.id))
    return await paginate(
        session,
        statement,
        order=order,
        page=page,
        name="my-certificates",
        item=lambda row: certificate_out(session, row[0]),
    )


async def verify(session: AsyncSession, address: str, text: str) -> VerificationOut:
    """What a number stands for. Who guesses is slowed down: raises TooManyRequests after 20 misses in 10 minutes."""
    await throttle.require_room(session, (MISSES,), address)
    number = tidy_number(text)
    certificate = None
    if number is not None:
        statement = select(Certificate).where(Certificate.certificate_number == number)
        certificate = (await session.execute(statement)).scalar_one_or_none()
    if certificate is None:
        # The reader's transaction keeps nothing, so the miss is counted in one of its own.
        async with runtime_of(session).database.writing() as writing:
            await throttle.note(writing, MISSES.scope, address)
        return VerificationOut(valid=False, status=VerificationStatus.NOT_FOUND, certificate_number=number)
    return _verification(certificate)


def _verification(certificate: Certificate) -> VerificationOut:
    if certificate.is_revoked:
        return VerificationOut(
            valid=False,
            status=VerificationStatus.REVOKED,
            certificate_number=certificate.certificate_number,
            revoked_at=certificate.revoked_at,
        )
    return VerificationOut(
        valid=True,
        status=VerificationStatus.VALID,
        certificate_number=certificate.certificate_number,
        student_name=certificate.student_name,
        course_title=certificate.course_title,
        completion_date=certificate.completion_date,
        issued_at=certificate.issued_at,
    )
