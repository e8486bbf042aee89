"""Erasures, as people ask for them and see them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BeforeValidator, Field

from studium.kit.http.schemas import RequestModel, ResponseModel, normalize_name
from studium.models import ErasedCertificates, Erasure


def _tidy(value: object) -> object:
    """Tidy a reason before it is measured."""
    return normalize_name(value) if isinstance(value, str) else value


Reason = Annotated[str, BeforeValidator(_tidy), Field(min_length=1, max_length=500)]
"""Why an admin does something to somebody else's data."""


class AnonymizeIn(RequestModel):
    """Why a person is erased (forgotten when it is done), and what their certificates say then.

    Without `certificates` it is as STUDIUM_ERASURE_CERTIFICATES says.
    """

    reason: Reason
    certificates: Annotated[ErasedCertificates | None, Field(strict=False)] = None


class ExportIn(RequestModel):
    """Why an admin wants what is known of a person, who is told."""

    reason: Reason


class ExportOut(ResponseModel):
    """A wish for what is known of a person; the link comes by mail."""

    id: UUID
    user_id: UUID
    requested_at: datetime


class OwnExportOut(ExportOut):
    """How far one's own export is. From `done_at` on it can be had with the link in the mail, until `expires_at`."""

    done_at: datetime | None
    expires_at: datetime


class ErasureOut(ResponseModel):
    """A person who will be erased at `due_at`, or a little later, unless it is cancelled before."""

    user_id: UUID
    requested_at: datetime
    due_at: datetime
    certificates: ErasedCertificates
    done_at: datetime | None

    @classmethod
    def of(cls, row: Erasure) -> Self:
        """The answer for this row."""
        return cls.model_validate(row)
