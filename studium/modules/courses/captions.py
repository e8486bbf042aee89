"""Whether the captions of a lesson are what they say they are."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.problems import FieldError, InvalidInput
from studium.models import Course, UploadedFile
from studium.models.file import WEBVTT
from studium.models.file_reference import named_files
from studium.modules.courses.schemas import CaptionsIn


async def check_captions(session: AsyncSession, course: Course, captions: Sequence[CaptionsIn]) -> None:
    """Raise InvalidInput for captions that are no WebVTT file, or one that not every reader of the course may read."""
    if not captions:
        return
    ids = [named_files([each.url]).pop() for each in captions]
    everybody = or_(UploadedFile.course_id == course.id, UploadedFile.is_public.is_(True))
    wanted = UploadedFile.id.in_(ids), UploadedFile.mime_type == WEBVTT, everybody
    shared = set((await session.execute(select(UploadedFile.id).where(*wanted))).scalars())
    message = "Must be a caption file that was uploaded for this course, or a public one."
    errors = [
        FieldError("body", f"/captions/{place}/url", "no_captions", message)
        for place, file_id in enumerate(ids)
        if file_id not in shared
    ]
    if errors:
        raise InvalidInput(errors)
