"""Certificates, as their holders and as verifiers see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field

from studium.kit.http.schemas import RequestModel, ResponseModel, normalize_name


def _tidy(value: object) -> object:
    return normalize_name(value) if isinstance(value, str) else value


class RevokeIn(RequestModel):
    """Why a certificate is revoked; kept, and shown to those who may read the certificate."""

    reason: Annotated[str, BeforeValidator(_tidy), Field(min_length=1, max_length=500)]


class CertificateOut(ResponseModel):
    """A certificate. Names and title are those of the day of issue."""

    id: UUID
    enrollment_id: UUID
    student_id: UUID
    course_id: UUID
    certificate_number: str
    student_name: str
    course_title: str
    instructor_name: str
    completion_date: datetime
    issued_at: datetime
    is_revoked: bool
    revoked_at: datetime | None
    revocation_reason: str | None
    verify_url: str


class VerificationStatus(StrEnum):
    """What a certificate number stands for today."""

    VALID = "valid"
    REVOKED = "revoked"
    NOT_FOUND = "not_found"


class VerificationOut(ResponseModel):
    """The answer to "is this certificate genuine?"; nothing personal unless it is valid, and no ids."""

    valid: bool
    status: VerificationStatus
    certificate_number: str | None
    student_name: str | None = None
    course_title: str | None = None
    completion_date: datetime | None = None
    issued_at: datetime | None = None
    revoked_at: datetime | None = None
