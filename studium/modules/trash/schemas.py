"""The trash of a course as it goes out."""

from datetime import datetime
from uuid import UUID

from studium.kit.http.schemas import ResponseModel
from studium.models import TrashKind


class TrashItemOut(ResponseModel):
    """Something that was removed; `item_id` is its id, which it keeps when it comes back."""

    id: UUID
    course_id: UUID
    kind: TrashKind
    item_id: UUID
    title: str
    removed_at: datetime
    restorable_until: datetime


class RestoredOut(ResponseModel):
    """What came back: a lesson, a quiz with its lesson, or a question with its quiz and lesson."""

    kind: TrashKind
    item_id: UUID
    lesson_id: UUID
    quiz_id: UUID | None
